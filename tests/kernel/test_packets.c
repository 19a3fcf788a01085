// SPDX-License-Identifier: GPL-2.0-or-later
/* The packet table in the kernel: the real program, real maps, one bucket a packet. */
#include <criterion/criterion.h>
#include <string.h>

#include <bpf/bpf.h>

#include "ahead.skel.h"
#include "mutate.skel.h"
#include "nfprobe.skel.h"
#include "probe/load.h"
#include "probe/oldkernel.h"
#include "probe/table.h"
#include "support/packets.h"
#include "support/program.h"

#define ENTRIES 16

/* Loads the program for frames of one link type. */
static struct nfprobe_bpf *start(enum nfp_link link, gboolean egress)
{
	struct nfprobe_bpf *skel;

	nfp_test_need_bpf();
	skel = nfp_load_open();
	cr_assert_not_null(skel);
	skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	skel->rodata->knob_link = link;
	skel->rodata->knob_egress = egress;
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	return skel;
}

static struct __sk_buff context(const NfpTestPacket *t, int bucket)
{
	struct __sk_buff skb = nfp_test_skb(bucket, 12345);

	skb.gso_size = t->gso_size;
	skb.gso_segs = t->gso_segs;
	return skb;
}

typedef struct Found {
	int row;
	guint count;
	struct nfp_key_meta meta;
	guint8 key[48];
	struct nfp_value value;
} Found;

static void find(int row, const void *key, const void *value, gpointer data)
{
	Found *found = data;

	found->row = row;
	found->count++;
	found->value = *(const struct nfp_value *)value;
	if (row == NFP_P_eth) {
		memcpy(found->key, key, sizeof(struct nfp_key_eth));
		found->meta = ((const struct nfp_key_eth *)key)->meta;
	} else if (row == NFP_P_ipv6 || row == NFP_P_tcp6 || row == NFP_P_udp6 || row == NFP_P_icmp6 ||
		   row == NFP_P_sctp6) {
		memcpy(found->key, key, sizeof(struct nfp_key_v6));
		found->meta = ((const struct nfp_key_v6 *)key)->meta;
	} else {
		memcpy(found->key, key, sizeof(struct nfp_key_v4));
		found->meta = ((const struct nfp_key_v4 *)key)->meta;
	}
}

static Found only_entry(struct bpf_object *object, struct nfp_bucket bucket, const char *name)
{
	Found found = { .row = -1 };

	for (int row = 0; row < NFP_P_hook; row++)
		nfp_test_bucket_each(object, bucket, row, find, &found);
	cr_assert_eq(found.count, 1, "%s: %u entries", name, found.count);
	return found;
}

static void check_key(const NfpTestPacket *t, const Found *found, guint8 link_flags)
{
	guint8 l4[4] = { t->sport >> 8, t->sport & 0xff, t->dport >> 8, t->dport & 0xff };
	guint8 other[4] = { t->protocol, 0, 0, 0 };
	guint8 none[4] = { 0 };

	cr_expect_eq(found->row, t->row, "%s: row %d, not %u", t->name, found->row, t->row);
	cr_expect_eq(found->meta.vlan, t->vlan[0], "%s: vlan", t->name);
	cr_expect_eq(found->meta.cvlan, t->vlan[1], "%s: inner vlan", t->name);
	cr_expect_eq(found->meta.ifindex, 1, "%s: ifindex", t->name);
	cr_expect_eq(found->meta.flags, t->key_flags | link_flags, "%s: flags %#x", t->name,
		     found->meta.flags);
	cr_expect_eq(found->meta.dscp, t->row == NFP_P_eth ? 0 : t->tos >> 2, "%s: dscp", t->name);
	if (t->row == NFP_P_eth) {
		const struct nfp_key_eth *key = (const void *)found->key;

		cr_expect_eq(GUINT16_FROM_BE(key->ethertype), t->ethertype, "%s: ethertype", t->name);
		cr_expect(!memcmp(&found->meta.l4, none, 4), "%s: l4", t->name);
		if (t->link == NFP_LINK_ETHERNET) {
			cr_expect(!memcmp(key->dmac, t->bytes, 6), "%s: dmac", t->name);
			cr_expect(!memcmp(key->smac, t->bytes + 6, 6), "%s: smac", t->name);
		}
		return;
	}
	cr_expect(!memcmp(found->key, t->bytes + t->addr_at, t->bytes[t->addr_at - 8] >> 4 == 6 ? 32 : 8),
		  "%s: addresses", t->name);
	if (t->row == NFP_P_ipv4 || t->row == NFP_P_ipv6)
		cr_expect(!memcmp(&found->meta.l4, other, 4), "%s: protocol", t->name);
	else
		cr_expect(!memcmp(&found->meta.l4, l4, 4), "%s: ports", t->name);
}

static void check_value(const NfpTestPacket *t, const struct nfp_value *v)
{
	guint64 when = nfp_test_bucket(0).start_ts + 12345;

	cr_expect_eq(v->packets, t->packets, "%s: %lu packets, not %lu", t->name,
		     (gulong)v->packets, (gulong)t->packets);
	cr_expect_eq(v->octets, t->octets, "%s: %lu octets, not %lu", t->name, (gulong)v->octets,
		     (gulong)t->octets);
	cr_expect_eq(v->l2_octets, t->l2_octets, "%s: %lu layer 2 octets, not %lu", t->name,
		     (gulong)v->l2_octets, (gulong)t->l2_octets);
	cr_expect_eq(v->first, when, "%s: first", t->name);
	cr_expect_eq(v->last, when, "%s: last", t->name);
	if (t->gso_size != 0xffff) {
		cr_expect_eq(v->len_min, t->len_min, "%s: shortest %u, not %u", t->name, v->len_min,
			     t->len_min);
		cr_expect_eq(v->len_max, t->len_max, "%s: longest %u, not %u", t->name, v->len_max,
			     t->len_max);
	}
	cr_expect_eq(v->tcp_flags, t->tcp_flags, "%s: tcp flags %#x", t->name, v->tcp_flags);
	cr_expect_eq(v->ttl_min, t->ttl, "%s: ttl", t->name);
	cr_expect_eq(v->ttl_max, t->ttl, "%s: ttl", t->name);
	cr_expect_eq(v->ecn, t->addr_at ? 1 << (t->tos & 3) : 0, "%s: ecn %#x", t->name, v->ecn);
	cr_expect_eq(v->flags, t->value_flags, "%s: flags %#x", t->name, v->flags);
	cr_expect_eq(v->ingress_if, 1, "%s: ingress interface", t->name);
	cr_expect_eq(v->egress_if, 0, "%s: egress interface", t->name);
}

/* Test runs refuse frames shorter than the header that their EtherType announces; behind a tag they
 * take them, so the table has such frames with a tag too. */
static gboolean runs(const NfpTestPacket *t, enum nfp_link link)
{
	guint16 type = t->bytes[12] << 8 | t->bytes[13];
	guint32 least = type == 0x0800 ? 14 + 20 : type == 0x86dd ? 14 + 40 : 14;

	return t->link == link && t->length >= least;
}

static guint run_table(enum nfp_link link)
{
	struct nfprobe_bpf *skel = start(link, FALSE);
	struct nfp_bucket bucket = nfp_test_bucket(0);
	guint64 seen = 0;
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);
	guint ran = 0;

	nfp_test_bucket_add(skel->obj, bucket, ENTRIES, -1);
	for (gsize i = 0; i < count; i++, t++) {
		struct __sk_buff skb = context(t, 0);
		guint64 outcome = NFP_C_outcome_ok + t->outcome, before;
		NfpTestBooks books;
		Found found;

		if (!runs(t, link))
			continue;
		ran++;
		before = nfp_test_status(skel->obj, outcome);
		nfp_test_run(skel->obj, "nfprobe_tc", t->bytes, t->length, &skb);
		found = only_entry(skel->obj, bucket, t->name);
		check_key(t, &found, link == NFP_LINK_ETHERNET ? 0 : NFP_KEY_L3);
		check_value(t, &found.value);
		books = nfp_test_books(skel->obj, bucket);
		cr_expect_eq(books.seen, t->packets, "%s: seen", t->name);
		cr_expect_eq(books.seen_skbs, 1, "%s: seen skbs", t->name);
		cr_expect_eq(books.seen_skb_bytes, t->length, "%s: seen skb bytes", t->name);
		cr_expect_eq(books.seen, books.recorded + books.lost, "%s: books", t->name);
		cr_expect_eq(nfp_test_status(skel->obj, outcome) - before, t->packets,
			     "%s: outcome counter", t->name);
		seen += books.seen;
		nfp_test_bucket_clear(skel->obj, bucket);
	}
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_seen), seen);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_recorded), seen);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_seen_skbs), ran);
	nfprobe_bpf__destroy(skel);
	return ran;
}

Test(packets, ethernet)
{
	cr_assert_gt(run_table(NFP_LINK_ETHERNET), 90);
}

Test(packets, raw)
{
	cr_assert_geq(run_table(NFP_LINK_RAW), 3);
}

/* All packets into one bucket, by the program and by one that leaves out an account call. */
static NfpTestBooks books_of(struct bpf_object *object)
{
	struct nfp_bucket bucket = nfp_test_bucket(0);
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	nfp_test_configure(object, 0);
	nfp_test_bucket_add(object, bucket, 4096, -1);
	for (gsize i = 0; i < count; i++, t++) {
		struct __sk_buff skb = context(t, 0);

		if (runs(t, NFP_LINK_ETHERNET))
			nfp_test_run(object, "nfprobe_tc", t->bytes, t->length, &skb);
	}
	return nfp_test_books(object, bucket);
}

/* As nfp_load_open() opens the sound one, on kernels without compare-and-swap too. */
static struct mutate_bpf *open_mutated(void)
{
	struct mutate_bpf *skel = calloc(1, sizeof(*skel));
	size_t size;
	const void *original = mutate_bpf__elf_bytes(&size);
	g_autofree void *object = g_memdup2(original, size);

	if (!nfp_table_usable())
		cr_assert_gt(nfp_oldkernel_patch(object, size), 0);
	cr_assert_not_null(skel);
	cr_assert_eq(mutate_bpf__create_skeleton(skel), 0);
	skel->skeleton->data = object; /* read by the next call only */
	skel->skeleton->data_sz = size;
	cr_assert_eq(bpf_object__open_skeleton(skel->skeleton, NULL), 0);
	return skel;
}

Test(packets, books_close_and_break)
{
	struct nfprobe_bpf *sound = start(NFP_LINK_ETHERNET, FALSE);
	struct mutate_bpf *mutated = open_mutated();
	NfpTestBooks books;
	guint64 seen;

	mutated->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	cr_assert_eq(mutate_bpf__load(mutated), 0);

	books = books_of(sound->obj);
	seen = books.seen;
	cr_expect_gt(seen, 100);
	cr_expect_eq(books.seen, books.recorded + books.lost);
	cr_expect_eq(books.seen, nfp_test_status(sound->obj, NFP_C_seen));

	books = books_of(mutated->obj);
	cr_expect_eq(books.seen, seen);
	cr_expect_neq(books.seen, books.recorded + books.lost, "a missing account call goes unnoticed");
	mutate_bpf__destroy(mutated);
	nfprobe_bpf__destroy(sound);
}

/* A tag in the skb's metadata is the outermost, and four bytes more on the wire for each segment. */
Test(packets, vlan_in_metadata)
{
	struct nfprobe_bpf *skel = start(NFP_LINK_ETHERNET, FALSE);
	struct ahead_bpf *ahead = ahead_bpf__open_and_load();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	guint32 zero = 0;
	int fd = bpf_program__fd(skel->progs.nfprobe_tc);
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	cr_assert_not_null(ahead);
	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(ahead->maps.next), &zero, &fd, BPF_ANY), 0);
	nfp_test_bucket_add(skel->obj, bucket, ENTRIES, -1);
	for (gsize i = 0; i < count; i++, t++) {
		struct __sk_buff skb = context(t, 0);
		Found found;

		if (!runs(t, NFP_LINK_ETHERNET))
			continue;
		nfp_test_run(ahead->obj, "ahead_vlan", t->bytes, t->length, &skb);
		found = only_entry(skel->obj, bucket, t->name);
		cr_expect_eq(found.meta.vlan, NFP_VLAN_PRESENT | 77, "%s: vlan %#x", t->name,
			     found.meta.vlan);
		cr_expect_eq(found.meta.cvlan, t->vlan[0], "%s: inner vlan", t->name);
		cr_expect_eq(found.value.l2_octets, t->l2_octets + 4 * t->packets,
			     "%s: layer 2 octets", t->name);
		cr_expect_eq(found.value.octets, t->octets, "%s: octets", t->name);
		nfp_test_bucket_clear(skel->obj, bucket);
	}
	ahead_bpf__destroy(ahead);
	nfprobe_bpf__destroy(skel);
}

/* Only the Ethernet header and what more `linear` says is in the linear part; needs a kernel that
 * makes such buffers in test runs. The result is the same, but for what lies deeper than the copy. */
Test(packets, nonlinear)
{
	struct nfprobe_bpf *skel = start(NFP_LINK_ETHERNET, FALSE);
	struct nfp_bucket bucket = nfp_test_bucket(0);
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);
	LIBBPF_OPTS(bpf_test_run_opts, probe);
	struct __sk_buff skb = nfp_test_skb(0, 0);

	nfp_test_bucket_add(skel->obj, bucket, ENTRIES, -1);
	skb.data_end = 14;
	probe.data_in = t->bytes;
	probe.data_size_in = t->length;
	probe.ctx_in = &skb;
	probe.ctx_size_in = sizeof(skb);
	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.nfprobe_tc), &probe) ||
	    !nfp_test_status(skel->obj, NFP_C_nonlinear)) {
		nfprobe_bpf__destroy(skel);
		cr_skip_test("this kernel makes no non-linear buffers in test runs");
	}
	nfp_test_bucket_clear(skel->obj, bucket);
	for (gsize i = 0; i < count; i++, t++) {
		guint64 before = nfp_test_status(skel->obj, NFP_C_nonlinear);
		Found found;

		if (!runs(t, NFP_LINK_ETHERNET) || t->header_len > NFP_HEAD_MAX)
			continue;
		skb = context(t, 0);
		skb.data_end = 14;
		nfp_test_run(skel->obj, "nfprobe_tc", t->bytes, t->length, &skb);
		found = only_entry(skel->obj, bucket, t->name);
		check_key(t, &found, 0);
		check_value(t, &found.value);
		if (t->addr_at)
			cr_expect_gt(nfp_test_status(skel->obj, NFP_C_nonlinear), before, "%s", t->name);
		nfp_test_bucket_clear(skel->obj, bucket);
	}
	nfprobe_bpf__destroy(skel);
}
