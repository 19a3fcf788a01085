// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser on any bytes: no read past the end, and results that hold together. First byte: link. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/gso.h"

static void check(int sound)
{
	if (!sound)
		abort();
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
	free(exact);
	return 0;
}
