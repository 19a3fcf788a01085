// SPDX-License-Identifier: GPL-2.0-or-later
/* Templates and what we tell about ourselves: when each goes out, and goes out again. */
#include <errno.h>

#include "encode/sets.h"

#define OPTIONS_SPACING 10 /* s between options data, at least (encode/encoder.h says why) */
#define TYPES_SPACING 600  /* s between type information: it never changes */
#define COLD_COPIES 2      /* messages that carry a template that was left out of a refresh */

/* Items in order: data templates, options templates, options data. */
static guint items_n(const NfpSets *sets)
{
	return sets->set->n + 2 * sets->options->len;
}

static guint item_option_index(const NfpSets *sets, guint item)
{
	return (item - sets->set->n) % sets->options->len;
}

static const NfpOption *item_option(const NfpSets *sets, guint item)
{
	return &g_array_index(sets->options, NfpOption, item_option_index(sets, item));
}

static gboolean item_is_data(const NfpSets *sets, guint item)
{
	return item >= sets->set->n + sets->options->len;
}

static gboolean item_due(const NfpSets *sets, const NfpSetsDomain *domain, guint item)
{
	if (item < sets->set->n) {
		if (domain->process)
			return FALSE;
		return domain->first_round || (!sets->reliable && domain->templates[item].used);
	}

	const NfpOption *option = item_option(sets, item);
	/* There will be rows: the template goes with the others, for over TCP that is once. */
	gboolean ahead = option->source == NFP_OPTION_KEYS && !item_is_data(sets, item);

	if (option->process != domain->process ||
	    (!ahead && !nfp_option_has_rows(option, &sets->facts, domain->index)))
		return FALSE;
	if (item_is_data(sets, item))
		return option->source == NFP_OPTION_TYPES ? domain->types_due : domain->options_due;
	return !domain->options_told[item_option_index(sets, item)] || !sets->reliable;
}

static void refresh_domain(const NfpSets *sets, NfpSetsDomain *domain)
{
	gboolean begun = domain->next > 0;

	/* A first round that was not finished is begun again: who knows what of it arrived. */
	if (domain->next >= items_n(sets))
		domain->first_round = FALSE;
	domain->next = domain->row = 0;
	if (!begun || domain->first_round || domain->process || sets->reliable)
		return;
	for (guint i = 0; i < sets->set->n; i++)
		domain->templates[i].cold = domain->templates[i].used ? 0 : COLD_COPIES;
}

void nfp_sets_refresh(NfpEncoder *encoder, uint32_t index)
{
	NfpSets *sets = (NfpSets *)encoder;

	refresh_domain(sets, nfp_sets_domain(sets, index));
	if (index == 0)
		refresh_domain(sets, sets->process);
}

/* The rest of an option's rows, each a record. FALSE: no room for the next one. */
static gboolean announce_rows(NfpSets *sets, NfpSetsDomain *domain, guint item, NfpMessage *message,
			      uint32_t *records)
{
	const NfpOption *option = item_option(sets, item);
	uint16_t id = (uint16_t)(NFP_SETS_FIRST_ID + sets->set->n + item_option_index(sets, item));
	guint n = nfp_option_rows(option, &sets->facts);

	sets->facts.domain = domain->id;
	for (; domain->row < n; domain->row++) {
		g_autoptr(GBytes) record = nfp_option_record(option, &sets->facts, domain->index, domain->row);

		if (record == NULL) /* of another domain */
			continue;
		/* Each record in a Set of its own: nfdump 1.7.1 takes records for shorter than they are. */
		if (!nfp_message_append(message, id, FALSE, record))
			return FALSE;
		(*records)++;
	}
	domain->row = 0;
	return TRUE;
}

/* FALSE: no room. */
static gboolean announce_item(NfpSets *sets, NfpSetsDomain *domain, guint item, NfpMessage *message,
			      uint32_t *records)
{
	gboolean flows = item < sets->set->n;

	if (item_is_data(sets, item))
		return announce_rows(sets, domain, item, message, records);
	if (!nfp_message_append(message, flows ? sets->dialect->templates : sets->dialect->options_templates, flows,
				g_ptr_array_index(sets->templates, item)))
		return FALSE;
	if (!flows)
		domain->options_told[item_option_index(sets, item)] = TRUE;
	return TRUE;
}

static gboolean is_due(const NfpSetsDomain *domain, uint32_t sent, uint32_t now, uint32_t spacing)
{
	return domain->first_round || now < sent || now - sent >= spacing;
}

static ssize_t announce_domain(NfpSets *sets, NfpSetsDomain *domain, uint32_t now, uint8_t *out, size_t size)
{
	NfpMessage message;
	uint32_t records = 0;

	if (domain->next >= items_n(sets))
		return 0;
	for (guint i = 0; i < sets->facts.keys->len; i++)
		g_array_index(sets->facts.keys, NfpOptionKeys, i).used = domain->templates[i].used;
	if (domain->next == 0) {
		domain->options_due = is_due(domain, domain->options_sent, now, OPTIONS_SPACING);
		domain->types_due = is_due(domain, domain->types_sent, now, TYPES_SPACING);
		if (domain->types_due)
			domain->types_sent = now;
	}
	if (!nfp_message_begin(&message, sets->dialect->header, sets->dialect->padding, out, size))
		return -EMSGSIZE;
	for (; domain->next < items_n(sets); domain->next++) {
		if (!item_due(sets, domain, domain->next))
			continue;
		if (announce_item(sets, domain, domain->next, &message, &records))
			continue;
		if (nfp_message_empty(&message))
			return -EMSGSIZE;
		break;
	}
	if (records > 0)
		domain->options_sent = now;
	return nfp_sets_end_message(sets, &message, domain, now, records);
}

ssize_t nfp_sets_announce(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpEncoderStats *stats,
			  uint8_t *out, size_t size)
{
	NfpSets *sets = (NfpSets *)encoder;
	NfpSetsDomain *domain = nfp_sets_domain(sets, index);
	ssize_t length = 0;

	sets->facts.stats = *stats;
	/* The process first: libfixbuf 2.4.1 uses type information for templates that come behind it. */
	if (index == 0)
		length = announce_domain(sets, sets->process, now, out, size);
	return length != 0 ? length : announce_domain(sets, domain, now, out, size);
}
