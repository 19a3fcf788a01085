/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters as settings of programs. */
#ifndef NFP_PROBE_FILTER_H
#define NFP_PROBE_FILTER_H

#include "probe/probe.h"
#include "probe/translate.h"

bool nfp_packet_filter_is_set(const NfpPacketFilter *filter);
bool nfp_packet_filter_same(const NfpPacketFilter *a, const NfpPacketFilter *b);
void nfp_packet_filter_ref(const NfpPacketFilter *filter);
void nfp_packet_filter_unref(const NfpPacketFilter *filter);

/* Instructions of nfp_filter() for one program, and the maps that they speak of: until it is loaded. */
typedef struct {
	GArray *insns; /* struct bpf_insn; NULL: no filter */
	NfpTries tries;
} NfpFilterCode;
#define NFP_FILTER_CODE_NONE (NfpFilterCode){ NULL, { -1, -1 } }

/* The filter is set. *ret is the caller's. */
gboolean nfp_filter_code_make(const NfpPacketFilter *filter, NfpContext context, bool ethernet, NfpFilterCode *ret, GError **err);
void nfp_filter_code_clear(NfpFilterCode *code);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpFilterCode, nfp_filter_code_clear)

#endif
