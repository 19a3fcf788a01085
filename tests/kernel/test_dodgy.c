/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers to be segmented that come from a virtual machine (SKB_GSO_DODGY): nobody has counted their segments
 * yet, gso_segs is 0. A bridge hands them on to a veth that can segment nothing, so the kernel does, and the far
 * end's counters tell what went over the wire: they are the judge of both hooks.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "support/metered.h"
#include "support/netns.h"
#include "support/packet_build.h"
#include "support/tap.h"

#define FRAME_MAX 65600
#define WAIT_US 10000000
#define CSUM_AT_TCP 16 /* of the checksum in the header */
#define CSUM_AT_UDP 6

typedef struct {
	bool v6, udp;
	guint16 vlan;    /* 0: none */
	guint8 words;    /* TCP header */
	guint16 size;    /* payload octets a segment */
	guint32 payload;
} Case;

static const Case cases[] = {
	{ .words = 5, .size = 1448, .payload = 1449 },
	{ .words = 8, .size = 1448, .payload = 14480 },
	{ .words = 8, .size = 1448, .payload = 60000 },
	{ .words = 5, .size = 100, .payload = 100 }, /* one segment: the kernel takes it for none */
	{ .words = 5, .size = 100, .payload = 101 },
	{ .words = 15, .size = 536, .payload = 5000 },
	{ .words = 8, .size = 1400, .payload = 20001, .vlan = 42 },
	{ .v6 = true, .words = 5, .size = 1428, .payload = 1429 },
	{ .v6 = true, .words = 8, .size = 1428, .payload = 59976 },
	{ .v6 = true, .words = 8, .size = 1220, .payload = 2440 },
	{ .v6 = true, .words = 8, .size = 1400, .payload = 7001, .vlan = 7 },
	{ .udp = true, .size = 1200, .payload = 1201 },
	{ .udp = true, .size = 1200, .payload = 12000 },
	{ .udp = true, .size = 1000, .payload = 30001, .vlan = 9 },
	{ .udp = true, .v6 = true, .size = 1200, .payload = 36001 },
	{ .udp = true, .v6 = true, .size = 500, .payload = 1000 },
};

typedef struct {
	guint8 bytes[FRAME_MAX];
	gsize length, l3, l4;
	struct virtio_net_hdr header;
	guint64 packets, octets, l2_octets; /* expected of each hook */
} Frame;

/* Bridges drop IPv4 packets whose header is wrong where they call netfilter. */
static void ip4_checksum(guint8 *h)
{
	guint32 sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += h[i] << 8 | h[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	h[10] = sum >> 8;
	h[11] = sum & 0xff;
}

/* Number i is in the source address. Returns the octets of all headers. */
static gsize build(Table *t, const Case *c, guint16 i, Frame *f)
{
	guint16 type = c->v6 ? 0x86dd : 0x0800;
	guint8 protocol = c->udp ? 17 : 6;
	gsize transport = c->udp ? 8 : 4 * c->words, header;

	memset(&t->rows[0], 0, sizeof(t->rows[0]));
	t->count = 0;
	begin(t, "segments");
	eth(t, c->vlan ? 0x8100 : type);
	if (c->vlan)
		tag(t, c->vlan, type);
	f->l3 = t->p->length;
	if (c->v6)
		ip6(t, protocol, transport + c->payload);
	else
		ip4(t, protocol, transport + c->payload);
	f->l4 = t->p->length;
	if (c->udp)
		udp(t, c->payload);
	else
		tcp_flags(t, 0x18, c->words);
	header = t->p->length;
	memcpy(f->bytes, t->p->bytes, header);
	f->length = header + c->payload;
	cr_assert_leq(f->length, FRAME_MAX);
	memset(f->bytes + header, 'x', c->payload);
	f->bytes[f->l3 + (c->v6 ? 23 : 15)] = i;
	if (!c->v6)
		ip4_checksum(f->bytes + f->l3);
	f->header = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = c->udp ? VIRTIO_NET_HDR_GSO_UDP_L4 :
			    c->v6  ? VIRTIO_NET_HDR_GSO_TCPV6 :
				     VIRTIO_NET_HDR_GSO_TCPV4,
		.hdr_len = header,
		.gso_size = c->size,
		.csum_start = f->l4,
		.csum_offset = c->udp ? CSUM_AT_UDP : CSUM_AT_TCP,
	};
	f->packets = (c->payload + c->size - 1) / c->size;
	f->octets = f->packets * (header - f->l3) + c->payload;
	f->l2_octets = f->packets * header + c->payload;
	return header;
}

static guint64 far_counter(const char *name)
{
	g_autofree char *text = nfpt_output("ip netns exec peer cat /sys/class/net/b0/statistics/%s", name);

	return g_ascii_strtoull(text, NULL, 10);
}

static guint64 counter(NfpProbe *probe, enum nfp_counter row)
{
	NfpSource *source = nfp_probe_source(probe);
	uint64_t value;

	cr_assert_eq(source->counter(source, row, &value), 0);
	return value;
}

static void check_frame(NfpProbe *probe, struct nfp_bucket id, const Case *c, guint i, const Frame *f)
{
	NfpSource *source = nfp_probe_source(probe);
	enum nfp_protocol row = c->udp ? (c->v6 ? NFP_P_udp6 : NFP_P_udp4) : (c->v6 ? NFP_P_tcp6 : NFP_P_tcp4);
	guint hooks = 0;
	NfpEntries e;

	cr_assert_eq(source->read(source, id, row, &e), 0);
	for (size_t n = 0; n < e.n; n++) {
		const char *key = (const char *)e.keys + n * e.key_size;
		const struct nfp_key_meta *meta = (const void *)(key + e.key_size - sizeof(*meta));
		const struct nfp_value *v = &e.values[n];

		if ((guint8)key[c->v6 ? 15 : 3] != i)
			continue;
		hooks++;
		cr_expect(v->packets == f->packets && v->octets == f->octets && v->l2_octets == f->l2_octets,
			  "case %u, flags %#x: %lu packets, %lu octets, %lu of layer 2; not %lu, %lu, %lu", i,
			  meta->flags, (gulong)v->packets, (gulong)v->octets, (gulong)v->l2_octets,
			  (gulong)f->packets, (gulong)f->octets, (gulong)f->l2_octets);
		cr_expect_eq(meta->vlan, c->vlan ? c->vlan | NFP_VLAN_PRESENT : 0, "case %u: vlan %#x", i, meta->vlan);
	}
	cr_expect_eq(hooks, 2, "case %u: %u entries, not one of each hook", i, hooks);
}

/* fragments: headers alone are linear, the payload lies in pages. */
static void segments_from_a_machine(bool fragments)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree Frame *f = g_new0(Frame, 1);
	g_autofree Table *table = g_new0(Table, 1);
	guint64 packets, bytes, all = 0, l2 = 0, skbs = 0;
	struct nfp_bucket id;
	gint64 until;
	int fd;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	fd = nfpt_tap("t0", fragments);
	if (nfpt_try("ip link add br0 type bridge mcast_snooping 0"))
		cr_skip_test("this kernel has no bridge");
	nfpt_run("for i in a0 br0; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
	nfpt_run("ip link set a0 master br0; ip link set t0 master br0; ip link set br0 up");
	nfpt_run("ethtool -K a0 tso off gso off txvlan off; ethtool -K a0 tx off; "
		 "ethtool -K a0 tx-udp-segmentation off || true");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "t0", NFP_DIRECTION_INGRESS);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	packets = far_counter("rx_packets");
	bytes = far_counter("rx_bytes");
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const gsize cuts[] = { build(table, &cases[i], i, f) };
		int rc = nfpt_tap_write(fd, &f->header, f->bytes, f->length, cuts, fragments);

		if (rc == -EINVAL && cases[i].udp)
			continue; /* before 6.2 virtual machines hand over no such buffers */
		cr_assert_eq(rc, 0, "case %u: %s", i, strerror(-rc));
		skbs++;
		all += f->packets;
		l2 += f->l2_octets;
		until = g_get_monotonic_time() + WAIT_US;
		while (counter(probe, NFP_C_seen_skbs) < 2 * skbs)
			cr_assert_lt(g_get_monotonic_time(), until, "case %u: not seen", i);
		check_frame(probe, id, &cases[i], i, f);
	}
	cr_expect_geq(skbs, 11);
	cr_expect_eq(counter(probe, NFP_C_seen), 2 * all);
	cr_expect_eq(nfpt_recorded(probe, id), 2 * all);
	cr_expect_eq(far_counter("rx_packets") - packets, all, "the wire has %lu packets, not %lu",
		     (gulong)(far_counter("rx_packets") - packets), (gulong)all);
	cr_expect_eq(far_counter("rx_bytes") - bytes, l2, "the wire has %lu octets, not %lu",
		     (gulong)(far_counter("rx_bytes") - bytes), (gulong)l2);
	close(fd);
}

Test(dodgy, segments_are_counted_before_the_kernel_does)
{
	segments_from_a_machine(false);
}

Test(dodgy, segments_whose_payload_is_in_pages)
{
	segments_from_a_machine(true);
}
