// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NetFlow v9 (RFC 3954), as nfdump, pmacct and goflow2 read it: counters of 8 octets, texts of fixed length, no
 * enterprise elements. FlowSets end at a multiple of four octets.
 *
 * Times: FIRST_SWITCHED and LAST_SWITCHED are the protocol's own, in ms of an uptime that collectors take away from the
 * header's. The uptime is the header's time in ms minus a constant of whole seconds, so that it tells the ms rightly:
 * nfdump computes the boot time for each packet anew, and would waver by what is left of a second. The absolute
 * times stand beside them for those who read 152 and 153 (nfdump, pmacct).
 */
#include "base/error.h"
#include "encode/sets.h"
#include "encode/wire.h"

#define VERSION 9
#define SHORTEST 4 /* octets of a record: more than the padding, which a collector might take for one */

/* A clock that was set back to before the boot would give uptimes below zero: uptimes begin anew. Each message tells its own
 * boot, by its time and its uptime. */
static void follow_clock(NfpEncoder *encoder, uint32_t now)
{
	NfpSets *sets = (NfpSets *)encoder;

	if (now * 1000ull < sets->boot_ms)
		sets->boot_ms = nfp_encoder_boot_ms(now);
}

static ssize_t announce(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpEncoderStats *stats, uint8_t *out,
			size_t size)
{
	follow_clock(encoder, now);
	return nfp_sets_announce(encoder, index, now, stats, out, size);
}

static ssize_t records(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpRecord *from, uint32_t n,
		       uint8_t *out, size_t size, uint32_t *ret_used, uint32_t *ret_unsendable)
{
	follow_clock(encoder, now);
	return nfp_sets_records(encoder, index, now, from, n, out, size, ret_used, ret_unsendable);
}

/* RFC 3954 5.1 */
static void finish(const NfpSets *sets, const NfpMessage *message, uint32_t domain, uint32_t sequence, uint32_t now)
{
	nfp_put16(message->start, VERSION);
	nfp_put16(message->start + 2, message->records);
	nfp_put32(message->start + 4, (uint32_t)(now * 1000ull - sets->boot_ms));
	nfp_put32(message->start + 8, now);
	nfp_put32(message->start + 12, sequence);
	nfp_put32(message->start + 16, domain);
}

static const NfpSetsDialect dialect = {
	.header = 20,
	.templates = 0,
	.options_templates = 1,
	.padding = 4,
	.counts_messages = TRUE,
	.finish = finish,
};

static const char *refuses(const NfpField *field)
{
	return field->v9 == 0 ? "has no number in NetFlow v9" : NULL;
}

static gboolean has(const NfpTemplate *template, NfpFieldIndex index)
{
	for (guint i = 0; i < template->n; i++)
		if (template->fields[i] == &nfp_fields[index])
			return TRUE;
	return FALSE;
}

/* pmacct 1.7.7 prefers uptimes, and makes whole seconds of them. */
static gboolean wants(NfpPeer peer, NfpFieldIndex twin)
{
	return peer != NFP_PEER_pmacct || nfp_fields[twin].kind != NFP_KIND_UPTIME;
}

/* What the template has and v9 carries, and before some of it the same in the form that is usual here: uptimes; ICMPv6 as
 * nfdump 1.7.1 reads it. */
static GPtrArray *fields_of(const NfpTemplate *template, NfpPeer peer)
{
	static const NfpFieldIndex twins[][2] = { { NFP_F_flowStartMilliseconds, NFP_F_flowStartSysUpTime },
						  { NFP_F_flowEndMilliseconds, NFP_F_flowEndSysUpTime },
						  { NFP_F_icmpTypeCodeIPv6, NFP_F_icmpTypeIPv6 },
						  { NFP_F_icmpTypeCodeIPv6, NFP_F_icmpCodeIPv6 } };
	GPtrArray *fields = g_ptr_array_new();

	for (guint i = 0; i < template->n; i++) {
		for (guint t = 0; t < G_N_ELEMENTS(twins); t++)
			if (template->fields[i] == &nfp_fields[twins[t][0]] && !has(template, twins[t][1]) &&
			    wants(peer, twins[t][1]))
				g_ptr_array_add(fields, (void *)&nfp_fields[twins[t][1]]);
		if (refuses(template->fields[i]) == NULL &&
		    nfp_peer_reads(peer, template->fields[i], TRUE) != NFP_READS_MISREAD)
			g_ptr_array_add(fields, (void *)template->fields[i]);
	}
	return fields;
}

static void append16(GByteArray *out, uint16_t value)
{
	uint8_t octets[2];

	nfp_put16(octets, value);
	g_byte_array_append(out, octets, sizeof(octets));
}

/* RFC 3954 5.2 */
static gboolean add_template(NfpSets *sets, guint index, NfpPeer peer, GError **err)
{
	const NfpTemplate *template = &sets->set->templates[index];
	g_autoptr(GPtrArray) fields = fields_of(template, peer);
	NfpPlan *plan = nfp_plan_new((const NfpField *const *)fields->pdata, fields->len, TRUE);
	GByteArray *record = g_byte_array_new();

	append16(record, (uint16_t)(NFP_SETS_FIRST_ID + index));
	append16(record, (uint16_t)fields->len);
	for (guint i = 0; i < fields->len; i++) {
		const NfpField *field = g_ptr_array_index(fields, i);

		append16(record, field->v9);
		append16(record, field->length);
	}
	g_ptr_array_add(sets->plans, plan);
	g_ptr_array_add(sets->templates, g_byte_array_free_to_bytes(record));
	if (nfp_plan_shortest(plan) >= SHORTEST)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "template %s: its records would have %u octets, and need at least %u", template->name,
		    nfp_plan_shortest(plan), SHORTEST);
	return FALSE;
}

/* RFC 3954 6.1: the lengths are those of the field definitions. */
static void add_option(NfpSets *sets, guint index)
{
	const NfpOption *option = &g_array_index(sets->options, NfpOption, index);
	GByteArray *record = g_byte_array_new();

	append16(record, (uint16_t)(NFP_SETS_FIRST_ID + sets->set->n + index));
	append16(record, (uint16_t)(4 * option->scopes));
	append16(record, (uint16_t)(4 * (option->n - option->scopes)));
	for (guint i = 0; i < option->n; i++) {
		append16(record, option->elements[i].id);
		append16(record, option->elements[i].length);
	}
	g_ptr_array_add(sets->templates, g_byte_array_free_to_bytes(record));
}

static gboolean add_templates(NfpSets *sets, const NfpEncoderOptions *options, GError **err)
{
	if (options->reliable) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "goes over udp:// only: its messages do not tell their length");
		return FALSE;
	}
	for (guint i = 0; i < sets->set->n; i++)
		if (!add_template(sets, i, options->peer, err))
			return FALSE;
	for (guint i = 0; i < sets->options->len; i++)
		add_option(sets, i);
	return TRUE;
}

static NfpEncoder *create(const NfpEncoderOptions *options, GError **err)
{
	NfpSets *sets = g_new0(NfpSets, 1);

	if (!nfp_sets_init(sets, &dialect, options, nfp_options_new(options, TRUE), err) ||
	    !add_templates(sets, options, err)) {
		nfp_sets_destroy(&sets->base);
		return NULL;
	}
	return &sets->base;
}

const NfpEncoderProtocol nfp_encode_netflow9 = {
	.templates = TRUE,
	.create = create,
	.destroy = nfp_sets_destroy,
	.refuses = refuses,
	.set_tables = nfp_sets_set_tables,
	.start_session = nfp_sets_start_session,
	.refresh = nfp_sets_refresh,
	.announce = announce,
	.records = records,
};
