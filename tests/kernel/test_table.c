/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow tables against the HASH alone: same packets, same entries, whatever the two CPUs do at the same time. */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define START (1020 * NFP_NS_PER_S) /* a label of both lengths */
#define LENGTH (60 * NFP_NS_PER_S)
#define FRAMES 20000
#define FRAME_MAX 128

static const struct nfp_bucket bucket = { START, START + LENGTH };

static NfpProbe *open_probe(const char *instance, bool no_table)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = instance, .no_table = no_table };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe = nfp_probe_open(&options, &error);

	cr_assert_not_null(probe, "%s", error ? error->message : "");
	return probe;
}

static void make_bucket(NfpProbe *probe, struct nfp_bucket id, uint32_t entries)
{
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_clock clock = { .length = id.end_ts - id.start_ts };
	uint32_t room[NFP_P_N];

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = entries;
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	cr_assert_eq(source->create(source, id, room), 0);
}

static void skip_without_tables(void)
{
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
}

/* ---- traffic --------------------------------------------------------------------------------------- */

typedef struct {
	uint8_t bytes[FRAME_MAX];
	uint32_t length, wire;
} Frame;

/* The same for the same seed: `flows` flows of TCP and UDP over both versions, now and then something that only
 * the general path knows: a tag, an option, a fragment, a SYN, ICMP, ARP, a header cut short. */
static void make_frame(GRand *rand, guint flows, Frame *f)
{
	guint flow = (guint)g_rand_int_range(rand, 0, (gint32)flows), odd = (guint)g_rand_int_range(rand, 0, 24);
	bool v6 = flow % 3 == 2, tcp = flow % 2, tag = odd == 1 || odd == 9;
	uint8_t *p = f->bytes;
	guint payload = (guint)g_rand_int_range(rand, 0, 20), l4 = tcp ? 20 : 8, options = !v6 && odd == 2 ? 4 : 0;

	memset(f, 0, sizeof(*f));
	memcpy(p, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	p += 12;
	if (tag) {
		memcpy(p, "\x81\0\0\x07", 4);
		p += 4;
	}
	memcpy(p, odd == 3 ? "\x08\x06" : v6 ? "\x86\xdd" : "\x08\0", 2);
	p += 2;
	if (v6) {
		p[0] = 0x60 | (odd == 4 ? 2 : 0);
		p[3] = flow;
		p[5] = l4 + payload;
		p[6] = odd == 5 ? 58 : tcp ? 6 : 17;
		p[7] = 64 - (odd == 6);
		memcpy(p + 20, &flow, 4);
		memcpy(p + 36, &flow, 4);
		p += 40;
	} else {
		p[0] = options ? 0x46 : 0x45;
		p[1] = odd == 4 ? 3 : 0;
		p[3] = 20 + options + l4 + payload;
		if (odd == 7)
			p[7] = 1; /* a later fragment */
		p[8] = 64 - (odd == 6);
		p[9] = odd == 5 ? 1 : tcp ? 6 : 17;
		p[12] = 10;
		memcpy(p + 13, &flow, 3);
		p[16] = 192;
		p += 20 + options;
	}
	p[0] = flow >> 8;
	p[1] = flow;
	p[3] = 80;
	if (tcp) {
		p[12] = 0x50;
		p[13] = odd == 8 ? 2 : 0x10 | (odd == 10) | (odd == 11 ? 8 : 0);
	} else {
		p[5] = l4 + payload;
	}
	p += l4 + payload;
	f->length = (uint32_t)(p - f->bytes);
	f->wire = f->length;
	if (odd == 12)
		f->length -= payload + 4;
}

typedef struct {
	NfpTestRun *run;
	guint seed, flows, cpu;
	GThread *thread;
	int rc;
} Feeder;

static void *feed(void *data)
{
	Feeder *feeder = data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(feeder->seed);
	cpu_set_t cpus;

	/* One thread a CPU: entries have one writer. */
	CPU_ZERO(&cpus);
	CPU_SET(feeder->cpu, &cpus);
	feeder->rc = sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
	for (guint i = 0; i < FRAMES && !feeder->rc; i++) {
		Frame f;

		make_frame(rand, feeder->flows, &f);
		feeder->rc = nfp_testrun_feed(feeder->run, f.bytes, f.length, f.wire,
					      START + i * NFP_NS_PER_MS);
	}
	return NULL;
}

/* All CPUs at once (four at most). Returns the number of frames. */
static guint64 feed_all(NfpProbe *probe, guint flows)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpTestRun) run = nfp_testrun_new(probe, true, &error);
	guint n = MIN(g_get_num_processors(), 4);
	Feeder feeders[4];

	cr_assert_not_null(run, "%s", error ? error->message : "");
	for (guint i = 0; i < n; i++) {
		feeders[i] = (Feeder){ .run = run, .seed = 7 + i, .flows = flows, .cpu = i };
		feeders[i].thread = g_thread_new("feed", feed, &feeders[i]);
	}
	for (guint i = 0; i < n; i++) {
		g_thread_join(feeders[i].thread);
		cr_assert_eq(feeders[i].rc, 0, "%s", strerror(-feeders[i].rc));
	}
	return (guint64)n * FRAMES;
}

/* ---- comparison ------------------------------------------------------------------------------------ */

/* key and value of each entry, sorted. */
static GPtrArray *entries_of(NfpProbe *probe, enum nfp_protocol row)
{
	NfpSource *source = nfp_probe_source(probe);
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	NfpEntries entries;

	cr_assert_eq(source->read(source, bucket, row, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		g_autoptr(GByteArray) both = g_byte_array_new();

		g_byte_array_append(both, (const guint8 *)entries.keys + i * entries.key_size, (guint)entries.key_size);
		g_byte_array_append(both, (const guint8 *)&entries.values[i], sizeof(entries.values[i]));
		g_ptr_array_add(all, g_byte_array_free_to_bytes(g_steal_pointer(&both)));
	}
	return all;
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
	return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

static void compare_row(NfpProbe *a, NfpProbe *b, enum nfp_protocol row)
{
	g_autoptr(GPtrArray) x = entries_of(a, row), y = entries_of(b, row);

	g_ptr_array_sort(x, by_bytes);
	g_ptr_array_sort(y, by_bytes);
	cr_expect_eq(x->len, y->len, "%s: %u entries with tables, %u without", nfp_load_row_name(row), x->len, y->len);
	for (guint i = 0; i < MIN(x->len, y->len); i++)
		cr_assert(g_bytes_equal(x->pdata[i], y->pdata[i]), "%s: entry %u of %u differs",
			  nfp_load_row_name(row), i, x->len);
}

static struct nfp_hook_row hook_sum(NfpProbe *probe)
{
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_hook_row sum = { 0 };
	NfpHookRows rows;

	cr_assert_eq(source->read_hooks(source, bucket, &rows), 0);
	for (size_t i = 0; i < rows.n; i++) {
		sum.seen += rows.rows[i].seen;
		sum.seen_skbs += rows.rows[i].seen_skbs;
		sum.seen_skb_bytes += rows.rows[i].seen_skb_bytes;
		sum.coarsened += rows.rows[i].coarsened;
	}
	return sum;
}

static uint64_t in_tables(NfpProbe *probe)
{
	g_autofree struct nfp_lane *lanes = g_new0(struct nfp_lane, probe->buckets->cpus);
	uint32_t zero = 0;
	uint64_t sum = 0;

	cr_assert_eq(bpf_map_lookup_elem(probe->maps.lane, &zero, lanes), 0);
	for (guint i = 0; i < probe->buckets->cpus; i++)
		sum += lanes[i].skbs + lanes[i].segments;
	return sum;
}

Test(table, same_as_the_hash_alone)
{
	g_autoptr(NfpProbe) with = NULL, without = NULL;
	struct nfp_hook_row a, b;
	guint64 frames;

	nfpt_sandbox();
	skip_without_tables();
	with = open_probe("with", false);
	without = open_probe("without", true);
	make_bucket(with, bucket, 8192);
	make_bucket(without, bucket, 8192);
	frames = feed_all(with, 1500);
	cr_assert_eq(feed_all(without, 1500), frames);
	cr_expect_gt(in_tables(with), frames / 3, "most packets are plain: %" G_GUINT64_FORMAT, in_tables(with));
	cr_expect_eq(in_tables(without), 0);
	a = hook_sum(with);
	b = hook_sum(without);
	cr_expect_eq(a.seen, frames);
	cr_expect_arr_eq(&a, &b, sizeof(a));
	for (int row = 0; row < NFP_P_N; row++)
		compare_row(with, without, row);
	for (int i = 0; i < NFP_C_N; i++) {
		uint64_t x, y;

		cr_assert_eq(nfp_totals_counter(nfp_probe_source(with), i, &x), 0);
		cr_assert_eq(nfp_totals_counter(nfp_probe_source(without), i, &y), 0);
		cr_expect_eq(x, y, "counter %d", i);
	}
}

/* Sets are full at once, the HASH soon, then the parents: nothing is lost, all is told. */
Test(table, flood_of_small_tables)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_hook_row sum;
	guint64 frames;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	make_bucket(probe, bucket, 64);
	frames = feed_all(probe, 50000);
	sum = hook_sum(probe);
	cr_expect_eq(sum.seen, frames);
	cr_expect_gt(sum.coarsened, frames / 2);
	cr_expect_gt(in_tables(probe), 0);
	cr_expect_eq(nfpt_recorded(probe, bucket), frames);
}

Test(table, closed_then_read_by_a_successor)
{
	g_autoptr(NfpProbe) probe = NULL;
	guint64 frames;
	NfpSource *source;
	NfpBucketInfo info;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	make_bucket(probe, bucket, 8192);
	frames = feed_all(probe, 1000);
	nfp_probe_free(g_steal_pointer(&probe));

	probe = open_probe("default", false);
	source = nfp_probe_source(probe);
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect_eq(info.state, NFP_BUCKET_OPEN);
	cr_expect_geq(nfp_table_place(probe->buckets, bucket), 0, "still in the ring");
	frames += feed_all(probe, 1000);
	cr_assert_eq(source->close(source, bucket), 0);
	feed_all(probe, 1000);
	nfp_probe_free(g_steal_pointer(&probe));

	probe = open_probe("default", false);
	source = nfp_probe_source(probe);
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect_eq(info.state, NFP_BUCKET_CLOSED);
	cr_expect_eq(hook_sum(probe).seen, frames, "nothing was added when it was closed");
	cr_expect_eq(nfpt_recorded(probe, bucket), frames);
	cr_expect_eq(source->remove(source, bucket), 0);
}

/* Killed between leaving the ring and leaving the directory: the bucket goes on without tables. */
Test(table, hidden_in_the_ring_alone)
{
	g_autoptr(NfpProbe) probe = NULL;
	guint64 frames;
	uint32_t place;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	make_bucket(probe, bucket, 8192);
	frames = feed_all(probe, 1000);
	place = (uint32_t)nfp_table_place(probe->buckets, bucket);
	cr_assert_eq(bpf_map_delete_elem(probe->maps.ring, &place), 0);
	nfp_probe_free(g_steal_pointer(&probe));
	probe = open_probe("default", false);
	cr_assert_eq(nfpt_list(probe, NULL), 1);
	frames += feed_all(probe, 1000);
	cr_expect_eq(hook_sum(probe).seen, frames);
	cr_expect_eq(nfpt_recorded(probe, bucket), frames);
}

/* ---- tables that go from bucket to bucket ------------------------------------------------------------ */

#define SHORT NFP_NS_PER_S

static struct nfp_bucket nth(guint i)
{
	return (struct nfp_bucket){ START + i * SHORT, START + (i + 1) * SHORT };
}

static void feed_at(NfpTestRun *run, guint seed, guint flows, guint n, uint64_t time)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	for (guint j = 0; j < n; j++) {
		Frame f;

		make_frame(rand, flows, &f);
		cr_assert_eq(nfp_testrun_feed(run, f.bytes, f.length, f.wire, time + j), 0);
	}
}

static void create_nth(NfpProbe *probe, guint i, uint32_t entries)
{
	uint32_t room[NFP_P_N];

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = entries;
	cr_assert_eq(nfp_probe_source(probe)->create(nfp_probe_source(probe), nth(i), room), 0);
}

static void check_closed(NfpProbe *probe, guint i, guint packets)
{
	cr_assert_eq(nfpt_seen_all(probe, nth(i)), packets, "bucket %u", i);
	cr_assert_eq(nfpt_recorded(probe, nth(i)), packets, "bucket %u", i);
}

static void close_and_check(NfpProbe *probe, guint i, guint packets)
{
	cr_assert_eq(nfp_probe_source(probe)->close(nfp_probe_source(probe), nth(i)), 0);
	check_closed(probe, i, packets);
}

static uint32_t id_of(int map, uint32_t index)
{
	uint32_t id = 0;

	return bpf_map_lookup_elem(map, &index, &id) ? 0 : id;
}

static uint64_t generation_of(NfpProbe *probe, struct nfp_bucket id)
{
	g_auto(NfpMapped) head = { 0 };

	cr_assert_eq(nfp_table_map(probe->buckets, id, NFP_P_hook, false, &head), 0);
	return ((const struct nfp_table_head *)head.data)->generation;
}

static guint buckets_in_a_row(void)
{
	return g_getenv("NFPROBE_FULL") ? 1000 : 60;
}

static guint files_open(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

/* One-second buckets, each read and gone after its end. Each leaves memory and descriptors as they were. */
Test(table, many_buckets_in_a_row, .timeout = 600)
{
	guint64 changes = 0, waits = 0, octets = 0;
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	guint with_table = 0, files = 0, n = buckets_in_a_row();
	gint64 began = 0, took = 0;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 1024);
	for (guint i = 0; i < n; i++) {
		if (i == 9) {
			changes = probe->buckets->changes;
			waits = probe->buckets->waits;
			files = files_open();
			octets = nfpt_octets_below(probe->buckets->directory);
			took = 0;
		}
		began = g_get_monotonic_time();
		create_nth(probe, i + 1, 1024);
		took += g_get_monotonic_time() - began;
		/* Nothing of the last ones, though flows and tables are the same. */
		feed_at(run, i, 30, 100, nth(i).start_ts);
		with_table += nfp_table_place(probe->buckets, nth(i)) >= 0;
		began = g_get_monotonic_time();
		cr_assert_eq(nfp_probe_source(probe)->close(nfp_probe_source(probe), nth(i)), 0);
		took += g_get_monotonic_time() - began;
		check_closed(probe, i, 100);
		began = g_get_monotonic_time();
		cr_assert_eq(nfp_probe_source(probe)->remove(nfp_probe_source(probe), nth(i)), 0);
		took += g_get_monotonic_time() - began;
	}
	cr_expect_eq(with_table, n);
	cr_expect_gt(in_tables(probe), 30 * n);
	cr_expect_eq(probe->buckets->changes, changes, "sizes stay: no table is made, no outer map changed for one");
	/* Entries of the protocols and of hooks come (two grace periods) and go (one each, before and after delivery). */
	cr_expect_eq(probe->buckets->waits - waits, 2ull * (NFP_P_N + 1) * (n - 9));
	cr_expect_eq(files_open(), files);
	cr_expect_eq(nfpt_octets_below(probe->buckets->directory), octets);
	cr_log_info("rotation_ms %.1f, of which %u system calls wait for RCU\n", (double)took / 1000 / (n - 9),
		    2 * (NFP_P_N + 1));
}

/* What is in slots of an earlier generation is nobody's: neither counts nor a SYN's options come up again. */
Test(table, an_earlier_bucket_leaves_nothing)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	NfpSource *source;
	NfpEntries entries;
	uint32_t table;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	source = nfp_probe_source(probe);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 64);
	/* Small: sets and filters are full of it. */
	feed_at(run, 1, 5000, 5000, nth(0).start_ts);
	table = id_of(probe->maps.tables4, NFP_P_tcp4);
	close_and_check(probe, 0, 5000);
	cr_assert_eq(source->remove(source, nth(0)), 0);
	create_nth(probe, 1, 64);
	cr_expect_eq(nfp_table_place(probe->buckets, nth(1)), 0);
	cr_expect_eq(id_of(probe->maps.tables4, NFP_P_tcp4), table, "the same table");
	cr_expect_eq(generation_of(probe, nth(1)), NFP_WORD_GENERATION(2));
	cr_expect_eq(nfpt_seen_all(probe, nth(1)), 0);
	for (int row = 0; row < NFP_P_N; row++) {
		cr_assert_eq(source->read(source, nth(1), row, &entries), 0);
		cr_expect_eq(entries.n, 0, "%s", nfp_load_row_name(row));
	}
	feed_at(run, 2, 40, 200, nth(1).start_ts);
	cr_assert_eq(source->read(source, nth(1), NFP_P_udp4, &entries), 0);
	for (size_t i = 0; i < entries.n; i++)
		cr_expect_eq(entries.values[i].tcp_options | entries.values[i].tcp_mss, 0);
	close_and_check(probe, 1, 200);
}

/* Other sizes: only those tables are made anew. */
Test(table, another_size_for_one_protocol)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	uint32_t room[NFP_P_N], tcp4, udp4;
	NfpSource *source;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	source = nfp_probe_source(probe);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 1024);
	feed_at(run, 1, 500, 500, nth(0).start_ts);
	tcp4 = id_of(probe->maps.tables4, NFP_P_tcp4);
	udp4 = id_of(probe->maps.tables4, NFP_P_udp4);
	close_and_check(probe, 0, 500);
	cr_assert_eq(source->remove(source, nth(0)), 0);
	for (int row = 0; row < NFP_P_N; row++)
		room[row] = row == NFP_P_tcp4 ? 8192 : 1024;
	cr_assert_eq(source->create(source, nth(1), room), 0);
	cr_expect_neq(id_of(probe->maps.tables4, NFP_P_tcp4), tcp4);
	cr_expect_eq(id_of(probe->maps.tables4, NFP_P_udp4), udp4);
	feed_at(run, 2, 500, 1000, nth(1).start_ts);
	close_and_check(probe, 1, 1000);
}

/* A collector is away: closed buckets wait. Their tables go out of the ring, not out of the world. */
Test(table, undelivered_buckets_leave_the_ring)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 256);
	for (guint i = 0; i < 9; i++) {
		create_nth(probe, i + 1, 256);
		cr_expect_geq(nfp_table_place(probe->buckets, nth(i)), 0, "bucket %u has tables", i);
		feed_at(run, i, 50, 100 + i, nth(i).start_ts);
		close_and_check(probe, i, 100 + i);
	}
	nfp_probe_free(g_steal_pointer(&probe));
	probe = open_probe("default", false);
	cr_assert_eq(nfpt_list(probe, NULL), 10);
	for (guint i = 0; i < 9; i++) {
		cr_expect_eq(nfpt_recorded(probe, nth(i)), 100 + i, "bucket %u, by a successor", i);
		cr_assert_eq(nfp_probe_source(probe)->remove(nfp_probe_source(probe), nth(i)), 0);
	}
}

/* Killed after the head had got its new bounds and before it had its new name: the next one takes it from there. */
Test(table, killed_while_used_again)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	g_auto(NfpMapped) head = { 0 };
	struct nfp_table_head *h;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 256);
	feed_at(run, 1, 50, 100, nth(0).start_ts);
	close_and_check(probe, 0, 100);
	cr_assert_eq(nfp_table_map(probe->buckets, nth(0), NFP_P_hook, true, &head), 0);
	cr_assert_eq(nfp_probe_source(probe)->remove(nfp_probe_source(probe), nth(0)), 0);
	h = head.data;
	h->start = nth(1).start_ts;
	h->generation = NFP_WORD_GENERATION(2);
	g_clear_pointer(&run, nfp_testrun_free);
	nfp_probe_free(g_steal_pointer(&probe));

	probe = open_probe("default", false);
	run = nfp_testrun_new(probe, true, NULL);
	cr_assert_eq(nfpt_list(probe, NULL), 0);
	create_nth(probe, 1, 256);
	cr_expect_eq(generation_of(probe, nth(1)), NFP_WORD_GENERATION(3));
	feed_at(run, 2, 50, 100, nth(1).start_ts);
	close_and_check(probe, 1, 100);
}

/* The last generation: new tables, since old slots would come to life again. */
Test(table, generations_begin_again_with_new_tables)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	g_auto(NfpMapped) head = { 0 };
	uint32_t table;

	nfpt_sandbox();
	skip_without_tables();
	probe = open_probe("default", false);
	run = nfp_testrun_new(probe, true, NULL);
	make_bucket(probe, nth(0), 256);
	cr_assert_eq(nfp_table_map(probe->buckets, nth(0), NFP_P_hook, true, &head), 0);
	((struct nfp_table_head *)head.data)->generation = NFP_GENERATION_MASK;
	feed_at(run, 1, 50, 100, nth(0).start_ts);
	table = id_of(probe->maps.tables4, NFP_P_tcp4);
	close_and_check(probe, 0, 100);
	cr_assert_eq(nfp_probe_source(probe)->remove(nfp_probe_source(probe), nth(0)), 0);
	create_nth(probe, 1, 256);
	cr_expect_eq(generation_of(probe, nth(1)), NFP_WORD_GENERATION(1));
	cr_expect_neq(id_of(probe->maps.tables4, NFP_P_tcp4), table);
	feed_at(run, 1, 50, 100, nth(1).start_ts);
	close_and_check(probe, 1, 100);
}
