/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XDP programs in test runs: what tc makes of a frame, they make of it, whatever the frame, and the
 * verdict is always "pass". */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "nfprobe.skel.h"
#include "probe/load.h"
#include "support/packets.h"
#include "support/program.h"

#define ENTRIES 16
#define HOSTILE 20000
#define JUMBO 9000
#define KEY_MAX 256
#define ETH_HLEN 14

static const gsize key_size[NFP_P_N] = {
#define NFP_PROTOCOL(row, key_type, parent) [NFP_P_##row] = sizeof(struct key_type),
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
};

typedef struct Entry {
	int row;
	guint count;
	guint8 key[KEY_MAX];
	struct nfp_value value;
} Entry;

static gboolean has_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

/* Everything goes to the spill bucket: test runs of XDP have no time. */
static struct nfprobe_bpf *start(enum nfp_link link)
{
	struct nfprobe_bpf *skel;

	nfp_test_need_bpf();
	skel = nfp_load_open();
	cr_assert_not_null(skel);
	skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	skel->rodata->knob_link = link;
	bpf_program__set_autoload(skel->progs.nfprobe_xdp, true);
	bpf_program__set_autoload(skel->progs.nfprobe_xdp_frags, has_frags());
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(-1), ENTRIES, -1);
	return skel;
}

/* linear: bytes in the first buffer, 0 = as many as fit. -errno: the kernel refuses such a test run. */
static int run_xdp(const struct bpf_program *program, const guint8 *bytes, guint32 length, guint32 linear)
{
	g_autofree guint8 *after = g_malloc(length);
	struct xdp_md md = { .data_end = linear };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bytes, .data_size_in = length, .data_out = after,
		    .data_size_out = length, .repeat = 1);
	int rc;

	if (linear) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	}
	rc = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	if (rc)
		return rc;
	cr_assert_eq(opts.retval, XDP_PASS, "verdict %u on %u bytes", opts.retval, length);
	cr_assert_eq(opts.data_size_out, length);
	cr_assert(!memcmp(after, bytes, length), "the frame was changed");
	return 0;
}

static void take(int row, const void *key, const void *value, gpointer data)
{
	Entry *entry = data;

	entry->row = row;
	entry->count++;
	memcpy(entry->key, key, key_size[row]);
	entry->value = *(const struct nfp_value *)value;
}

/* The only entry there is, and an empty bucket afterwards. */
static Entry take_entry(struct bpf_object *object, const char *name)
{
	struct nfp_bucket spill = nfp_test_bucket(-1);
	NfpTestBooks books = nfp_test_books(object, spill);
	Entry entry = { .row = -1 };

	for (int row = 0; row < NFP_P_N; row++)
		nfp_test_bucket_each(object, spill, row, take, &entry);
	cr_assert_eq(entry.count, 1, "%s: %u entries", name, entry.count);
	cr_expect_eq(books.seen, 1, "%s: seen", name);
	cr_expect_eq(books.recorded, 1, "%s: recorded", name);
	cr_expect_eq(books.lost, 0, "%s: lost", name);
	nfp_test_bucket_clear(object, spill);
	return entry;
}

static void expect_same(const Entry *tc, const Entry *xdp, const char *name)
{
	guint8 key[KEY_MAX];
	struct nfp_key_meta *meta = (void *)(key + key_size[tc->row] - sizeof(*meta));

	cr_assert_eq(xdp->row, tc->row, "%s: row %d, by tc %d", name, xdp->row, tc->row);
	memcpy(key, tc->key, key_size[tc->row]);
	meta->flags |= NFP_KEY_XDP;
	cr_expect(!memcmp(xdp->key, key, key_size[tc->row]), "%s: key", name);
	cr_expect(!memcmp(&xdp->value, &tc->value, sizeof(tc->value)), "%s: value", name);
}

/* Test runs of tc refuse frames shorter than the header that their EtherType announces. */
static gboolean runs_by_tc(const NfpTestPacket *t)
{
	guint16 type = t->bytes[12] << 8 | t->bytes[13];
	guint32 least = type == 0x0800 ? 14 + 20 : type == 0x86dd ? 14 + 40 : 14;

	return t->length >= least;
}

static guint compare_table(enum nfp_link link, gboolean frags, guint32 linear)
{
	struct nfprobe_bpf *skel = start(link);
	const struct bpf_program *program = frags ? skel->progs.nfprobe_xdp_frags : skel->progs.nfprobe_xdp;
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);
	guint ran = 0;

	for (gsize i = 0; i < count; i++, t++) {
		struct __sk_buff skb = { .ifindex = 1 };
		Entry tc, xdp;

		/* What is a GSO buffer, XDP cannot know. */
		if (t->link != link || t->gso_size || !runs_by_tc(t))
			continue;
		if (linear && (t->header_len > NFP_HEAD_MAX || t->length <= linear))
			continue;
		nfp_test_run(skel->obj, "nfprobe_tc", t->bytes, t->length, &skb);
		tc = take_entry(skel->obj, t->name);
		cr_assert_eq(run_xdp(program, t->bytes, t->length, linear), 0, "%s: %s", t->name, strerror(errno));
		xdp = take_entry(skel->obj, t->name);
		expect_same(&tc, &xdp, t->name);
		ran++;
	}
	if (linear)
		cr_expect_gt(nfp_test_status(skel->obj, NFP_C_nonlinear), 80);
	nfprobe_bpf__destroy(skel);
	return ran;
}

Test(xdp, as_tc)
{
	cr_expect_gt(compare_table(NFP_LINK_ETHERNET, FALSE, 0), 80);
	cr_expect_geq(compare_table(NFP_LINK_RAW, FALSE, 0), 3);
}

Test(xdp, as_tc_with_frags)
{
	if (!has_frags())
		cr_skip_test("this kernel has no XDP frames of several buffers (5.18)");
	cr_expect_gt(compare_table(NFP_LINK_ETHERNET, TRUE, 0), 80);
	cr_expect_geq(compare_table(NFP_LINK_RAW, TRUE, 0), 3);
}

/* Headers in the second buffer: the program reads them by the helper. */
Test(xdp, as_tc_when_only_the_ethernet_header_is_linear)
{
	struct nfprobe_bpf *skel;
	guint8 frame[64] = { [12] = 0x88, [13] = 0xb5 };
	int rc = -EOPNOTSUPP;

	if (has_frags()) {
		skel = start(NFP_LINK_ETHERNET);
		rc = run_xdp(skel->progs.nfprobe_xdp_frags, frame, sizeof(frame), ETH_HLEN);
		nfprobe_bpf__destroy(skel);
	}
	if (rc)
		cr_skip_test("this kernel makes no such frames in test runs of XDP (6.18)");
	cr_expect_gt(compare_table(NFP_LINK_ETHERNET, TRUE, ETH_HLEN), 80);
}

/* A frame of several buffers counts with all its bytes. */
Test(xdp, jumbo)
{
	static const guint8 head[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00,
		0x45, 0, (JUMBO - 14) >> 8, (JUMBO - 14) & 0xff, 0, 0, 0x40, 0, 64, 17, 0, 0,
		192, 0, 2, 1, 192, 0, 2, 2,
		0x04, 0xd2, 0x16, 0x2e, (JUMBO - 34) >> 8, (JUMBO - 34) & 0xff, 0, 0,
	};
	g_autofree guint8 *frame = g_malloc0(JUMBO);
	struct nfprobe_bpf *skel;
	Entry entry;

	if (!has_frags())
		cr_skip_test("this kernel has no XDP frames of several buffers (5.18)");
	memcpy(frame, head, sizeof(head));
	skel = start(NFP_LINK_ETHERNET);
	cr_assert_eq(run_xdp(skel->progs.nfprobe_xdp_frags, frame, JUMBO, 0), 0);
	entry = take_entry(skel->obj, "jumbo");
	cr_expect_eq(entry.row, NFP_P_udp4);
	cr_expect_eq(entry.value.l2_octets, JUMBO, "%lu", (gulong)entry.value.l2_octets);
	cr_expect_eq(entry.value.octets, JUMBO - 14);
	cr_expect_eq(entry.value.len_max, JUMBO - 14);
	nfprobe_bpf__destroy(skel);
}

/* Frames of the table with bytes overwritten and cut off anywhere, a fixed sequence: run_xdp() checks
 * the verdict, and each is in the books and in a record. */
static void hostile(gboolean frags)
{
	struct nfprobe_bpf *skel = start(NFP_LINK_ETHERNET);
	const struct bpf_program *program = frags ? skel->progs.nfprobe_xdp_frags : skel->progs.nfprobe_xdp;
	g_autoptr(GRand) random = g_rand_new_with_seed(4711);
	NfpTestBooks books;
	gsize count;
	const NfpTestPacket *table = nfp_test_packets(&count);

	for (guint i = 0; i < HOSTILE; i++) {
		const NfpTestPacket *t = &table[g_rand_int_range(random, 0, (gint32)count)];
		guint32 length = MAX(t->length, ETH_HLEN);
		guint8 bytes[NFP_TEST_PACKET_MAX];

		memcpy(bytes, t->bytes, sizeof(bytes));
		for (gint n = g_rand_int_range(random, 0, 8); n > 0; n--)
			bytes[g_rand_int_range(random, 0, MIN((gint32)length, 200))] =
				(guint8)g_rand_int_range(random, 0, 256);
		if (g_rand_boolean(random))
			length = (guint32)g_rand_int_range(random, ETH_HLEN, (gint32)length + 1);
		cr_assert_eq(run_xdp(program, bytes, length, 0), 0);
	}
	books = nfp_test_books(skel->obj, nfp_test_bucket(-1));
	cr_expect_eq(books.seen, HOSTILE);
	cr_expect_eq(books.recorded, HOSTILE);
	cr_expect_eq(books.lost, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_seen), HOSTILE);
	nfprobe_bpf__destroy(skel);
}

Test(xdp, hostile_frames_pass)
{
	hostile(FALSE);
}

Test(xdp, hostile_frames_pass_with_frags)
{
	if (!has_frags())
		cr_skip_test("this kernel has no XDP frames of several buffers (5.18)");
	hostile(TRUE);
}
