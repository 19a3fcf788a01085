/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair/key.h"

#include <string.h>

/* In the header, the hash of a short key is a dozen instructions; through the library, a call. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "record/tunnels.h"

#define KINDS_OF_TUNNEL G_N_ELEMENTS(((NfpRecord *)NULL)->tunnel_type)

/* The innermost tunnel's ends in the order of the flow's, and what identifies each tunnel. */
typedef struct {
	uint8_t low[16], high[16];
	uint32_t id[KINDS_OF_TUNNEL];
	uint8_t type[KINDS_OF_TUNNEL];
} Tunnel;
_Static_assert(sizeof(Tunnel) == 32 + 5 * KINDS_OF_TUNNEL, "no padding");

/* Requests and answers, as the kernel's connection tracking pairs them (nf_conntrack_proto_icmp.c, _icmpv6.c). */
static const struct {
	uint32_t have;
	uint8_t request, answer;
} asks[] = {
	{ NFP_HAVE_ICMP4, 8, 0 },     /* echo */
	{ NFP_HAVE_ICMP4, 13, 14 },   /* timestamp */
	{ NFP_HAVE_ICMP4, 15, 16 },   /* information */
	{ NFP_HAVE_ICMP4, 17, 18 },   /* address mask */
	{ NFP_HAVE_ICMP6, 128, 129 }, /* echo */
	{ NFP_HAVE_ICMP6, 139, 140 }, /* node information */
};

/* The side that sends this, and in *ret_type the request's type; -1: no question and no answer. */
static int asking_side(const NfpRecord *record, uint8_t *ret_type)
{
	for (guint i = 0; i < G_N_ELEMENTS(asks); i++) {
		if (!(record->have & asks[i].have) || record->icmp_code)
			continue;
		*ret_type = asks[i].request;
		if (record->icmp_type == asks[i].request)
			return 0;
		if (record->icmp_type == asks[i].answer)
			return 1;
	}
	return -1;
}

/* Of these a record without ports is a sum of several flows, or of later fragments. */
static gboolean has_ports_by_nature(uint8_t protocol)
{
	static const uint8_t protocols[] = { 1, 6, 17, 33, 58, 132, 136 };

	return memchr(protocols, protocol, sizeof(protocols)) != NULL;
}

/* Each end of these tunnels chooses the id of what it receives: no two directions can be told to belong together,
 * and addresses inside may be used by many customers. */
static gboolean is_one_way(const NfpRecord *record)
{
	for (guint i = 0; i < record->tunnel_depth && i < KINDS_OF_TUNNEL; i++)
		if (nfp_tunnel_is_one_way(record->tunnel_type[i]))
			return TRUE;
	return FALSE;
}

static NfpPairKind kind_of(const NfpRecord *record)
{
	const uint32_t base = NFP_HAVE_PROTOCOL | NFP_HAVE_TIMES;

	if ((record->have & base) != base || !(record->have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6)) ||
	    record->end_reason == NFP_END_LACK)
		return NFP_PAIR_NEVER;
	if ((record->have & NFP_HAVE_TUNNEL) && is_one_way(record))
		return NFP_PAIR_NEVER;
	if (record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6))
		return NFP_PAIR_ASKED;
	/* Ports 0: later fragments, of any flow between the two. */
	if (record->have & NFP_HAVE_PORTS ? !record->src_port && !record->dst_port :
					    has_ports_by_nature(record->protocol))
		return NFP_PAIR_NEVER;
	return record->have & NFP_HAVE_TCP ? NFP_PAIR_TCP : NFP_PAIR_TIMED;
}

static uint32_t vrf_of(const NfpRecord *record)
{
	const NfpPort *port = record->direction ? record->egress : record->ingress;

	return record->have & NFP_HAVE_INTERFACES && port ? port->vrf_id : 0;
}

static const uint8_t *source(const NfpRecord *record)
{
	return record->have & NFP_HAVE_IPV6 ? record->src6 : record->src4;
}

static const uint8_t *destination(const NfpRecord *record)
{
	return record->have & NFP_HAVE_IPV6 ? record->dst6 : record->dst4;
}

static void set_ends(const NfpRecord *record, uint8_t side, NfpPairKey *key)
{
	size_t n = record->have & NFP_HAVE_IPV6 ? 16 : 4;

	memcpy(side ? key->high : key->low, source(record), n);
	memcpy(side ? key->low : key->high, destination(record), n);
	key->ip_version = n == 16 ? 6 : 4;
}

NfpPairKind nfp_pair_key(const NfpRecord *record, NfpPairKey *ret_key, uint8_t *ret_side)
{
	NfpPairKind kind = kind_of(record);
	NfpPairKey key = { .domain = record->domain, .vrf = vrf_of(record), .protocol = record->protocol };
	uint8_t type = 0;
	int order;

	if (kind == NFP_PAIR_NEVER)
		return kind;
	if (kind == NFP_PAIR_ASKED) {
		order = asking_side(record, &type);
		if (order < 0)
			return NFP_PAIR_NEVER;
		key.high_port = type;
	} else {
		order = memcmp(source(record), destination(record), record->have & NFP_HAVE_IPV6 ? 16 : 4);
		if (!order)
			order = record->src_port - record->dst_port;
		if (!order)
			return NFP_PAIR_NEVER; /* who talks to itself has one direction */
		order = order > 0;
		if (record->have & NFP_HAVE_PORTS) {
			key.low_port = order ? record->dst_port : record->src_port;
			key.high_port = order ? record->src_port : record->dst_port;
		}
	}
	set_ends(record, (uint8_t)order, &key);
	key.tunnel = record->have & NFP_HAVE_TUNNEL ? 1 : 0;
	*ret_key = key;
	*ret_side = (uint8_t)order;
	return kind;
}

static Tunnel tunnel_of(const NfpRecord *record, uint8_t side)
{
	gboolean v6 = (record->have & NFP_HAVE_TUNNEL6) != 0;
	/* A mirror's tunnel leads to the analyser, whichever way the mirrored packet went. */
	gboolean swap = side && !nfp_tunnel_is_mirror(record->tunnel_type[0]);
	Tunnel tunnel = { 0 };

	memcpy(swap ? tunnel.high : tunnel.low, v6 ? record->tunnel_src6 : record->tunnel_src4, v6 ? 16 : 4);
	memcpy(swap ? tunnel.low : tunnel.high, v6 ? record->tunnel_dst6 : record->tunnel_dst4, v6 ? 16 : 4);
	memcpy(tunnel.id, record->tunnel_id, sizeof(tunnel.id));
	memcpy(tunnel.type, record->tunnel_type, sizeof(tunnel.type));
	return tunnel;
}

uint64_t nfp_pair_hash(const NfpPairKey *key, const NfpRecord *record, uint8_t side, uint64_t seed)
{
	uint64_t hash = XXH3_64bits_withSeed(key, sizeof(*key), seed);
	Tunnel tunnel;

	if (!key->tunnel)
		return hash;
	tunnel = tunnel_of(record, side);
	return XXH3_64bits_withSeed(&tunnel, sizeof(tunnel), hash);
}

gboolean nfp_pair_same_tunnel(const NfpRecord *a, uint8_t side_a, const NfpRecord *b, uint8_t side_b)
{
	Tunnel x = tunnel_of(a, side_a), y = tunnel_of(b, side_b);

	return !memcmp(&x, &y, sizeof(x)) && !((a->have ^ b->have) & NFP_HAVE_TUNNEL6);
}
