/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way in one process, on a clock, a source and a transport of the test's: packets, buckets,
 * harvester, collector, IPFIX messages, and a reader that is not ours to please.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "collector/sender.h"
#include "harvest/account.h"
#include "harvest/harvester.h"
#include "support/encode_reader.h"
#include "support/fake_clock.h"
#include "support/fake_source.h"
#include "support/fake_transport.h"

#define S ((int64_t)NFP_NS_PER_S)
#define DELTA_COUNT 2
#define FLOW_ID 148

typedef struct {
	NfpFakeClock clock;
	NfpFakeSource *fake;
	NfpCollectorOptions options;
	NfpTemplateSet *set;
	NfpReader *reader;
	uint32_t session;
	GHashTable *packets; /* flowId -> packetDeltaCount */
	guint records;
	const char *error;
	NfpCollector *collector;
	NfpHarvester *harvester;
} World;

static uint64_t number(const NfpReaderTemplate *template, const uint8_t *record, uint16_t id)
{
	uint64_t value = 0;

	for (guint i = 0; i < template->n; i++) {
		if (template->fields[i].id == id && !template->fields[i].pen) {
			for (guint j = 0; j < template->fields[i].length; j++)
				value = value << 8 | record[j];
			return value;
		}
		record += template->fields[i].length;
	}
	return 0;
}

static void received(const NfpReaderTemplate *template, uint32_t domain, const uint8_t *record, void *data)
{
	World *w = data;
	uint64_t id;

	if (template->scope)
		return;
	id = number(template, record, FLOW_ID);
	g_hash_table_insert(w->packets, g_memdup2(&id, sizeof(id)),
			    GSIZE_TO_POINTER(number(template, record, DELTA_COUNT)));
	w->records++;
}

static void take(uint32_t session, const uint8_t *message, uint32_t length, void *data)
{
	World *w = data;
	const char *error;

	if (w->session != session || !w->reader) {
		nfp_reader_free(w->reader);
		w->reader = nfp_reader_new(received, w);
		w->session = session;
	}
	error = nfp_reader_read(w->reader, message, length);
	if (error && !w->error)
		w->error = g_strdup(error);
}

static void publish(NfpBatch *batch, void *data)
{
	nfp_collector_publish(((World *)data)->collector, batch);
}

static void start(World *w)
{
	const NfpHarvestOptions options = {
		.interval = 10 * S, .ahead = 30 * S, .grace = S / 5, .merge_cpus = TRUE, .memory = 64 << 20,
		.hostname = "edge1",
	};
	NfpEncoder *encoder = nfp_encoder_new(&(NfpEncoderOptions){
		.protocol = "ipfix", .templates = w->set, .domain = 1, .sampling = 1, .hostname = "edge1",
	}, NULL);

	g_clear_pointer(&w->reader, nfp_reader_free);
	w->collector = nfp_collector_new_with(&w->options, w->set, &nfp_clock_system, encoder,
					      &nfp_fake_transport_new(FALSE, take, w)->base, FALSE, NULL);
	cr_assert_not_null(w->collector);
	w->harvester = nfp_harvester_new(&options, &w->clock.clock, publish, NULL, w);
	cr_assert(nfp_harvester_add_source(w->harvester, &w->fake->source, NULL));
}

static void world_init(World *w)
{
	*w = (World){
		.options = { .name = (char *)"test", .refresh_interval = 60 * NFP_NS_PER_S,
			     .refresh_messages = 20, .mtu = 1420, .retry = 60 * NFP_NS_PER_S, .queue = 64 },
		.set = nfp_template_set_load(NULL, "standard", NULL),
		.fake = nfp_fake_source_new(),
		.packets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
	};
	nfp_fake_clock_init(&w->clock, 1000 * S, 1795390440ll * S - 1000 * S);
	start(w);
}

static void world_clear(World *w)
{
	nfp_harvester_free(w->harvester);
	nfp_collector_free(w->collector);
	nfp_reader_free(w->reader);
	nfp_template_set_free(w->set);
	g_hash_table_unref(w->packets);
	nfp_fake_source_free(w->fake);
}

/* A few thousand flows of every row on two CPUs. */
static void traffic(World *w)
{
	for (uint32_t flow = 1; flow <= 300; flow++) {
		for (int row = 0; row <= NFP_P_N; row++)
			nfp_fake_source_packet(w->fake, w->clock.boot, &(NfpFakePacket){
				.row = row, .ifindex = 2 + flow % 3, .cpu = flow & 1, .flow = flow / 2,
				.packets = flow, .flags = flow & 4 ? NFP_KEY_EGRESS : 0 });
	}
}

static uint64_t sum(World *w)
{
	uint64_t packets = 0;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, w->packets);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		packets += GPOINTER_TO_SIZE(value);
	return packets;
}

static void stop(World *w)
{
	gint64 deadline = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	nfp_harvester_stop(w->harvester, TRUE, deadline);
	nfp_collector_stop(w->collector, deadline);
}

static void check(World *w)
{
	struct nfp_books_value books;

	cr_expect_null(w->error, "%s", w->error ? w->error : "");
	cr_expect_eq(sum(w), w->fake->injected);
	nfp_fake_source_books(w->fake, &books);
	cr_expect_eq(books.recorded, w->fake->injected);
	cr_expect_eq(nfp_books_difference(&books), 0);
	cr_expect_eq(nfp_fake_source_buckets(w->fake, NFP_BUCKET_CLOSED), 0);
}

Test(pipeline, every_packet_arrives_once)
{
	World w;

	world_init(&w);
	for (int i = 0; i < 6; i++) {
		traffic(&w);
		w.clock.boot += 6 * S;
		nfp_harvester_step(w.harvester);
	}
	stop(&w);
	check(&w);
	cr_expect_eq(w.records, g_hash_table_size(w.packets), "nothing came twice");
	world_clear(&w);
}

Test(pipeline, a_killed_process_is_continued)
{
	guint in_the_step = 0;
	World w;

	world_init(&w);
	for (int i = 0; i < 8; i++) {
		traffic(&w);
		w.clock.boot += 6 * S;
		/* Some time in the drain, or behind it. */
		w.fake->die_at = i % 2 ? w.fake->steps + 5 + 3 * i : 0;
		nfp_harvester_step(w.harvester);
		if (i % 2 == 0)
			continue;
		in_the_step += w.fake->steps >= w.fake->die_at;
		nfp_collector_stop(w.collector, 0);
		nfp_harvester_free(w.harvester);
		nfp_collector_free(w.collector);
		w.fake->die_at = 0;
		start(&w);
	}
	cr_expect_geq(in_the_step, 2);
	stop(&w);
	check(&w);
	world_clear(&w);
}

Test(pipeline, an_entry_that_is_left_out_is_missed)
{
	struct nfp_books_value books;
	World w;

	world_init(&w);
	traffic(&w);
	w.fake->omit = 1;
	stop(&w);
	cr_expect_lt(sum(&w), w.fake->injected);
	nfp_fake_source_books(w.fake, &books);
	cr_expect_neq(nfp_books_difference(&books), 0);
	world_clear(&w);
}
