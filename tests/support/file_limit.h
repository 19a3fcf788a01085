/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk that takes nothing, for this process. */
#ifndef NFP_TESTS_FILE_LIMIT_H
#define NFP_TESTS_FILE_LIMIT_H

#include <sys/resource.h>

/* Octets of a file beyond which a write fails; RLIM_INFINITY: none does. */
void nfp_file_limit(rlim_t octets);

#endif
