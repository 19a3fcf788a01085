// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A closed bucket's way, stage by stage and as a whole, on one CPU: a flow table in the kernel, a million IPv4 TCP flows
 * at a load of one half.
 *
 *   drain_entries_per_s         out of the table, in the form that records are made of
 *   harvest_entries_per_s       down to published batches: merge, flowId, convert, books
 *   export_records_per_s        batches that are there to datagrams: encode, send, deliver
 *   pipeline_udp_records_per_s  all of it, by the harvester's functions and a collector's thread of its own
 *
 * The collector sends IPFIX by UDP over loopback to a process on another CPU, which reads and drops. Times are CPU time
 * of our process (all threads), which leaves the reader out and what else the machine does; the kernel's share of the
 * sends, down to the reader's socket, is in it. The best of some rounds: noise only ever slows down.
 * The last also with facts of a full table, flows with random addresses: in turn with and without, by the standard
 * templates, for what they cost; and by those that have them. The last two also as NetFlow v9; and, by bench/live.py, to
 * an address beyond a link where the kernel has to cut the segments in earnest (loopback hands them over whole).
 * One JSON line a figure. Usage: bench_pipeline [entries [NAME,NAME...|"" [ADDRESS NETNS]]]
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "bench/support/full_table.h"
#include "collector/collector.h"
#include "harvest/drain.h"
#include "probe/domain.h"
#include "probe/table.h"

#define ROUNDS 9
#define PORTS 49152
#define POOL 48
#define QUEUE 16384
#define PATIENCE (60 * G_USEC_PER_SEC)

static void fail(const char *what)
{
	fprintf(stderr, "bench_pipeline: %s\n", what);
	_exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + t.tv_nsec / 1e9;
}

static void pin(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("cannot be pinned to a CPU");
}

/* ---- the reader ---------------------------------------------------------------------------------- */

typedef struct {
	pid_t pid;
	uint16_t port;
	uint64_t *datagrams; /* read so far; shared memory */
	const char *address, *netns; /* where it is; netns NULL: here */
} Reader;

static void read_and_drop(int fd, uint64_t *datagrams)
{
	enum { MANY = 64 };
	static uint8_t octets[MANY][2048];
	struct mmsghdr calls[MANY] = { 0 };
	struct iovec parts[MANY];

	for (int i = 0; i < MANY; i++) {
		parts[i] = (struct iovec){ octets[i], sizeof(octets[i]) };
		calls[i].msg_hdr.msg_iov = &parts[i];
		calls[i].msg_hdr.msg_iovlen = 1;
	}
	for (;;) {
		int n = recvmmsg(fd, calls, MANY, MSG_WAITFORONE, NULL);

		if (n > 0)
			__atomic_fetch_add(datagrams, (uint64_t)n, __ATOMIC_RELAXED);
		else if (errno != EINTR)
			_exit(1);
	}
}

static void enter(const char *netns)
{
	g_autofree char *path = g_strdup_printf("/run/netns/%s", netns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("no such network namespace");
	close(fd);
}

/* The port is told through the pipe. */
static void serve(const Reader *reader, int tell)
{
	int fd, room = 256 << 20;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t length = sizeof(at);

	if (reader->netns)
		enter(reader->netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, reader->address, &at.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || getsockname(fd, (struct sockaddr *)&at, &length))
		fail("no socket to send to");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (write(tell, &at.sin_port, sizeof(at.sin_port)) != sizeof(at.sin_port))
		fail("nobody sends");
	read_and_drop(fd, reader->datagrams);
}

static Reader start_reader(int cpu, const char *address, const char *netns)
{
	Reader reader = { .address = address, .netns = netns };
	int ends[2];

	reader.datagrams = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reader.datagrams == MAP_FAILED || pipe2(ends, O_CLOEXEC))
		fail("no memory");
	reader.pid = fork();
	if (reader.pid < 0)
		fail("no process to send to");
	if (!reader.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(cpu);
		serve(&reader, ends[1]);
	}
	close(ends[1]);
	if (read(ends[0], &reader.port, sizeof(reader.port)) != sizeof(reader.port))
		fail("nobody to send to");
	reader.port = ntohs(reader.port);
	close(ends[0]);
	return reader;
}

static void stop_reader(const Reader *reader)
{
	kill(reader->pid, SIGKILL);
	waitpid(reader->pid, NULL, 0);
}

/* ---- the bucket ---------------------------------------------------------------------------------- */

typedef struct {
	const char *suffix; /* of the figures' names */
	const char *protocol;
	guint cpus;         /* that flows came in by */
	guint twice;        /* CPUs that each flow is on */
	const char *facts;  /* the set of templates that they leave by; NULL: none, the standard one */
} Mix;

static const Mix mixes[] = {
	{ "", "ipfix", 1, 1, NULL },
	{ "_spread", "ipfix", 4, 1, NULL }, /* each flow on one of four CPUs, as receive queues deal them out */
	{ "_twice", "ipfix", 2, 2, NULL },
	{ "_netflow9", "netflow9", 1, 1, NULL },
	{ "_facts", "ipfix", 1, 1, "standard" },
	{ "_enriched", "ipfix", 1, 1, "enriched" },
};

/* Entry i in a slot, as packets would put it there. */
static bool put(const struct nfp_table_head *head, struct nfp_set4 *sets, uint64_t i, const Mix *mix, GRand *random)
{
	uint64_t flow = i / mix->twice, spread = flow * 0x9e3779b97f4a7c15ull;
	struct nfp_key_v4 key = {
		.saddr = htonl(0x0a000000u + (uint32_t)(flow / PORTS)), .daddr = htonl(0xc6336401),
		.meta = { .sport = htons((uint16_t)(1024 + flow % PORTS)), .dport = htons(443), .ifindex = 2,
			  .cpu = (uint16_t)((i % mix->twice + (spread >> 40)) % mix->cpus) },
	};
	__u64 words[NFP_WORDS4], hash;
	struct nfp_beside4 *beside;
	struct nfp_set4 *set;
	uint32_t s, index;
	uint8_t bits = head->bits[NFP_P_tcp4];

	if (mix->facts) {
		key.saddr = htonl((uint32_t)(nfp_bench_address4(random) >> 96));
		key.daddr = htonl((uint32_t)(nfp_bench_address4(random) >> 96));
	}
	memcpy(words, &key, sizeof(words));
	hash = nfp_table_hash(words, NFP_WORDS4, head->seed);
	index = nfp_table_set(hash, bits);
	set = &sets[index];
	beside = (struct nfp_beside4 *)sets + NFP_TABLE_BESIDE(index, bits);
	s = nfp_table_slot(hash);
	for (int tried = 0; tried < NFP_SET_SLOTS; tried++, s = (s + 1) % NFP_SET_SLOTS) {
		uint64_t packets = 1 + (spread & 63), octets = packets * 700, first = 1700000000 * NFP_NS_PER_S + i;

		if (set->slot[s].key[NFP_WORDS4 - 1])
			continue;
		memcpy(set->slot[s].key, words, sizeof(words));
		set->slot[s].key[NFP_WORDS4 - 1] |= head->generation;
		set->slot[s].count = (struct nfp_slot_count){
			.packets = packets | (uint64_t)0x18 << NFP_COUNT_BITS,
			.octets = octets | (uint64_t)0x4040 << NFP_COUNT_BITS,
			.l2 = octets + 14 * packets,
			.last = first + (spread & 0xffffffff),
			.length = 52 | (uint64_t)1500 << 32,
		};
		beside->cold[s] = (struct nfp_slot_cold){ .first = first, .smac = { 2, 0, 0, 0, 0, 1 }, .dmac = { 2, 0, 0, 0, 0, 2 } };
		return true;
	}
	return false;
}

/* The hook's row of one CPU, as packets would count in it. */
static bool put_hook(NfpProbe *probe, struct nfp_bucket id, guint cpu, uint64_t packets)
{
	const struct nfp_hook_key key = { .ifindex = 2, .cpu = (uint16_t)cpu };
	const struct nfp_hook_row row = { .seen = packets, .seen_skbs = packets };
	NFP_AUTO_FD int fd = nfp_buckets_open(probe->buckets, NFP_P_hook, id);

	return fd >= 0 && !bpf_map_update_elem(fd, &key, &row, BPF_ANY);
}

static uint64_t fill(NfpProbe *probe, struct nfp_bucket id, uint64_t n, const Mix *mix, size_t *ret_octets)
{
	g_auto(NfpMapped) table = { 0 }, head = { 0 };
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	uint64_t filled = 0;

	if (nfp_table_map(probe->buckets, id, NFP_P_tcp4, true, &table) ||
	    nfp_table_map(probe->buckets, id, NFP_P_hook, false, &head))
		return 0;
	for (uint64_t i = 0; i < n; i++)
		filled += put(head.data, table.data, i, mix, random);
	for (guint cpu = 0; cpu < mix->cpus; cpu++)
		if (!put_hook(probe, id, cpu, 33 * filled / mix->cpus))
			return 0;
	*ret_octets = table.size;
	return filled;
}

/* ---- stages -------------------------------------------------------------------------------------- */

typedef struct {
	NfpSource *source;
	struct nfp_bucket id;
	uint64_t entries, records; /* records: 0 = not known yet */
	NfpCollector *collector;   /* NULL: batches are dropped */
	GPtrArray *keep;           /* not NULL: batches are kept */
	uint64_t published;
	gint delivered;
	NfpMerge *merge;
	NfpBatchPool *pool;
	size_t octets;             /* of the table */
	NfpEnrich *enrich;         /* NULL: no facts */
} Stage;

static void publish(NfpBatch *batch, void *data)
{
	Stage *stage = data;

	stage->published += batch->n;
	if (stage->keep)
		g_ptr_array_add(stage->keep, nfp_batch_ref(batch));
	if (stage->collector)
		nfp_collector_publish(stage->collector, batch);
}

static void delivered(void *data)
{
	g_atomic_int_set((gint *)data, 1);
}

static void read_table(Stage *stage)
{
	uint64_t found = 0;
	NfpEntries piece;
	NfpScan *scan;

	if (stage->source->scan(stage->source, stage->id, NFP_P_tcp4, &scan))
		fail("the table cannot be read");
	while (scan->next(scan, &piece))
		found += piece.n;
	scan->free(scan);
	if (found != stage->entries)
		fail("entries are missing");
}

static void drain(Stage *stage)
{
	const NfpHarvestOptions options = { .merge_cpus = TRUE, .hostname = "bench", .enrich = stage->enrich };
	NfpDrain d = { .options = &options, .publish = publish, .data = stage, .merge = stage->merge, .pool = stage->pool };
	NfpDrainState state = { 0 };

	stage->published = 0;
	stage->delivered = 0;
	if (nfp_drain(&d, stage->source, stage->id, false, &state, delivered, &stage->delivered))
		fail("the bucket cannot be drained");
	nfp_drain_state_clear(&state);
	if (stage->records && stage->published != stage->records)
		fail("records are missing");
	stage->records = stage->published;
}

static void await_records(Stage *stage, uint64_t records)
{
	gint64 deadline = g_get_monotonic_time() + PATIENCE;
	NfpCollectorStatus status;

	for (;;) {
		nfp_collector_status(stage->collector, &status);
		if (status.refused_records)
			fail("the queue was too short");
		if (status.records >= records && !status.queued)
			return;
		if (g_get_monotonic_time() > deadline)
			fail("records are never sent");
		g_usleep(200);
	}
}

static uint64_t sent(Stage *stage)
{
	NfpCollectorStatus status;

	nfp_collector_status(stage->collector, &status);
	return status.records;
}

static void export_kept(Stage *stage)
{
	uint64_t before = sent(stage);

	for (guint i = 0; i < stage->keep->len; i++)
		nfp_collector_publish(stage->collector, g_ptr_array_index(stage->keep, i));
	await_records(stage, before + stage->records);
}

static void drain_and_export(Stage *stage)
{
	uint64_t before = sent(stage);

	drain(stage);
	await_records(stage, before + stage->records);
	if (!g_atomic_int_get(&stage->delivered))
		fail("batches are still held");
}

/* Things a second. */
static double once(void (*work)(Stage *), Stage *stage, uint64_t things)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID);

	work(stage);
	return (double)things / (seconds(CLOCK_PROCESS_CPUTIME_ID) - start);
}

/* The same, the best round. */
static double best_of(void (*work)(Stage *), Stage *stage, uint64_t things)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++)
		best = MAX(best, once(work, stage, things));
	return best;
}

/* ---- figures ------------------------------------------------------------------------------------- */

static char **wanted; /* NULL: all */
static bool beyond; /* the reader is in another network namespace */

static bool is_wanted(const char *name, const Mix *mix)
{
	g_autofree char *full = g_strconcat(name, mix->suffix, NULL);

	if (wanted)
		return g_strv_contains((const char *const *)wanted, full);
	/* What comes before the encoding has no protocol, and no link. */
	return (g_str_equal(mix->protocol, "ipfix") && !beyond && !mix->facts) || g_str_equal(name, "pipeline_udp_records_per_s") ||
	       (g_str_equal(name, "export_records_per_s") && !mix->facts);
}

static bool is_any_wanted(const Mix *mix)
{
	/* Over a link, what differs is the sending: one mix is enough. */
	return (!beyond || (mix->cpus == 1 && !mix->facts)) &&
	       (is_wanted("drain_entries_per_s", mix) || is_wanted("harvest_entries_per_s", mix) ||
		is_wanted("export_records_per_s", mix) || is_wanted("pipeline_udp_records_per_s", mix));
}

static void print(const char *name, const Mix *mix, double value, const char *unit, const Stage *stage)
{
	printf("{\"name\":\"%s%s%s\",\"value\":%.0f,\"unit\":\"%s\",\"vs\":\"CPU time of all threads\",\"entries\":%" PRIu64 ",\"records\":%" PRIu64
	       ",\"cpus\":%u,\"table_octets\":%zu,\"rounds\":%d",
	       name, mix->suffix, beyond ? "_segmented" : "", value, unit, stage->entries, stage->records, mix->cpus, stage->octets, ROUNDS);
}

static void print_end(void)
{
	printf("}\n");
	fflush(stdout);
}

static NfpCollector *connect_to(const Reader *reader, const Mix *mix, const NfpTemplateSet *templates)
{
	g_autofree char *endpoint = g_strdup_printf("udp://%s:%u", reader->address, reader->port);
	g_autoptr(GError) error = NULL;
	static NfpCollectorOptions options = {
		.name = (char *)"bench", .refresh_interval = 60 * NFP_NS_PER_S,
		.refresh_messages = 20, .domain = 1, .retry = 60 * NFP_NS_PER_S, .queue = QUEUE, .rate = NFP_RATE_NONE,
	};
	NfpCollector *collector;

	options.protocol = (char *)mix->protocol;
	options.endpoint = endpoint;
	collector = nfp_collector_new(&options, templates, "bench", &nfp_clock_system, &error);
	if (!collector)
		fail(error->message);
	return collector;
}

/* What left us, and what of it the reader had room and time for. */
static void print_datagrams(const Stage *stage, uint64_t sent_before, const Reader *reader, uint64_t read_before)
{
	NfpCollectorStatus status;

	nfp_collector_status(stage->collector, &status);
	printf(",\"datagrams\":%" PRIu64 ",\"read\":%" PRIu64, status.messages - sent_before,
	       __atomic_load_n(reader->datagrams, __ATOMIC_RELAXED) - read_before);
}

static int compare(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* What facts cost: rounds with and without them in turn, as the machine does other things, too; the median of the pairs. */
static void measure_facts(Stage *stage, const Mix *mix)
{
	double with[ROUNDS], without[ROUNDS], slowdown[ROUNDS];
	NfpEnrich *enrich = stage->enrich;

	for (int i = 0; i < ROUNDS; i++) {
		stage->enrich = NULL;
		without[i] = once(drain_and_export, stage, stage->records);
		stage->enrich = enrich;
		with[i] = once(drain_and_export, stage, stage->records);
		slowdown[i] = 100 * (1 - with[i] / without[i]);
	}
	for (int i = 0; i < 3; i++)
		qsort((double *[]){ with, without, slowdown }[i], ROUNDS, sizeof(double), compare);
	print("pipeline_udp_records_per_s", mix, with[ROUNDS - 1], "records/s", stage);
	printf(",\"without\":%.0f", without[ROUNDS - 1]);
	print_end();
	print("pipeline_slowdown_percent", mix, slowdown[ROUNDS / 2], "%", stage);
	print_end();
}

static void measure_pipeline(Stage *stage, const Mix *mix, const Reader *reader)
{
	uint64_t read_before;
	NfpCollectorStatus status;
	double rate;

	drain_and_export(stage); /* templates, memory */
	if (stage->enrich && g_str_equal(mix->facts, "standard")) {
		measure_facts(stage, mix);
		return;
	}
	nfp_collector_status(stage->collector, &status);
	read_before = __atomic_load_n(reader->datagrams, __ATOMIC_RELAXED);
	rate = best_of(drain_and_export, stage, stage->records);
	print("pipeline_udp_records_per_s", mix, rate, "records/s", stage);
	print_datagrams(stage, status.messages, reader, read_before);
	print_end();
}

static void measure_export(Stage *stage, const Mix *mix)
{
	NfpCollector *collector = g_steal_pointer(&stage->collector);
	double rate;

	stage->keep = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
	drain(stage);
	stage->collector = collector;
	rate = best_of(export_kept, stage, stage->records);
	print("export_records_per_s", mix, rate, "records/s", stage);
	print_end();
	g_clear_pointer(&stage->keep, g_ptr_array_unref);
}

static void measure(Stage *stage, const Mix *mix, const Reader *reader, const NfpTemplateSet *templates)
{
	double rate;

	if (is_wanted("drain_entries_per_s", mix)) {
		rate = best_of(read_table, stage, stage->entries);
		print("drain_entries_per_s", mix, rate, "entries/s", stage);
		print_end();
	}
	if (is_wanted("harvest_entries_per_s", mix)) {
		rate = best_of(drain, stage, stage->entries);
		print("harvest_entries_per_s", mix, rate, "entries/s", stage);
		print_end();
	}
	if (!is_wanted("export_records_per_s", mix) && !is_wanted("pipeline_udp_records_per_s", mix))
		return;
	stage->collector = connect_to(reader, mix, templates);
	if (is_wanted("export_records_per_s", mix))
		measure_export(stage, mix);
	if (is_wanted("pipeline_udp_records_per_s", mix))
		measure_pipeline(stage, mix, reader);
	nfp_collector_stop(stage->collector, g_get_monotonic_time() + G_USEC_PER_SEC);
	g_clear_pointer(&stage->collector, nfp_collector_free);
}

/* As many prefixes as the Internet has, or as entries there are. */
static NfpEnrich *full_table(uint64_t n, NfpTestDb *ret_test)
{
	NfpEnrich *enrich;

	nfp_bench_full_database((guint)MIN(n, 1000000), (guint)MIN(n, 1000000) / 4, ret_test);
	enrich = nfp_enrich_new(ret_test->path, NULL);
	if (!enrich || !nfp_enrich_wait(enrich, g_get_monotonic_time() + PATIENCE))
		fail("the facts are not read");
	nfp_enrich_turn(enrich);
	return enrich;
}

static int bench(uint64_t n, const Mix *mix, const Reader *reader)
{
	g_autoptr(NfpTemplateSet) templates = nfp_template_set_load(NULL, mix->facts ? mix->facts : "standard", NULL);
	g_autofree char *instance = g_strdup_printf("bench-pipeline-%d", (int)getpid());
	NfpProbeOptions options = { .pin_root = "/sys/fs/bpf/nfprobe", .instance = instance };
	uint32_t entries[NFP_P_N] = { [NFP_P_tcp4] = (uint32_t)(2 * n) };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = nfp_probe_open(&options, &error);
	Stage stage = { .id = { NFP_NS_PER_S, 2 * NFP_NS_PER_S } };
	NfpTestDb facts;

	if (!probe || !templates) {
		fprintf(stderr, "bench_pipeline: %s\n", error ? error->message : "no templates");
		return 77;
	}
	stage.source = nfp_probe_source(probe);
	if (!stage.source->create(stage.source, stage.id, entries))
		stage.entries = fill(probe, stage.id, n, mix, &stage.octets);
	stage.merge = nfp_merge_new();
	stage.pool = nfp_batch_pool_new(POOL);
	stage.enrich = mix->facts ? full_table(n, &facts) : NULL;
	if (stage.entries)
		measure(&stage, mix, reader, templates);
	nfp_merge_free(stage.merge);
	nfp_batch_pool_free(stage.pool);
	nfp_enrich_free(stage.enrich);
	if (mix->facts)
		nfp_test_db_clear(&facts);
	nfp_probe_detach_all(probe, NULL);
	return stage.entries ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1 << 20;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	Reader reader;
	int rc = 0;

	if (n < 1000 || n > 8000000) {
		fprintf(stderr, "bench_pipeline: 1000 to 8000000 entries\n");
		return 2;
	}
	wanted = argc > 2 && *argv[2] ? g_strsplit(argv[2], ",", -1) : NULL;
	beyond = argc > 4;
	reader = start_reader(cpus > 1 ? 1 : 0, beyond ? argv[3] : "127.0.0.1", beyond ? argv[4] : NULL);
	pin(0);
	for (guint i = 0; i < G_N_ELEMENTS(mixes) && !rc; i++)
		if (is_any_wanted(&mixes[i]))
			rc = bench(n, &mixes[i], &reader);
	stop_reader(&reader);
	g_strfreev(wanted);
	return rc;
}
