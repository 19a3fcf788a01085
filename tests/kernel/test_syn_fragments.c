// SPDX-License-Identifier: GPL-2.0-or-later
/* What the program keeps beside counts: options of SYNs, ports of fragments. */
#include <criterion/criterion.h>
#include <string.h>

#include <bpf/bpf.h>

#include "nfprobe.skel.h"
#include "support/same.h"

#define BIT(kind) (1ull << (kind))

typedef struct Frame {
	guint8 bytes[256];
	guint32 length;
} Frame;

static void put(Frame *f, const char *bytes, gsize n)
{
	memcpy(f->bytes + f->length, bytes, n);
	f->length += n;
}
#define PUT(frame, text) put(frame, text, sizeof(text) - 1)

static void ether(Frame *f, guint16 type)
{
	PUT(f, "\2\0\0\0\0\x0b\2\0\0\0\0\x0a");
	f->bytes[f->length++] = type >> 8;
	f->bytes[f->length++] = type;
}

/* fragment: the flags and offset field; id: of the datagram. */
static void ip4(Frame *f, guint8 protocol, guint16 payload, guint16 id, guint16 fragment)
{
	guint8 *h = f->bytes + f->length;

	PUT(f, "\x45\0\0\0\0\0\0\0\x40\0\0\0\x0a\0\0\1\x0a\0\0\2");
	h[2] = (payload + 20) >> 8, h[3] = payload + 20;
	h[4] = id >> 8, h[5] = id;
	h[6] = fragment >> 8, h[7] = fragment;
	h[9] = protocol;
}

static void tcp(Frame *f, guint8 flags, const char *options, gsize n)
{
	guint8 *h = f->bytes + f->length;

	PUT(f, "\x9c\x41\x01\xbb\0\0\0\1\0\0\0\0\x50\0\2\0\0\0\0\0");
	h[12] = (20 + n) / 4 << 4;
	h[13] = flags;
	put(f, options, n);
}

static void run(struct nfprobe_bpf *skel, const Frame *f, guint64 when)
{
	struct __sk_buff skb = nfp_test_skb(0, when);

	nfp_test_run(skel->obj, "nfprobe_tc", f->bytes, f->length, &skb);
}

static void only(int row, const void *key, const void *value, gpointer data)
{
	NfpTestEntry *entry = data;

	entry->count++;
	entry->row = row;
	entry->value = *(const struct nfp_value *)value;
}

static struct nfp_value value_in(struct nfprobe_bpf *skel, int row)
{
	NfpTestEntry entry = { 0 };

	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), row, only, &entry);
	cr_assert_eq(entry.count, 1, "%u entries", entry.count);
	return entry.value;
}

#define LINUX "\2\4\5\xb4\4\2\x8\x0attttEEEE\1\3\3\7"

static Frame syn(guint8 flags, const char *options, gsize n)
{
	Frame f = { .length = 0 };

	ether(&f, 0x0800);
	ip4(&f, 6, 20 + n, 1, 0x4000);
	tcp(&f, flags, options, n);
	return f;
}

Test(syn, options_of_the_first)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame first = syn(0x02, LINUX, sizeof(LINUX) - 1), again = syn(0x02, "\2\4\1\0\3\3\1\0\x1e\4xx", 12);
	Frame data = syn(0x10, "\1\1\5\x0a" "12345678", 12);
	struct nfp_value v;

	run(skel, &first, 0);
	run(skel, &data, 1);
	run(skel, &again, 2);
	v = value_in(skel, NFP_P_tcp4);
	cr_expect_eq(v.packets, 3);
	cr_expect_eq(v.tcp_mss, 1460, "mss %u", v.tcp_mss);
	cr_expect_eq(v.tcp_wscale, 7, "scale %u", v.tcp_wscale);
	cr_expect_eq(v.tcp_options, BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(8), "%llx",
		     (unsigned long long)v.tcp_options);
	nfprobe_bpf__destroy(skel);
}

/* An entry that was there before the SYN learns from it too. */
Test(syn, behind_other_packets)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame data = syn(0x10, "\2\4\1\0", 4), late = syn(0x12, LINUX, sizeof(LINUX) - 1);
	struct nfp_value v;

	run(skel, &data, 0);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).tcp_options, 0, "of a SYN only");
	run(skel, &late, 1);
	v = value_in(skel, NFP_P_tcp4);
	cr_expect_eq(v.tcp_mss, 1460);
	cr_expect_eq(v.tcp_wscale, 7);
	nfprobe_bpf__destroy(skel);
}

/* Another flow's options do not stick to a SYN that has none, or whose options are cut off. */
Test(syn, without_options)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame with = syn(0x02, LINUX, sizeof(LINUX) - 1), without = syn(0x02, "", 0), cut = with;

	run(skel, &with, 0);
	nfp_test_bucket_clear(skel->obj, nfp_test_bucket(0));
	run(skel, &without, 0);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).tcp_options, 0);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).tcp_mss, 0);
	nfp_test_bucket_clear(skel->obj, nfp_test_bucket(0));
	cut.length = 14 + 20 + 20 + 6;
	run(skel, &cut, 0);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).tcp_options, BIT(2) | BIT(4), "what is there counts");
	nfp_test_bucket_clear(skel->obj, nfp_test_bucket(0));
	cut.length = 14 + 20 + 20;
	run(skel, &cut, 0);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).tcp_options, 0);
	nfprobe_bpf__destroy(skel);
}

Test(syn, inside_a_tunnel)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	Frame f = { .length = 0 };

	ether(&f, 0x0800);
	ip4(&f, 4, 40 + sizeof(LINUX) - 1, 1, 0);
	ip4(&f, 6, 20 + sizeof(LINUX) - 1, 2, 0);
	tcp(&f, 0x02, LINUX, sizeof(LINUX) - 1);
	run(skel, &f, 0);
	cr_expect_eq(value_in(skel, NFP_P_tunnel).tcp_mss, 1460);
	nfprobe_bpf__destroy(skel);
}

/* ---- fragments ------------------------------------------------------------------------------------- */

static Frame fragment(guint8 protocol, guint16 id, gboolean first)
{
	Frame f = { .length = 0 };

	ether(&f, 0x0800);
	ip4(&f, protocol, 24, id, first ? 0x2000 : 0x2001);
	PUT(&f, "\x13\x88\0\x35\3\x84\0\0aaaaaaaaaaaaaaaa");
	return f;
}

static guint count_of(struct nfprobe_bpf *skel, int row)
{
	NfpTestEntry entry = { 0 };

	nfp_test_bucket_each(skel->obj, nfp_test_bucket(0), row, only, &entry);
	return entry.count;
}

Test(fragments, later_ones_get_the_ports_of_their_first)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame first = fragment(17, 7, TRUE), later = fragment(17, 7, FALSE), other = fragment(17, 8, FALSE);

	run(skel, &first, 0);
	run(skel, &later, 1);
	cr_expect_eq(value_in(skel, NFP_P_udp4).packets, 2);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_matched), 1);
	run(skel, &other, 2);
	cr_expect_eq(count_of(skel, NFP_P_udp4), 2, "of another datagram: ports 0");
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_unmatched), 1);
	nfprobe_bpf__destroy(skel);
}

Test(fragments, identifications_come_again)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame first = fragment(17, 7, TRUE), later = fragment(17, 7, FALSE);

	run(skel, &first, 0);
	run(skel, &later, 29999999999ull);
	cr_expect_eq(count_of(skel, NFP_P_udp4), 1);
	run(skel, &later, 30000000000ull);
	cr_expect_eq(count_of(skel, NFP_P_udp4), 2, "too old");
	nfprobe_bpf__destroy(skel);
}

Test(fragments, of_another_protocol_are_not_theirs)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	Frame first = fragment(17, 7, TRUE), tcp_later = fragment(6, 7, FALSE), icmp = fragment(1, 7, FALSE);

	run(skel, &first, 0);
	run(skel, &tcp_later, 1);
	run(skel, &icmp, 1);
	cr_expect_eq(value_in(skel, NFP_P_tcp4).packets, 1);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_matched), 0);
	cr_expect_eq(value_in(skel, NFP_P_ipv4).packets, 1, "ICMP has no ports");
	nfprobe_bpf__destroy(skel);
}

Test(fragments, inside_tunnels_each_has_its_own)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(NFP_TEST_DECAP_ALL);
	Frame frames[3];

	/* First and later one of one datagram in GRE with key 1, and a later one in key 2. */
	for (guint i = 0; i < 3; i++) {
		Frame inner = fragment(17, 7, i == 0), *f = &frames[i];

		f->length = 0;
		ether(f, 0x0800);
		ip4(f, 47, 8 + inner.length - 14, 1, 0);
		PUT(f, "\x20\0\x08\0\0\0\0\0");
		f->bytes[f->length - 1] = i == 2 ? 2 : 1;
		put(f, (const char *)inner.bytes + 14, inner.length - 14);
		run(skel, f, i);
	}
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_matched), 1);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_unmatched), 1);
	cr_expect_eq(count_of(skel, NFP_P_tunnel), 2);
	nfprobe_bpf__destroy(skel);
}

/* More datagrams than the map has room for: no error, and the latest are known. */
Test(fragments, the_map_is_bounded)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(0);
	struct nfp_bucket bucket = nfp_test_bucket(0);
	Frame later = fragment(17, 9999, FALSE);

	for (guint i = 0; i < 10000; i++) {
		Frame first = fragment(17, i, TRUE);

		run(skel, &first, i);
	}
	nfp_test_bucket_clear(skel->obj, bucket);
	run(skel, &later, 10001);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_fragments_matched), 1);
	nfprobe_bpf__destroy(skel);
}
