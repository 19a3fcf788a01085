/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this build has a sanitizer: its library makes system calls and threads of its own. */
#ifndef NFP_TESTS_SANITIZED_H
#define NFP_TESTS_SANITIZED_H

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
	__has_feature(thread_sanitizer)
#define NFPT_SANITIZED 1
#else
#define NFPT_SANITIZED 0
#endif

#endif
