// SPDX-License-Identifier: GPL-2.0-or-later
/* IPFIX (RFC 7011). Template records are libfixbuf's, made once. No padding. */
#include "base/error.h"
#include "encode/sets.h"
#include "encode/wire.h"

#define VERSION 10

/* RFC 7011 3.1 */
static void finish(const NfpSets *sets, const NfpMessage *message, uint32_t domain, uint32_t sequence, uint32_t now)
{
	nfp_put16(message->start, VERSION);
	nfp_put16(message->start + 2, (uint16_t)(message->at - message->start));
	nfp_put32(message->start + 4, now);
	nfp_put32(message->start + 8, sequence);
	nfp_put32(message->start + 12, domain);
}

static const NfpSetsDialect dialect = {
	.header = 16,
	.templates = 2,
	.options_templates = 3,
	.padding = 1,
	.finish = finish,
};

static const char *refuses(const NfpField *field)
{
	return field->kind == NFP_KIND_UPTIME ?
		       "is of NetFlow v9: IPFIX has flowStartMilliseconds and flowEndMilliseconds (nfdump 1.7.1 takes the "
		       "one for the other)" :
		       NULL;
}

static gboolean add_template(NfpSets *sets, NfpFixbuf *fixbuf, guint index, const NfpEncoderOptions *options,
			     GError **err)
{
	const NfpTemplate *template = &sets->set->templates[index];
	g_autofree NfpElement *elements = g_new(NfpElement, template->n);
	g_autofree const NfpField **fields = g_new(const NfpField *, template->n);
	gboolean fixed = nfp_peer_fixed_texts(options->peer);
	guint n = 0;

	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = template->fields[i];

		if (refuses(field) != NULL || nfp_peer_reads(options->peer, field, FALSE) == NFP_READS_MISREAD)
			continue;
		fields[n] = field;
		elements[n++] = (NfpElement){
			field->name, nfp_field_pen(field, options->pen), field->id,
			field->kind == NFP_KIND_TEXT && !fixed ? NFP_VARIABLE : field->length,
			field->kind == NFP_KIND_TEXT,
		};
	}
	if (n == 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "template %s has no field that IPFIX carries",
			    template->name);
		return FALSE;
	}
	g_ptr_array_add(sets->plans, nfp_plan_new(fields, n, fixed));
	nfp_option_facts_add_template(&sets->facts, (uint16_t)(NFP_SETS_FIRST_ID + index), fields, n);
	if (!nfp_fixbuf_add(fixbuf, (uint16_t)(NFP_SETS_FIRST_ID + index), elements, n, 0, err)) {
		g_prefix_error(err, "template %s: ", template->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean add_templates(NfpSets *sets, const NfpEncoderOptions *encoder, GError **err)
{
	g_autoptr(NfpFixbuf) fixbuf = nfp_fixbuf_new(encoder->pen);
	guint n = sets->set->n, options = sets->options->len;

	for (guint i = 0; i < n; i++)
		if (!add_template(sets, fixbuf, i, encoder, err))
			return FALSE;
	for (guint i = 0; i < options; i++) {
		const NfpOption *option = &g_array_index(sets->options, NfpOption, i);

		if (!nfp_fixbuf_add(fixbuf, (uint16_t)(NFP_SETS_FIRST_ID + n + i), option->elements, option->n,
				    option->scopes, err))
			return FALSE;
	}
	nfp_fixbuf_start(fixbuf);
	for (guint i = 0; i < n + options; i++) {
		GBytes *record = nfp_fixbuf_template(fixbuf, (uint16_t)(NFP_SETS_FIRST_ID + i), err);

		if (record == NULL)
			return FALSE;
		g_ptr_array_add(sets->templates, record);
	}
	return TRUE;
}

static NfpEncoder *create(const NfpEncoderOptions *options, GError **err)
{
	NfpSets *sets = g_new0(NfpSets, 1);

	if (!nfp_sets_init(sets, &dialect, options, nfp_options_new(options, FALSE), err) ||
	    !add_templates(sets, options, err)) {
		nfp_sets_destroy(&sets->base);
		return NULL;
	}
	return &sets->base;
}

const NfpEncoderProtocol nfp_encode_ipfix = {
	.templates = TRUE,
	.create = create,
	.destroy = nfp_sets_destroy,
	.refuses = refuses,
	.set_tables = nfp_sets_set_tables,
	.start_session = nfp_sets_start_session,
	.refresh = nfp_sets_refresh,
	.announce = nfp_sets_announce,
	.records = nfp_sets_records,
};
