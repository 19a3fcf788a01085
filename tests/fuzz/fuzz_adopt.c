// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A predecessor's pins say anything: the clock, the list of buckets with their labels, entries, rows of hooks, books; and
 * each call may fail. The shelf adopts them, makes its own buckets, drains, books and removes, some rounds long.
 *
 *   no more buckets are made than are wanted, nothing goes round in circles
 *   what comes out are records of buckets that were there, with the packets of their entries, each once
 *   every record can be printed, and packed and read again
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harvest/drain.h"
#include "harvest/rows.h"
#include "harvest/shelf.h"
#include "record/format.h"
#include "record/pack.h"

#define S ((uint64_t)NFP_NS_PER_S)
#define ROUNDS 7
#define BUCKETS 6
#define ENTRIES 24
#define HOOKS 12
#define MADE_MAX 64 /* at a time: 30 s ahead, buckets of a second or more */
#define BOOT ((int64_t)(5000 * S))
#define OFFSET ((int64_t)(1700000000 * S))

typedef struct {
	NfpSource source; /* first */
	const uint8_t *data;
	size_t size;
	const uint8_t *at, *end;
	gboolean books; /* some: buckets may be in them already, and are not published again */
	gboolean fails; /* calls may */
	struct nfp_clock clock;
	guint made;
	uint64_t keys[ENTRIES * 16];
	struct nfp_value values[ENTRIES];
	struct nfp_hook_key hook_keys[HOOKS];
	struct nfp_hook_row hook_rows[HOOKS];
	gboolean draining;
	uint64_t there, published; /* packets, modulo 2^64 as they are */
} World;

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static uint8_t next8(World *w)
{
	return w->at < w->end ? *w->at++ : 0;
}

static void next_octets(World *w, void *to, size_t n)
{
	size_t there = MIN(n, (size_t)(w->end - w->at));

	memset(to, 0, n);
	memcpy(to, w->at, there);
	w->at += there;
}

static int outcome(World *w)
{
	static const int outcomes[] = { -ENOENT, -EEXIST, -ENOMEM, -EUCLEAN, -EIO, -E2BIG };
	uint8_t pick = w->fails ? next8(w) : 0;

	return pick & 1 ? outcomes[pick / 2 % G_N_ELEMENTS(outcomes)] : 0;
}

/* A place in the input that is the same for the same bucket and row; octets from there on, round about. */
static void fixed_octets(const World *w, struct nfp_bucket id, uint32_t what, void *to, size_t n)
{
	size_t at = (size_t)((id.start_ts * 31 + id.end_ts * 17 + what * 101) % MAX(w->size, 1));
	uint8_t *out = to;

	memset(to, 0, n);
	for (size_t part; w->size && n; n -= part, out += part, at = 0) {
		part = MIN(n, w->size - at);
		memcpy(out, w->data + at, part);
	}
}

/* ---- the source ------------------------------------------------------------------------------------- */

static void create_all(NfpSource *source, const struct nfp_bucket *ids, guint n, const uint32_t max_entries[NFP_P_N], int *ret_rc)
{
	World *w = (World *)source;

	must(n <= MADE_MAX);
	w->made += n;
	for (guint i = 0; i < n; i++) {
		must(ids[i].end_ts > ids[i].start_ts);
		ret_rc[i] = outcome(w);
	}
}

static void close_all(NfpSource *source, const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	for (guint i = 0; i < n; i++)
		ret_rc[i] = outcome((World *)source);
}

static void expect(NfpSource *source, const uint32_t slots[NFP_P_N])
{
}

static int read_hooks(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret)
{
	World *w = (World *)source;
	uint8_t n;
	int rc = outcome(w);

	if (rc)
		return rc;
	fixed_octets(w, id, 0, &n, 1);
	n %= HOOKS;
	fixed_octets(w, id, 1, w->hook_keys, n * sizeof(w->hook_keys[0]));
	fixed_octets(w, id, 2, w->hook_rows, n * sizeof(w->hook_rows[0]));
	for (size_t i = 0; w->draining && i < n; i++)
		w->there += w->hook_rows[i].packets;
	*ret = (NfpHookRows){ .keys = w->hook_keys, .rows = w->hook_rows, .n = n };
	return 0;
}

static int scan(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpScan **ret)
{
	World *w = (World *)source;
	NfpEntries entries = { .keys = w->keys, .values = w->values, .key_size = nfp_rows[row].key_size };
	uint8_t n;
	int rc = outcome(w);

	must(entries.key_size * ENTRIES <= sizeof(w->keys));
	if (rc)
		return rc;
	fixed_octets(w, id, 3 + (uint32_t)row, &n, 1);
	entries.n = n % ENTRIES;
	fixed_octets(w, id, 40 + (uint32_t)row, w->keys, entries.n * entries.key_size);
	fixed_octets(w, id, 80 + (uint32_t)row, w->values, entries.n * sizeof(w->values[0]));
	for (size_t i = 0; i < entries.n; i++)
		w->there += w->values[i].packets;
	*ret = nfp_scan_new(&entries);
	return 0;
}

static int remove_bucket(NfpSource *source, struct nfp_bucket id)
{
	return outcome((World *)source);
}

static void make_label(World *w, struct nfp_bucket *ret)
{
	uint8_t how = next8(w);

	next_octets(w, ret, sizeof(*ret));
	if (how & 1)
		ret->start_ts = (uint64_t)(BOOT + OFFSET) - (uint64_t)how * S;
	if (how & 2)
		ret->end_ts = ret->start_ts + 10 * S;
}

static int list(NfpSource *source, GArray *ret)
{
	World *w = (World *)source;
	guint n = next8(w) % BUCKETS;

	for (guint i = 0; i < n; i++) {
		uint8_t kind = next8(w);
		NfpBucketInfo info = { .state = kind & 1 ? NFP_BUCKET_OPEN : NFP_BUCKET_CLOSED, .spill = kind & 2 };

		make_label(w, &info.id);
		/* A file system has each name once. */
		for (guint j = 0; j < ret->len; j++)
			if (!memcmp(&g_array_index(ret, NfpBucketInfo, j).id, &info.id, sizeof(info.id)))
				info.id.end_ts = 0;
		if (info.id.end_ts > info.id.start_ts)
			g_array_append_val(ret, info);
	}
	return outcome(w);
}

static int swap_spill(NfpSource *source, uint64_t since, uint64_t now, struct nfp_bucket *ret)
{
	int rc = outcome((World *)source);

	if (rc)
		return rc;
	if (!since || now <= since)
		return -EINVAL;
	*ret = (struct nfp_bucket){ since, now };
	return next8((World *)source) & 1;
}

static int get_clock(NfpSource *source, struct nfp_clock *ret)
{
	*ret = ((World *)source)->clock;
	return outcome((World *)source);
}

static int set_clock(NfpSource *source, const struct nfp_clock *clock, bool wait)
{
	World *w = (World *)source;
	int rc = outcome(w);

	must(clock->length >= S && clock->step < S);
	if (!rc)
		w->clock = *clock;
	return rc;
}

static int add_books(NfpSource *source, const struct nfp_books_key *key, const struct nfp_books_value *value)
{
	return outcome((World *)source);
}

static int get_books(NfpSource *source, const struct nfp_books_key *key, struct nfp_books_value *ret)
{
	World *w = (World *)source;

	if (!w->books)
		return -ENOENT;
	fixed_octets(w, (struct nfp_bucket){ key->ifindex, key->flags }, 200, ret, sizeof(*ret));
	if (next8(w) & 1)
		make_label(w, &ret->last);
	return 0;
}

static int counter(NfpSource *source, enum nfp_counter which, uint64_t *ret)
{
	next_octets((World *)source, ret, 2);
	return outcome((World *)source);
}

/* ---- what comes out ----------------------------------------------------------------------------------- */

static void publish(NfpBatch *batch, void *data)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GBytes) packed = NULL;
	g_autoptr(NfpBatch) again = NULL;
	World *w = data;

	must(batch->n > 0 && batch->n <= NFP_BATCH_RECORDS && batch->bucket_end_ns > batch->bucket_start_ns);
	for (uint32_t i = 0; i < batch->n; i++) {
		w->published += batch->records[i].packets;
		nfp_format_json(text, "fuzz", &batch->records[i]);
	}
	must(g_utf8_validate(text->str, (gssize)text->len, NULL));
	packed = nfp_pack(batch);
	again = nfp_unpack(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed), NULL);
	must(again && again->n == batch->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	World *w = g_new0(World, 1);
	NfpHarvestOptions options = { .interval = 10 * S, .ahead = 30 * S, .grace = S / 5, .memory = 64 << 20,
				      .hostname = "edge1" };
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	NfpDrain drain = { .options = &options, .publish = publish, .data = w, .merge = nfp_merge_new() };
	g_autoptr(GError) error = NULL;
	int64_t boot = BOOT, offset = OFFSET;
	NfpShelf *shelf;
	uint8_t flags;

	w->source = (NfpSource){ .create_all = create_all, .close_all = close_all, .expect = expect, .scan = scan,
				 .read_hooks = read_hooks, .remove = remove_bucket, .list = list, .swap_spill = swap_spill,
				 .get_clock = get_clock, .set_clock = set_clock, .add_books = add_books, .get_books = get_books,
				 .counter = counter };
	w->data = w->at = data;
	w->end = data + size;
	w->size = size;
	flags = next8(w);
	w->books = flags & 1;
	w->fails = flags & 2;
	options.merge_cpus = !(flags & 4);
	if (flags & 8)
		next_octets(w, &w->clock, sizeof(w->clock));
	else if (flags & 16)
		w->clock = (struct nfp_clock){ .offset = OFFSET, .length = 10 * S, .step = next8(w) };
	shelf = nfp_shelf_new(&w->source, &options, wakeup, boot, &error);
	must((shelf == NULL) == (error != NULL));
	for (guint i = 0; shelf && i < ROUNDS; i++) {
		uint64_t now = nfp_shelf_turn(shelf, boot, offset);

		nfp_shelf_create(shelf, now);
		nfp_shelf_retire(shelf, now);
		nfp_shelf_spill(shelf, boot, now, next8(w) & 1);
		w->draining = TRUE;
		nfp_shelf_drain(shelf, &drain, boot);
		w->draining = FALSE;
		nfp_shelf_finish(shelf, boot);
		must(nfp_shelf_next(shelf, boot, now) > 0);
		boot += (int64_t)(next8(w) % 16) * (int64_t)S;
		/* Time goes back now and then. */
		offset += ((int64_t)(next8(w) % 8) - 1) * (int64_t)S / 2;
	}
	must(drain.packets == w->published);
	must(w->books || w->published == w->there);
	nfp_shelf_free(shelf);
	nfp_merge_free(drain.merge);
	nfp_wakeup_unref(wakeup);
	g_free(w);
	return 0;
}
