// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunnels taken off by the program: the table, its truncations, full tables, several packets in a buffer. */
#include <criterion/criterion.h>
#include <string.h>

#include <bpf/bpf.h>

#include "nfprobe.skel.h"
#include "support/packets.h"
#include "support/same.h"

static const NfpTestTunnel *named(const char *name)
{
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);

	for (gsize i = 0; i < count; i++)
		if (g_str_equal(t[i].name, name))
			return &t[i];
	cr_assert_fail("no tunnel %s", name);
	return NULL;
}

/* Frames of a mask of their own are in the unit test; a program for each would take its time. */
Test(tunnels, table_and_every_truncation)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);
	guint64 decapsulated = 0, ends[NFP_D_N] = { 0 };

	for (gsize i = 0; i < count; i++, t++) {
		NfpTestEntry entry;

		if (t->mask != NFP_TEST_DECAP_ALL)
			continue;
		decapsulated += t->depth > 0;
		ends[t->end]++;
		cr_assert(nfp_test_entry(skel, t->bytes, t->length, &entry), "%s", t->name);
		cr_expect_eq(entry.row, t->depth ? NFP_P_tunnel : t->row, "%s: row %d", t->name, entry.row);
		cr_expect_eq(entry.value.octets, t->octets, "%s: octets %lu", t->name, (gulong)entry.value.octets);
		cr_expect_eq(entry.value.l2_octets, t->length, "%s", t->name);
		cr_expect(!memcmp(entry.value.dmac, t->bytes, 6), "%s", t->name);
	}
	cr_expect_gt(decapsulated, 40);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_decapsulated), decapsulated);
	for (guint end = NFP_D_truncated; end < NFP_D_N; end++) {
		cr_expect_gt(ends[end], 0, "no frame ends so: %u", end);
		cr_expect_eq(nfp_test_status(skel->obj, NFP_C_decapsulated + end), ends[end], "counter %u", end);
	}

	t = nfp_test_tunnels(&count);
	for (gsize i = 0; i < count; i++, t++)
		for (guint32 length = 14; length <= t->length; length++)
			nfp_test_same(skel, t->bytes, length, NFP_TEST_DECAP_ALL, t->name);
	nfprobe_bpf__destroy(skel);
}

/* With no tunnel to be taken off the outermost header is the flow. */
Test(tunnels, none_without_a_mask)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);

	for (gsize i = 0; i < count; i++, t++)
		nfp_test_same(skel, t->bytes, t->length, 0, t->name);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_decapsulated), 0);
	nfprobe_bpf__destroy(skel);
}

static void find_tunnel(int row, const void *key, const void *value, gpointer data)
{
	g_array_append_vals(data, key, 1);
}

/* Equal flows in two networks stay two, also when the id that tells them apart is further outside. */
Test(tunnels, tenants_never_meet)
{
	static const struct {
		const char *name;
		guint32 at; /* a byte of an id */
	} ids[] = { { "vxlan", 48 }, { "four tunnels", 48 }, { "four tunnels", 111 }, { "gre, two labels", 41 },
		    { "gre, two labels", 47 } };
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);

	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct nfp_key_tunnel));
		struct __sk_buff skb = nfp_test_skb(0, 1);
		NfpTestTunnel other = *named(ids[i].name);

		for (int twice = 0; twice < 2; twice++) {
			nfp_test_run(skel->obj, "nfprobe_tc", other.bytes, other.length, &skb);
			nfp_test_run(skel->obj, "nfprobe_tc", other.bytes, other.length, &skb);
			other.bytes[ids[i].at] ^= 1;
		}
		nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), NFP_P_tunnel, find_tunnel, keys);
		cr_expect_eq(keys->len, 2, "%s, byte %u: %u entries", ids[i].name, ids[i].at, keys->len);
		nfp_test_bucket_clear(skel->obj, nfp_test_bucket(0));
	}
	nfprobe_bpf__destroy(skel);
}

/* A full table of tunnels: the packet is counted by the tunnel's own header, once, and the books close. */
Test(tunnels, full_table)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	struct nfp_bucket bucket = nfp_test_bucket(1);
	NfpTestTunnel t = *named("vxlan");
	struct __sk_buff skb = nfp_test_skb(1, 1);
	NfpTestBooks books;

	nfp_test_bucket_add(skel->obj, bucket, 1, -1);
	for (guint i = 0; i < 5; i++) {
		t.bytes[t.flow_at + 20] ^= i; /* another source port inside */
		nfp_test_run(skel->obj, "nfprobe_tc", t.bytes, t.length, &skb);
	}
	books = nfp_test_books(skel->obj, bucket);
	cr_expect_eq(books.seen, 5);
	cr_expect_eq(books.recorded, 5);
	cr_expect_eq(books.lost, 0);
	cr_expect_eq(books.entries, 2, "one flow inside, and the tunnel");
	cr_expect_gt(books.coarsened, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_coarsened), books.coarsened);
	nfprobe_bpf__destroy(skel);
}

static void sum_octets(int row, const void *key, const void *value, gpointer data)
{
	const struct nfp_value *v = value;
	guint64 *sums = data;

	sums[0] += v->packets;
	sums[1] += v->octets;
	sums[2] += v->l2_octets;
}

/* Segments of a buffer: each with the inner headers in octets, with all headers in layer 2 octets. */
Test(tunnels, segments)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	const NfpTestTunnel *t = named("vxlan");
	struct __sk_buff skb = nfp_test_skb(0, 1);
	guint32 header = t->length - 5; /* up to the TCP payload */
	guint64 sums[3] = { 0 };

	skb.gso_size = 2;
	skb.gso_segs = 3;
	nfp_test_run(skel->obj, "nfprobe_tc", t->bytes, t->length, &skb);
	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), NFP_P_tunnel, sum_octets, sums);
	cr_expect_eq(sums[0], 3);
	cr_expect_eq(sums[1], 3 * 40 + 5, "octets %lu", (gulong)sums[1]);
	cr_expect_eq(sums[2], 3 * header + 5, "layer 2 octets %lu", (gulong)sums[2]);
	nfprobe_bpf__destroy(skel);
}

/* Many packets of a tunnel that the stack put together: only the first one's flow could be seen. */
Test(tunnels, several_packets_in_a_buffer)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	NfpTestTunnel t = *named("vxlan");
	struct __sk_buff skb = nfp_test_skb(0, 1);
	guint64 sums[3] = { 0 };

	t.length += 95; /* a second one behind it */
	t.bytes[14 + 3] += 95;
	t.bytes[14 + 20 + 5] += 95;
	skb.gso_size = 95;
	skb.gso_segs = 2;
	nfp_test_run(skel->obj, "nfprobe_tc", t.bytes, t.length, &skb);
	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), NFP_P_tunnel, sum_octets, sums);
	cr_expect_eq(sums[0], 0);
	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), NFP_P_udp4, sum_octets, sums);
	cr_expect_eq(sums[0], 2);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_decap_unknown), 2);
	nfprobe_bpf__destroy(skel);
}

/* Headers in buffers of their own: what is inside is found in the copy. */
Test(tunnels, nonlinear)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	const NfpTestTunnel *t = named("four tunnels");
	struct __sk_buff skb = nfp_test_skb(0, 1);
	guint64 sums[3] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->bytes, .data_size_in = t->length, .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb));

	skb.data_end = 14;
	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.nfprobe_tc), &opts) ||
	    !nfp_test_status(skel->obj, NFP_C_nonlinear)) {
		nfprobe_bpf__destroy(skel);
		cr_skip_test("this kernel makes no non-linear buffers in test runs");
	}
	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), NFP_P_tunnel, sum_octets, sums);
	cr_expect_eq(sums[0], 1);
	cr_expect_eq(sums[1], t->octets);
	nfprobe_bpf__destroy(skel);
}
