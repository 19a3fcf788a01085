/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of a TCP header (RFC 9293 3.1): pure, no map, no helper. */
#ifndef NFP_TCPOPT_H
#define NFP_TCPOPT_H

#include "ebpf/view.h"

#define NFP_TCP_SYN 0x002
#define NFP_TCP_OPTIONS 40     /* bytes, at most: 15 words of header */
#define NFP_TCP_OPTIONS_MAX 20 /* options looked at, padding included; systems send five to eight */
#define NFP_TCP_OPTIONS_ROOM 64 /* of the buffer: the verifier does not learn that n bounds the offset */

enum {
	NFP_TCPOPT_END = 0,
	NFP_TCPOPT_NOP = 1,
	NFP_TCPOPT_MSS = 2,
	NFP_TCPOPT_WSCALE = 3,
};

struct nfp_tcp_options {
	__u64 kinds;  /* 1 << kind (0..63) of each option up to the first that is not sound */
	__u16 mss;    /* host; 0 without one */
	__u8 wscale;  /* 0..14 */
	__u8 zero[5];
};

/* One option at off; its length, or 0 at the end. */
static __always_inline __u32 nfp_tcp_option(const __u8 *bytes, __u32 off, __u32 n, struct nfp_tcp_options *o)
{
	__u32 kind, length;

	NFP_OPAQUE(off); /* the checked register is the used one */
	if (off > NFP_TCP_OPTIONS_ROOM - 4)
		return 0;
	kind = bytes[off];
	length = bytes[off + 1];
	if (kind == NFP_TCPOPT_NOP || kind == NFP_TCPOPT_END) {
		o->kinds |= 1ULL << kind;
		return kind == NFP_TCPOPT_NOP;
	}
	if (length < 2 || off + length > n)
		return 0;
	if (kind < 64)
		o->kinds |= 1ULL << kind;
	if (kind == NFP_TCPOPT_MSS && length == 4 && !o->mss)
		o->mss = nfp_be16(bytes + off + 2);
	if (kind == NFP_TCPOPT_WSCALE && length == 3)
		o->wscale = bytes[off + 2] < 14 ? bytes[off + 2] : 14; /* RFC 7323 2.3 */
	return length;
}

/* bytes: NFP_TCP_OPTIONS_ROOM of them, n of which are options. */
static __always_inline void nfp_tcp_options_parse(const __u8 *bytes, __u32 n, struct nfp_tcp_options *o)
{
	__u32 off = 0, length;
	int i;

	o->kinds = 0;
	o->mss = 0;
	o->wscale = 0;
	for (i = 0; i < NFP_TCP_OPTIONS_MAX; i++) {
		if (off >= n)
			break;
		length = nfp_tcp_option(bytes, off, n, o);
		NFP_FORGET(length, n);
		NFP_BARRIER();
		if (!length)
			break;
		off += length;
		NFP_FORGET(off, n);
	}
}

#endif
