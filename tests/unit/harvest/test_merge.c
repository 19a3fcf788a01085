/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "harvest/merge.h"
#include "harvest/uid.h"

typedef struct {
	struct nfp_key_v4 *keys;
	struct nfp_value *values;
	NfpEntries entries;
} Table;

static void table_init(Table *t, size_t n)
{
	t->keys = g_new0(struct nfp_key_v4, n);
	t->values = g_new0(struct nfp_value, n);
	t->entries = (NfpEntries){ .keys = t->keys, .values = t->values, .n = n, .key_size = sizeof(*t->keys) };
}

static void table_clear(Table *t)
{
	g_free(t->keys);
	g_free(t->values);
}

Test(merge, one_flow_on_three_cpus)
{
	g_autoptr(NfpMerge) m = nfp_merge_new();
	struct nfp_value v;
	const void *key;
	uint64_t id;
	Table t;

	table_init(&t, 3);
	for (int i = 0; i < 3; i++) {
		t.keys[i] = (struct nfp_key_v4){ .saddr = 1, .meta = { .ifindex = 2, .cpu = i } };
		t.values[i] = (struct nfp_value){
			.packets = 1 + i, .octets = 10, .l2_octets = 24, .len_min = 60 - i, .len_max = 100 + i,
			.tcp_flags = 1 << i, .ttl_min = 60 + i, .ttl_max = 60 + i, .ecn = 1 << i, .flags = 1 << i,
			.first = 500 - 100 * (i == 1), .last = 900 - i, .ingress_if = 10 + i,
		};
	}
	nfp_merge_begin(m, NFP_P_tcp4, &t.entries, 1, false);
	cr_assert(nfp_merge_next(m, &key, &id, &v));
	cr_expect_eq(v.packets, 6);
	cr_expect_eq(v.octets, 30);
	cr_expect_eq(v.l2_octets, 72);
	cr_expect_eq(v.len_min, 58);
	cr_expect_eq(v.len_max, 102);
	cr_expect_eq(v.ttl_min, 60);
	cr_expect_eq(v.ttl_max, 62);
	cr_expect_eq(v.tcp_flags, 7);
	cr_expect_eq(v.ecn, 7);
	cr_expect_eq(v.flags, 7);
	cr_expect_eq(v.first, 400);
	cr_expect_eq(v.ingress_if, 11, "of the earliest");
	cr_expect_eq(v.last, 900);
	cr_expect_not(nfp_merge_next(m, &key, &id, &v));
	nfp_merge_begin(m, NFP_P_tcp4, &t.entries, 1, true);
	for (int i = 0; i < 3; i++)
		cr_expect(nfp_merge_next(m, &key, &id, &v), "apart");
	cr_expect_not(nfp_merge_next(m, &key, &id, &v));
	table_clear(&t);
}

Test(merge, nothing)
{
	g_autoptr(NfpMerge) m = nfp_merge_new();
	NfpEntries none = { .key_size = sizeof(struct nfp_key_v4) };
	struct nfp_value v;
	const void *key;
	uint64_t id;

	nfp_merge_begin(m, NFP_P_tcp4, &none, 1, false);
	cr_expect_not(nfp_merge_next(m, &key, &id, &v));
}

/* Against the plain way: a hash table keyed by the flow. Sizes on both sides of what is kept. */
static void compare(NfpMerge *m, size_t n, guint flows, guint cpus)
{
	g_autoptr(GHashTable) want = g_hash_table_new(g_direct_hash, g_direct_equal);
	g_autoptr(GHashTable) ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	struct nfp_value v;
	const void *key;
	uint64_t id;
	Table t;

	table_init(&t, n);
	for (size_t i = 0; i < n; i++) {
		guint flow = 1 + g_random_int_range(0, flows);

		t.keys[i] = (struct nfp_key_v4){ .saddr = flow, .meta = { .ifindex = 2, .cpu = g_random_int_range(0, cpus),
			.flags = flow & 1, .dscp = flow & 7 } };
		t.values[i].packets = 1 + i;
		g_hash_table_insert(want, GUINT_TO_POINTER(flow),
				    GSIZE_TO_POINTER(GPOINTER_TO_SIZE(g_hash_table_lookup(want, GUINT_TO_POINTER(flow))) + 1 + i));
	}
	nfp_merge_begin(m, NFP_P_udp4, &t.entries, 99, false);
	while (nfp_merge_next(m, &key, &id, &v)) {
		guint flow = ((const struct nfp_key_v4 *)key)->saddr;

		cr_assert_eq(v.packets, GPOINTER_TO_SIZE(g_hash_table_lookup(want, GUINT_TO_POINTER(flow))));
		cr_assert(g_hash_table_remove(want, GUINT_TO_POINTER(flow)), "a flow comes once");
		cr_assert(g_hash_table_add(ids, g_memdup2(&id, sizeof(id))));
	}
	cr_assert_eq(g_hash_table_size(want), 0);
	table_clear(&t);
}

Test(merge, any_number)
{
	g_autoptr(NfpMerge) m = nfp_merge_new();

	compare(m, 10, 3, 4);
	compare(m, 5000, 1000, 4);
	compare(m, 100, 7, 2);
	compare(m, (1 << 20) + 1, 300000, 8);
	compare(m, 2000, 100, 8);
}

Test(merge, hook_rows)
{
	struct nfp_hook_row a = { .seen = 1, .lost = { [NFP_LOST_filtered] = 2 }, .packets = 3, .first = 0, .last = 0 };
	struct nfp_hook_row b = { .seen = 10, .seen_skbs = 5, .seen_skb_bytes = 6, .coarsened = 7, .octets = 8, .l2_octets = 9,
		.lost = { [NFP_LOST_filtered] = 20 }, .packets = 30, .first = 100, .last = 200 };

	nfp_hook_row_merge(&a, &b);
	cr_expect_eq(a.seen, 11);
	cr_expect_eq(a.seen_skbs, 5);
	cr_expect_eq(a.seen_skb_bytes, 6);
	cr_expect_eq(a.coarsened, 7);
	cr_expect_eq(a.lost[NFP_LOST_filtered], 22);
	cr_expect_eq(a.packets, 33);
	cr_expect_eq(a.octets, 8);
	cr_expect_eq(a.l2_octets, 9);
	cr_expect_eq(a.first, 100, "0 is no time");
	cr_expect_eq(a.last, 200);
}

/* MSS and window scale are those of the earliest SYN, whichever CPU saw it. */
Test(merge, tcp_options)
{
	struct nfp_value early = { .first = 1, .last = 5, .tcp_options = 1 << 2 | 1 << 3, .tcp_mss = 1460, .tcp_wscale = 7 };
	struct nfp_value late = { .first = 2, .last = 3, .tcp_options = 1 << 3 | 1 << 8, .tcp_mss = 536, .tcp_wscale = 2 };
	struct nfp_value none = { .first = 0, .last = 9 }, sum;

	sum = late;
	nfp_value_merge(&sum, &early);
	cr_expect_eq(sum.tcp_options, 1 << 2 | 1 << 3 | 1 << 8);
	cr_expect_eq(sum.tcp_mss, 1460);
	cr_expect_eq(sum.tcp_wscale, 7);
	sum = early;
	nfp_value_merge(&sum, &none);
	cr_expect_eq(sum.first, 0);
	cr_expect_eq(sum.tcp_mss, 1460);
	cr_expect_eq(sum.tcp_wscale, 7);
}

/* ---- against the plain way, whole values ------------------------------------------------------------ */

typedef struct {
	NfpScan scan; /* first */
	NfpEntries all;
	size_t at, piece;
	guint rewinds;
} Pieces;

static bool pieces_next(NfpScan *scan, NfpEntries *ret)
{
	Pieces *p = (Pieces *)scan;

	if (p->at == p->all.n)
		return false;
	*ret = (NfpEntries){
		.keys = (const char *)p->all.keys + p->at * p->all.key_size, .values = p->all.values + p->at,
		.n = MIN(p->piece, p->all.n - p->at), .key_size = p->all.key_size,
	};
	p->at += ret->n;
	return true;
}

static void pieces_rewind(NfpScan *scan, bool keys_only)
{
	((Pieces *)scan)->at = 0;
	((Pieces *)scan)->rewinds++;
}

static struct nfp_value random_value(void)
{
	return (struct nfp_value){
		.packets = g_random_int(), .octets = g_random_int(), .l2_octets = g_random_int(), .first = g_random_int(),
		.last = g_random_int(), .len_min = g_random_int(), .len_max = g_random_int(),
		.tcp_flags = g_random_int() & 0xfff, .ttl_min = g_random_int(), .ttl_max = g_random_int(),
		.ecn = g_random_int() & 15, .flags = g_random_int() & 15, .ingress_if = g_random_int(),
		.tcp_options = g_random_int() & 0x1ff, .tcp_mss = g_random_int() & 3, .tcp_wscale = g_random_int() & 15,
	};
}

static const char *flow_text(const struct nfp_key_v6 *key, char text[64])
{
	g_snprintf(text, 64, "%u %u %u", key->saddr[0] << 16 | key->saddr[1] << 8 | key->saddr[2], key->meta.flags,
		   key->meta.dscp);
	return text;
}

/* Flows of one to three entries, in any order. */
static void compare_whole(NfpMerge *m, guint flows, size_t piece, bool one_cpu)
{
	g_autoptr(GHashTable) want = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(struct nfp_key_v6));
	g_autoptr(GArray) values = g_array_new(FALSE, TRUE, sizeof(struct nfp_value));
	NfpFlow some[11];
	uint64_t entries;
	Pieces pieces;
	char text[64];
	size_t n;

	for (guint round = 0; round < 3; round++) {
		for (guint flow = 0; flow < flows; flow++) {
			struct nfp_key_v6 key = {
				.saddr = { flow >> 16, flow >> 8, flow },
				.meta = { .ifindex = 2, .cpu = one_cpu ? 1 : (flow + round * 5) % 16, .dscp = flow & 7 },
			};
			struct nfp_value value = random_value(), *known;

			if (round && (one_cpu || g_random_int_range(0, 8)))
				continue;
			g_array_append_val(keys, key);
			g_array_append_val(values, value);
			known = g_hash_table_lookup(want, flow_text(&key, text));
			if (known)
				nfp_value_merge(known, &value);
			else
				g_hash_table_insert(want, g_strdup(text), g_memdup2(&value, sizeof(value)));
		}
	}
	entries = keys->len;
	pieces = (Pieces){
		.scan = { .next = pieces_next, .rewind = pieces_rewind, .entries = entries + 5 }, .piece = piece,
		.all = { .keys = keys->data, .values = (const struct nfp_value *)values->data, .n = entries,
			 .key_size = sizeof(struct nfp_key_v6) },
	};
	nfp_merge_begin_scan(m, NFP_P_tcp6, &pieces.scan, 4711, false, one_cpu);
	while ((n = nfp_merge_flows(m, some, 1 + g_random_int_range(0, G_N_ELEMENTS(some))))) {
		for (size_t i = 0; i < n; i++) {
			const struct nfp_value *known = g_hash_table_lookup(want, flow_text(some[i].key, text));

			cr_assert_not_null(known, "each flow comes once");
			cr_assert_arr_eq(some[i].value, known, sizeof(*known));
			cr_assert_eq(some[i].id, nfp_uid_flow_id(4711, NFP_P_tcp6, some[i].key, false));
			g_hash_table_remove(want, text);
		}
	}
	cr_expect_eq(g_hash_table_size(want), 0);
	cr_expect_eq(nfp_merge_entries(m), entries);
	cr_expect_eq(pieces.rewinds, one_cpu || entries < 2 ? 1 : 2, "gone over once where that is enough");
}

Test(merge, whole_values_in_pieces)
{
	g_autoptr(NfpMerge) m = nfp_merge_new();

	compare_whole(m, 1, 1, true);
	compare_whole(m, 3, 1, false);
	compare_whole(m, 1000, 7, false);
	compare_whole(m, 1000, 300, true);
	compare_whole(m, 30000, 256, false);
	compare_whole(m, 700, 1000, false);
}
