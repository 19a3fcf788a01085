/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports for later fragments, by what the first fragment of the datagram told: bounded memory (the least
 * recently used makes room) and bounded time, for identifications come again. A later fragment that
 * overtook its first one keeps ports 0, and so do ICMP's, which have no ports.
 */
#ifndef NFP_FRAGMENT_BPF_H
#define NFP_FRAGMENT_BPF_H

#include "ebpf/count.bpf.h"

/* How long a datagram is waited for where it is put together: Linux net.ipv4.ipfrag_time. */
#define NFP_FRAGMENT_AGE 30000000000ULL /* ns */

/* p: w->packet or the flow inside of tunnels; either kind of fragment. */
static __noinline int nfp_fragment_ports(struct nfp_work *w, struct nfp_packet *p)
{
	struct nfp_fragment_key *key = &w->fragment_key;
	struct nfp_fragment *known;

	if (!nfp_row_has_ports(p->row))
		return 0;
	__builtin_memcpy(key->addr, p->addr, sizeof(key->addr));
	key->id = p->frag_id;
	key->number = 0;
	key->tunnel = 0;
	key->protocol = p->protocol;
	key->family = p->family;
	key->zero = 0;
	if (knob_decap && w->decap.depth) {
		__u32 last = w->decap.depth - 1;

		NFP_OPAQUE(last);
		if (last < NFP_DECAP_MAX) {
			key->number = w->decap.id[last];
			key->tunnel = w->decap.type[last];
		}
	}
	if (p->value_flags & NFP_V_FRAG_FIRST) {
		w->fragment.time = w->frame.now;
		w->fragment.l4 = p->l4;
		w->fragment.zero = 0;
		bpf_map_update_elem(&fragments, key, &w->fragment, BPF_ANY);
		return 0;
	}
	known = bpf_map_lookup_elem(&fragments, key);
	if (known && w->frame.now - known->time < NFP_FRAGMENT_AGE) {
		p->l4 = known->l4;
		nfp_status(NFP_C_fragments_matched, 1);
	} else {
		nfp_status(NFP_C_fragments_unmatched, 1);
	}
	return 1;
}

#endif
