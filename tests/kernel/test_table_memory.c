/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More flows than the memory allowed has room for: the books close, what did not fit is coarser, the memory holds. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "harvest/sizes.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define START (1020 * NFP_NS_PER_S)
#define BUCKETS 5 /* that share the memory at an interval of a minute */

static const struct nfp_bucket bucket = { START, START + 60 * NFP_NS_PER_S };

/* Flows of TCP, each one packet, from that time on. */
static void feed(NfpProbe *probe, guint flows, uint64_t time)
{
	g_autoptr(NfpTestRun) run = nfp_testrun_new(probe, true, NULL);
	uint8_t frame[54] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10 };

	frame[14 + 16] = 192;
	frame[34 + 12] = 0x50;
	frame[34 + 13] = 0x10;
	for (guint i = 0; i < flows; i++) {
		memcpy(frame + 27, &i, 3);
		frame[34] = (uint8_t)(i >> 24);
		cr_assert_eq(nfp_testrun_feed(run, frame, sizeof(frame), sizeof(frame), time + i), 0);
	}
}

Test(table_memory, more_flows_than_there_is_room_for, .timeout = 1800)
{
	bool full = g_getenv("NFPROBE_FULL") != NULL;
	guint64 memory = full ? 512ull << 20 : 24ull << 20, before, octets;
	guint flows = full ? 10000000 : 100000;
	struct nfp_clock clock = { .length = bucket.end_ts - bucket.start_ts };
	g_autoptr(NfpProbe) probe = NULL;
	uint32_t room[NFP_P_N];
	uint64_t coarsened;
	NfpEntries entries;
	NfpSource *source;
	NfpSizes sizes;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfp_sizes_init(&sizes, 0, 0);
	for (int i = 0; i < 6; i++)
		nfp_sizes_learn(&sizes, NFP_P_tcp4, sizes.room[NFP_P_tcp4].size, sizes.room[NFP_P_tcp4].size);
	nfp_sizes_get(&sizes, memory, BUCKETS, room);
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	before = nfpt_octets_below(probe->buckets->directory); /* the spill bucket's */
	cr_assert_eq(source->create(source, bucket, room), 0);

	feed(probe, flows, START);
	cr_assert_eq(source->close(source, bucket), 0);
	cr_expect_eq(nfpt_seen_all(probe, bucket), flows);
	cr_expect_eq(nfpt_recorded(probe, bucket), flows);
	cr_assert_eq(source->read(source, bucket, NFP_P_tcp4, &entries), 0);
	cr_assert_eq(nfp_totals_counter(source, NFP_C_coarsened, &coarsened), 0);
	cr_expect_eq(entries.n + coarsened, flows, "a flow has its own entry or is in a coarser one");
	cr_expect_geq(entries.n, room[NFP_P_tcp4], "whatever fits has its own entry");
	octets = nfpt_octets_below(probe->buckets->directory) - before;
	cr_expect_gt(octets, room[NFP_P_tcp4] * 100ull);
	cr_expect_leq(octets, memory / 3, "three buckets of it fit: %" G_GUINT64_FORMAT, octets);
	cr_log_info("%u flows, %zu with their own entry, %" G_GUINT64_FORMAT " octets\n", flows, entries.n, octets);
}

/* ---- idle, burst, idle ------------------------------------------------------------------------------- */

#define IDLE 20 /* buckets: more than it takes to believe it */

typedef struct {
	NfpProbe *probe;
	NfpSizes sizes;
	guint n; /* of the open bucket */
} Rotation;

static struct nfp_bucket nth(guint i)
{
	return (struct nfp_bucket){ START + i * NFP_NS_PER_S, START + (i + 1) * NFP_NS_PER_S };
}

static void create_nth(Rotation *r, guint i)
{
	NfpSource *source = nfp_probe_source(r->probe);
	uint32_t room[NFP_P_N], slots[NFP_P_N];

	nfp_sizes_get(&r->sizes, 512ull << 20, BUCKETS, room);
	nfp_sizes_get_tables(&r->sizes, room, slots);
	source->expect(source, slots);
	cr_assert_eq(source->create(source, nth(i), room), 0);
}

/* As the harvester does it: the next bucket, the end of this one, what it teaches. */
static void turn(Rotation *r, guint flows)
{
	NfpSource *source = nfp_probe_source(r->probe);
	struct nfp_bucket id = nth(r->n);
	uint32_t room[NFP_P_N];

	create_nth(r, r->n + 1);
	feed(r->probe, flows, id.start_ts);
	cr_assert_eq(source->close(source, id), 0);
	cr_assert_eq(nfpt_recorded(r->probe, id), flows);
	nfp_sizes_get(&r->sizes, 512ull << 20, BUCKETS, room);
	for (int row = 0; row < NFP_P_N; row++)
		nfp_sizes_learn(&r->sizes, row, nfpt_entries(r->probe, id, row), room[row]);
	cr_assert_eq(source->remove(source, id), 0);
	r->n++;
}

/* Idle tables are a page. A burst then finds room at once, in the HASH, and a table for it two buckets later; when it
 * is over its memory goes back, also that which this process had mapped. */
Test(table_memory, comes_with_a_burst_and_goes_with_it, .timeout = 600)
{
	struct nfp_clock clock = { .length = NFP_NS_PER_S };
	g_autoptr(NfpProbe) probe = NULL;
	guint64 idle, burst, kept = 0;
	Rotation r = { 0 };
	GHashTableIter iter;
	uint64_t coarsened;
	void *mapped;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	r.probe = probe = nfpt_open("default", NULL, false);
	nfp_sizes_init(&r.sizes, 0, 0);
	cr_assert_eq(nfp_probe_source(probe)->set_clock(nfp_probe_source(probe), &clock, false), 0);
	create_nth(&r, 0);
	for (int i = 0; i < IDLE; i++)
		turn(&r, 3);
	idle = nfpt_octets_below(probe->buckets->directory);
	cr_expect_leq(idle, 12ull << 20, "idle: %" G_GUINT64_FORMAT, idle);
	for (int i = 0; i < 5; i++)
		turn(&r, 30000);
	burst = nfpt_octets_below(probe->buckets->directory);
	cr_assert_eq(nfp_totals_counter(nfp_probe_source(probe), NFP_C_coarsened, &coarsened), 0);
	cr_expect_eq(coarsened, 0, "a burst out of nothing keeps its details");
	cr_expect_geq(probe->buckets->slots[NFP_P_tcp4], 60000, "a table for it");
	cr_expect_gt(burst, idle + 2ull * 60000 * 128);
	for (int i = 0; i < IDLE; i++)
		turn(&r, 3);
	cr_expect_eq(nfpt_octets_below(probe->buckets->directory), idle);
	g_hash_table_iter_init(&iter, probe->buckets->kept);
	while (g_hash_table_iter_next(&iter, NULL, &mapped))
		kept += ((NfpMapped *)mapped)->size;
	cr_expect_leq(kept, NFP_RING * NFP_P_N * 8192ull);
	cr_log_info("pinned below buckets: idle %" G_GUINT64_FORMAT ", burst %" G_GUINT64_FORMAT " octets\n", idle, burst);
}
