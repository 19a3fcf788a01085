/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters as settings of programs. */
#ifndef NFP_PROBE_FILTER_H
#define NFP_PROBE_FILTER_H

#include "probe/probe.h"

bool nfp_packet_filter_is_set(const NfpPacketFilter *filter);
bool nfp_packet_filter_same(const NfpPacketFilter *a, const NfpPacketFilter *b);
void nfp_packet_filter_ref(const NfpPacketFilter *filter);
void nfp_packet_filter_unref(const NfpPacketFilter *filter);

#endif
