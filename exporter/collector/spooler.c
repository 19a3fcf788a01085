/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/spooler.h"

#include <errno.h>

#include "base/error.h"
#include "record/pack.h"
#include "store/spool.h"

#define S ((gint64)G_USEC_PER_SEC)
#define NEVER G_MAXINT64
#define RETRY (5 * S)            /* after a write that failed */
#define LAZY S                   /* a delivered batch is deleted that late; after a crash it comes again */
#define UNFLUSHED_MAX 256        /* deletions, before that */
#define PUT_OCTETS (8u * 1024 * 1024) /* of one transaction, about */
#define PUT_BATCHES 64

/* Acknowledged and not yet out of reach of `resend`; or waiting to be sent again. */
typedef struct {
	uint64_t end;    /* offset of the session behind it */
	uint32_t records;
	int64_t stored;  /* in the spool; 0: in `octets` */
	GBytes *octets;
} Kept;

/* How far an entry of the spool has come, of which the file does not know. */
typedef struct {
	int64_t stored; /* first: the key */
	uint32_t taken, counted, judged;
} Note;

struct NfpSpooler {
	char *path;      /* NULL: no spool */
	uint64_t size;
	uint64_t resend; /* octets; 0 = nothing is kept */
	gboolean goes_on; /* nobody acknowledges: what was taken is done with */
	NfpSpool *spool; /* NULL: none, or it could not be opened */
	gint64 retry_at; /* not before */
	gint64 flush_at; /* and for the file to get shorter */
	gint64 now;      /* of the last call that told it */
	int64_t cursor;  /* what waits behind it was not read in this session */
	gboolean drained; /* nothing waits behind the cursor */
	GHashTable *notes; /* Note, of entries that will be read again: as many as an outbox had, or so */
	GQueue arriving; /* NfpOutboxEntry: acknowledged, to be kept on disk with the next flush */
	GQueue kept;     /* Kept, oldest first */
	uint64_t kept_records;
	GQueue again;    /* Kept: to be sent again, from memory */
	uint64_t again_records;
	char *news;
	char error[192]; /* why it is not usable */
};

static void kept_free(void *data)
{
	Kept *kept = data;

	g_clear_pointer(&kept->octets, g_bytes_unref);
	g_free(kept);
}

char *nfp_collector_spool_file(const NfpCollectorOptions *options)
{
	g_autofree char *file = g_strconcat(options->name ? options->name : "", ".spool", NULL);

	return options->spool_path ? g_build_filename(options->spool_path, file, NULL) : NULL;
}

NfpSpooler *nfp_spooler_new(const NfpCollectorOptions *options, gboolean resends, gboolean goes_on)
{
	NfpSpooler *spooler = g_new0(NfpSpooler, 1);

	spooler->path = nfp_collector_spool_file(options);
	spooler->size = options->spool_size;
	spooler->resend = resends ? options->resend : 0;
	spooler->goes_on = goes_on;
	spooler->flush_at = NEVER;
	spooler->notes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	g_queue_init(&spooler->arriving);
	g_queue_init(&spooler->kept);
	g_queue_init(&spooler->again);
	return spooler;
}

void nfp_spooler_free(NfpSpooler *spooler)
{
	if (!spooler)
		return;
	nfp_spool_free(spooler->spool);
	g_queue_clear_full(&spooler->arriving, (GDestroyNotify)nfp_outbox_entry_free);
	g_queue_clear_full(&spooler->kept, kept_free);
	g_queue_clear_full(&spooler->again, kept_free);
	g_hash_table_unref(spooler->notes);
	g_free(spooler->news);
	g_free(spooler->path);
	g_free(spooler);
}

static void say(NfpSpooler *spooler, char *news)
{
	if (!news)
		return;
	g_free(spooler->news);
	spooler->news = news;
}

static void failed(NfpSpooler *spooler, const char *why, gint64 now)
{
	/* Told once, until it works again. */
	if (!spooler->error[0])
		say(spooler, g_strdup_printf("the spool is not usable: %s; tried again every %d s", why,
					     (int)(RETRY / S)));
	g_strlcpy(spooler->error, why, sizeof(spooler->error));
	spooler->retry_at = now + RETRY;
}

static void worked(NfpSpooler *spooler)
{
	if (spooler->error[0])
		say(spooler, g_strdup("the spool is usable again"));
	spooler->error[0] = '\0';
	spooler->retry_at = 0;
}

static gboolean open_file(NfpSpooler *spooler, gint64 now, GError **err)
{
	const NfpSpoolTotals *totals;

	spooler->spool = nfp_spool_open(spooler->path, spooler->size, err);
	if (!spooler->spool)
		return FALSE;
	worked(spooler);
	spooler->cursor = 0;
	spooler->drained = FALSE;
	spooler->flush_at = now + LAZY;
	totals = nfp_spool_totals(spooler->spool);
	say(spooler, nfp_spool_news(spooler->spool));
	if (totals->records && !spooler->news)
		say(spooler, g_strdup_printf("%" G_GUINT64_FORMAT " records of an earlier run are in the spool",
					     totals->records));
	return TRUE;
}

gboolean nfp_spooler_open(NfpSpooler *spooler, GError **err)
{
	g_autoptr(GError) error = NULL;

	if (!spooler->path || open_file(spooler, 0, &error))
		return TRUE;
	if (g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE)) {
		g_propagate_prefixed_error(err, g_steal_pointer(&error), "the spool: ");
		return FALSE;
	}
	failed(spooler, error->message, 0);
	return TRUE;
}

/* The file, when it is there or can be had now. */
static NfpSpool *ready(NfpSpooler *spooler, gint64 now)
{
	g_autoptr(GError) error = NULL;

	if (now < spooler->retry_at)
		return NULL;
	if (!spooler->spool && spooler->path && !open_file(spooler, now, &error))
		failed(spooler, error->message, now);
	return spooler->spool;
}

gboolean nfp_spooler_is_usable(const NfpSpooler *spooler, gint64 now)
{
	return spooler->path && now >= spooler->retry_at;
}

/* ---- to the spool ----------------------------------------------------------------------------- */

/* What was noted of this one, or zeros. It is read in order: those before it are gone from the file. */
static Note recall(NfpSpooler *spooler, int64_t stored)
{
	Note found = { .stored = stored };
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, spooler->notes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Note *note = value;

		if (note->stored > stored)
			continue;
		if (note->stored == stored)
			found = *note;
		g_hash_table_iter_remove(&iter);
	}
	return found;
}

static uint32_t behind(uint32_t record, uint32_t from)
{
	return record - MIN(record, from);
}

/* Without what is done with: the file tells nobody whose acknowledgement `counted` waits for. */
static NfpSpoolItem item_of(const NfpSpooler *spooler, const NfpOutbox *outbox, const NfpOutboxEntry *entry)
{
	uint32_t from = spooler->goes_on ? entry->taken : 0;
	const NfpBatch *batch = entry->batch;
	const NfpBatch rest = { .bucket_start_ns = batch->bucket_start_ns, .bucket_end_ns = batch->bucket_end_ns,
				.domain = batch->domain, .n = behind(batch->n, from), .records = batch->records + from };
	NfpSpoolItem item = {
		.id = entry->stored,
		.bucket_start_ns = rest.bucket_start_ns,
		.records = rest.n,
		.counted = behind(entry->counted, from),
		.judged = behind(entry->judged, from),
	};

	item.octets = nfp_pack(&rest);
	nfp_outbox_fresh(outbox, entry, &item.fresh_records, &item.fresh_packets, &item.fresh_octets);
	return item;
}

static gboolean is_done_with(const NfpSpooler *spooler, const NfpOutboxEntry *entry)
{
	return entry->batch->n == 0 || (spooler->goes_on && entry->taken == entry->batch->n);
}

static void changed(NfpSpooler *spooler)
{
	spooler->flush_at = nfp_spool_unflushed(spooler->spool) >= UNFLUSHED_MAX ? spooler->now :
			    MIN(spooler->flush_at, spooler->now + LAZY);
}

/* What is done with leaves the file, so that it comes again in no life. FALSE: it could not be written. */
static gboolean cut(NfpSpooler *spooler, const NfpOutbox *outbox, const NfpOutboxEntry *entry)
{
	NfpSpool *spool = ready(spooler, spooler->now);
	NfpSpoolItem item;
	int r;

	if (spooler->spool && is_done_with(spooler, entry)) {
		nfp_spool_remove(spooler->spool, entry->stored);
		changed(spooler);
		return TRUE;
	}
	if (!spool)
		return FALSE;
	item = item_of(spooler, outbox, entry);
	r = nfp_spool_replace(spool, &item);
	g_bytes_unref(item.octets);
	if (r)
		failed(spooler, nfp_spool_error(spool), spooler->now);
	return !r;
}

void nfp_spooler_note(NfpSpooler *spooler, const NfpOutbox *outbox, const NfpOutboxEntry *entry)
{
	Note *note;

	if (!entry->stored || (!entry->counted && !entry->judged))
		return;
	if (spooler->goes_on && entry->taken && cut(spooler, outbox, entry))
		return;
	note = g_new(Note, 1);
	*note = (Note){ entry->stored, entry->taken, entry->counted, entry->judged };
	g_hash_table_replace(spooler->notes, &note->stored, note);
}

/* The first entries of the queue, up to `most` of them as one transaction. How many of them are done with; -errno. */
static int store_some(NfpSpooler *spooler, NfpSpool *spool, const NfpOutbox *outbox, GQueue *entries, guint most)
{
	NfpSpoolItem items[PUT_BATCHES];
	gsize octets = 0;
	guint n = 0;
	int done = 0, r;

	for (GList *link = entries->head; link && n < most && octets < PUT_OCTETS; link = link->next) {
		const NfpOutboxEntry *entry = link->data;

		done++;
		if (entry->stored || is_done_with(spooler, entry))
			continue;
		items[n] = item_of(spooler, outbox, entry);
		octets += g_bytes_get_size(items[n++].octets);
	}
	r = n ? nfp_spool_put(spool, items, n) : 0;
	for (guint i = 0; i < n; i++)
		g_bytes_unref(items[i].octets);
	say(spooler, nfp_spool_news(spool));
	if (r)
		return r;
	if (n) {
		worked(spooler);
		spooler->drained = FALSE;
	}
	return done;
}

/* It is there already. */
static void read_again(NfpSpooler *spooler, NfpSpool *spool, const NfpOutbox *outbox, const NfpOutboxEntry *entry)
{
	nfp_spooler_note(spooler, outbox, entry);
	spooler->cursor = MIN(spooler->cursor, entry->stored - 1);
	nfp_spool_give_back(spool, spooler->cursor);
	spooler->drained = FALSE;
}

/* As long as they count as being sent they make no room for others. */
static void read_all_again(NfpSpooler *spooler, NfpSpool *spool, const NfpOutbox *outbox, GQueue *entries)
{
	for (GList *link = entries->head, *next; link; link = next) {
		NfpOutboxEntry *entry = link->data;

		next = link->next;
		if (!entry->stored)
			continue;
		read_again(spooler, spool, outbox, entry);
		nfp_outbox_entry_free(entry);
		g_queue_delete_link(entries, link);
	}
}

gboolean nfp_spooler_store(NfpSpooler *spooler, const NfpOutbox *outbox, GQueue *entries, gint64 now)
{
	spooler->now = now;
	while (entries->length) {
		NfpSpool *spool = ready(spooler, now);
		int done;

		if (!spool)
			return FALSE;
		done = store_some(spooler, spool, outbox, entries, PUT_BATCHES);
		if (done == -ENOSPC) {
			read_all_again(spooler, spool, outbox, entries);
			done = store_some(spooler, spool, outbox, entries, PUT_BATCHES);
		}
		/* A disk that is nearly full has room for some. */
		if (done == -ENOSPC)
			done = store_some(spooler, spool, outbox, entries, 1);
		if (done < 0) {
			failed(spooler, nfp_spool_error(spool), now);
			return FALSE;
		}
		for (int i = 0; i < done; i++) {
			g_autoptr(NfpOutboxEntry) entry = g_queue_pop_head(entries);

			if (entry->stored)
				read_again(spooler, spool, outbox, entry);
		}
	}
	return TRUE;
}

/* ---- what was acknowledged ---------------------------------------------------------------------- */

static void keep(NfpSpooler *spooler, const NfpOutboxEntry *entry, int64_t stored, GBytes *octets)
{
	Kept *kept = g_new0(Kept, 1);

	kept->end = entry->end;
	kept->records = entry->batch->n;
	kept->stored = stored;
	kept->octets = octets;
	spooler->kept_records += kept->records;
	g_queue_push_tail(&spooler->kept, kept);
}

/* On disk, so that it outlives us too; if that fails, in memory. */
static void keep_some(NfpSpooler *spooler, NfpSpool *spool)
{
	NfpSpoolItem items[PUT_BATCHES];
	gsize octets = 0;
	guint n = 0;
	int r;

	for (GList *link = spooler->arriving.head; link && n < PUT_BATCHES && octets < PUT_OCTETS; link = link->next) {
		const NfpBatch *batch = ((NfpOutboxEntry *)link->data)->batch;

		items[n] = (NfpSpoolItem){
			.bucket_start_ns = batch->bucket_start_ns,
			.records = batch->n,
			.counted = batch->n,
			.judged = batch->n,
			.kept = TRUE,
			.octets = nfp_pack(batch),
		};
		octets += g_bytes_get_size(items[n++].octets);
	}
	r = spool ? nfp_spool_put(spool, items, n) : -1;
	if (spool && r)
		failed(spooler, nfp_spool_error(spool), spooler->now);
	for (guint i = 0; i < n; i++) {
		g_autoptr(NfpOutboxEntry) entry = g_queue_pop_head(&spooler->arriving);

		keep(spooler, entry, r ? 0 : items[i].id, r ? g_bytes_ref(items[i].octets) : NULL);
		g_bytes_unref(items[i].octets);
	}
}

static void keep_arriving(NfpSpooler *spooler)
{
	while (spooler->arriving.length)
		keep_some(spooler, ready(spooler, spooler->now));
}

void nfp_spooler_arrived(NfpSpooler *spooler, NfpOutboxEntry *entry, gint64 now)
{
	spooler->now = now;
	if (entry->batch->n && spooler->resend && !entry->stored) {
		g_queue_push_tail(&spooler->arriving, entry);
		return;
	}
	if (entry->stored && spooler->spool) {
		if (spooler->resend) {
			nfp_spool_keep(spooler->spool, entry->stored);
			keep(spooler, entry, entry->stored, NULL);
		} else {
			nfp_spool_remove(spooler->spool, entry->stored);
		}
		changed(spooler);
	}
	nfp_outbox_entry_free(entry);
}

static void forget(NfpSpooler *spooler, Kept *kept)
{
	spooler->kept_records -= kept->records;
	if (kept->stored && spooler->spool) {
		nfp_spool_remove(spooler->spool, kept->stored);
		changed(spooler);
	}
	kept_free(kept);
}

void nfp_spooler_passed(NfpSpooler *spooler, uint64_t offset)
{
	for (;;) {
		Kept *kept = g_queue_peek_head(&spooler->kept);

		if (!kept || kept->end + spooler->resend > offset)
			return;
		forget(spooler, g_queue_pop_head(&spooler->kept));
	}
}

void nfp_spooler_ended(NfpSpooler *spooler, gboolean in_order)
{
	gboolean stored = FALSE;
	Kept *kept;

	if (spooler->spool)
		nfp_spool_give_back(spooler->spool, 0);
	if (in_order)
		g_queue_clear_full(&spooler->arriving, (GDestroyNotify)nfp_outbox_entry_free);
	keep_arriving(spooler);
	while ((kept = g_queue_pop_head(&spooler->kept))) {
		if (in_order) {
			forget(spooler, kept);
			continue;
		}
		spooler->kept_records -= kept->records;
		if (kept->stored) {
			stored = TRUE;
			kept_free(kept);
		} else {
			spooler->again_records += kept->records;
			g_queue_push_tail(&spooler->again, kept);
		}
	}
	/* If that fails, the next process wakes them: whatever a predecessor kept waits. */
	if (stored && spooler->spool && nfp_spool_wake(spooler->spool) < 0)
		failed(spooler, nfp_spool_error(spooler->spool), spooler->now);
	spooler->cursor = 0;
	spooler->drained = FALSE;
}

/* ---- and back ----------------------------------------------------------------------------------- */

static NfpOutboxEntry *entry_of(const uint8_t *data, gsize size, int64_t stored, uint32_t counted, uint32_t judged)
{
	NfpBatch *batch = nfp_unpack(data, size, NULL);
	NfpOutboxEntry *entry;

	if (!batch)
		return NULL;
	entry = g_new0(NfpOutboxEntry, 1);
	entry->batch = batch;
	entry->stored = stored;
	entry->counted = MIN(counted, batch->n);
	entry->judged = MIN(judged, batch->n);
	return entry;
}

static NfpOutboxEntry *next_from_memory(NfpSpooler *spooler)
{
	Kept *kept = g_queue_pop_head(&spooler->again);
	NfpOutboxEntry *entry;
	gsize size;
	const uint8_t *data;

	if (!kept)
		return NULL;
	spooler->again_records -= kept->records;
	data = g_bytes_get_data(kept->octets, &size);
	entry = entry_of(data, size, 0, kept->records, kept->records);
	kept_free(kept);
	return entry;
}

static NfpOutboxEntry *next_from_disk(NfpSpooler *spooler, gint64 now)
{
	NfpSpool *spool = spooler->drained ? NULL : ready(spooler, now);

	while (spool) {
		NfpOutboxEntry *entry;
		NfpSpoolItem item;
		Note note;
		gsize size;
		const uint8_t *data;
		int r = nfp_spool_next(spool, spooler->cursor, &item);

		say(spooler, nfp_spool_news(spool));
		if (r < 0)
			failed(spooler, nfp_spool_error(spool), now);
		spooler->drained = r == 0;
		if (r <= 0)
			return NULL;
		spooler->cursor = item.id;
		data = g_bytes_get_data(item.octets, &size);
		note = recall(spooler, item.id);
		entry = entry_of(data, size, item.id, MAX(item.counted, note.counted),
				 MAX(item.judged, note.judged));
		if (!entry) {
			nfp_spool_drop(spool, &item);
			changed(spooler);
			say(spooler, g_strdup_printf("a batch of %u records in the spool is damaged: dropped and counted",
						     item.records));
		}
		g_bytes_unref(item.octets);
		if (!entry)
			continue;
		entry->next = entry->taken = spooler->goes_on ? MIN(note.taken, entry->batch->n) : 0;
		return entry;
	}
	return NULL;
}

NfpOutboxEntry *nfp_spooler_next(NfpSpooler *spooler, gint64 now)
{
	NfpOutboxEntry *entry = next_from_memory(spooler);

	spooler->now = now;
	return entry ? entry : next_from_disk(spooler, now);
}

gboolean nfp_spooler_waits(const NfpSpooler *spooler, gint64 now)
{
	return spooler->again.length > 0 || (spooler->spool && !spooler->drained && now >= spooler->retry_at);
}

gint64 nfp_spooler_flush(NfpSpooler *spooler, gint64 now)
{
	gint64 retry = spooler->path && spooler->retry_at > now ? spooler->retry_at : NEVER;
	int more;

	spooler->now = now;
	keep_arriving(spooler);
	if (!spooler->spool || now < spooler->flush_at)
		return MIN(spooler->flush_at, retry);
	spooler->flush_at = NEVER;
	if (nfp_spool_flush(spooler->spool) < 0) {
		failed(spooler, nfp_spool_error(spooler->spool), now);
		spooler->flush_at = now + RETRY;
	} else if ((more = nfp_spool_shrink(spooler->spool))) {
		spooler->flush_at = now + (more > 0 ? LAZY : RETRY);
	}
	say(spooler, nfp_spool_news(spooler->spool));
	return MIN(spooler->flush_at, retry);
}

void nfp_spooler_status(const NfpSpooler *spooler, NfpSpoolStatus *ret_status)
{
	*ret_status = (NfpSpoolStatus){ .configured = spooler->path != NULL, .waiting = spooler->again_records,
				        .kept = spooler->kept_records };
	if (spooler->spool) {
		const NfpSpoolTotals *totals = nfp_spool_totals(spooler->spool);

		ret_status->waiting += totals->waiting;
		ret_status->octets = totals->octets;
		ret_status->oldest_ns = totals->oldest_ns;
		ret_status->dropped_records = totals->dropped_records;
		ret_status->dropped_packets = totals->dropped_packets;
		ret_status->dropped_octets = totals->dropped_octets;
		ret_status->failures = totals->failures;
	}
	g_strlcpy(ret_status->error, spooler->error, sizeof(ret_status->error));
}

char *nfp_spooler_news(NfpSpooler *spooler)
{
	return g_steal_pointer(&spooler->news);
}
