// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encode_reader.h"

#include <string.h>

#define VARIABLE 65535

typedef struct {
	uint32_t sequence;
	GHashTable *templates; /* id -> NfpReaderTemplate */
} Domain;

struct NfpReader {
	NfpReaderRecord record;
	void *data;
	GHashTable *domains; /* id -> Domain */
	guint template_records;
	gboolean netflow9; /* the message in hand */
	char *error;
};

static void domain_free(void *data)
{
	Domain *domain = data;

	g_hash_table_unref(domain->templates);
	g_free(domain);
}

NfpReader *nfp_reader_new(NfpReaderRecord record, void *data)
{
	NfpReader *reader = g_new0(NfpReader, 1);

	reader->record = record;
	reader->data = data;
	reader->domains = g_hash_table_new_full(NULL, NULL, NULL, domain_free);
	return reader;
}

void nfp_reader_free(NfpReader *reader)
{
	if (reader == NULL)
		return;
	g_hash_table_unref(reader->domains);
	g_free(reader->error);
	g_free(reader);
}

static Domain *get_domain(NfpReader *reader, uint32_t id)
{
	Domain *domain = g_hash_table_lookup(reader->domains, GUINT_TO_POINTER(id));

	if (domain == NULL) {
		domain = g_new0(Domain, 1);
		domain->templates = g_hash_table_new_full(NULL, NULL, NULL, g_free);
		g_hash_table_insert(reader->domains, GUINT_TO_POINTER(id), domain);
	}
	return domain;
}

void nfp_reader_expect(NfpReader *reader, uint32_t domain, uint32_t sequence)
{
	get_domain(reader, domain)->sequence = sequence;
}

void nfp_reader_forget(NfpReader *reader)
{
	GHashTableIter iter;
	void *domain;

	g_hash_table_iter_init(&iter, reader->domains);
	while (g_hash_table_iter_next(&iter, NULL, &domain))
		g_hash_table_remove_all(((Domain *)domain)->templates);
}

guint nfp_reader_templates(NfpReader *reader, uint32_t domain)
{
	return g_hash_table_size(get_domain(reader, domain)->templates);
}

guint nfp_reader_template_records(NfpReader *reader)
{
	return reader->template_records;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

const uint8_t *nfp_reader_value(const NfpReaderField *field, const uint8_t **at, const uint8_t *end,
				guint *ret_length)
{
	const uint8_t *value = *at;
	guint length = field->length;

	if (length == VARIABLE) {
		if (end - value < 1 || (*value == 255 && end - value < 3))
			return NULL;
		length = *value == 255 ? get16(value + 1) : *value;
		/* RFC 7011 7 lets a short value have the long form; who sends it wastes room. */
		if (*value == 255 && length < 255)
			return NULL;
		value += *value == 255 ? 3 : 1;
	}
	if ((guint)(end - value) < length)
		return NULL;
	*at = value + length;
	*ret_length = length;
	return value;
}

static G_GNUC_PRINTF(2, 3) gboolean wrong(NfpReader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_free(reader->error);
	reader->error = g_strdup_vprintf(format, args);
	va_end(args);
	return FALSE;
}

/* One field of a template; moves *at behind it. */
static gboolean read_field(NfpReader *reader, NfpReaderTemplate *template, guint i, const uint8_t **at,
			   const uint8_t *end)
{
	NfpReaderField *field = &template->fields[i];

	if (end - *at < 4)
		return wrong(reader, "template %u cut off", template->id);
	field->id = template->netflow9 ? get16(*at) : get16(*at) & 0x7fff;
	field->length = get16(*at + 2);
	if (field->id == 0 || field->length == 0 || (template->netflow9 && field->length == VARIABLE))
		return wrong(reader, "template %u field %u: id %u length %u", template->id, i, field->id,
			     field->length);
	template->varies |= field->length == VARIABLE;
	template->length += field->length == VARIABLE ? 1 : field->length;
	if (!template->netflow9 && (get16(*at) & 0x8000)) {
		if (end - *at < 8 || get32(*at + 4) == 0)
			return wrong(reader, "template %u field %u: enterprise", template->id, i);
		field->pen = get32(*at + 4);
		*at += 4;
	}
	*at += 4;
	return TRUE;
}

/* Counts of fields and scopes: RFC 7011 3.4.2.2; RFC 3954 6.1 has octets of definitions, scopes first. */
static gboolean read_counts(NfpReader *reader, gboolean options, const uint8_t *at, guint *ret_n, guint *ret_scope)
{
	*ret_n = get16(at + 2);
	*ret_scope = options ? get16(at + 4) : 0;
	if (!reader->netflow9 || !options)
		return TRUE;
	if (*ret_n % 4 != 0 || *ret_scope % 4 != 0)
		return wrong(reader, "options template of %u and %u octets", *ret_n, *ret_scope);

	guint scopes = *ret_n / 4;

	*ret_n = scopes + *ret_scope / 4;
	*ret_scope = scopes;
	return TRUE;
}

/* One (options) template record; moves *at behind it. */
static gboolean read_template(NfpReader *reader, Domain *domain, gboolean options,
			      const uint8_t **at, const uint8_t *end)
{
	gsize header = options ? 6 : 4;
	guint n, scope;

	if ((gsize)(end - *at) < header)
		return wrong(reader, "template record cut off, or padding in a template Set");
	if (!read_counts(reader, options, *at, &n, &scope))
		return FALSE;

	g_autofree NfpReaderTemplate *template =
		g_malloc0(sizeof(*template) + n * sizeof(template->fields[0]));

	template->id = get16(*at);
	template->n = n;
	template->scope = scope;
	template->netflow9 = reader->netflow9;
	if (template->id < 256)
		return wrong(reader, "template id %u", template->id);
	if (n == 0)
		return wrong(reader, "template withdrawal");
	if (options && (template->scope == 0 || template->scope > n))
		return wrong(reader, "scope count %u of %u", template->scope, n);
	*at += header;
	for (guint i = 0; i < n; i++)
		if (!read_field(reader, template, i, at, end))
			return FALSE;
	reader->template_records++;

	const NfpReaderTemplate *known =
		g_hash_table_lookup(domain->templates, GUINT_TO_POINTER(template->id));

	if (known != NULL &&
	    memcmp(known, template, sizeof(*template) + n * sizeof(template->fields[0])) != 0)
		return wrong(reader, "template %u changed", template->id);
	if (known == NULL) {
		void *id = GUINT_TO_POINTER(template->id);

		g_hash_table_insert(domain->templates, id, g_steal_pointer(&template));
	}
	return TRUE;
}

/* The octets that fill a Set up: zeros, fewer than four, only in NetFlow v9. */
static gboolean is_padding(const NfpReader *reader, const uint8_t *at, const uint8_t *end)
{
	static const uint8_t zeros[4];

	return reader->netflow9 && end - at < 4 && memcmp(at, zeros, (gsize)(end - at)) == 0;
}

static gboolean read_templates(NfpReader *reader, Domain *domain, gboolean options, const uint8_t *at,
			       const uint8_t *end, uint32_t *records)
{
	for (guint n = 0; at < end; n++) {
		if (n > 0 && is_padding(reader, at, end))
			break;
		if (options && n == 1)
			return wrong(reader, "two options templates in a Set");
		if (!read_template(reader, domain, options, &at, end))
			return FALSE;
		if (reader->netflow9)
			(*records)++;
	}
	return TRUE;
}

static gboolean read_set(NfpReader *reader, Domain *domain, uint32_t domain_id, const uint8_t *set,
			 guint length, uint32_t *records)
{
	uint16_t id = get16(set);
	const uint8_t *at = set + 4, *end = set + length;
	uint16_t templates = reader->netflow9 ? 0 : 2;

	if (length == 4)
		return wrong(reader, "empty Set %u", id);
	if (reader->netflow9 && length % 4 != 0)
		return wrong(reader, "FlowSet of %u octets", length);
	if (id == templates || id == templates + 1)
		return read_templates(reader, domain, id != templates, at, end, records);
	if (id < 256)
		return wrong(reader, "Set id %u", id);

	const NfpReaderTemplate *template =
		g_hash_table_lookup(domain->templates, GUINT_TO_POINTER(id));

	if (template == NULL)
		return wrong(reader, "Set %u before its template", id);
	for (; at < end; (*records)++) {
		const uint8_t *next = at;
		guint unused;

		if ((guint)(end - at) < template->length && is_padding(reader, at, end))
			break;
		for (guint i = 0; i < template->n; i++)
			if (nfp_reader_value(&template->fields[i], &next, end, &unused) == NULL)
				return wrong(reader, "Set %u: %u octets are no whole records", id, length - 4);
		if (reader->record != NULL)
			reader->record(template, domain_id, at, reader->data);
		at = next;
	}
	return TRUE;
}

static void read_sets(NfpReader *reader, Domain *domain, uint32_t id, const uint8_t *message, gsize size,
		      gsize header, uint32_t *records)
{
	for (gsize at = header; at < size && reader->error == NULL;) {
		guint length = size - at >= 4 ? get16(message + at + 2) : 0;

		if (length < 4 || length > size - at)
			wrong(reader, "Set of %u octets with %zu left", length, size - at);
		else
			read_set(reader, domain, id, message + at, length, records);
		at += length;
	}
}

/* RFC 3954 5.1: the count is of records of all kinds, the sequence of messages. */
static const char *read_netflow9(NfpReader *reader, const uint8_t *message, gsize size)
{
	uint32_t records = 0, id = get32(message + 16);
	Domain *domain = get_domain(reader, id);

	reader->netflow9 = TRUE;
	if (get32(message + 12) != domain->sequence)
		wrong(reader, "source %u: sequence %u instead of %u", id, get32(message + 12), domain->sequence);
	read_sets(reader, domain, id, message, size, 20, &records);
	if (reader->error == NULL && get16(message + 2) != records)
		wrong(reader, "count %u, but %u records", get16(message + 2), records);
	domain->sequence++;
	return reader->error;
}

const char *nfp_reader_read(NfpReader *reader, const uint8_t *message, gsize size)
{
	uint32_t records = 0;

	g_clear_pointer(&reader->error, g_free);
	if (size < 24 && (size < 20 || get16(message) != 10)) {
		wrong(reader, "message of %zu octets", size);
		return reader->error;
	}
	if (get16(message) == 9)
		return read_netflow9(reader, message, size);

	uint32_t id = get32(message + 12);
	Domain *domain = get_domain(reader, id);

	if (get16(message) != 10)
		wrong(reader, "version %u", get16(message));
	else if (get16(message + 2) != size)
		wrong(reader, "length %u, but %zu octets", get16(message + 2), size);
	else if (get32(message + 8) != domain->sequence)
		wrong(reader, "domain %u: sequence %u instead of %u", id, get32(message + 8),
		      domain->sequence);
	read_sets(reader, domain, id, message, size, 16, &records);
	domain->sequence += records;
	return reader->error;
}
