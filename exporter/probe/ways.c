/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/ways.h"

#include <bpf/bpf.h>
#include <string.h>

static const struct nfp_way *find(NfpWays *ways, uint32_t number)
{
	struct nfp_way *way;

	if (!ways->known)
		ways->known = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	way = g_hash_table_lookup(ways->known, GUINT_TO_POINTER(number));
	if (way)
		return way;
	way = g_new0(struct nfp_way, 1);
	if (bpf_map_lookup_elem(ways->map, &number, way))
		*way = (struct nfp_way){ 0 };
	g_hash_table_insert(ways->known, GUINT_TO_POINTER(number), way);
	return way;
}

void nfp_ways_get(NfpWays *ways, uint32_t number, struct nfp_value *v)
{
	if (number != ways->last) {
		ways->last_way = *find(ways, number);
		ways->last = number;
	}
	v->egress_if = ways->last_way.egress_if;
	memcpy(v->next_hop, ways->last_way.next_hop, sizeof(v->next_hop));
}

void nfp_ways_clear(NfpWays *ways)
{
	g_clear_pointer(&ways->known, g_hash_table_unref);
}
