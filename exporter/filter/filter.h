/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters: expressions of pcap-filter(7), compiled by libpcap, and lists of prefixes. For packets they are programs of
 * classic BPF, which the kernel's side runs (translated by probe/); for records they are asked about a frame that is made
 * from the record (filter/frame.h).
 */
#ifndef NFP_FILTER_FILTER_H
#define NFP_FILTER_FILTER_H

#include <glib.h>

#include "record/record.h"

#define NFP_FILTER_TEXT_MAX 4096 /* octets of an expression; libpcap takes 15 s for one of 40000 */

typedef enum { NFP_FILTER_ETHERNET, NFP_FILTER_RAW /* frames begin with the IP header */ } NfpFilterLink;

/* Constant once made: any thread. */
typedef struct NfpFilter NfpFilter;

/* The text must be one for frames with an Ethernet header. Names of hosts are looked up now, once. Error (NFP_ERROR_USAGE):
 * half a sentence. */
NfpFilter *nfp_filter_new(const char *text, GError **err);
void nfp_filter_free(NfpFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFilter, nfp_filter_free)

/* The program, 8 octets an instruction as the kernel's struct sock_filter has them. NULL: the expression asks for what
 * frames of that link have not. Owned by the filter. */
GBytes *nfp_filter_code(const NfpFilter *filter, NfpFilterLink link);
/* It has the word `vlan`: tags are part of the frame. Else frames are looked at without their tags. */
gboolean nfp_filter_has_tags(const NfpFilter *filter);

/* Whether the record passes. What a record does not hold reads as 0 (docs/filters.md). */
gboolean nfp_filter_record(const NfpFilter *filter, const NfpRecord *record);

#endif
