// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON lines: one object a record, as record/format.h writes it, and a newline. A message is a run of whole lines, so a
 * reader that sees whole messages sees whole lines. There is nothing to announce: each line explains itself.
 */
#include <errno.h>
#include <string.h>

#include "encode/protocol.h"
#include "record/format.h"

#define MESSAGE 65535 /* a line with every fact, and each of its texts as long as it may be, has to fit */

typedef struct {
	NfpEncoder base; /* first */
	char *hostname;
	GString *line;
	gboolean scaled;
} Json;

static void put_line(Json *json, const NfpRecord *record)
{
	NfpRecord whole;

	g_string_truncate(json->line, 0);
	if (!json->scaled || !(record->have & NFP_HAVE_SAMPLED)) {
		nfp_format_json(json->line, json->hostname, record);
		return;
	}
	whole = *record;
	nfp_record_scale(&whole);
	nfp_format_json(json->line, json->hostname, &whole);
}

static void start_session(NfpEncoder *encoder)
{
}

static void refresh(NfpEncoder *encoder, uint32_t domain)
{
}

static ssize_t announce(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			const NfpEncoderStats *stats, uint8_t *out, size_t size)
{
	return 0;
}

static ssize_t records(NfpEncoder *encoder, uint32_t domain, uint32_t now, const NfpRecord *from,
		       uint32_t n, uint8_t *out, size_t size, uint32_t *ret_used,
		       uint32_t *ret_unsendable)
{
	Json *json = (Json *)encoder;
	size_t length = 0;
	uint32_t used = 0;

	for (; used < n; used++) {
		put_line(json, &from[used]);
		if (json->line->len > size - length)
			break;
		memcpy(out + length, json->line->str, json->line->len);
		length += json->line->len;
	}
	if (used == 0)
		return -EMSGSIZE;
	*ret_used = used;
	return (ssize_t)length;
}

static void destroy(NfpEncoder *encoder)
{
	Json *json = (Json *)encoder;

	g_free(json->hostname);
	g_string_free(json->line, TRUE);
	g_free(json);
}

static NfpEncoder *create(const NfpEncoderOptions *options, GError **err)
{
	Json *json = g_new0(Json, 1);

	json->hostname = g_strdup(options->hostname ? options->hostname : "");
	json->line = g_string_sized_new(4096);
	json->scaled = options->scaled;
	return &json->base;
}

const NfpEncoderProtocol nfp_encode_json = {
	.message = MESSAGE,
	.create = create,
	.destroy = destroy,
	.start_session = start_session,
	.refresh = refresh,
	.announce = announce,
	.records = records,
};
