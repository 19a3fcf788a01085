// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPFIX (RFC 7011). Template and options records are libfixbuf's, made once; message headers, Sets
 * and data records are written here.
 *
 * Template ids: 256 + index in the set, then the options templates. They never change and are never
 * withdrawn. No padding, no empty Sets, one options template a Set (nfdump 1.7.1 and pmacct 1.7.7
 * read only the first of a Set).
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "encode/fixbuf.h"
#include "encode/message.h"
#include "encode/options.h"
#include "encode/plan.h"
#include "encode/protocol.h"
#include "encode/wire.h"

#define VERSION 10
#define MESSAGE_HEADER 16
#define SET_TEMPLATES 2
#define SET_OPTIONS_TEMPLATES 3
#define FIRST_ID 256
#define OPTIONS_SPACING 10 /* s between options data, at least (encode/encoder.h says why) */
#define COLD_COPIES 2      /* messages that carry a template that was left out of a refresh */
#define CACHE_BITS 6

/* Sequence and templates of one observation domain in one session. */
typedef struct {
	uint32_t id;         /* observationDomainId */
	gboolean process;    /* domain 0: the process's own options, no flows */
	uint32_t sequence;   /* data records sent, modulo 2^32 (RFC 7011 3.1) */
	guint next;          /* item to look at next; items_n = all announced */
	gboolean first_round;
	gboolean options_due;  /* options data are part of this round */
	uint32_t options_sent; /* UTC s */
	uint64_t messages;     /* data messages begun */
	struct {
		gboolean used;    /* has carried records in this session */
		guint cold;       /* messages that still have to carry the template themselves */
		uint64_t carried; /* the last message that did */
	} *templates; /* set->n */
} Domain;

typedef struct {
	NfpEncoder base; /* first */
	NfpTemplateSet const *set;
	uint32_t domain;
	uint32_t first_sequence;
	gboolean reliable;
	NfpFixbuf *fixbuf;
	GPtrArray *plans;     /* NfpPlan *, as set->templates */
	GPtrArray *templates; /* GBytes *: template records; set->n, then options->len */
	GArray *options;      /* NfpOption */
	NfpOptionFacts facts;
	GPtrArray *domains; /* Domain *, by index; NULL = not used in this session */
	Domain *process;    /* NULL = not used in this session */
	struct {
		uint32_t have;
		int template; /* -1 = none takes it */
	} cache[1 << CACHE_BITS]; /* have 0 never asks */
} Ipfix;

/* RFC 7011 3.1. records: data records in it. Returns its length, 0 = it is empty. */
static ssize_t end_message(NfpMessage *message, Domain *domain, uint32_t now, uint32_t records)
{
	ssize_t length = nfp_message_end(message);

	if (length == 0)
		return 0;
	nfp_put16(message->start, VERSION);
	nfp_put16(message->start + 2, (uint16_t)length);
	nfp_put32(message->start + 4, now);
	nfp_put32(message->start + 8, domain->sequence);
	nfp_put32(message->start + 12, domain->id);
	domain->sequence += records;
	return length;
}

/* ---- domains -------------------------------------------------------------------------------- */

static Domain *domain_new(const Ipfix *ipfix, uint32_t id, gboolean process)
{
	Domain *domain = g_new0(Domain, 1);

	domain->id = id;
	domain->process = process;
	domain->sequence = ipfix->first_sequence;
	domain->first_round = TRUE;
	domain->templates = g_malloc0_n(ipfix->set->n, sizeof(*domain->templates));
	return domain;
}

static void domain_free(gpointer data)
{
	Domain *domain = data;

	if (domain == NULL)
		return;
	g_free(domain->templates);
	g_free(domain);
}

static Domain *get_domain(Ipfix *ipfix, uint32_t index)
{
	if (index >= ipfix->domains->len)
		g_ptr_array_set_size(ipfix->domains, (gint)index + 1);

	Domain **domain = (Domain **)&g_ptr_array_index(ipfix->domains, index);

	if (*domain == NULL)
		*domain = domain_new(ipfix, ipfix->domain + index, FALSE);
	return *domain;
}

static Domain *get_process(Ipfix *ipfix)
{
	if (ipfix->process == NULL)
		ipfix->process = domain_new(ipfix, 0, TRUE);
	return ipfix->process;
}

static void start_session(NfpEncoder *encoder)
{
	Ipfix *ipfix = (Ipfix *)encoder;

	g_ptr_array_set_size(ipfix->domains, 0);
	g_clear_pointer(&ipfix->process, domain_free);
}

/* ---- announcing ----------------------------------------------------------------------------- */

/* Items in order: data templates, options templates, options data. */
static guint items_n(const Ipfix *ipfix)
{
	return ipfix->set->n + 2 * ipfix->options->len;
}

static const NfpOption *item_option(const Ipfix *ipfix, guint item)
{
	return &g_array_index(ipfix->options, NfpOption,
			      (item - ipfix->set->n) % ipfix->options->len);
}

static gboolean item_is_data(const Ipfix *ipfix, guint item)
{
	return item >= ipfix->set->n + ipfix->options->len;
}

static gboolean item_due(const Ipfix *ipfix, const Domain *domain, guint item)
{
	if (item < ipfix->set->n) {
		if (domain->process)
			return FALSE;
		return domain->first_round || (!ipfix->reliable && domain->templates[item].used);
	}
	if (item_option(ipfix, item)->process != domain->process)
		return FALSE;
	if (item_is_data(ipfix, item))
		return domain->options_due;
	return domain->first_round || !ipfix->reliable;
}

static void refresh_domain(const Ipfix *ipfix, Domain *domain)
{
	gboolean begun = domain->next > 0;

	/* A first round that was not finished is begun again. */
	if (domain->next >= items_n(ipfix))
		domain->first_round = FALSE;
	domain->next = 0;
	if (!begun || domain->first_round || domain->process || ipfix->reliable)
		return;
	for (guint i = 0; i < ipfix->set->n; i++)
		domain->templates[i].cold = domain->templates[i].used ? 0 : COLD_COPIES;
}

static void refresh(NfpEncoder *encoder, uint32_t index)
{
	Ipfix *ipfix = (Ipfix *)encoder;

	refresh_domain(ipfix, get_domain(ipfix, index));
	if (index == 0)
		refresh_domain(ipfix, get_process(ipfix));
}

static GBytes *option_record(Ipfix *ipfix, const Domain *domain, guint item)
{
	g_autoptr(GByteArray) values = g_byte_array_new();
	guint option = (item - ipfix->set->n) % ipfix->options->len;

	ipfix->facts.domain = domain->id;
	nfp_option_values(item_option(ipfix, item), &ipfix->facts, values);
	return nfp_fixbuf_record(ipfix->fixbuf, (uint16_t)(FIRST_ID + ipfix->set->n + option),
				 values->data, values->len, NULL);
}

/* FALSE: no room. */
static gboolean announce_item(Ipfix *ipfix, const Domain *domain, guint item, NfpMessage *message,
			      uint32_t *records)
{
	if (!item_is_data(ipfix, item)) {
		gboolean flows = item < ipfix->set->n;

		return nfp_message_append(message, flows ? SET_TEMPLATES : SET_OPTIONS_TEMPLATES,
					  flows, g_ptr_array_index(ipfix->templates, item));
	}

	g_autoptr(GBytes) record = option_record(ipfix, domain, item);
	guint option = (item - ipfix->set->n) % ipfix->options->len;

	if (record == NULL) /* proven to work by create() */
		return TRUE;
	if (!nfp_message_append(message, (uint16_t)(FIRST_ID + ipfix->set->n + option), FALSE,
				record))
		return FALSE;
	(*records)++;
	return TRUE;
}

static ssize_t announce_domain(Ipfix *ipfix, Domain *domain, uint32_t now, uint8_t *out,
			       size_t size)
{
	NfpMessage message;
	uint32_t records = 0;

	if (domain->next >= items_n(ipfix))
		return 0;
	if (domain->next == 0)
		domain->options_due = domain->first_round || now < domain->options_sent ||
				      now - domain->options_sent >= OPTIONS_SPACING;
	if (!nfp_message_begin(&message, MESSAGE_HEADER, out, size))
		return -EMSGSIZE;
	for (; domain->next < items_n(ipfix); domain->next++) {
		if (!item_due(ipfix, domain, domain->next))
			continue;
		if (announce_item(ipfix, domain, domain->next, &message, &records))
			continue;
		if (nfp_message_empty(&message))
			return -EMSGSIZE;
		break;
	}
	if (records > 0)
		domain->options_sent = now;
	return end_message(&message, domain, now, records);
}

static ssize_t announce(NfpEncoder *encoder, uint32_t index, uint32_t now,
			const NfpEncoderStats *stats, uint8_t *out, size_t size)
{
	Ipfix *ipfix = (Ipfix *)encoder;

	ipfix->facts.stats = *stats;

	ssize_t length = announce_domain(ipfix, get_domain(ipfix, index), now, out, size);

	if (length == 0 && index == 0)
		length = announce_domain(ipfix, get_process(ipfix), now, out, size);
	return length;
}

/* ---- records -------------------------------------------------------------------------------- */

static int choose(Ipfix *ipfix, uint32_t have)
{
	guint slot = (have * 0x9e3779b1u) >> (32 - CACHE_BITS);

	if (ipfix->cache[slot].have != have) {
		ipfix->cache[slot].have = have;
		ipfix->cache[slot].template = nfp_template_set_choose(ipfix->set, have);
	}
	return ipfix->cache[slot].template;
}

/* Makes the Set of a template's records the open one, the template before it where the collector
 * may not know it. FALSE: no room for a record of `length` octets, nothing was done. */
static gboolean open_data_set(Ipfix *ipfix, Domain *domain, guint template, guint length,
			      NfpMessage *message)
{
	GBytes *record = g_ptr_array_index(ipfix->templates, template);
	uint16_t id = (uint16_t)(FIRST_ID + template);
	gboolean carry = domain->templates[template].cold > 0 &&
			 domain->templates[template].carried != domain->messages;
	size_t headers = NFP_SET_HEADER + (carry ? NFP_SET_HEADER + g_bytes_get_size(record) : 0);

	if (message->set_id == id)
		return nfp_message_room(message) >= length;
	if (nfp_message_room(message) < headers + length)
		return FALSE;
	if (carry) {
		nfp_message_append(message, SET_TEMPLATES, FALSE, record);
		domain->templates[template].cold--;
		domain->templates[template].carried = domain->messages;
	}
	nfp_message_open_set(message, id);
	domain->templates[template].used = TRUE;
	return TRUE;
}

/* A record does not fit an empty message. If that is for its template's sake, the template leaves
 * alone. */
static ssize_t carry_alone(Ipfix *ipfix, Domain *domain, guint template, NfpMessage *message,
			   uint32_t now)
{
	guint length = nfp_plan_shortest(g_ptr_array_index(ipfix->plans, template));

	if (domain->templates[template].cold == 0 ||
	    nfp_message_room(message) < NFP_SET_HEADER + length ||
	    !nfp_message_append(message, SET_TEMPLATES, FALSE,
				g_ptr_array_index(ipfix->templates, template)))
		return -EMSGSIZE;
	domain->templates[template].cold = 0;
	domain->templates[template].used = TRUE;
	return end_message(message, domain, now, 0);
}

/* A record that is longer than a message alone: how many octets of each text may stay. */
static guint fitting_texts(const NfpPlan *plan, const NfpRecord *record, size_t room)
{
	guint max = NFP_TEXT_MAX;

	while (max > 0 && NFP_SET_HEADER + nfp_plan_length(plan, record, max) > room)
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

static ssize_t records(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpRecord *from,
		       uint32_t n, uint8_t *out, size_t size, uint32_t *ret_used,
		       uint32_t *ret_unsendable)
{
	Ipfix *ipfix = (Ipfix *)encoder;
	Domain *domain = get_domain(ipfix, index);
	uint32_t used = 0, unsendable = 0;
	NfpMessage message;
	ssize_t length = 0;

	if (!nfp_message_begin(&message, MESSAGE_HEADER, out, size))
		return -EMSGSIZE;
	domain->messages++;
	while (used < n) {
		uint32_t have = nfp_record_have(&from[used]);
		int template = choose(ipfix, have);

		if (template < 0) {
			unsendable++;
			used++;
			continue;
		}

		const NfpPlan *plan = g_ptr_array_index(ipfix->plans, template);
		guint text_max = NFP_TEXT_MAX;

		if (!open_data_set(ipfix, domain, (guint)template,
				   nfp_plan_length(plan, &from[used], text_max), &message)) {
			if (used > 0)
				break;
			length = carry_alone(ipfix, domain, (guint)template, &message, now);
			if (length > 0)
				break;
			text_max = fitting_texts(plan, from, nfp_message_room(&message));
			if (!open_data_set(ipfix, domain, (guint)template,
					   nfp_plan_length(plan, from, text_max), &message))
				break;
			length = 0;
		}

		uint32_t room = (uint32_t)(nfp_message_room(&message) / nfp_plan_shortest(plan));
		uint32_t run = run_length(from + used, MIN(room, n - used), have);
		gsize octets;

		if (text_max < NFP_TEXT_MAX)
			run = 1;

		run = nfp_plan_run(plan, from + used, run, text_max, message.at, nfp_message_room(&message),
				   &octets);
		message.at += octets;
		used += run;
	}
	if (length < 0)
		return length;
	if (length == 0)
		length = end_message(&message, domain, now, used - unsendable);
	*ret_used = used;
	*ret_unsendable += unsendable;
	return length;
}

/* ---- making one ----------------------------------------------------------------------------- */

static void destroy(NfpEncoder *encoder)
{
	Ipfix *ipfix = (Ipfix *)encoder;

	g_clear_pointer(&ipfix->domains, g_ptr_array_unref);
	domain_free(ipfix->process);
	g_clear_pointer(&ipfix->plans, g_ptr_array_unref);
	g_clear_pointer(&ipfix->templates, g_ptr_array_unref);
	g_clear_pointer(&ipfix->options, g_array_unref);
	nfp_fixbuf_free(ipfix->fixbuf);
	g_free(ipfix);
}

static gboolean add_template(Ipfix *ipfix, guint index, GError **err)
{
	const NfpTemplate *template = &ipfix->set->templates[index];
	g_autofree NfpElement *elements = g_new(NfpElement, template->n);

	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = template->fields[i];

		elements[i] = (NfpElement){ field->name, field->pen, field->id,
					    field->kind == NFP_KIND_TEXT ? NFP_VARIABLE : field->length };
	}
	g_ptr_array_add(ipfix->plans, nfp_plan_new(template->fields, template->n, FALSE));
	if (!nfp_fixbuf_add(ipfix->fixbuf, (uint16_t)(FIRST_ID + index), elements, template->n, 0,
			    err)) {
		g_prefix_error(err, "template %s: ", template->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean add_templates(Ipfix *ipfix, GError **err)
{
	guint n = ipfix->set->n, options = ipfix->options->len;

	for (guint i = 0; i < n; i++)
		if (!add_template(ipfix, i, err))
			return FALSE;
	for (guint i = 0; i < options; i++) {
		const NfpOption *option = &g_array_index(ipfix->options, NfpOption, i);

		if (!nfp_fixbuf_add(ipfix->fixbuf, (uint16_t)(FIRST_ID + n + i), option->elements,
				    option->n, 1, err))
			return FALSE;
	}
	nfp_fixbuf_start(ipfix->fixbuf);
	for (guint i = 0; i < n + options; i++) {
		GBytes *record = nfp_fixbuf_template(ipfix->fixbuf, (uint16_t)(FIRST_ID + i), err);

		if (record == NULL)
			return FALSE;
		g_ptr_array_add(ipfix->templates, record);
	}
	return TRUE;
}

static NfpEncoder *create(const NfpEncoderOptions *options, GError **err)
{
	if (options->domain == 0 || options->domain > UINT32_MAX - NFP_ENCODER_DOMAINS) {
		g_set_error(
			err, NFP_ERROR, NFP_ERROR_USAGE,
			"domain %u: 1 to %u are allowed (0 is for what concerns the whole process)",
			options->domain, UINT32_MAX - NFP_ENCODER_DOMAINS);
		return NULL;
	}

	Ipfix *ipfix = g_new0(Ipfix, 1);

	ipfix->set = options->templates;
	ipfix->domain = options->domain;
	ipfix->first_sequence = options->first_sequence;
	ipfix->reliable = options->reliable;
	ipfix->fixbuf = nfp_fixbuf_new();
	ipfix->plans = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_plan_free);
	ipfix->templates = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	ipfix->options = nfp_options_new(options->hostname);
	ipfix->domains = g_ptr_array_new_with_free_func(domain_free);
	ipfix->facts.process = options->domain; /* unique per exporter, as domains are */
	ipfix->facts.sampling = MAX(options->sampling, 1);
	if (options->hostname != NULL)
		nfp_options_name(options->hostname, ipfix->facts.name, sizeof(ipfix->facts.name));
	if (!add_templates(ipfix, err)) {
		destroy(&ipfix->base);
		return NULL;
	}
	return &ipfix->base;
}

const NfpEncoderProtocol nfp_encode_ipfix = {
	.templates = TRUE,
	.create = create,
	.destroy = destroy,
	.start_session = start_session,
	.refresh = refresh,
	.announce = announce,
	.records = records,
};
