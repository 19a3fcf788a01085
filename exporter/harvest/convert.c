/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/convert.h"

#include <glib.h>
#include <string.h>

#include "harvest/rows.h"
#include "harvest/uid.h"

#define TCP_FIN 0x01
#define TCP_RST 0x04
#define VLAN_ID 0x0fff
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define SEGMENT_VXLAN (1ull << 56) /* IANA layer2SegmentId: top octet 1 */

/* A cache line at a time: for memset() of so much compilers write a `rep stos`, which takes half as long as all else. */
typedef uint64_t Line __attribute__((vector_size(64), aligned(8), may_alias));
_Static_assert(NFP_RECORD_PLAIN == 3 * sizeof(Line), "lines to be cleared");

static inline void clear_plain(NfpRecord *r)
{
	Line *lines = (Line *)r;

	lines[0] = lines[1] = lines[2] = (Line){ 0 };
}

static void set_bucket(const NfpConvert *c, NfpRecord *r, uint32_t ifindex, uint8_t flags, uint16_t cpu)
{
	clear_plain(r);
#ifndef __OPTIMIZE__
	/* Whoever reads there what `have` does not promise shall notice. */
	memset((char *)r + NFP_RECORD_PLAIN, 0xdb, sizeof(*r) - NFP_RECORD_PLAIN);
#endif
	r->have = NFP_HAVE_ALWAYS | (c->with_cpu ? NFP_HAVE_CPU : 0);
	r->bucket_start_ns = c->id.start_ts;
	r->bucket_end_ns = c->id.end_ts;
	r->domain = c->domain;
	r->ifindex = ifindex;
	r->key_flags = flags;
	r->direction = flags & NFP_KEY_EGRESS ? 1 : 0;
	r->cpu = c->with_cpu ? cpu : 0;
}

/* The hook's own interface is one of the two, whatever the routing said. */
static void set_interfaces(NfpRecord *r, uint32_t ingress_if, uint32_t egress_if)
{
	r->ingress_if = ingress_if;
	r->egress_if = egress_if;
	if (r->direction && !egress_if)
		r->egress_if = r->ifindex;
	if (!r->direction && !ingress_if)
		r->ingress_if = r->ifindex;
}

/* A flow inside tunnels: r gets these; returns the row that the flow would have without them. */
static const NfpRow *set_tunnel(const struct nfp_key_tunnel *key, NfpRecord *r)
{
	const NfpRow *inner = &nfp_rows[key->row < NFP_P_tunnel ? key->row : NFP_P_eth];

	r->have |= NFP_HAVE_TUNNEL;
	r->inner_row = inner - nfp_rows;
	memcpy(r->tunnel_id, key->id, sizeof(r->tunnel_id));
	memcpy(r->tunnel_type, key->type, sizeof(r->tunnel_type));
	r->tunnel_depth = 0;
	for (guint i = 0; i < NFP_DECAP_MAX && key->type[i]; i++) {
		r->tunnel_depth++;
		r->last_tunnel_type = key->type[i];
		r->last_tunnel_id = key->id[i];
	}
	if (r->tunnel_depth > 1)
		r->have |= NFP_HAVE_TUNNELS;
	if (key->tunnel_version == 4) {
		r->have |= NFP_HAVE_TUNNEL4;
		memcpy(r->tunnel_src4, key->tunnel_saddr, 4);
		memcpy(r->tunnel_dst4, key->tunnel_daddr, 4);
	} else {
		r->have |= NFP_HAVE_TUNNEL6;
		memcpy(r->tunnel_src6, key->tunnel_saddr, 16);
		memcpy(r->tunnel_dst6, key->tunnel_daddr, 16);
	}
	if (key->type[0] == NFP_T_vxlan) {
		r->have |= NFP_HAVE_SEGMENT;
		r->segment = SEGMENT_VXLAN | key->id[0];
	}
	if (key->type[0] == NFP_T_gtpu)
		r->have |= NFP_HAVE_GTPU;
	return inner;
}

static void set_inner_addresses(const NfpRow *row, const struct nfp_key_tunnel *key, NfpRecord *r)
{
	if (row->ip_version == 4) {
		memcpy(r->src4, key->saddr, 4);
		memcpy(r->dst4, key->daddr, 4);
		r->have |= NFP_HAVE_IPV4;
		r->ethertype = ETHERTYPE_IPV4;
	} else {
		memcpy(r->src6, key->saddr, 16);
		memcpy(r->dst6, key->daddr, 16);
		r->have |= NFP_HAVE_IPV6;
		r->ethertype = ETHERTYPE_IPV6;
	}
}

static void set_addresses(const NfpRow *row, const void *key, NfpRecord *r)
{
	if (r->have & NFP_HAVE_TUNNEL)
		set_inner_addresses(row, key, r);
	else if (row->ip_version == 4) {
		const struct nfp_key_v4 *k = key;

		memcpy(r->src4, &k->saddr, 4);
		memcpy(r->dst4, &k->daddr, 4);
		r->have |= NFP_HAVE_IPV4;
		r->ethertype = ETHERTYPE_IPV4;
	} else if (row->ip_version == 6) {
		const struct nfp_key_v6 *k = key;

		memcpy(r->src6, k->saddr, 16);
		memcpy(r->dst6, k->daddr, 16);
		r->have |= NFP_HAVE_IPV6;
		r->ethertype = ETHERTYPE_IPV6;
	} else {
		const struct nfp_key_eth *k = key;

		r->ethertype = GUINT16_FROM_BE(k->ethertype);
	}
	r->have |= NFP_HAVE_ETHERTYPE;
	r->ip_version = row->ip_version;
}

static void set_l4(const NfpRow *row, const struct nfp_key_meta *meta, NfpRecord *r)
{
	if (row->ip_version) {
		r->have |= NFP_HAVE_PROTOCOL;
		r->protocol = meta->flags & NFP_KEY_ALT ? row->protocol_alt : row->protocol;
		r->dscp = meta->dscp;
		r->tos = meta->dscp << 2;
	}
	switch (row->l4) {
	case NFP_L4_PORTS:
		r->have |= NFP_HAVE_PORTS;
		r->src_port = GUINT16_FROM_BE(meta->sport);
		r->dst_port = GUINT16_FROM_BE(meta->dport);
		break;
	case NFP_L4_ICMP:
		r->have |= NFP_HAVE_PORTS | (row->ip_version == 4 ? NFP_HAVE_ICMP4 : NFP_HAVE_ICMP6);
		r->icmp_type = meta->icmp_type;
		r->icmp_code = meta->icmp_code;
		r->icmp_type_code = meta->icmp_type * 256 + meta->icmp_code;
		r->dst_port = r->icmp_type_code; /* what nfdump and pmacct read */
		break;
	case NFP_L4_PROTOCOL:
		r->protocol = meta->protocol;
		break;
	case NFP_L4_NONE:
		break;
	}
}

static void set_link(const struct nfp_key_meta *meta, const struct nfp_value *v, NfpRecord *r)
{
	if (!(meta->flags & NFP_KEY_L3)) {
		r->have |= NFP_HAVE_MAC;
		memcpy(r->src_mac, v->smac, 6);
		memcpy(r->dst_mac, v->dmac, 6);
	}
	if (meta->vlan & NFP_VLAN_PRESENT) {
		r->have |= NFP_HAVE_VLAN;
		r->vlan_id = meta->vlan & VLAN_ID;
	}
	if (meta->cvlan & NFP_VLAN_PRESENT) {
		r->have |= NFP_HAVE_CVLAN;
		r->cvlan_id = meta->cvlan & VLAN_ID;
	}
}

static void set_next_hop(const NfpRow *row, const struct nfp_value *v, NfpRecord *r)
{
	uint64_t words[2];

	memcpy(words, v->next_hop, sizeof(words));
	/* The destination is on the link of the egress interface: as NetFlow has it, a next hop of zeros. */
	if (!row->ip_version || (!(words[0] | words[1]) && (r->direction || !v->egress_if)))
		return;
	r->have |= NFP_HAVE_NEXT_HOP;
	if (row->ip_version == 4)
		memcpy(r->next_hop4, v->next_hop, 4);
	else
		memcpy(r->next_hop6, v->next_hop, 16);
}

static uint8_t end_reason(const NfpConvert *c, const NfpRecord *r, const struct nfp_value *v)
{
	if (v->flags & NFP_V_COARSENED)
		return NFP_END_LACK;
	if (r->have & NFP_HAVE_TCP && v->tcp_flags & (TCP_FIN | TCP_RST))
		return NFP_END_DETECTED;
	return c->forced ? NFP_END_FORCED : NFP_END_ACTIVE;
}

void nfp_convert_entry(const NfpConvert *c, enum nfp_protocol protocol, uint64_t flow_id, const void *key,
		       const struct nfp_value *v, NfpRecord *r)
{
	const NfpRow *row = &nfp_rows[protocol];
	const struct nfp_key_meta *meta = nfp_key_meta_of(key, row->key_size);

	set_bucket(c, r, meta->ifindex, meta->flags, meta->cpu);
	r->flow_id = flow_id;
	r->protocol_row = protocol;
	if (protocol == NFP_P_tunnel)
		row = set_tunnel(key, r);
	set_interfaces(r, v->ingress_if, v->egress_if);
	set_addresses(row, key, r);
	set_l4(row, meta, r);
	set_link(meta, v, r);
	set_next_hop(row, v, r);
	r->packets = v->packets;
	r->octets = v->octets;
	r->l2_octets = v->l2_octets;
	r->have |= NFP_HAVE_TIMES;
	r->first_ns = v->first;
	r->last_ns = v->last;
	r->len_min = v->len_min;
	r->len_max = v->len_max;
	r->ttl_min = v->ttl_min;
	r->ttl_max = v->ttl_max;
	r->frag_flags = v->flags & (NFP_V_FRAG_FIRST | NFP_V_FRAG_LATER);
	if (row->ip_version == 6)
		r->flow_label = GUINT32_FROM_BE(v->flow_label);
	if (row->protocol == 6) {
		r->have |= NFP_HAVE_TCP;
		r->tcp_flags = v->tcp_flags;
		r->tcp_options = v->tcp_options;
		r->tcp_mss = v->tcp_mss;
		r->tcp_wscale = v->tcp_wscale;
		if (v->tcp_options)
			r->have |= NFP_HAVE_TCP_OPTIONS;
	}
	r->end_reason = end_reason(c, r, v);
}

void nfp_convert_hook(const NfpConvert *c, const struct nfp_hook_key *key, const struct nfp_hook_row *row,
		      NfpRecord *r)
{
	set_bucket(c, r, key->ifindex, key->flags, key->cpu);
	r->flow_id = nfp_uid_flow_id(c->seed, NFP_P_hook, key, c->with_cpu);
	r->protocol_row = NFP_P_hook;
	set_interfaces(r, 0, 0);
	r->packets = row->packets;
	r->octets = row->octets;
	r->l2_octets = row->l2_octets;
	if (row->first) {
		r->have |= NFP_HAVE_TIMES;
		r->first_ns = row->first;
		r->last_ns = row->last;
	}
	r->end_reason = NFP_END_LACK;
}
