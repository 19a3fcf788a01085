/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/value.h"

#include <glib.h>

#define OPTION_WSCALE (1ull << 3) /* of tcp_options */

void nfp_value_merge(struct nfp_value *a, const struct nfp_value *b)
{
	struct nfp_value sum = b->first < a->first ? *b : *a; /* cold fields of the earliest */

	sum.packets = a->packets + b->packets;
	sum.octets = a->octets + b->octets;
	sum.l2_octets = a->l2_octets + b->l2_octets;
	sum.last = MAX(a->last, b->last);
	sum.len_min = MIN(a->len_min, b->len_min);
	sum.len_max = MAX(a->len_max, b->len_max);
	sum.ttl_min = MIN(a->ttl_min, b->ttl_min);
	sum.ttl_max = MAX(a->ttl_max, b->ttl_max);
	sum.tcp_flags = a->tcp_flags | b->tcp_flags;
	sum.ecn = a->ecn | b->ecn;
	sum.flags = a->flags | b->flags;
	if (!(sum.tcp_options & OPTION_WSCALE))
		sum.tcp_wscale = a->tcp_options & OPTION_WSCALE ? a->tcp_wscale : b->tcp_wscale;
	if (!sum.tcp_mss)
		sum.tcp_mss = a->tcp_mss ? a->tcp_mss : b->tcp_mss;
	sum.tcp_options = a->tcp_options | b->tcp_options;
	*a = sum;
}
