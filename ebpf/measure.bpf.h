/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wire counts of a buffer: packets and bytes as they were or will be on the cable, each segment of a
 * GSO buffer with its own headers.
 */
#ifndef NFP_MEASURE_BPF_H
#define NFP_MEASURE_BPF_H

#include "ebpf/count.bpf.h"
#include "ebpf/gso.h"

#define NFP_VLAN_BYTES 4
#define NFP_GSO_BY_FRAGS 0xffff /* include/linux/skbuff.h: SCTP, each segment a fragment */

/* A buffer that is one wire packet. */
static __always_inline void nfp_measure_one(struct nfp_frame *f, const struct nfp_packet *p)
{
	__u32 behind = f->length > p->l3_off ? f->length - p->l3_off : 0;

	f->octets = p->family && p->ip_len ? p->ip_len : behind;
	/* IPv6 length 0 means a jumbogram (RFC 2675: a hop-by-hop option says so) or BIG TCP, which is longer than
	 * the field can tell; else it means that nothing follows, and the frame is padded. */
	if (p->family == 6 && !p->ip_len && !(p->value_flags & NFP_V_IP_OPTIONS) && behind <= 40 + 0xffff)
		f->octets = 40;
	f->l2_octets = f->length + (f->vlan ? NFP_VLAN_BYTES : 0);
	f->len_min = f->octets;
	f->len_max = f->octets;
}

/* A buffer with gso_size; header: bytes up to the payload of the innermost transport header. */
static __always_inline void nfp_measure_gso(struct nfp_frame *f, const struct nfp_packet *p,
					    __u32 header)
{
	__u32 payload = f->length > header ? f->length - header : 0;
	__u32 size = f->gso_size, segments = f->segments;
	__u32 l2_header, l3_header, last;

	if (!segments) { /* SKB_GSO_DODGY: from tun or virtio, nobody has counted yet */
		segments = 1;
		if (size != NFP_GSO_BY_FRAGS && payload > size)
			segments = (payload + size - 1) / size;
		f->segments = segments;
	}
	l2_header = header - p->jumbo_len;
	l3_header = l2_header > p->l3_off ? l2_header - p->l3_off : 0;
	f->octets = (__u64)segments * l3_header + payload;
	if (f->vlan)
		l2_header += NFP_VLAN_BYTES;
	f->l2_octets = (__u64)segments * l2_header + payload;
	if (size == NFP_GSO_BY_FRAGS || segments == 1 || (__u64)(segments - 1) * size >= payload) {
		/* Sizes of the segments are not told: their mean is between shortest and longest. */
		f->len_min = f->len_max = l3_header + payload / segments;
	} else {
		last = payload - (segments - 1) * size;
		f->len_max = l3_header + (last > size ? last : size);
		f->len_min = l3_header + (last < size ? last : size);
	}
}

/* p: the packet that the record is of, which may be inside a tunnel. */
static __always_inline void nfp_measure(struct nfp_frame *f, const struct nfp_packet *p)
{
	if (f->gso_size)
		nfp_measure_gso(f, p, f->header);
	else
		nfp_measure_one(f, p);
}

#endif
