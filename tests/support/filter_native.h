/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter's translation, run without a kernel, against bpf_filter(3PCAP) on the same octets. */
#ifndef NFP_TEST_FILTER_NATIVE_H
#define NFP_TEST_FILTER_NATIVE_H

#include "probe/translate.h"
#include "support/ebpf_run.h"

/* code: what insns were made from, with these options. The frame has 14 to NFPT_FRAME_MAX octets. NULL: both say the same;
 * else what each says. Caller frees. */
char *nfpt_filter_differs(GBytes *code, const GArray *insns, const NfpTranslateOptions *options, const NfptEbpfFrame *on);

/* All contexts, with a tag in metadata and without, with all octets linear and with few. NULL: it is refused, or all say the
 * same. *ret_refused: why, or NULL. Caller frees both. */
char *nfpt_filter_differs_anyhow(GBytes *code, gboolean ethernet, gboolean tags, const guint8 *frame, guint length,
				 char **ret_refused);

#endif
