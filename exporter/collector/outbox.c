/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/outbox.h"

typedef struct {
	uint32_t records;
	uint64_t packets;
	uint64_t octets;
} Sum;

/* Of records [from, to); those that no template carries only if `all`. */
static Sum sum_up(const NfpOutbox *outbox, const NfpBatch *batch, uint32_t from, uint32_t to, gboolean all)
{
	Sum sum = { 0 };

	for (uint32_t i = from; i < to; i++) {
		if (!all && outbox->templates && nfp_template_set_choose(outbox->templates, batch->records[i].have) < 0)
			continue;
		sum.records++;
		sum.packets += nfp_record_packets(&batch->records[i]);
		sum.octets += nfp_record_octets(&batch->records[i]);
	}
	return sum;
}

static void refuse_records(NfpOutbox *outbox, Sum sum)
{
	outbox->counts.refused_records += sum.records;
	outbox->counts.refused_packets += sum.packets;
	outbox->counts.refused_octets += sum.octets;
}

void nfp_outbox_entry_free(NfpOutboxEntry *entry)
{
	if (!entry)
		return;
	nfp_batch_unref(entry->batch);
	g_free(entry);
}

void nfp_outbox_init(NfpOutbox *outbox, guint capacity, const NfpTemplateSet *templates)
{
	*outbox = (NfpOutbox){ .entries = G_QUEUE_INIT, .capacity = MAX(capacity, 1), .templates = templates };
}

void nfp_outbox_clear(NfpOutbox *outbox)
{
	g_queue_clear_full(&outbox->entries, (GDestroyNotify)nfp_outbox_entry_free);
	outbox->current = NULL;
}

gboolean nfp_outbox_has_room(const NfpOutbox *outbox)
{
	return outbox->entries.length < outbox->capacity;
}

void nfp_outbox_add(NfpOutbox *outbox, NfpBatch *batch)
{
	NfpOutboxEntry *entry = g_new0(NfpOutboxEntry, 1);

	entry->batch = batch;
	nfp_outbox_add_entry(outbox, entry);
}

void nfp_outbox_add_entry(NfpOutbox *outbox, NfpOutboxEntry *entry)
{
	g_queue_push_tail(&outbox->entries, entry);
	if (!outbox->current)
		outbox->current = outbox->entries.tail;
}

uint64_t nfp_outbox_unsent(const NfpOutbox *outbox)
{
	uint64_t records = 0;

	for (const GList *link = outbox->current; link; link = link->next) {
		const NfpOutboxEntry *entry = link->data;

		records += entry->batch->n - entry->next;
	}
	return records;
}

NfpOutboxEntry *nfp_outbox_current(NfpOutbox *outbox)
{
	while (outbox->current) {
		NfpOutboxEntry *entry = outbox->current->data;

		if (entry->next < entry->batch->n)
			return entry;
		outbox->current = outbox->current->next;
	}
	return NULL;
}

/* Unsendable records of [from, to) that were not judged before. */
static void judge(NfpOutbox *outbox, NfpOutboxEntry *entry, uint32_t from, uint32_t to, gboolean unsendable)
{
	uint32_t first = MAX(from, entry->judged);

	if (unsendable && first < to) {
		Sum all = sum_up(outbox, entry->batch, first, to, TRUE);
		Sum good = sum_up(outbox, entry->batch, first, to, FALSE);

		refuse_records(outbox, (Sum){ all.records - good.records, all.packets - good.packets,
					      all.octets - good.octets });
	}
	entry->judged = MAX(entry->judged, to);
}

void nfp_outbox_encoded(NfpOutbox *outbox, uint32_t used, uint32_t unsendable, gboolean message,
			NfpOutboxPart *ret_part)
{
	NfpOutboxEntry *entry = outbox->current->data;
	NfpOutboxPart part = { .entry = entry, .from = entry->next, .to = entry->next + used };
	uint32_t first = CLAMP(entry->counted, part.from, part.to);
	Sum fresh = sum_up(outbox, entry->batch, first, part.to, unsendable == 0);

	judge(outbox, entry, part.from, part.to, unsendable > 0);
	part.fresh_records = fresh.records;
	part.fresh_packets = fresh.packets;
	part.again_records = sum_up(outbox, entry->batch, part.from, first, unsendable == 0).records;
	entry->next = part.to;
	if (message)
		entry->staged++;
	*ret_part = part;
}

/* Of records [from, to), those that were neither handed over nor judged before. */
static Sum sum_fresh(const NfpOutbox *outbox, const NfpOutboxEntry *entry, uint32_t from, uint32_t to)
{
	uint32_t begin = MAX(from, entry->counted);
	uint32_t judged = CLAMP(entry->judged, begin, MAX(begin, to));
	Sum sum = sum_up(outbox, entry->batch, begin, judged, FALSE);
	Sum rest = sum_up(outbox, entry->batch, judged, to, TRUE);

	return (Sum){ sum.records + rest.records, sum.packets + rest.packets, sum.octets + rest.octets };
}

void nfp_outbox_fresh(const NfpOutbox *outbox, const NfpOutboxEntry *entry, uint32_t *ret_records,
		      uint64_t *ret_packets, uint64_t *ret_octets)
{
	Sum sum = sum_fresh(outbox, entry, 0, entry->batch->n);

	*ret_records = sum.records;
	*ret_packets = sum.packets;
	*ret_octets = sum.octets;
}

static void refuse_range(NfpOutbox *outbox, const NfpOutboxEntry *entry, uint32_t from, uint32_t to)
{
	refuse_records(outbox, sum_fresh(outbox, entry, from, to));
}

/* Also marks them, so that a later session does not count them again. */
static void refuse_next(NfpOutbox *outbox, uint32_t to)
{
	NfpOutboxEntry *entry = outbox->current->data;

	refuse_range(outbox, entry, entry->next, to);
	entry->next = to;
	entry->judged = MAX(entry->judged, to);
	entry->counted = MAX(entry->counted, to);
}

void nfp_outbox_refuse_one(NfpOutbox *outbox)
{
	NfpOutboxEntry *entry = outbox->current->data;

	refuse_next(outbox, entry->next + 1);
}

void nfp_outbox_refuse_rest(NfpOutbox *outbox)
{
	NfpOutboxEntry *entry = outbox->current->data;

	refuse_next(outbox, entry->batch->n);
}

void nfp_outbox_taken(NfpOutbox *outbox, const NfpOutboxPart *part, uint64_t end)
{
	NfpOutboxEntry *entry = part->entry;

	outbox->counts.records += part->fresh_records;
	outbox->counts.packets += part->fresh_packets;
	outbox->counts.resent_records += part->again_records;
	entry->staged--;
	entry->taken = part->to;
	entry->counted = MAX(entry->counted, part->to);
	entry->end = end;
}

static gboolean is_complete(const NfpOutboxEntry *entry)
{
	return entry->next == entry->batch->n && entry->staged == 0;
}

NfpOutboxEntry *nfp_outbox_take_acked(NfpOutbox *outbox, uint64_t offset)
{
	NfpOutboxEntry *entry = g_queue_peek_head(&outbox->entries);

	if (!entry || !is_complete(entry) || entry->end > offset)
		return NULL;
	if (outbox->current == outbox->entries.head)
		outbox->current = outbox->current->next;
	return g_queue_pop_head(&outbox->entries);
}

void nfp_outbox_acked(NfpOutbox *outbox, uint64_t offset)
{
	NfpOutboxEntry *entry;

	while ((entry = nfp_outbox_take_acked(outbox, offset)))
		nfp_outbox_entry_free(entry);
}

void nfp_outbox_drop_stored(NfpOutbox *outbox)
{
	for (GList *link = outbox->entries.head; link;) {
		GList *next = link->next;

		if (((NfpOutboxEntry *)link->data)->stored) {
			nfp_outbox_entry_free(link->data);
			g_queue_delete_link(&outbox->entries, link);
		}
		link = next;
	}
	outbox->current = NULL;
}

gboolean nfp_outbox_awaits_ack(const NfpOutbox *outbox)
{
	const NfpOutboxEntry *entry = g_queue_peek_head((GQueue *)&outbox->entries);

	return entry && is_complete(entry);
}

void nfp_outbox_restart(NfpOutbox *outbox, gboolean acknowledges)
{
	for (GList *link = outbox->entries.head; link; link = link->next) {
		NfpOutboxEntry *entry = link->data;

		entry->next = acknowledges ? 0 : entry->taken;
		entry->taken = entry->next;
		entry->staged = 0;
		entry->end = 0;
	}
	outbox->current = outbox->entries.head;
}

void nfp_outbox_refuse(NfpOutbox *outbox)
{
	for (GList *link = outbox->entries.head; link; link = link->next) {
		NfpOutboxEntry *entry = link->data;

		outbox->counts.unacked_records += sum_up(outbox, entry->batch, 0, entry->counted, FALSE).records;
		refuse_range(outbox, entry, 0, entry->batch->n);
		nfp_batch_miss(entry->batch);
	}
	nfp_outbox_clear(outbox);
}

void nfp_outbox_refuse_batch(NfpOutbox *outbox, const NfpBatch *batch)
{
	refuse_records(outbox, sum_up(outbox, batch, 0, batch->n, TRUE));
}
