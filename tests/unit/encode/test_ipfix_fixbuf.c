// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libfixbuf as the judge: our data messages are octet for octet the ones it writes, and its
 * collector side reads every field back.
 */
#include <criterion/criterion.h>
#include <fixbuf/public.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "encode/encoder.h"
#include "support/encode_records.h"

#define NOW 1795390441u
#define DOMAIN 9u
#define RECORD_MAX 512 /* octets of a record, at most */

static const NfpEncoderStats stats = { .messages = 11,
				       .records = 12,
				       .octets = 13,
				       .lost_packets = 14,
				       .lost_first = 17,
				       .lost_last = 18,
				       .not_sent_records = 15,
				       .not_sent_packets = 16,
				       .not_sent_octets = 19,
				       .not_sent_first = 20,
				       .not_sent_last = 21 };

static NfpEncoder *encoder_new(const NfpTemplateSet *set, const char *hostname)
{
	NfpEncoderOptions options = { .protocol = "ipfix",
				      .templates = set,
				      .domain = DOMAIN,
				      .sampling = 100,
				      .hostname = hostname };
	g_autoptr(GError) err = NULL;
	NfpEncoder *encoder = nfp_encoder_new(&options, &err);

	cr_assert_not_null(encoder, "%s", err ? err->message : "?");
	return encoder;
}

/* As a collector that was told of the elements that are not in libfixbuf's own registry. */
static fbInfoModel_t *model_new(void)
{
	fbInfoModel_t *model = fbInfoModelAlloc();

	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		fbInfoElement_t element = { .ent = field->pen, .num = field->id, .len = field->length };

		element.ref.name = field->name;
		element.flags = field->kind == NFP_KIND_ADDR6 ? 0 : FB_IE_F_ENDIAN;
		element.type = field->kind == NFP_KIND_ADDR6   ? FB_IP6_ADDR
			       : field->kind == NFP_KIND_ADDR4 ? FB_IP4_ADDR
			       : field->length == 1	       ? FB_UINT_8
			       : field->length == 4	       ? FB_UINT_32
							       : FB_UINT_64;
		if (field->kind == NFP_KIND_TEXT) {
			element.flags = 0;
			element.type = FB_STRING;
			element.len = FB_IE_VARLEN;
		}
		if (!fbInfoModelGetElementByName(model, field->name))
			fbInfoModelAddElement(model, &element);
	}
	return model;
}

static void no_error(GError *err)
{
	cr_assert_null(err, "%s", err ? err->message : "");
}

static fbTemplate_t *make_template(fbInfoModel_t *model, const NfpTemplate *template)
{
	fbTemplate_t *made = fbTemplateAlloc(model);
	GError *err = NULL;

	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = template->fields[i];
		fbInfoElementSpec_t spec = {
			(char *)field->name, field->kind == NFP_KIND_TEXT ? FB_IE_VARLEN : field->length, 0
		};

		fbTemplateAppendSpec(made, &spec, 0, &err);
		no_error(err);
	}
	return made;
}

static gboolean is_octets(const NfpField *field)
{
	return field->kind == NFP_KIND_ADDR6 || field->kind == NFP_KIND_MAC || field->kind == NFP_KIND_TEXT ||
	       strcmp(field->name, "applicationId") == 0; /* an octetArray of RFC 6759 */
}

/* libfixbuf's form of a value: integers (IPv4 addresses are some) in host byte order, texts as what points to them. */
static gsize host_values(const NfpTemplate *template, const NfpRecord *record, uint8_t *values)
{
	gsize n = 0;

	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = template->fields[i];

		if (field->kind == NFP_KIND_TEXT) {
			const NfpText *text = (const NfpText *)(const void *)nfp_field_member(field, record);
			fbVarfield_t varfield = { nfp_test_cut(text, NFP_TEXT_MAX), (uint8_t *)text->text };

			memcpy(values + n, &varfield, sizeof(varfield));
			n += sizeof(varfield);
			continue;
		}
		nfp_test_wire(field, record, values + n);
		if (G_BYTE_ORDER == G_LITTLE_ENDIAN && !is_octets(field)) {
			for (guint a = 0, b = field->length - 1u; a < b; a++, b--) {
				uint8_t octet = values[n + a];

				values[n + a] = values[n + b];
				values[n + b] = octet;
			}
		}
		n += field->length;
	}
	return n;
}

/* The message that libfixbuf makes of the same records. */
static gsize their_message(const NfpTemplateSet *set, guint chosen, const NfpRecord *records,
			   guint n, uint8_t *out, uint16_t size)
{
	fbInfoModel_t *model = model_new();
	fbSession_t *session = fbSessionAlloc(model);
	fbTemplate_t *template = make_template(model, &set->templates[chosen]);
	uint16_t id = (uint16_t)(256 + chosen);
	GError *err = NULL;

	fbSessionSetDomain(session, DOMAIN);
	fbSessionAddTemplate(session, TRUE, id, template, &err);
	no_error(err);
	fbSessionAddTemplate(session, FALSE, id, template, &err);
	no_error(err);

	fbExporter_t *exporter = fbExporterAllocBuffer(out, size);
	fBuf_t *buffer = fBufAllocForExport(session, exporter);

	fBufSetAutomaticMode(buffer, FALSE);
	fBufSetExportTime(buffer, NOW);
	if (!fbSessionExportTemplate(session, id, &err)) {
		/* "Must start new message", in an empty one too. */
		g_clear_error(&err);
		fBufEmit(buffer, &err);
		no_error(err);
		fbSessionExportTemplate(session, id, &err);
		no_error(err);
	}
	fBufEmit(buffer, &err);
	no_error(err);
	fBufSetInternalTemplate(buffer, id, &err);
	no_error(err);
	fBufSetExportTemplate(buffer, id, &err);
	no_error(err);
	for (guint i = 0; i < n; i++) {
		uint8_t values[RECORD_MAX];
		gsize length = host_values(&set->templates[chosen], &records[i], values);

		if (!fBufAppend(buffer, values, length, &err)) {
			g_clear_error(&err);
			fBufEmit(buffer, &err);
			no_error(err);
			fBufAppend(buffer, values, length, &err);
			no_error(err);
		}
	}
	fBufEmit(buffer, &err);
	no_error(err);

	gsize length = fbExporterGetMsgLen(exporter);

	fBufFree(buffer);
	fbInfoModelFree(model);
	return length;
}

/* Values of 0, 1, 4, 254, 255, 256 and 1000 octets, first, last and in the middle (RFC 5471 3.2.2). */
Test(ipfix_fixbuf, texts_are_libfixbufs_own)
{
	static const guint layouts[][3] = {
		{ NFP_F_interfaceName, NFP_F_flowId, NFP_F_packetDeltaCount },
		{ NFP_F_flowId, NFP_F_interfaceName, NFP_F_packetDeltaCount },
		{ NFP_F_flowId, NFP_F_packetDeltaCount, NFP_F_sourceLabel3 },
		{ NFP_F_sourceCity, NFP_F_interfaceDescription, NFP_F_applicationName },
	};
	uint64_t seed = 23;

	for (guint i = 0; i < 200; i++) {
		g_autoptr(NfpTemplateSet) set = nfp_test_set(layouts[i % 4], 3);
		g_autoptr(NfpEncoder) encoder = encoder_new(set, NULL);
		NfpRecord records[3];
		uint8_t ours[3000], theirs[3000];
		uint32_t used = 0, unsendable = 0;

		for (guint r = 0; r < 3; r++)
			nfp_test_record(&records[r], NFP_TEST_KINDS - 1, &seed);

		ssize_t length = nfp_encoder_records(encoder, 0, NOW, records, 3, ours, sizeof(ours), &used,
						     &unsendable);
		gsize expected = their_message(set, 0, records, 3, theirs, sizeof(theirs));

		cr_assert_eq(used, 3);
		cr_assert_eq((gsize)length, expected, "round %u", i);
		cr_assert(memcmp(ours, theirs, expected) == 0, "round %u", i);
	}
}

Test(ipfix_fixbuf, data_messages_are_libfixbufs_own)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	uint64_t seed = 21;

	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		g_autoptr(NfpEncoder) encoder = encoder_new(set, "edge1");
		NfpRecord records[5];
		uint8_t ours[1420], theirs[1420];
		uint32_t used = 0, unsendable = 0;

		for (guint i = 0; i < G_N_ELEMENTS(records); i++)
			nfp_test_record(&records[i], kind, &seed);

		ssize_t length =
			nfp_encoder_records(encoder, 0, NOW, records, G_N_ELEMENTS(records), ours,
					    sizeof(ours), &used, &unsendable);
		int chosen = nfp_template_set_choose(set, nfp_record_have(&records[0]));
		gsize expected = their_message(set, (guint)chosen, records, G_N_ELEMENTS(records),
					       theirs, sizeof(theirs));

		cr_assert_eq(used, G_N_ELEMENTS(records));
		cr_assert_eq((gsize)length, expected, "kind %u", kind);
		cr_assert(memcmp(ours, theirs, expected) == 0, "kind %u", kind);
	}
}

/* ---- their collector reads ours ----------------------------------------------------------------
 */

typedef struct {
	fbInfoModel_t *model;
	fBuf_t *buffer;
} Collector;

/* `layout`: how records are to be handed out (internal template 1000). */
static Collector collector_new(const NfpTemplate *layout)
{
	Collector collector = { .model = model_new() };
	fbSession_t *session = fbSessionAlloc(collector.model);
	GError *err = NULL;

	fbSessionAddTemplate(session, TRUE, 1000, make_template(collector.model, layout), &err);
	no_error(err);
	collector.buffer = fBufAllocForCollection(session, NULL);
	fBufSetAutomaticMode(collector.buffer, FALSE);
	return collector;
}

static void collector_free(Collector *collector)
{
	fBufFree(collector->buffer);
	fbInfoModelFree(collector->model);
}

/* Reads one message; for each record calls got(values, length, template id). */
static guint collect(Collector *collector, uint8_t *message, gsize size, uint8_t *values,
		     gsize length)
{
	GError *err = NULL;
	guint records = 0;

	fBufSetBuffer(collector->buffer, message, size);
	fBufSetInternalTemplate(collector->buffer, 1000, &err);
	no_error(err);
	for (;;) {
		gsize got = length;

		if (!fBufNext(collector->buffer, values + records * length, &got, &err))
			break;
		cr_assert_eq(got, length);
		records++;
	}
	cr_assert(g_error_matches(err, FB_ERROR_DOMAIN, FB_ERROR_EOM) ||
			  g_error_matches(err, FB_ERROR_DOMAIN, FB_ERROR_BUFSZ),
		  "%s", err->message);
	g_clear_error(&err);
	return records;
}

static void take_text(const uint8_t *want, const uint8_t *got, const char *name)
{
	fbVarfield_t wanted, read;

	memcpy(&wanted, want, sizeof(wanted));
	memcpy(&read, got, sizeof(read));
	cr_assert_eq(read.len, wanted.len, "%s", name);
	cr_assert(read.len == 0 || memcmp(read.buf, wanted.buf, read.len) == 0, "%s", name);
	cr_assert(memcmp(want + sizeof(wanted), got + sizeof(read), 8) == 0, "%s: what follows it", name);
}

/* Each row of fields.def, random values, there and back. */
Test(ipfix_fixbuf, every_field_comes_back)
{
	uint64_t seed = 22;

	for (guint f = 0; f < nfp_fields_n; f++) {
		if (nfp_encoder_refuses("ipfix", &nfp_fields[f]) != NULL)
			continue;

		/* flowId beside it, so that a record is never shorter than what libfixbuf takes for
		 * padding. */
		guint fields[] = { f, NFP_F_flowId };
		guint n = f == NFP_F_flowId ? 1 : 2;
		g_autoptr(NfpTemplateSet) set = nfp_test_set(fields, n);
		g_autoptr(NfpEncoder) encoder = encoder_new(set, NULL);
		Collector collector = collector_new(&set->templates[0]);
		NfpRecord records[40];
		uint8_t message[20000], want[RECORD_MAX], values[G_N_ELEMENTS(records) * RECORD_MAX];
		uint32_t used = 0, unsendable = 0;

		for (guint i = 0; i < G_N_ELEMENTS(records); i++)
			nfp_test_record(&records[i], i, &seed);

		gsize length = host_values(&set->templates[0], &records[0], want);
		ssize_t size;

		while ((size = nfp_encoder_announce(encoder, 0, NOW, &stats, message,
						    sizeof(message))) > 0)
			if (GUINT32_FROM_BE(*(uint32_t *)(void *)(message + 12)) == DOMAIN)
				collect(&collector, message, (gsize)size, values, length);
		size = nfp_encoder_records(encoder, 0, NOW, records, G_N_ELEMENTS(records), message,
					   sizeof(message), &used, &unsendable);
		cr_assert_eq(used, G_N_ELEMENTS(records));
		cr_assert_eq(collect(&collector, message, (gsize)size, values, length), used, "%s",
			     nfp_fields[f].name);
		for (guint i = 0; i < used; i++) {
			host_values(&set->templates[0], &records[i], want);
			if (nfp_fields[f].kind == NFP_KIND_TEXT) {
				take_text(want, values + i * length, nfp_fields[f].name);
				continue;
			}
			cr_assert(memcmp(want, values + i * length, length) == 0, "%s",
				  nfp_fields[f].name);
		}
		collector_free(&collector);
	}
}

/* The options data, read by libfixbuf: name, length and value of each. */
typedef struct {
	const char *name;
	uint16_t length;
	uint64_t value;
} OptionValue;

static const struct {
	uint32_t domain;
	OptionValue values[6];
} options[] = {
	{ DOMAIN, { { "observationDomainId", 4, DOMAIN }, { "samplingInterval", 4, 100 } } },
	{ 0,
	  { { "observationDomainId", 4, 0 }, { "exportedMessageTotalCount", 8, 11 },
	    { "exportedFlowRecordTotalCount", 8, 12 }, { "exportedOctetTotalCount", 8, 13 } } },
	{ 0, { { "observationDomainId", 4, 0 }, { "ignoredPacketTotalCount", 8, 14 },
	       { "observationTimeSeconds", 4, 17 }, { "observationTimeSeconds", 4, 18 } } },
	{ 0,
	  { { "exportingProcessId", 4, DOMAIN }, { "notSentFlowTotalCount", 8, 15 },
	    { "notSentPacketTotalCount", 8, 16 }, { "notSentOctetTotalCount", 8, 19 },
	    { "observationTimeSeconds", 4, 20 }, { "observationTimeSeconds", 4, 21 } } },
};

/* TRUE when a record of the messages in domain has just these values. */
static gboolean find_option(fBuf_t *buffer, fbSession_t *session, const OptionValue *values)
{
	GError *err = NULL;
	uint16_t id;
	gboolean found = FALSE;
	fbTemplate_t *template;

	while ((template = fBufNextCollectionTemplate(buffer, &id, &err)) != NULL) {
		uint8_t record[64], want[64];
		gsize length = sizeof(record), n = 0;
		guint count = 0;
		fbTemplate_t *internal = fbTemplateAlloc(fbSessionGetInfoModel(session));

		for (; count < 6 && values[count].name != NULL; count++) {
			fbInfoElementSpec_t spec = { (char *)values[count].name,
						     values[count].length, 0 };
			uint32_t four = (uint32_t)values[count].value;

			fbTemplateAppendSpec(internal, &spec, 0, &err);
			no_error(err);
			memcpy(want + n,
			       values[count].length == 4 ? (void *)&four
							 : (void *)&values[count].value,
			       values[count].length);
			n += values[count].length;
		}
		fbSessionAddTemplate(session, TRUE, 2000, internal, &err);
		no_error(err);
		fBufSetInternalTemplate(buffer, 2000, &err);
		no_error(err);
		cr_assert(fBufNext(buffer, record, &length, &err), "%s", err ? err->message : "?");
		if (fbTemplateGetOptionsScope(template) == 1 &&
		    fbTemplateCountElements(template) == count &&
		    fbTemplateContainsElementByName(
			    template,
			    &(fbInfoElementSpec_t){ (char *)values[1].name, 0, 0 }))
			found = length == n && memcmp(record, want, n) == 0;
	}
	g_clear_error(&err);
	return found;
}

Test(ipfix_fixbuf, options_data)
{
	static const guint fields[] = { NFP_F_flowId };

	for (guint o = 0; o < G_N_ELEMENTS(options); o++) {
		g_autoptr(NfpTemplateSet) set = nfp_test_set(fields, 1);
		g_autoptr(NfpEncoder) encoder = encoder_new(set, NULL);
		fbInfoModel_t *model = model_new();
		fbSession_t *session = fbSessionAlloc(model);
		fBuf_t *buffer = fBufAllocForCollection(session, NULL);
		uint8_t message[4000];
		gboolean found = FALSE;
		ssize_t size;

		fBufSetAutomaticMode(buffer, FALSE);
		while ((size = nfp_encoder_announce(encoder, 0, NOW, &stats, message,
						    sizeof(message))) > 0) {
			if (GUINT32_FROM_BE(*(uint32_t *)(void *)(message + 12)) !=
			    options[o].domain)
				continue;
			fBufSetBuffer(buffer, message, (gsize)size);
			found |= find_option(buffer, session, options[o].values);
		}
		cr_assert(found, "options %u", o);
		fBufFree(buffer);
		fbInfoModelFree(model);
	}
}

/* Type information (RFC 5610), learned by a reader of CERT's that knows none of our elements. */
Test(ipfix_fixbuf, types_are_learned)
{
	static const guint fields[] = { NFP_F_flowId, NFP_F_sourceCity, NFP_F_tcpMss, NFP_F_tunnelSourceIPv6Address };
	g_autoptr(NfpTemplateSet) set = nfp_test_set(fields, G_N_ELEMENTS(fields));
	g_autoptr(NfpEncoder) encoder = encoder_new(set, "edge1");
	g_autofree char *path = NULL, *tool = g_find_program_in_path("ipfixDump"), *command = NULL, *text = NULL;
	g_autoptr(GByteArray) file = g_byte_array_new();
	const NfpPlace place = { .city = { "M\xc3\xbcnchen", 8 } };
	NfpRecord record = { .flow_id = 7, .src_place = &place, .tcp_mss = 1460, .tunnel_src6 = { 0x20, 1, [15] = 9 } };
	uint32_t used, unsendable = 0;
	uint8_t message[2000];
	int fd = g_file_open_tmp("nfp-types-XXXXXX.ipfix", &path, NULL), status;
	ssize_t size;

	cr_assert_geq(fd, 0);
	close(fd);
	if (tool == NULL) {
		g_unlink(path);
		cr_skip_test("ipfixDump is not installed");
	}
	while ((size = nfp_encoder_announce(encoder, 0, NOW, &stats, message, sizeof(message))) > 0)
		g_byte_array_append(file, message, (guint)size);
	size = nfp_encoder_records(encoder, 0, NOW, &record, 1, message, sizeof(message), &used, &unsendable);
	g_byte_array_append(file, message, (guint)size);
	cr_assert(g_file_set_contents(path, (char *)file->data, file->len, NULL));
	command = g_strdup_printf("ipfixDump -i %s --rfc5610 -d", path);
	cr_assert(g_spawn_command_line_sync(command, &text, NULL, &status, NULL));
	g_unlink(path);
	cr_assert_eq(status, 0);
	cr_assert_not_null(strstr(text, "sourceCity : (len: 8) M\xc3\xbcnchen"), "%s", text);
	cr_assert_not_null(strstr(text, "tcpMss : 1460"), "%s", text);
	cr_assert_not_null(strstr(text, "tunnelSourceIPv6Address : 2001::0009"), "%s", text);
}
