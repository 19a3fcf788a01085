/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table of packets with what the parser and the program must make of them. Run natively by
 * tests/unit/ebpf/test_parse.c and in the kernel by tests/kernel/test_packets.c.
 */
#ifndef NFP_TEST_PACKETS_H
#define NFP_TEST_PACKETS_H

#include <glib.h>

#include "ebpf/parse.h"

#define NFP_TEST_PACKET_MAX 3000

typedef struct NfpTestPacket {
	const char *name;
	guint8 bytes[NFP_TEST_PACKET_MAX];
	guint32 length;
	enum nfp_link link;
	guint32 gso_size;
	guint32 gso_segs; /* 0 with a gso_size: the program has to compute it */

	/* expected, host byte order */
	guint8 row;       /* enum nfp_protocol */
	guint8 outcome;   /* enum nfp_outcome */
	guint8 protocol;  /* IP protocol, 0 where there is no IP */
	guint8 key_flags; /* NFP_KEY_ALT */
	guint8 value_flags;
	guint8 tos;
	guint8 ttl;
	guint16 tcp_flags;
	guint16 sport, dport; /* ICMP: type << 8 | code, 0 */
	guint16 vlan[2];      /* with NFP_VLAN_PRESENT */
	guint16 ethertype;
	guint32 header_len;
	guint8 addr_at; /* offset of the source address in `bytes`; 0: no IP */
	guint64 packets, octets, l2_octets;
	guint32 len_min, len_max;
} NfpTestPacket;

/* The table, made on the first call; *count rows. Not to be freed, main thread. */
const NfpTestPacket *nfp_test_packets(gsize *count);

#endif
