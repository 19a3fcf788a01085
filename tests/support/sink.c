/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/sink.h"

#include <arpa/inet.h>
#include <string.h>

#define FLOW_ID 148
#define HEADER 16

static void take_record(const NfpReaderTemplate *template, uint32_t domain, const uint8_t *record, void *data)
{
	NfpSink *sink = data;
	gsize at = 0;
	uint64_t id;
	guint times;

	if (template->scope)
		return;
	for (guint i = 0; i < template->n && template->fields[i].id != FLOW_ID; i++)
		at += template->fields[i].length;
	g_assert_cmpuint(at, <, template->length);
	memcpy(&id, record + at, sizeof(id));
	id = GUINT64_FROM_BE(id);
	times = GPOINTER_TO_UINT(g_hash_table_lookup(sink->flows, GSIZE_TO_POINTER(id)));
	g_hash_table_insert(sink->flows, GSIZE_TO_POINTER(id), GUINT_TO_POINTER(times + 1));
	sink->records++;
	sink->in_message++;
}

NfpSink *nfp_sink_new(void)
{
	NfpSink *sink = g_new0(NfpSink, 1);

	sink->flows = g_hash_table_new(NULL, NULL);
	sink->stream = g_byte_array_new();
	return sink;
}

void nfp_sink_free(NfpSink *sink)
{
	if (!sink)
		return;
	nfp_reader_free(sink->reader);
	g_hash_table_unref(sink->flows);
	g_byte_array_unref(sink->stream);
	g_free(sink);
}

void nfp_sink_new_session(NfpSink *sink)
{
	g_clear_pointer(&sink->reader, nfp_reader_free);
	sink->reader = nfp_reader_new(take_record, sink);
	g_byte_array_set_size(sink->stream, 0);
	sink->sessions++;
	sink->messages = sink->data_messages = sink->announcements = 0;
	sink->since_announced = sink->most_between = 0;
}

void nfp_sink_message(NfpSink *sink, const uint8_t *message, gsize size)
{
	const char *wrong;
	uint32_t time;

	sink->in_message = 0;
	wrong = nfp_reader_read(sink->reader, message, size);
	if (wrong)
		g_error("message %u of session %u: %s", sink->messages, sink->sessions, wrong);
	memcpy(&time, message + 4, sizeof(time));
	sink->last_time = ntohl(time);
	sink->longest = MAX(sink->longest, (uint32_t)size);
	sink->messages++;
	if (sink->in_message) {
		sink->data_messages++;
		sink->since_announced++;
	} else {
		sink->announcements++;
		sink->since_announced = 0;
	}
	sink->most_between = MAX(sink->most_between, sink->since_announced);
}

void nfp_sink_octets(NfpSink *sink, const uint8_t *octets, gsize size)
{
	g_byte_array_append(sink->stream, octets, (guint)size);
	while (sink->stream->len >= HEADER) {
		guint length = (guint)sink->stream->data[2] << 8 | sink->stream->data[3];

		g_assert_cmpuint(length, >=, HEADER);
		if (sink->stream->len < length)
			return;
		nfp_sink_message(sink, sink->stream->data, length);
		g_byte_array_remove_range(sink->stream, 0, length);
	}
}

guint nfp_sink_count(const NfpSink *sink, uint64_t first, guint n)
{
	guint found = 0;

	for (guint i = 0; i < n; i++)
		found += g_hash_table_contains(sink->flows, GSIZE_TO_POINTER(first + i));
	return found;
}

NfpBatch *nfp_sink_batch(uint32_t domain, uint64_t first, uint32_t n, NfpDelivery *delivery)
{
	NfpBatch *batch = nfp_batch_new(n, delivery);

	batch->domain = domain;
	batch->bucket_start_ns = 1700000000000000000ull;
	batch->bucket_end_ns = 1700000060000000000ull;
	for (uint32_t i = 0; i < n; i++) {
		batch->records[i] = (NfpRecord){
			.flow_id = first + i,
			.packets = 1,
			.octets = 100,
			.l2_octets = 114,
			.first_ns = 1700000000000000000ull,
			.last_ns = 1700000001000000000ull,
			.bucket_start_ns = 1700000000000000000ull,
			.bucket_end_ns = 1700000060000000000ull,
			.have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS |
				NFP_HAVE_TCP | NFP_HAVE_TIMES,
			.src4 = { 192, 0, 2, 1 },
			.dst4 = { 198, 51, 100, 1 },
			.protocol = 6,
			.ip_version = 4,
		};
	}
	batch->n = n;
	return batch;
}
