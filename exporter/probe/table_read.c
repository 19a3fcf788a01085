/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables, read by mmap: a scan of memory, no system call an entry. Works on open buckets too (a snapshot): an
 * entry is there when the last word of its key is, which is written last.
 */
#include <errno.h>
#include <string.h>

#include "probe/table.h"
#include "probe/value.h"
#include "probe/ways.h"

#define CHUNK 8192                /* entries by which the buffer grows */
#define OCTETS_MAX (G_MAXUINT / 2) /* GByteArray counts octets in 32 bits */

/* A table of either version. */
typedef struct {
	const uint8_t *data;
	uint32_t sets;
	uint64_t seed, generation;
	uint8_t bits;
	bool v6;
	size_t words;
	NfpWays *ways; /* what slots have numbers of; of the reader */
} Table;

typedef struct {
	const __u64 *key;
	const struct nfp_slot_count *count;
	const struct nfp_slot_cold *cold;
} Slot;

static Slot slot_at(const Table *t, uint32_t set, uint32_t slot)
{
	if (t->v6) {
		const struct nfp_slot6 *s = &((const struct nfp_set6 *)t->data)[set].slot[slot];

		return (Slot){ s->key, &s->count, &s->cold };
	}
	const struct nfp_slot4 *s = &((const struct nfp_set4 *)t->data)[set].slot[slot];
	const struct nfp_beside4 *beside = &((const struct nfp_beside4 *)t->data)[t->sets + set];

	return (Slot){ s->key, &s->count, &beside->cold[slot] };
}

static uint64_t load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* The last word: with it, the others are complete. */
static uint64_t state(const Slot *s, const Table *t)
{
	return __atomic_load_n(&s->key[t->words - 1], __ATOMIC_ACQUIRE);
}

static bool in_use(const Table *t, uint64_t last)
{
	return ((last ^ t->generation) & NFP_GENERATION_MASK) == 0 && last & NFP_IFINDEX_MASK;
}

static void value_of(const Table *t, const Slot *s, const struct nfp_key_meta *meta, struct nfp_value *v)
{
	uint64_t packets = load(&s->count->packets), octets = load(&s->count->octets);
	uint64_t l2 = load(&s->count->l2), length = load(&s->count->length), last = load(&s->count->last);

	*v = (struct nfp_value){
		.packets = packets & NFP_COUNT_MASK,
		.octets = octets & NFP_COUNT_MASK,
		.l2_octets = l2 & NFP_COUNT_MASK,
		/* A tick's floor may lie before the exact time of the first packet. */
		.last = MAX(last, s->cold->first),
		.len_min = (uint32_t)length,
		.len_max = (uint32_t)(length >> 32),
		.tcp_flags = (uint16_t)(packets >> NFP_COUNT_BITS),
		.ttl_min = (uint8_t)(octets >> 48),
		.ttl_max = (uint8_t)(octets >> 56),
		.ecn = (l2 >> 56) & 0xf,
		.flags = (uint8_t)(l2 >> 48),
		.first = s->cold->first,
		.tcp_options = s->cold->tcp_options,
		.tcp_mss = s->cold->tcp_mss,
		.tcp_wscale = s->cold->tcp_wscale & 0xf,
		.flow_label = s->cold->flow_label,
		.ingress_if = meta->flags & NFP_KEY_EGRESS ? s->cold->way : meta->ifindex,
		.egress_if = meta->flags & NFP_KEY_EGRESS ? meta->ifindex : s->cold->way,
	};
	if (v->egress_if >= NFP_WAY_FIRST && !(meta->flags & NFP_KEY_EGRESS))
		nfp_ways_get(t->ways, s->cold->way, v);
	memcpy(v->smac, s->cold->smac, sizeof(v->smac));
	memcpy(v->dmac, s->cold->dmac, sizeof(v->dmac));
}

/* ---- joining ------------------------------------------------------------------------------------- */

/* Entries of the HASH whose key has a slot, too. */
typedef struct {
	uint64_t slot;
	struct nfp_value value;
} Twin;

static int64_t find(const Table *t, const __u64 *key)
{
	uint64_t hash = nfp_table_hash(key, (uint32_t)t->words, t->seed);
	uint32_t set = nfp_table_set(hash, t->bits);

	/* An ifindex that reaches into the generation's place is in no slot. */
	if (key[t->words - 1] & NFP_GENERATION_MASK)
		return -1;
	for (uint32_t i = 0; i < NFP_SET_SLOTS; i++) {
		Slot s = slot_at(t, set, i);

		if (state(&s, t) == (key[t->words - 1] | t->generation) && !memcmp(s.key, key, (t->words - 1) * 8))
			return (int64_t)set * NFP_SET_SLOTS + i;
	}
	return -1;
}

static int by_slot(gconstpointer a, gconstpointer b)
{
	const Twin *x = a, *y = b;

	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Takes the twins out of the buffer. Sorted by slot. */
static GArray *take_twins(const Table *t, NfpReadBuffer *buffer)
{
	GArray *twins = g_array_new(FALSE, FALSE, sizeof(Twin));
	struct nfp_value *values = (struct nfp_value *)buffer->values->data;
	size_t size = t->words * 8, n = buffer->values->len / sizeof(*values), kept = 0;

	for (size_t i = 0; i < n; i++) {
		__u64 key[NFP_WORDS6];
		int64_t slot;

		memcpy(key, buffer->keys->data + i * size, size);
		slot = find(t, key);
		if (slot >= 0) {
			Twin twin = { (uint64_t)slot, values[i] };

			g_array_append_val(twins, twin);
			continue;
		}
		if (kept != i) {
			memcpy(buffer->keys->data + kept * size, key, size);
			values[kept] = values[i];
		}
		kept++;
	}
	g_byte_array_set_size(buffer->keys, (guint)(kept * size));
	g_byte_array_set_size(buffer->values, (guint)(kept * sizeof(*values)));
	g_array_sort(twins, by_slot);
	return twins;
}

/* Room for a chunk more behind n entries. */
static int reserve(NfpReadBuffer *buffer, size_t n, size_t key_size)
{
	if ((n + CHUNK) * sizeof(struct nfp_value) > OCTETS_MAX || (n + CHUNK) * key_size > OCTETS_MAX)
		return -ENOMEM;
	g_byte_array_set_size(buffer->keys, (guint)((n + CHUNK) * key_size));
	g_byte_array_set_size(buffer->values, (guint)((n + CHUNK) * sizeof(struct nfp_value)));
	return 0;
}

/* How far a scan is. */
typedef struct {
	uint32_t set;
	guint twin; /* the next one */
} Cursor;

#define AHEAD 4 /* sets; the processor does not look beyond a page by itself */

/* Brings a set on its way into the cache; one behind the end does no harm. */
static inline void fetch(const Table *t, uint32_t set, bool values)
{
	size_t size = t->v6 ? sizeof(struct nfp_set6) : sizeof(struct nfp_set4);
	const uint8_t *data = t->data + set * size, *beside = t->data + (t->sets + set) * size;

	for (size_t at = 0; at < (t->v6 ? size - 64 : size); at += 64)
		__builtin_prefetch(data + at);
	for (size_t at = 0; !t->v6 && values && at < NFP_SET_SLOTS * sizeof(struct nfp_slot_cold); at += 64)
		__builtin_prefetch(beside + at);
}

/* Entries of whole sets from the cursor on, with their twins' counts, up to `room`; values NULL: keys alone. */
static inline __attribute__((always_inline)) size_t scan_sets(const Table *t, const GArray *twins, Cursor *c, uint8_t *keys,
							      struct nfp_value *values, size_t room)
{
	size_t size = t->words * 8, n = 0;

	for (; c->set < t->sets && room - n >= NFP_SET_SLOTS; c->set++) {
		fetch(t, c->set + AHEAD, values != NULL);
		for (uint32_t i = 0; i < NFP_SET_SLOTS; i++) {
			uint8_t *key = keys + n * size;
			Slot s = slot_at(t, c->set, i);
			uint64_t last = state(&s, t);

			if (!in_use(t, last))
				continue;
			memcpy(key, s.key, size - 8);
			last &= ~NFP_GENERATION_MASK;
			memcpy(key + size - 8, &last, 8);
			n++;
			if (!values)
				continue;
			value_of(t, &s, (const struct nfp_key_meta *)(key + size - sizeof(struct nfp_key_meta)), &values[n - 1]);
			for (; c->twin < twins->len; c->twin++) {
				const Twin *twin = &g_array_index(twins, Twin, c->twin);

				if (twin->slot != (uint64_t)c->set * NFP_SET_SLOTS + i)
					break;
				nfp_value_merge(&values[n - 1], &twin->value);
			}
		}
	}
	return n;
}

/* Sizes known when compiling: a third of the time. */
static size_t scan_some(const Table *t, const GArray *twins, Cursor *c, uint8_t *keys, struct nfp_value *values, size_t room)
{
	Table known = *t;

	known.v6 = known.words != NFP_WORDS4;
	if (!known.v6) {
		known.words = NFP_WORDS4;
		return values ? scan_sets(&known, twins, c, keys, values, room) : scan_sets(&known, twins, c, keys, NULL, room);
	}
	return scan_sets(&known, twins, c, keys, values, room);
}

static int scan(const Table *t, const GArray *twins, NfpReadBuffer *buffer)
{
	size_t size = t->words * 8, n = buffer->values->len / sizeof(struct nfp_value);
	Cursor cursor = { 0 };

	while (cursor.set < t->sets) {
		int rc = reserve(buffer, n, size);

		if (rc)
			return rc;
		n += scan_some(t, twins, &cursor, buffer->keys->data + n * size,
			       (struct nfp_value *)buffer->values->data + n, CHUNK);
	}
	g_byte_array_set_size(buffer->keys, (guint)(n * size));
	g_byte_array_set_size(buffer->values, (guint)(n * sizeof(struct nfp_value)));
	return 0;
}

/* 0: the entries of the buffer are all there are (t->sets is 0 then), or there is a table, too. 1: what is pinned in the
 * place of the table is none. */
static int open_table(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, Table *t, NfpMapped *mapped)
{
	g_auto(NfpMapped) head = { 0 };
	int rc;

	*t = (Table){ .words = nfp_load_key_size(row) / 8, .v6 = nfp_load_key_size(row) != sizeof(struct nfp_key_v4) };
	if (nfp_load_key_size(row) > sizeof(struct nfp_key_v6))
		return 0;
	rc = nfp_table_map_kept(buckets, id, row, mapped);
	if (!rc)
		rc = nfp_table_map(buckets, id, NFP_P_hook, false, &head);
	if (rc) /* no head: packets never saw the table */
		return rc == -ENOENT ? 0 : rc == -EUCLEAN ? 1 : rc;
	t->bits = ((const struct nfp_table_head *)head.data)->bits[row];
	if (!t->bits)
		return 0;
	if (NFP_TABLE_ENTRIES(t->v6, 1u << ((t->bits - 1) & 31)) != mapped->entries)
		return 1;
	t->data = mapped->data;
	t->sets = 1u << ((t->bits - 1) & 31);
	t->seed = ((const struct nfp_table_head *)head.data)->seed;
	t->generation = ((const struct nfp_table_head *)head.data)->generation;
	return 0;
}

int nfp_table_read(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer)
{
	g_auto(NfpMapped) mapped = { 0 };
	g_autoptr(GArray) twins = NULL;
	g_auto(NfpWays) ways = { .map = buckets->maps->ways };
	Table t;
	int rc = open_table(buckets, id, row, &t, &mapped);

	if (rc || !t.sets)
		return MIN(rc, 0);
	t.ways = &ways;
	twins = take_twins(&t, buffer);
	return scan(&t, twins, buffer);
}

/* ---- a piece at a time --------------------------------------------------------------------------- */

#define PIECE 256 /* entries: with their records they stay in the second-level cache */

typedef struct {
	NfpScan base; /* first */
	NfpMapped mapped;
	Table table;
	NfpWays ways;
	GArray *twins;
	Cursor cursor;
	NfpEntries rest; /* of the HASH: what has no slot */
	bool rest_given, keys_only;
	struct nfp_value values[PIECE];
	uint8_t keys[PIECE * sizeof(struct nfp_key_v6)];
} Scan;

static bool scan_next(NfpScan *base, NfpEntries *ret)
{
	Scan *s = (Scan *)base;

	if (!s->rest_given && s->rest.n) {
		s->rest_given = true;
		*ret = s->rest;
		return true;
	}
	*ret = (NfpEntries){ .keys = s->keys, .values = s->values, .key_size = s->rest.key_size };
	while (!ret->n && s->cursor.set < s->table.sets)
		ret->n = scan_some(&s->table, s->twins, &s->cursor, s->keys, s->keys_only ? NULL : s->values, PIECE);
	return ret->n > 0;
}

static void scan_rewind(NfpScan *base, bool keys_only)
{
	Scan *s = (Scan *)base;

	s->cursor = (Cursor){ 0 };
	s->rest_given = false;
	s->keys_only = keys_only;
}

static void scan_free(NfpScan *base)
{
	Scan *s = (Scan *)base;

	if (s->twins)
		g_array_unref(s->twins);
	nfp_mapped_clear(&s->mapped);
	nfp_ways_clear(&s->ways);
	g_free(s);
}

int nfp_table_scan(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer,
		   NfpScan **ret)
{
	Scan *s = g_new(Scan, 1);
	int rc;

	s->base = (NfpScan){ .next = scan_next, .rewind = scan_rewind, .free = scan_free };
	s->mapped = (NfpMapped){ 0 };
	s->ways = (NfpWays){ .map = buckets->maps->ways };
	s->twins = NULL;
	rc = open_table(buckets, id, row, &s->table, &s->mapped);
	if (rc < 0) {
		scan_free(&s->base);
		return rc;
	}
	s->base.partial = rc > 0;
	s->table.ways = &s->ways;
	if (s->table.sets)
		s->twins = take_twins(&s->table, buffer);
	s->rest = (NfpEntries){
		.keys = buffer->keys->data, .values = (const struct nfp_value *)buffer->values->data,
		.n = buffer->values->len / sizeof(struct nfp_value), .key_size = nfp_load_key_size(row),
	};
	s->base.entries = s->rest.n + (size_t)s->table.sets * NFP_SET_SLOTS;
	scan_rewind(&s->base, false);
	*ret = &s->base;
	return 0;
}

/* ---- hooks --------------------------------------------------------------------------------------- */

static struct nfp_hook_row *row_of(NfpReadBuffer *buffer, const struct nfp_hook_key *key)
{
	const struct nfp_hook_key *keys = (const struct nfp_hook_key *)buffer->keys->data;
	size_t n = buffer->keys->len / sizeof(*keys);
	struct nfp_hook_row empty = { 0 };

	for (size_t i = 0; i < n; i++)
		if (!memcmp(&keys[i], key, sizeof(*key)))
			return (struct nfp_hook_row *)buffer->values->data + i;
	g_byte_array_append(buffer->keys, (const guint8 *)key, sizeof(*key));
	g_byte_array_append(buffer->values, (const guint8 *)&empty, sizeof(empty));
	return (struct nfp_hook_row *)buffer->values->data + n;
}

/* Joins the rate of a fast row to that of the HASH's row; of packets that a filter let pass. */
static void join_rates(struct nfp_hook_row *row, const struct nfp_fast_row *fast)
{
	uint32_t rate = MAX(__atomic_load_n(&fast->sampler.rate, __ATOMIC_RELAXED), 1);

	if (load(&fast->skbs) + load(&fast->segments) == load(&fast->filtered))
		return;
	if (row->seen == row->lost[NFP_LOST_filtered])
		row->sampler.rate = rate;
	else if (MAX(row->sampler.rate, 1) != rate)
		row->sampler.rate = NFP_SAMPLE_SEVERAL;
}

int nfp_table_read_rows(const NfpBuckets *buckets, struct nfp_bucket id, NfpReadBuffer *buffer)
{
	g_auto(NfpMapped) head = { 0 };
	int rc = nfp_table_map(buckets, id, NFP_P_hook, false, &head);
	const struct nfp_fast_row *rows = head.data;

	if (rc)
		return rc == -ENOENT ? 0 : rc == -EUCLEAN ? 1 : rc;
	for (uint32_t i = 1; i < head.entries; i++) {
		struct nfp_hook_key key;
		struct nfp_hook_row *row;
		uint64_t skbs = load(&rows[i].skbs);

		if (!rows[i].key || !skbs)
			continue;
		memcpy(&key, &rows[i].key, sizeof(key));
		row = row_of(buffer, &key);
		join_rates(row, &rows[i]);
		row->seen += skbs + load(&rows[i].segments);
		row->seen_skbs += skbs;
		row->seen_skb_bytes += load(&rows[i].skb_bytes);
		row->coarsened += load(&rows[i].coarsened);
		row->lost[NFP_LOST_filtered] += load(&rows[i].filtered);
		row->lost[NFP_LOST_unsampled] += load(&rows[i].unsampled);
	}
	return 0;
}
