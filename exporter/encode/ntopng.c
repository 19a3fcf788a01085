// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ntopng reads from nProbe, by ZeroMQ (ntopng src/ZMQCollectorInterface.cpp, October 2024). A message is an octet with
 * the length of part one (36), part one: the header, part two: the payload.
 *
 *   0 topic, 16 octets with NULs · 16 version 4 · 17 flags (2: TLV) · 18 two of padding · 20 size of the payload,
 *   little-endian · 24 the same again (not compressed) · 28 number of the message · 32 source id, both big-endian
 *
 * Numbers rise by one for each source, whatever the topic; ntopng counts gaps as drops. Each observation domain is a source.
 * The source id has to be another one for every probe that feeds an ntopng, so it is made of host name and domain.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "encode/ndpi_tlv.h"
#include "encode/ntopng_flow.h"
#include "encode/ntopng_topics.h"
#include "encode/protocol.h"

#define HEADER 36
#define FRONT (1 + HEADER)
#define VERSION 4
#define FLAG_TLV 2
#define BEAT 5             /* s; a probe that is silent for 10 s is taken for gone */
#define DESCRIBE_EVERY 12  /* beats: templates, options, names again, for an ntopng that came later */
#define LIFETIME_UNKNOWN 60

enum { ITEM_EVENT, ITEM_TEMPLATE, ITEM_PORTS, ITEM_OPTIONS }; /* options: to the last */

/* One observation domain. */
typedef struct {
	uint32_t source_id;
	uint32_t next_id;  /* number of the next message */
	guint item;        /* to announce next; ITEM_NONE = all is told */
	guint beat;        /* rounds announced in this session */
	uint64_t packets, octets, flows; /* exported, scaled, all sessions */
	uint64_t told_packets, told_octets; /* when the last event was made */
	uint32_t told_at;
	uint32_t lifetime; /* s */
} Source;
#define ITEM_NONE G_MAXUINT

typedef struct {
	NfpEncoder base; /* first */
	char *hostname, *address;
	uint32_t domain;
	NfpNtopngFlow flow;
	NfpNtopngPorts ports; /* of domain 0: numbers of interfaces repeat in others */
	GPtrArray *sources;   /* Source *, by domain; NULL = not used yet */
	GString *text;
} Ntopng;

static void put_little32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof(value));
}

/* Fills in the front of a message whose payload is there; returns the message's length. */
static ssize_t finish(Source *source, const char *topic, uint8_t flags, uint8_t *out, size_t payload)
{
	memset(out, 0, FRONT);
	out[0] = HEADER;
	memcpy(out + 1, topic, strlen(topic));
	out[1 + 16] = VERSION;
	out[1 + 17] = flags;
	put_little32(out + 1 + 20, (uint32_t)payload);
	put_little32(out + 1 + 24, (uint32_t)payload);
	nfp_put32(out + 1 + 28, source->next_id++);
	nfp_put32(out + 1 + 32, source->source_id);
	return (ssize_t)(FRONT + payload);
}

/* FNV-1a. */
static uint32_t make_source_id(const char *hostname, uint32_t domain)
{
	uint32_t hash = 2166136261u;

	for (const char *c = hostname; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	for (guint i = 0; i < 4; i++)
		hash = (hash ^ (uint8_t)(domain >> 8 * i)) * 16777619u;
	return hash ? hash : 1;
}

static Source *get_source(Ntopng *ntopng, uint32_t index)
{
	Source **source;

	if (index >= ntopng->sources->len)
		g_ptr_array_set_size(ntopng->sources, (gint)index + 1);
	source = (Source **)&g_ptr_array_index(ntopng->sources, index);
	if (!*source) {
		*source = g_new0(Source, 1);
		(*source)->source_id = make_source_id(ntopng->hostname, ntopng->domain + index);
		(*source)->item = ITEM_NONE;
	}
	return *source;
}

static void start_session(NfpEncoder *encoder)
{
	Ntopng *ntopng = (Ntopng *)encoder;

	for (guint i = 0; i < ntopng->sources->len; i++) {
		Source *source = g_ptr_array_index(ntopng->sources, i);

		if (!source)
			continue;
		source->next_id = 0;
		source->beat = 0;
		source->item = ITEM_NONE;
	}
}

static void refresh(NfpEncoder *encoder, uint32_t index)
{
	get_source((Ntopng *)encoder, index)->item = ITEM_EVENT;
}

/* ---- announcing ----------------------------------------------------------------------------- */

static void print_event(const Ntopng *ntopng, Source *source, uint32_t now, const NfpEncoderStats *stats)
{
	uint32_t seconds = source->told_at && now > source->told_at ? now - source->told_at : 0;
	NfpNtopngEvent event = {
		.hostname = ntopng->hostname,
		.address = ntopng->address,
		.source_id = source->source_id,
		.speed = ntopng->ports.speed,
		.lifetime = source->lifetime ? source->lifetime : LIFETIME_UNKNOWN,
		.packets = source->packets,
		.octets = source->octets,
		.flows = source->flows,
		.lost_packets = stats->lost_packets,
		.refused_records = stats->not_sent_records,
	};

	if (seconds) {
		event.bps = (source->octets - source->told_octets) * 8 / seconds;
		event.pps = (source->packets - source->told_packets) / seconds;
	}
	nfp_ntopng_event_print(&event, now, ntopng->text);
	source->told_at = now;
	source->told_octets = source->octets;
	source->told_packets = source->packets;
}

/* The next thing to tell, as text. NULL: nothing is left. */
static const char *next_item(Ntopng *ntopng, uint32_t index, uint32_t now, const NfpEncoderStats *stats, size_t room)
{
	Source *source = g_ptr_array_index(ntopng->sources, index);
	gboolean describe = index == 0 && source->beat % DESCRIBE_EVERY == 0;

	g_string_truncate(ntopng->text, 0);
	while (source->item != ITEM_NONE) {
		guint item = source->item++;

		if (item == ITEM_EVENT) {
			print_event(ntopng, source, now, stats);
			return "event";
		}
		if (item == ITEM_TEMPLATE && describe) {
			nfp_ntopng_template_print(ntopng->text);
			return "template";
		}
		if (item == ITEM_PORTS && (describe || (index == 0 && ntopng->ports.changed))) {
			nfp_ntopng_ports_print(&ntopng->ports, ntopng->address, room, ntopng->text);
			if (ntopng->text->len > 0)
				return "snmp-ifaces";
		}
		if (item >= ITEM_OPTIONS && describe && nfp_ntopng_option_print(item - ITEM_OPTIONS, ntopng->text))
			return "option";
		if (item >= ITEM_OPTIONS)
			source->item = ITEM_NONE;
	}
	source->beat++;
	return NULL;
}

static ssize_t announce(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpEncoderStats *stats,
			uint8_t *out, size_t size)
{
	Ntopng *ntopng = (Ntopng *)encoder;
	Source *source = get_source(ntopng, index);
	const char *topic;

	if (source->item == ITEM_NONE)
		return 0;
	if (size < FRONT)
		return -EMSGSIZE;
	topic = next_item(ntopng, index, now, stats, size - FRONT);
	if (!topic)
		return 0;
	if (ntopng->text->len > size - FRONT) {
		source->item--;
		return -EMSGSIZE;
	}
	memcpy(out + FRONT, ntopng->text->str, ntopng->text->len);
	return finish(source, topic, 0, out, ntopng->text->len);
}

/* ---- records -------------------------------------------------------------------------------- */

static void count(Source *source, const NfpRecord *record, uint64_t parts)
{
	uint64_t rate = nfp_record_rate(record);

	source->flows += parts;
	source->packets += nfp_record_packets(record) * rate;
	source->octets += (record->octets + (record->have & NFP_HAVE_REVERSE ? record->rev_octets : 0)) * rate;
	source->lifetime = (uint32_t)((record->bucket_end_ns - record->bucket_start_ns) / 1000000000);
}

static void learn_ports(Ntopng *ntopng, const NfpRecord *record)
{
	nfp_ntopng_ports_learn(&ntopng->ports, record->ingress_if, record->ingress);
	nfp_ntopng_ports_learn(&ntopng->ports, record->egress_if, record->egress);
}

/* Where they end, or NULL: no room for all of them. */
static uint8_t *put_parts(const Ntopng *ntopng, const NfpRecord *record, uint32_t parts, uint8_t *at,
			  const uint8_t *end)
{
	for (uint32_t i = 0; i < parts; i++) {
		if (end - at < NFP_NTOPNG_FLOW_MAX)
			return NULL;
		at = nfp_ntopng_flow_put(&ntopng->flow, record, i, parts, at);
	}
	return at;
}

static ssize_t records(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpRecord *from, uint32_t n,
		       uint8_t *out, size_t size, uint32_t *ret_used, uint32_t *ret_unsendable)
{
	Ntopng *ntopng = (Ntopng *)encoder;
	Source *source = get_source(ntopng, index);
	uint8_t *at = out + FRONT + NFP_TLV_HEAD;
	uint64_t flows = 0;
	uint32_t used = 0;

	if (size < FRONT + NFP_TLV_HEAD)
		return -EMSGSIZE;
	nfp_tlv_head(out + FRONT);
	for (; used < n; used++) {
		const NfpRecord *record = &from[used];
		uint64_t parts = nfp_ntopng_flow_parts(record);
		uint8_t *behind = parts <= NFP_NTOPNG_PARTS_MAX - flows
					  ? put_parts(ntopng, record, (uint32_t)parts, at, out + size)
					  : NULL;

		if (!behind)
			break;
		at = behind;
		flows += parts;
		count(source, record, parts);
		if (index == 0 && (record->have & NFP_HAVE_INTERFACES))
			learn_ports(ntopng, record);
	}
	if (used == 0)
		return -EMSGSIZE;
	*ret_used = used;
	return finish(source, "flow", FLAG_TLV, out, (size_t)(at - out) - FRONT);
}

/* ---- making one ----------------------------------------------------------------------------- */

static void destroy(NfpEncoder *encoder)
{
	Ntopng *ntopng = (Ntopng *)encoder;

	g_ptr_array_unref(ntopng->sources);
	g_string_free(ntopng->text, TRUE);
	g_free(ntopng->hostname);
	g_free(ntopng->address);
	g_free(ntopng);
}

static NfpEncoder *create(const NfpEncoderOptions *options, GError **err)
{
	const char *address = options->address ? options->address : "127.0.0.1";
	uint8_t octets[16];
	Ntopng *ntopng;

	if (inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, octets) != 1) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%s\" is no address of an exporter", address);
		return NULL;
	}
	ntopng = g_new0(Ntopng, 1);
	ntopng->hostname = g_strdup(options->hostname ? options->hostname : "");
	ntopng->address = g_strdup(address);
	ntopng->domain = options->domain;
	ntopng->sources = g_ptr_array_new_with_free_func(g_free);
	ntopng->text = g_string_sized_new(4096);
	nfp_ntopng_flow_init(&ntopng->flow, address);
	return &ntopng->base;
}

const NfpEncoderProtocol nfp_encode_ntopng = {
	.beat = BEAT,
	.create = create,
	.destroy = destroy,
	.start_session = start_session,
	.refresh = refresh,
	.announce = announce,
	.records = records,
};
