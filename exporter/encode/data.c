// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of flows: each by its template, many to a message. */
#include <errno.h>

#include "encode/sets.h"

static int choose(NfpSets *sets, uint32_t have)
{
	guint slot = (have * 0x9e3779b1u) >> (32 - NFP_SETS_CACHE_BITS);

	if (sets->cache[slot].have != have) {
		sets->cache[slot].have = have;
		sets->cache[slot].template = nfp_template_set_choose(sets->set, have);
	}
	return sets->cache[slot].template;
}

/* Makes the Set of a template's records the open one, the template before it where the collector
 * may not know it. FALSE: no room for a record of `length` octets, nothing was done. */
static gboolean open_data_set(NfpSets *sets, NfpSetsDomain *domain, guint template, guint length,
			      NfpMessage *message)
{
	GBytes *record = g_ptr_array_index(sets->templates, template);
	uint16_t id = (uint16_t)(NFP_SETS_FIRST_ID + template);
	gboolean carry = domain->templates[template].cold > 0 &&
			 domain->templates[template].carried != domain->messages;
	size_t before = carry ? NFP_SET_HEADER + g_bytes_get_size(record) : 0;

	if (nfp_message_in_set(message, id))
		return nfp_message_room(message) >= length;
	if (nfp_message_room_in_set(message) < before + length)
		return FALSE;
	if (carry) {
		nfp_message_append(message, sets->dialect->templates, FALSE, record);
		domain->templates[template].cold--;
		domain->templates[template].carried = domain->messages;
	}
	nfp_message_open_set(message, id);
	domain->templates[template].used = TRUE;
	return TRUE;
}

/* A record does not fit an empty message. If that is for its template's sake, the template leaves
 * alone. */
static ssize_t carry_alone(NfpSets *sets, NfpSetsDomain *domain, guint template, NfpMessage *message,
			   uint32_t now)
{
	guint length = nfp_plan_shortest(g_ptr_array_index(sets->plans, template));

	if (domain->templates[template].cold == 0 ||
	    nfp_message_room_in_set(message) < length ||
	    !nfp_message_append(message, sets->dialect->templates, FALSE,
				g_ptr_array_index(sets->templates, template)))
		return -EMSGSIZE;
	domain->templates[template].cold = 0;
	domain->templates[template].used = TRUE;
	return nfp_sets_end_message(sets, message, domain, now, 0);
}

/* A record that is longer than a message alone: how many octets of each text may stay. */
static guint fitting_texts(const NfpPlan *plan, const NfpRecord *record, size_t room)
{
	guint max = NFP_TEXT_MAX;

	while (max > 0 && nfp_plan_length(plan, record, max) > room)
		max /= 2;
	return max;
}

/* How many of records[0..n) have what the first has. */
static uint32_t run_length(const NfpRecord *records, uint32_t n, uint32_t have)
{
	uint32_t run = 1;

	while (run < n && nfp_record_have(&records[run]) == have)
		run++;
	return run;
}

/* The records of the next message, on their way into the cache while this one is made: the lines that usual templates
 * read (record/record.h). */
static void fetch(const NfpRecord *records, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		__builtin_prefetch(&records[i].flow_id);
		__builtin_prefetch(&records[i].have);
	}
}

ssize_t nfp_sets_records(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpRecord *from, uint32_t n,
			 uint8_t *out, size_t size, uint32_t *ret_used, uint32_t *ret_unsendable)
{
	NfpSets *sets = (NfpSets *)encoder;
	NfpSetsDomain *domain = nfp_sets_domain(sets, index);
	uint32_t used = 0, unsendable = 0;
	NfpMessage message;
	ssize_t length = 0;
	NfpPlanContext context = { .boot_ms = sets->boot_ms, .now_ms = now * 1000ull,
				   .sampling = sets->sampling, .scaled = sets->scaled };

	if (!nfp_message_begin(&message, sets->dialect->header, sets->dialect->padding, out, size))
		return -EMSGSIZE;
	domain->messages++;
	while (used < n) {
		uint32_t have = nfp_record_have(&from[used]);
		int template = choose(sets, have);

		if (template < 0) {
			unsendable++;
			used++;
			continue;
		}

		const NfpPlan *plan = g_ptr_array_index(sets->plans, template);

		context.text_max = NFP_TEXT_MAX;
		if (!open_data_set(sets, domain, (guint)template,
				   nfp_plan_length(plan, &from[used], context.text_max), &message)) {
			if (used > 0)
				break;
			length = carry_alone(sets, domain, (guint)template, &message, now);
			if (length > 0)
				break;
			context.text_max = fitting_texts(plan, from, nfp_message_room_in_set(&message));
			if (!open_data_set(sets, domain, (guint)template,
					   nfp_plan_length(plan, from, context.text_max), &message))
				break;
			length = 0;
		}

		uint32_t room = (uint32_t)(nfp_message_room(&message) / nfp_plan_shortest(plan));
		uint32_t run = run_length(from + used, MIN(room, n - used), have);
		gsize octets;

		if (context.text_max < NFP_TEXT_MAX) {
			run = 1;
			encoder->cut_records++;
		}
		fetch(from + used + run, MIN(n - used - run, room));
		run = nfp_plan_run(plan, from + used, run, &context, message.at, nfp_message_room(&message),
				   &octets);
		message.at += octets;
		message.records += run;
		used += run;
	}
	if (length < 0)
		return length;
	if (length == 0)
		length = nfp_sets_end_message(sets, &message, domain, now, used - unsendable);
	*ret_used = used;
	*ret_unsendable += unsendable;
	return length;
}
