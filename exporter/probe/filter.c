/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/filter.h"

bool nfp_packet_filter_is_set(const NfpPacketFilter *filter)
{
	return filter->ethernet || filter->raw;
}

static bool same_code(GBytes *a, GBytes *b)
{
	return a == b || (a && b && g_bytes_equal(a, b));
}

bool nfp_packet_filter_same(const NfpPacketFilter *a, const NfpPacketFilter *b)
{
	return a->tags == b->tags && same_code(a->ethernet, b->ethernet) && same_code(a->raw, b->raw);
}

void nfp_packet_filter_ref(const NfpPacketFilter *filter)
{
	if (filter->ethernet)
		g_bytes_ref(filter->ethernet);
	if (filter->raw)
		g_bytes_ref(filter->raw);
}

void nfp_packet_filter_unref(const NfpPacketFilter *filter)
{
	g_bytes_unref(filter->ethernet);
	g_bytes_unref(filter->raw);
}
