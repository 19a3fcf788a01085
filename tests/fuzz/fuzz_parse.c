// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser on any bytes: no read past the end, and results that hold together. First byte: link. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/decap.h"
#include "ebpf/tcpopt.h"

static void check(int sound)
{
	if (!sound)
		abort();
}

/* All tunnels off: at most four, each with a sound packet inside of what is outside of it. */
static void check_decap(const struct nfp_view *frame, const struct nfp_packet *outer)
{
	struct nfp_decap d;
	uint32_t steps = 0, depth = 0, at = outer->l3_off;

	nfp_decap_begin(&d, outer);
	check(nfp_may_be_tunnel(outer) || !nfp_is_tunnel(outer));
	for (; steps <= NFP_DECAP_MAX; steps++) {
		struct nfp_view v = *frame;

		if (!nfp_decap_step(&v, &d, frame->frame, (1U << NFP_T_N) - 2))
			break;
		check(d.depth > depth && d.depth <= NFP_DECAP_MAX);
		check(d.flow.family && d.flow.row < NFP_P_N && d.flow.row != NFP_P_eth);
		check(d.flow.outcome < NFP_O_N);
		check(d.flow.l3_off > at && d.flow.l3_off < frame->frame);
		check(d.version == 4 || d.version == 6);
		for (uint32_t i = depth; i < d.depth; i++)
			check(d.type[i] > NFP_T_none && d.type[i] < NFP_T_N);
		depth = d.depth;
		at = d.flow.l3_off;
	}
	check(steps <= NFP_DECAP_MAX && d.end < NFP_D_N);
	check(d.depth == depth);
}

static void check_options(const uint8_t *data, size_t size)
{
	uint8_t room[NFP_TCP_OPTIONS_ROOM] = { 0 };
	struct nfp_tcp_options o;

	memcpy(room, data, size < NFP_TCP_OPTIONS ? size : NFP_TCP_OPTIONS);
	nfp_tcp_options_parse(room, size < NFP_TCP_OPTIONS ? size : NFP_TCP_OPTIONS, &o);
	check(o.wscale <= 14);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfp_view v = { 0 };
	struct nfp_gso_walk walk;
	struct nfp_packet p;
	uint8_t *exact;

	if (size < 1 || size > 9000)
		return 0;
	/* A copy of the exact size: ASan sees the first byte too many. */
	exact = malloc(size - 1 ? size - 1 : 1);
	memcpy(exact, data + 1, size - 1);
	v.base = size - 1 ? exact : exact + 1;
	v.end = v.base + size - 1;
	v.frame = size - 1;

	nfp_parse(&v, data[0] % 3, (uint16_t)(data[0] << 8 | 0x47), &p);
	check(p.row < NFP_P_N && p.outcome < NFP_O_N);
	check(!nfp_missed(&v));
	check(p.l3_off <= v.frame);
	check(p.family == 0 || p.family == 4 || p.family == 6);
	check((p.row == NFP_P_eth) == (p.family == 0));
	check(p.family || !(p.l4 || p.tcp_flags || p.ip_len || p.protocol || p.ttl));
	check(!(p.value_flags & NFP_V_FRAG_LATER) || !p.l4);
	check(p.outcome != NFP_O_ok || p.header_len <= v.frame + 40);
	check(nfp_gso_header_len(&v, &walk, p.l3_off, NFP_SWAP16(p.ethertype)) >= p.l3_off);
	check_decap(&v, &p);
	check_options(data, size);
	free(exact);
	return 0;
}
