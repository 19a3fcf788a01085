// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A start over pins that are not what we left: maps of other shapes, programs, folders and links in their places, contents
 * that nobody wrote. It ends with a sentence or goes on with what is sound; what was not touched is exported as it was.
 * The random part prints its seed; NFP_FUZZ_SEED gives another, NFP_FUZZ_SECONDS more time than 10 s (NFPROBE_FULL=1: 60).
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "harvest/shelf.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

#define DIRECTORY NFPT_PIN_ROOT "/default"
#define S ((uint64_t)NFP_NS_PER_S)
#define PACKETS 7 /* of each of the flows below */
#define FLOWS 5

/* ---- a domain with something in it ------------------------------------------------------------------ */

static const uint32_t room[NFP_P_N] = { [0 ... NFP_P_N - 1] = 64 };

static uint64_t now_of(NfpProbe *probe)
{
	struct nfp_clock clock;

	cr_assert_eq(nfp_probe_source(probe)->get_clock(nfp_probe_source(probe), &clock), 0);
	return (uint64_t)(nfp_clock_system.boottime(&nfp_clock_system) + clock.offset);
}

static void add_flows(NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int flows = nfp_buckets_open(buckets, NFP_P_udp4, id), hooks = nfp_buckets_open(buckets, NFP_P_hook, id);
	struct nfp_hook_key hook = { .ifindex = 1 };
	struct nfp_hook_row row = { .seen = FLOWS * PACKETS };

	for (uint32_t i = 1; i <= FLOWS; i++) {
		struct nfp_key_v4 key = { .saddr = i, .meta = { .ifindex = 1 } };
		struct nfp_value value = { .packets = PACKETS, .octets = 100, .first = id.start_ts + 1, .last = id.start_ts + 2 };

		cr_assert_eq(bpf_map_update_elem(flows, &key, &value, BPF_ANY), 0);
	}
	cr_assert_eq(bpf_map_update_elem(hooks, &hook, &row, BPF_ANY), 0);
}

/* A closed bucket with flows, an open one, what else there is; then everybody goes. Label of the closed one. */
static struct nfp_bucket leave_behind(void)
{
	g_autoptr(NfpProbe) probe = nfpt_open("default", NULL, false);
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_clock clock = { .offset = nfp_clock_offset(&nfp_clock_system), .length = 10 * S };
	struct nfp_bucket past, present;
	uint64_t now;

	cr_assert_eq(source->set_clock(source, &clock, true), 0);
	now = now_of(probe);
	present = (struct nfp_bucket){ now - now % (10 * S), now - now % (10 * S) + 10 * S };
	past = (struct nfp_bucket){ present.start_ts - 20 * S, present.end_ts - 20 * S };
	cr_assert_eq(source->create(source, past, room), 0);
	cr_assert_eq(source->create(source, present, room), 0);
	add_flows((NfpBuckets *)source, past);
	cr_assert_eq(source->close(source, past), 0);
	return past;
}

/* ---- a start ---------------------------------------------------------------------------------------- */

typedef struct {
	struct nfp_bucket id;
	uint64_t packets; /* of its records */
	uint64_t records; /* of all */
} Published;

static void publish(NfpBatch *batch, void *data)
{
	Published *published = data;

	published->records += batch->n;
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->bucket_start_ns == published->id.start_ts && batch->bucket_end_ns == published->id.end_ts)
			published->packets += batch->records[i].packets;
}

/* What the harvester's thread does, for some rounds. */
static void harvest(NfpProbe *probe, Published *published)
{
	NfpHarvestOptions options = { .interval = 10 * S, .ahead = 20 * S, .grace = S / 5, .merge_cpus = TRUE, .memory = 64 << 20,
				      .hostname = "edge1" };
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	int64_t boot = nfp_clock_system.boottime(&nfp_clock_system), offset = nfp_clock_offset(&nfp_clock_system);
	g_autoptr(GError) error = NULL;
	NfpShelf *shelf = nfp_shelf_new(nfp_probe_source(probe), &options, wakeup, boot, &error);
	NfpDrain drain = { .options = &options, .publish = publish, .data = published, .merge = nfp_merge_new() };

	cr_assert_eq(shelf == NULL, error != NULL);
	for (guint i = 0; shelf && i <= NFP_DRAIN_TRIES; i++) {
		uint64_t now = nfp_shelf_turn(shelf, boot, offset);

		nfp_shelf_create(shelf, now);
		nfp_shelf_retire(shelf, now);
		nfp_shelf_spill(shelf, boot, now, true);
		nfp_shelf_drain(shelf, &drain, boot);
		nfp_shelf_finish(shelf, boot);
		boot += 2 * S;
	}
	nfp_shelf_free(shelf);
	nfp_merge_free(drain.merge);
	nfp_wakeup_unref(wakeup);
}

static void ignore_books(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data)
{
}

/* As `status` reads. */
static void look(NfpProbe *probe)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	NfpSource *source = nfp_probe_source(probe);
	uint64_t counters[NFP_C_N];
	NfpHookRows rows;
	NfpEntries entries;
	NfpRoom slots;

	nfp_probe_counters(probe, counters);
	nfp_probe_books(probe, ignore_books, NULL);
	nfp_probe_base(probe, &rows);
	nfp_probe_hooks(probe, hooks);
	if (source->list(source, list))
		return;
	for (guint i = 0; i < list->len; i++) {
		struct nfp_bucket id = g_array_index(list, NfpBucketInfo, i).id;

		source->read_hooks(source, id, &rows);
		for (int row = 0; row < NFP_P_N; row++) {
			source->read(source, id, row, &entries);
			nfp_probe_room(probe, id, row, &slots);
		}
	}
}

/* FALSE: it was refused, with *ret_why. */
static gboolean start(gboolean attach, Published *published, char **ret_why)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) reader = nfp_probe_open_readonly(&options, NULL);
	g_autoptr(NfpProbe) probe = NULL;

	if (reader)
		look(reader);
	probe = nfp_probe_open(&options, &error);
	cr_assert_eq(probe == NULL, error != NULL);
	if (!probe) {
		*ret_why = g_strdup(error->message);
		return FALSE;
	}
	if (attach && !nfp_probe_attach(probe, "lo", NFP_DIRECTION_INGRESS, NFP_HOOK_TC, &error))
		cr_assert_not_null(error);
	look(probe);
	harvest(probe, published);
	look(probe);
	return TRUE;
}

static void purge(void)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(GError) error = NULL;

	if (access(DIRECTORY, F_OK) < 0)
		return;
	cr_expect(nfp_probe_purge(&options, &error), "%s", error ? error->message : "");
	cr_expect(access(DIRECTORY, F_OK) < 0);
}

/* ---- hostile things ----------------------------------------------------------------------------------- */

static int some_map(enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);

	return bpf_map_create(type, "hostile", key, value, entries, &options);
}

static int some_program(void)
{
	struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "hostile", "GPL", insns, G_N_ELEMENTS(insns), NULL);
}

static void put_object(const char *path, int fd)
{
	if (fd < 0)
		return;
	remove(path);
	bpf_obj_pin(fd, path);
	close(fd);
}

static char *bucket_pin(const char *row, struct nfp_bucket id, const char *suffix)
{
	return g_strdup_printf(DIRECTORY "/buckets/%s/%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "%s", row, (guint64)id.start_ts,
			       (guint64)id.end_ts, suffix);
}

/* A label in the directory that packets read, with a map of the right shape, pinned too or not. */
static void add_label(struct nfp_bucket id, enum nfp_protocol row, gboolean pinned)
{
	g_autofree char *outer = g_build_filename(DIRECTORY, nfp_load_row_name(row), NULL);
	g_autofree char *pin = bucket_pin(nfp_load_row_name(row), id, "");
	NFP_AUTO_FD int map = bpf_obj_get(outer);
	int inner = some_map(BPF_MAP_TYPE_HASH, (uint32_t)nfp_load_key_size(row), (uint32_t)nfp_load_value_size(row), 16,
			     BPF_F_NO_PREALLOC);

	if (map >= 0 && inner >= 0)
		bpf_map_update_elem(map, &id, &inner, BPF_ANY);
	if (pinned)
		put_object(pin, inner);
	else if (inner >= 0)
		close(inner);
}

/* ---- one by one --------------------------------------------------------------------------------------- */

static Published start_well(struct nfp_bucket id)
{
	Published published = { .id = id };
	g_autofree char *why = NULL;

	cr_assert(start(FALSE, &published, &why), "%s", why);
	return published;
}

static char *start_refused(void)
{
	Published published = { 0 };
	char *why = NULL;

	cr_assert_not(start(FALSE, &published, &why));
	return why;
}

static struct nfp_bucket begin(void)
{
	nfpt_sandbox();
	return leave_behind();
}

Test(hostile_pins, nothing_touched)
{
	struct nfp_bucket id = begin();

	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	purge();
}

/* Longer entries than there is room for: the kernel writes all of them. */
Test(hostile_pins, inner_map_of_another_shape)
{
	struct nfp_bucket id = begin();
	g_autofree char *pin = bucket_pin("tcp4", id, ""), *hook = bucket_pin("hook", id, "");

	put_object(pin, some_map(BPF_MAP_TYPE_HASH, 500, 4000, 4096, BPF_F_NO_PREALLOC));
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS, "the other protocols' are kept");
	purge();

	id = leave_behind();
	g_free(hook);
	hook = bucket_pin("hook", id, "");
	put_object(hook, some_map(BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row), 64, 0));
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS, "and without the rows of hooks");
	purge();
}

static void expect_past_kept(const char *row, const char *suffix, int fd)
{
	struct nfp_bucket id = leave_behind();
	g_autofree char *pin = bucket_pin(row, id, suffix);

	put_object(pin, fd);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS, "%s%s", row, suffix);
	purge();
}

/* Read by mmap: what is behind a table's end is somebody else's memory. */
Test(hostile_pins, tables_of_another_shape)
{
	nfpt_sandbox();
	expect_past_kept("hook", "-table", some_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE));
	expect_past_kept("hook", "-table", some_map(BPF_MAP_TYPE_ARRAY, 4, 64, 2, BPF_F_MMAPABLE));
	expect_past_kept("tcp4", "-table", some_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1 << 20, BPF_F_MMAPABLE));
	expect_past_kept("udp6", "-table", some_map(BPF_MAP_TYPE_HASH, 4, 512, 64, 0));
	expect_past_kept("tcp6", "", some_program());
}

/* An empty interval, and one that ends before it begins: nobody divides by its length. */
Test(hostile_pins, labels_that_are_none)
{
	struct nfp_bucket id = begin();
	struct nfp_bucket empty = { id.end_ts + 60 * S, id.end_ts + 60 * S }, backward = { 900, 5 }, endless = { 1, UINT64_MAX };

	add_label(empty, NFP_P_hook, TRUE);
	add_label(backward, NFP_P_hook, TRUE);
	add_label(endless, NFP_P_hook, TRUE);
	add_label(empty, NFP_P_tcp4, FALSE);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	purge();
}

/* Of a bucket that is there, and of no interval: neither is overwritten, nor hidden. */
Test(hostile_pins, notes_of_a_swap)
{
	struct nfp_bucket id = begin();
	g_autofree char *note = g_strdup_printf("0-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, (guint64)id.start_ts,
						(guint64)id.end_ts);

	cr_assert_eq(symlink(note, DIRECTORY "/buckets/swap"), 0);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	purge();

	id = leave_behind();
	cr_assert_eq(symlink("0-9-3", DIRECTORY "/buckets/swap"), 0);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	cr_expect(access(DIRECTORY "/buckets/hook/spill0", F_OK) == 0, "the spill bucket has its name");
	purge();

	id = leave_behind();
	cr_assert_eq(mkdir(DIRECTORY "/buckets/swap", 0700), 0);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	cr_expect(access(DIRECTORY "/buckets/swap", F_OK) < 0, "out of the way of notes to come");
	purge();
}

Test(hostile_pins, folders_in_place_of_buckets)
{
	struct nfp_bucket id = begin();
	g_autofree char *pin = bucket_pin("tcp4", id, ""), *next = NULL, *deep = NULL;
	struct nfp_bucket ahead = { id.start_ts + 30 * S, id.end_ts + 30 * S };

	cr_assert_eq(remove(pin), 0);
	cr_assert_eq(mkdir(pin, 0700), 0);
	next = bucket_pin("hook", ahead, "");
	deep = g_build_filename(next, "deep", NULL);
	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
	purge();
}

/* A clock like this would have more buckets made ahead than there is memory. */
Test(hostile_pins, clock_that_nobody_set)
{
	static const struct nfp_clock clocks[] = {
		{ .length = 1 }, { .length = UINT64_MAX }, { .length = 10 * NFP_NS_PER_S, .step = UINT64_MAX },
		{ .length = 10 * NFP_NS_PER_S, .offset = INT64_MIN },
	};

	nfpt_sandbox();
	for (guint i = 0; i < G_N_ELEMENTS(clocks); i++) {
		struct nfp_bucket id = leave_behind();
		NFP_AUTO_FD int map = bpf_obj_get(DIRECTORY "/config");
		struct nfp_config config = { .abi = NFP_ABI_HASH, .active = 77, .clock = { clocks[i], clocks[i] } };
		uint32_t zero = 0;

		cr_assert_eq(bpf_map_update_elem(map, &zero, &config, BPF_ANY), 0);
		cr_expect_eq(start_well(id).packets, FLOWS * PACKETS);
		purge();
	}
}

/* Packets that are counted in maps nobody can read would be lost without a word: they spill from the start on. */
Test(hostile_pins, open_bucket_whose_pins_are_others)
{
	struct nfp_bucket id = begin(), present = { id.start_ts + 20 * S, id.end_ts + 20 * S };
	g_autoptr(NfpProbe) probe = NULL;
	NfpBuckets *buckets;

	add_label(present, NFP_P_udp4, FALSE);
	add_label((struct nfp_bucket){ 0, 0 }, NFP_P_hook, FALSE);
	probe = nfpt_open("default", NULL, false);
	buckets = (NfpBuckets *)nfp_probe_source(probe);
	nfpt_list(probe, NULL);
	cr_expect_eq(nfp_buckets_visible(buckets, NFP_P_hook, present), 0);
	cr_expect(nfp_buckets_is_whole(buckets, (struct nfp_bucket){ 0, 0 }));
	cr_expect_eq(nfp_buckets_visible(buckets, NFP_P_hook, (struct nfp_bucket){ 0, 0 }), 1);
}

Test(hostile_pins, maps_that_are_none_of_ours)
{
	g_autofree char *why = NULL;

	begin();
	put_object(DIRECTORY "/books", some_map(BPF_MAP_TYPE_HASH, 400, 4000, 8, 0));
	why = start_refused();
	cr_expect(strstr(why, "books is not as this one makes it") && strstr(why, "nfprobe detach"), "%s", why);
	purge();

	leave_behind();
	put_object(DIRECTORY "/ring", some_program());
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "ring is not as this one makes it"), "%s", why);
	purge();

	leave_behind();
	remove(DIRECTORY "/status");
	cr_assert_eq(mkdir(DIRECTORY "/status", 0700), 0);
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "/status is a folder"), "%s", why);
	purge();

	/* Another instance's: what it counts would be taken for ours. */
	leave_behind();
	nfpt_run("mkdir %s/other && mv %s/base %s/other/ && ln -s %s/other/base %s/base", NFPT_PIN_ROOT, DIRECTORY, NFPT_PIN_ROOT,
		 NFPT_PIN_ROOT, DIRECTORY);
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "/base is a symbolic link"), "%s", why);
	purge();
	cr_expect(access(NFPT_PIN_ROOT "/other/base", F_OK) == 0);
}

/* A map whose description reads like that of a TCX link on this interface (both begin with type and id). */
Test(hostile_pins, map_in_place_of_a_link)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL, *pin = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	NFP_AUTO_FD int map = -1;
	uint32_t ifindex;

	begin();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	ifindex = nfpt_ifindex(probe, "a0");
	pin = g_strdup_printf(DIRECTORY "/links/%u-ingress-tc", ifindex);
	map = some_map(BPF_MAP_TYPE_LPM_TRIE, 8, 8, ifindex, BPF_F_NO_PREALLOC); /* 11, as BPF_LINK_TYPE_TCX */
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_obj_get_info_by_fd(map, &info, &size), 0);
	cr_assert_eq(bpf_obj_pin(map, pin), 0);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	hooks = nfpt_hooks(probe);
	cr_expect(g_str_has_prefix(hooks, "a0/in/"), "%s", hooks);
}

/* ---- any of it, at random --------------------------------------------------------------------------------- */

static GPtrArray *found; /* of nftw(), which takes no data */

static int find_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (ftw->level)
		g_ptr_array_add(found, g_strdup(path));
	return 0;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *pick(GRand *rand)
{
	g_clear_pointer(&found, g_ptr_array_unref);
	found = g_ptr_array_new_with_free_func(g_free);
	nftw(DIRECTORY, find_one, 16, FTW_PHYS);
	if (!found->len)
		return DIRECTORY "/x";
	g_ptr_array_sort(found, by_name);
	return found->pdata[g_rand_int_range(rand, 0, (gint32)found->len)];
}

static uint32_t some(GRand *rand, uint32_t most)
{
	static const uint32_t likely[] = { 1, 4, 8, 16, 24, 32, 48, 64, 104, 120, 144, 512, 1088, 4096 };

	return g_rand_boolean(rand) ? MIN(likely[g_rand_int_range(rand, 0, G_N_ELEMENTS(likely))], most)
				    : (uint32_t)g_rand_int_range(rand, 1, (gint32)most);
}

static int random_map(GRand *rand)
{
	static const struct {
		enum bpf_map_type type;
		uint32_t key, flags;
	} kinds[] = { { BPF_MAP_TYPE_HASH, 0, BPF_F_NO_PREALLOC }, { BPF_MAP_TYPE_HASH, 0, 0 },
		      { BPF_MAP_TYPE_PERCPU_HASH, 0, 0 }, { BPF_MAP_TYPE_ARRAY, 4, BPF_F_MMAPABLE }, { BPF_MAP_TYPE_ARRAY, 4, 0 },
		      { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0 }, { BPF_MAP_TYPE_LRU_HASH, 0, 0 },
		      { BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC } };
	guint i = (guint)g_rand_int_range(rand, 0, G_N_ELEMENTS(kinds));

	return some_map(kinds[i].type, kinds[i].key ? kinds[i].key : some(rand, 500), some(rand, 4096), some(rand, 5000),
			kinds[i].flags);
}

/* Any octets in some elements of whatever map is there. */
static void scribble(GRand *rand, const char *path)
{
	static guint64 octets[8192]; /* an element of every CPU */
	guint8 key[512];
	NFP_AUTO_FD int fd = bpf_obj_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || info.key_size > sizeof(key) || info.value_size > 4096 ||
	    info.type == BPF_MAP_TYPE_HASH_OF_MAPS || info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return;
	for (int n = g_rand_int_range(rand, 1, 40); n > 0; n--) {
		uint32_t index = (uint32_t)g_rand_int_range(rand, 0, (gint32)CLAMP(info.max_entries, 1, 1 << 20));

		for (guint i = 0; i < G_N_ELEMENTS(octets); i += 7)
			octets[i] = g_rand_boolean(rand) ? (guint64)g_rand_int(rand) << 32 | g_rand_int(rand) : UINT64_MAX;
		for (guint i = 0; i < sizeof(key); i++)
			key[i] = (guint8)g_rand_int_range(rand, 0, g_rand_boolean(rand) ? 256 : 3);
		if (info.type == BPF_MAP_TYPE_ARRAY || info.type == BPF_MAP_TYPE_PERCPU_ARRAY)
			memcpy(key, &index, sizeof(index));
		bpf_map_update_elem(fd, key, octets, BPF_ANY);
	}
}

static struct nfp_bucket random_label(GRand *rand, struct nfp_bucket near)
{
	guint64 a = (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);

	switch (g_rand_int_range(rand, 0, 5)) {
	case 0: return (struct nfp_bucket){ a, a };
	case 1: return (struct nfp_bucket){ a, 3 };
	case 2: return (struct nfp_bucket){ 1, a };
	case 3: return (struct nfp_bucket){ near.start_ts + 30 * S, near.end_ts + 30 * S };
	default: return (struct nfp_bucket){ near.start_ts - 10 * S, near.end_ts - 10 * S + a % 3 };
	}
}

static void add_note(GRand *rand, struct nfp_bucket near)
{
	struct nfp_bucket id = random_label(rand, near);
	g_autofree char *text = g_strdup_printf("%d-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, g_rand_int_range(rand, -1, 3),
						(guint64)id.start_ts, (guint64)id.end_ts);

	remove(DIRECTORY "/buckets/swap");
	if (symlink(g_rand_int_range(rand, 0, 8) ? text : "nonsense", DIRECTORY "/buckets/swap") < 0)
		cr_assert_eq(errno, EEXIST);
}

/* Whether what is in the closed bucket must come out all the same. */
static gboolean spoil(GRand *rand, struct nfp_bucket past, GString *said)
{
	g_autofree char *path = g_strdup(pick(rand)), *other = g_strdup(pick(rand)), *below = g_build_filename(path, "x", NULL);
	g_autofree char *label = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)past.start_ts);
	int what = g_rand_int_range(rand, 0, 12);
	/* Contents of bucket maps elsewhere, and folders above none. */
	gboolean spares = strstr(path, "/buckets/") && !strstr(path, label) && !g_file_test(path, G_FILE_TEST_IS_DIR);

	g_string_append_printf(said, " %d %s;", what, path);
	switch (what) {
	case 0: case 1: put_object(path, random_map(rand)); return spares;
	case 2: put_object(path, some_program()); return spares;
	case 3:
		remove(path);
		mkdir(path, 0700);
		if (g_rand_boolean(rand))
			mkdir(below, 0700);
		return spares;
	case 4:
		remove(path);
		cr_assert(symlink(g_rand_boolean(rand) ? other : "/nowhere", path) == 0 || errno == EEXIST);
		return spares;
	case 5:
		g_string_append_printf(said, " from %s;", other);
		return rename(other, path) < 0;
	case 6: remove(path); return spares;
	case 7: case 8: scribble(rand, path); return spares;
	case 9: add_label(random_label(rand, past), g_rand_int_range(rand, 0, NFP_P_N + 1), g_rand_boolean(rand)); return TRUE;
	case 10: add_note(rand, past); return TRUE;
	default: chmod(path, 0666); chown(path, 1000, 1000); return TRUE;
	}
}

static double seconds(void)
{
	const char *text = g_getenv("NFP_FUZZ_SECONDS");

	return text ? atof(text) : g_strcmp0(g_getenv("NFPROBE_FULL"), "1") == 0 ? 60 : 10;
}

static guint32 seed(void)
{
	const char *text = g_getenv("NFP_FUZZ_SEED");

	return text ? (guint32)strtoul(text, NULL, 0) : (guint32)g_get_real_time();
}

Test(hostile_pins, at_random, .timeout = 280)
{
	g_autoptr(GTimer) timer = g_timer_new();
	guint32 first = seed();
	guint rounds = 0, refused = 0;

	nfpt_sandbox();
	nfpt_run("ip link set lo up");
	for (; g_timer_elapsed(timer, NULL) < seconds(); rounds++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(first + rounds);
		g_autoptr(GString) said = g_string_new(NULL);
		g_autofree char *why = NULL;
		struct nfp_bucket past = leave_behind();
		Published published = { .id = past };
		gboolean spared = TRUE;
		gint64 begun;

		for (int n = g_rand_int_range(rand, 1, 4); n > 0; n--)
			spared &= spoil(rand, past, said);
		cr_log_info("seed %u:%s", first + rounds, said->str);
		begun = g_get_monotonic_time();
		if (!start(g_rand_int_range(rand, 0, 8) == 0, &published, &why)) {
			refused++;
			cr_expect_gt(strlen(why), 20, "seed %u: \"%s\"", first + rounds, why);
		} else if (spared) {
			cr_expect_eq(published.packets, FLOWS * PACKETS, "seed %u:%s: %lu packets", first + rounds, said->str,
				     (gulong)published.packets);
		}
		cr_expect_lt(g_get_monotonic_time() - begun, 60 * G_USEC_PER_SEC, "seed %u:%s", first + rounds, said->str);
		purge();
	}
	g_clear_pointer(&found, g_ptr_array_unref);
	printf("hostile pins: %u rounds from seed %u, %u refused\n", rounds, first, refused);
}
