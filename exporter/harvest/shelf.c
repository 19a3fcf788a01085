/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harvest/shelf_private.h"

#define NOISE ((int64_t)NFP_NS_PER_MS)

NfpBucket *nfp_bucket_new(struct nfp_bucket id)
{
	NfpBucket *bucket = g_new0(NfpBucket, 1);

	bucket->id = id;
	return bucket;
}

void nfp_bucket_free(NfpBucket *bucket)
{
	if (!bucket)
		return;
	nfp_drain_state_clear(&bucket->drain);
	nfp_token_unref(bucket->token);
	g_free(bucket);
}

void nfp_shelf_complain(NfpShelf *shelf, const char *what, struct nfp_bucket id, int r)
{
	shelf->errors++;
	g_free(shelf->complaint);
	shelf->complaint = g_strdup_printf("cannot %s bucket %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT ": %s",
					   what, (guint64)id.start_ts, (guint64)id.end_ts, g_strerror(-r));
}

static bool same(struct nfp_bucket a, struct nfp_bucket b)
{
	return a.start_ts == b.start_ts && a.end_ts == b.end_ts;
}

static bool is_known(const NfpShelf *shelf, struct nfp_bucket id)
{
	for (guint i = 0; i < shelf->open->len; i++)
		if (same(((NfpBucket *)g_ptr_array_index(shelf->open, i))->id, id))
			return true;
	for (const GList *l = shelf->closed.head; l; l = l->next)
		if (same(((NfpBucket *)l->data)->id, id))
			return true;
	return false;
}

/* What is left of the memory for buckets to come: closed ones stay until they are delivered, and a collector that is away
 * can keep hundreds of them. */
static uint64_t memory_left(const NfpShelf *shelf)
{
	uint64_t memory = shelf->options->memory, held = 0;
	guint n = 0;

	for (const GList *l = shelf->closed.tail; l; l = l->prev) {
		const NfpBucket *bucket = l->data;

		if (++n >= NFP_SIZES_BESIDE)
			held += bucket->published ? nfp_sizes_held(bucket->room, bucket->slots, bucket->drain.used) :
						    nfp_sizes_octets(bucket->room);
	}
	return memory - MIN(held, memory);
}

static void create(NfpShelf *shelf, const struct nfp_clock *clock, uint64_t now, bool may_be_late)
{
	g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	uint32_t room[NFP_P_N], slots[NFP_P_N];
	g_autofree int *rc = NULL;

	nfp_plan_wanted(clock, now, shelf->options->ahead, wanted);
	nfp_sizes_get(&shelf->sizes, memory_left(shelf), wanted->len + NFP_SIZES_BESIDE, room);
	nfp_sizes_get_tables(&shelf->sizes, room, slots);
	shelf->source->expect(shelf->source, slots);
	for (guint i = 0; i < wanted->len;)
		if (is_known(shelf, g_array_index(wanted, struct nfp_bucket, i)))
			g_array_remove_index(wanted, i);
		else
			i++;
	if (!wanted->len)
		return;
	rc = g_new(int, wanted->len);
	shelf->source->create_all(shelf->source, (const struct nfp_bucket *)wanted->data, wanted->len, room, rc);
	for (guint i = 0; i < wanted->len; i++) {
		struct nfp_bucket id = g_array_index(wanted, struct nfp_bucket, i);
		NfpBucket *bucket;

		if (rc[i] && rc[i] != -EEXIST) {
			nfp_shelf_complain(shelf, "create", id, rc[i]);
			continue; /* its packets are spilled until it succeeds */
		}
		bucket = nfp_bucket_new(id);
		if (!rc[i])
			memcpy(bucket->room, room, sizeof(room));
		g_ptr_array_add(shelf->open, bucket);
		if (id.start_ts < now && !may_be_late)
			shelf->late++;
	}
}

void nfp_shelf_create(NfpShelf *shelf, uint64_t now)
{
	if (shelf->clock.length)
		create(shelf, &shelf->clock, now, false);
}

/* What packets use is this one. */
static bool is_used(const NfpShelf *shelf, const struct nfp_clock *clock)
{
	struct nfp_clock used;

	return !shelf->source->get_clock(shelf->source, &used) && !memcmp(&used, clock, sizeof(used));
}

/* Packets never find a gap: buckets of the new labels first, then the clock, then (by
 * nfp_shelf_retire()) the old ones go. */
static bool change_clock(NfpShelf *shelf, const struct nfp_clock *next, int64_t boot)
{
	int r;

	create(shelf, next, boot + next->offset, true);
	r = shelf->source->set_clock(shelf->source, next, true);
	if (r) {
		nfp_shelf_complain(shelf, "turn the clock to", nfp_plan_label(next, boot + next->offset), r);
		/* Packets may have it all the same, with nobody to wait for those under way. Then its buckets are those that stay;
		 * closing the others waits as well. */
		if (!is_used(shelf, next))
			return false;
	}
	shelf->clock = *next;
	return true;
}

uint64_t nfp_shelf_turn(NfpShelf *shelf, int64_t boot, int64_t offset)
{
	bool had_clock = shelf->clock.length;
	struct nfp_clock next;

	switch (nfp_plan_turn(&shelf->clock, offset, shelf->options->interval, &next)) {
	case NFP_TURN_NONE:
		break;
	case NFP_TURN_REFRESH:
		if (boot < shelf->refresh_at && llabs(next.offset - shelf->clock.offset) < NOISE)
			break;
		shelf->refresh_at = boot + (int64_t)NFP_NS_PER_S;
		if (!shelf->source->set_clock(shelf->source, &next, false))
			shelf->clock = next;
		else
			shelf->errors++; /* tried again within a second */
		break;
	case NFP_TURN_FORWARD:
	case NFP_TURN_RELABEL:
		if (!change_clock(shelf, &next, boot))
			break;
		if (had_clock)
			shelf->steps++;
		else
			shelf->spill_since = MAX(next.offset, 1); /* since boot */
		break;
	}
	return boot + shelf->clock.offset;
}

static bool is_over(const NfpShelf *shelf, struct nfp_bucket id, uint64_t now)
{
	return nfp_plan_due(id, now, shelf->options->grace) || !nfp_plan_is_label(&shelf->clock, id);
}

void nfp_shelf_retire(NfpShelf *shelf, uint64_t now)
{
	g_autoptr(GArray) over = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	g_autofree int *rc = NULL;
	guint n = 0;

	if (!shelf->clock.length)
		return; /* the clock could not be written: packets see no bucket at all */
	for (guint i = 0; i < shelf->open->len; i++) {
		const NfpBucket *bucket = g_ptr_array_index(shelf->open, i);

		if (is_over(shelf, bucket->id, now))
			g_array_append_val(over, bucket->id);
	}
	if (!over->len)
		return;
	rc = g_new(int, over->len);
	shelf->source->close_all(shelf->source, (const struct nfp_bucket *)over->data, over->len, rc);
	for (guint i = 0; i < shelf->open->len;) {
		NfpBucket *bucket = g_ptr_array_index(shelf->open, i);
		int r;

		if (!is_over(shelf, bucket->id, now)) {
			i++;
			continue;
		}
		r = rc[n++];
		if (r && r != -ENOENT) {
			nfp_shelf_complain(shelf, "close", bucket->id, r);
			i++;
			continue;
		}
		bucket->forced = now < bucket->id.end_ts;
		nfp_sizes_get_tables(&shelf->sizes, bucket->room, bucket->slots);
		g_queue_push_tail(&shelf->closed, g_ptr_array_steal_index(shelf->open, i));
	}
}

void nfp_shelf_spill(NfpShelf *shelf, int64_t boot, uint64_t now, bool at_once)
{
	struct nfp_bucket id;
	NfpBucket *bucket;
	uint64_t count;
	int r;

	if (shelf->source->counter(shelf->source, NFP_C_spilled, &count)) {
		shelf->errors++;
		return;
	}
	if (count == shelf->spilled && !shelf->spill_check) {
		shelf->spill_since = now;
		return;
	}
	if (boot < shelf->spill_at && !at_once)
		return;
	/* Time may have gone back since. */
	r = shelf->source->swap_spill(shelf->source, MIN(shelf->spill_since, now - 1), now, &id);
	shelf->spill_at = boot + (int64_t)NFP_NS_PER_S;
	if (r < 0) {
		nfp_shelf_complain(shelf, "take out the spill", (struct nfp_bucket){ 0 }, r);
		return;
	}
	shelf->spill_check = false;
	shelf->spilled = count; /* read before the swap: what came later is looked for again */
	shelf->spill_since = now;
	if (!r)
		return;
	bucket = nfp_bucket_new(id);
	bucket->spill = true;
	g_queue_push_tail(&shelf->closed, bucket);
}

void nfp_shelf_flush(NfpShelf *shelf, int64_t boot, uint64_t now)
{
	struct nfp_clock next = nfp_plan_relabel(&shelf->clock);

	if (!shelf->clock.length || !change_clock(shelf, &next, boot))
		return;
	nfp_shelf_retire(shelf, now);
	nfp_shelf_spill(shelf, boot, now, true);
}

uint64_t nfp_shelf_next(const NfpShelf *shelf, int64_t boot, uint64_t now)
{
	/* What is overdue has just failed. */
	const uint64_t again = 100 * NFP_NS_PER_MS;
	uint64_t next = UINT64_MAX;

	if (shelf->clock.length)
		next = nfp_plan_next_wanted(&shelf->clock, now, shelf->options->ahead);
	for (guint i = 0; i < shelf->open->len; i++) {
		const NfpBucket *bucket = g_ptr_array_index(shelf->open, i);
		uint64_t due = bucket->id.end_ts + shelf->options->grace;

		next = MIN(next, due > now ? due - now : again);
	}
	for (const GList *l = shelf->closed.head; l; l = l->next) {
		const NfpBucket *bucket = l->data;

		if (bucket->retry_at)
			next = MIN(next, bucket->retry_at > boot ? (uint64_t)(bucket->retry_at - boot) : again);
	}
	return next;
}
