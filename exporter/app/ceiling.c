/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/ceiling.h"

#include "app/parts.h"
#include "app/printer.h"
#include "harvest/harvester.h"
#include "harvest/sizes.h"

#define MIB (1ull << 20)
#define BATCH ((uint64_t)NFP_BATCH_RECORDS * sizeof(NfpRecord))
#define BUCKETS_MAX 256u /* of a protocol (ebpf/maps.bpf.h): what comes beyond is spilled */
#define REST (64 * MIB)  /* e2e/ceiling.sh measures it */

/* A power of two, as rings are. */
static uint64_t rounded(uint64_t n)
{
	uint64_t size = 1;

	while (size < n)
		size *= 2;
	return size;
}

static uint64_t queue_of(const NfpCollectorOptions *o)
{
	/* In the ring, and as many behind it, whose messages wait for their acknowledgement (collector/outbox.h). */
	return rounded(o->queue) + o->queue;
}

/* Each bucket that waits for a collector is at least one batch of its queue. */
static uint64_t buckets_of(const NfpConf *conf)
{
	uint64_t wanted = NFP_PARTS_AHEAD / MAX(conf->interval, 1) + 2, waiting = 0;

	for (guint i = 0; i < conf->collectors->len; i++)
		waiting = MAX(waiting, queue_of(&g_array_index(conf->collectors, NfpCollectorOptions, i)));
	return MIN(wanted + NFP_SIZES_BESIDE + waiting, BUCKETS_MAX);
}

static uint64_t maps_of(const NfpConf *conf)
{
	uint64_t buckets = buckets_of(conf);
	uint32_t room[NFP_P_N];

	if (!conf->maps_flows)
		return MAX(conf->maps_memory, buckets * NFP_SIZES_LEAST_OCTETS);
	for (int row = 0; row < NFP_P_N; row++)
		room[row] = conf->maps_flows;
	return buckets * nfp_sizes_octets(room);
}

/* The largest, in the maps. */
static uint64_t bucket_of(const NfpConf *conf)
{
	uint64_t sharers = NFP_PARTS_AHEAD / MAX(conf->interval, 1) + 1 + NFP_SIZES_BESIDE;

	return conf->maps_flows ? maps_of(conf) / buckets_of(conf) : conf->maps_memory / sharers;
}

/* One map at a time: what its HASH held, in a buffer that doubles as it grows, and entries of several CPUs once more, until
 * they are one (harvest/aside.c). An entry of 208 octets there takes up to 700 here, if its table was full as well. */
static uint64_t reading_of(const NfpConf *conf)
{
	return bucket_of(conf) * 7 / 2;
}

/* A bucket that is first passes whole: at most as many entries as its HASHes have room for, and as many in the tables
 * before them. */
static uint64_t printer_of(const NfpConf *conf)
{
	uint32_t one[NFP_P_N] = { 0 };
	uint64_t entry = UINT64_MAX;

	for (int row = 0; row < NFP_P_N; row++) {
		one[row] = 1;
		entry = MIN(entry, nfp_sizes_octets(one));
		one[row] = 0;
	}
	return MAX(bucket_of(conf) / entry * 2, NFP_PRINTER_RECORDS) * sizeof(NfpRecord);
}

NfpCeiling nfp_ceiling(const NfpConf *conf)
{
	NfpCeiling c = { .maps = maps_of(conf), .reading = reading_of(conf), .records = NFP_HARVEST_POOL * BATCH, .rest = REST };

	for (guint i = 0; i < conf->collectors->len; i++) {
		const NfpCollectorOptions *o = &g_array_index(conf->collectors, NfpCollectorOptions, i);

		c.queues += queue_of(o) * BATCH;
		if (!o->spool_path)
			c.resend += o->resend;
		if (o->biflow)
			c.biflow = conf->biflow_memory;
	}
	if (!conf->collectors->len)
		c.printer = printer_of(conf);
	return c;
}

uint64_t nfp_ceiling_sum(const NfpCeiling *c)
{
	return c->maps + c->reading + c->records + c->queues + c->resend + c->biflow + c->printer + c->rest;
}

static void add(GString *out, const char *name, uint64_t octets)
{
	if (octets)
		g_string_append_printf(out, ", %s %" G_GUINT64_FORMAT, name, (guint64)(octets / MIB));
}

char *nfp_ceiling_text(const NfpCeiling *c)
{
	GString *out = g_string_new(NULL);

	g_string_printf(out, "at most %" G_GUINT64_FORMAT " MiB: maps %" G_GUINT64_FORMAT, (guint64)(nfp_ceiling_sum(c) / MIB),
			(guint64)(c->maps / MIB));
	add(out, "reading them", c->reading);
	add(out, "records on their way", c->records);
	add(out, "queues of collectors", c->queues);
	add(out, "resend", c->resend);
	add(out, "biflows", c->biflow);
	add(out, "standard output", c->printer);
	add(out, "the rest", c->rest);
	return g_string_free(out, FALSE);
}
