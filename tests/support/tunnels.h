/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table of tunnelled frames with what must be made of them. Run natively by tests/unit/ebpf/test_decap.c and
 * in the kernel by tests/kernel/test_tunnels.c.
 */
#ifndef NFP_TEST_TUNNELS_H
#define NFP_TEST_TUNNELS_H

#include <glib.h>

#include "ebpf/decap.h"

#define NFP_TEST_TUNNEL_MAX 768
#define NFP_TEST_DECAP_ALL ((1U << NFP_T_N) - 2)

typedef struct NfpTestTunnel {
	const char *name;
	guint8 bytes[NFP_TEST_TUNNEL_MAX];
	guint32 length;
	guint32 mask; /* of knob_decap */

	/* expected, host byte order */
	guint32 depth;
	guint8 type[NFP_DECAP_MAX]; /* outermost first */
	guint32 id[NFP_DECAP_MAX];
	guint8 end;       /* enum nfp_decap_end */
	guint8 row;       /* of the flow */
	guint8 outcome;
	guint8 protocol;
	guint16 sport, dport;
	guint16 tcp_flags;
	guint16 vlan;     /* of the frame, with NFP_VLAN_PRESENT */
	guint32 flow_at;  /* offset of the flow's IP header */
	guint32 octets;   /* IP length of the flow's packet */
	guint32 tunnel_at; /* of the header of the innermost tunnel */
} NfpTestTunnel;

/* The table, made on the first call; *count rows. Not to be freed, main thread. */
const NfpTestTunnel *nfp_test_tunnels(gsize *count);

/* Every tunnel off, natively. bytes: exactly `length` of them may be read. */
void nfp_test_decap(const guint8 *bytes, guint32 length, guint32 mask, struct nfp_decap *ret_decap);

#endif
