// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As test_hostile_pins, with one to three of these things at random places. The same ones at each run; NFP_FUZZ_SEED gives
 * others, NFP_FUZZ_SECONDS more time than 10 s; NFPROBE_FULL=1: 30 s, of others each time. The seed is printed.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/load.h"
#include "support/hostile_pins.h"
#include "support/mutate.h"

#define S ((uint64_t)NFP_NS_PER_S)

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
	nftw(NFPT_HOSTILE, find_one, 16, FTW_PHYS);
	if (!found->len)
		return NFPT_HOSTILE "/x";
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

	return nfpt_some_map(kinds[i].type, kinds[i].key ? kinds[i].key : some(rand, 500), some(rand, 4096), some(rand, 5000),
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

	remove(NFPT_HOSTILE "/buckets/swap");
	if (symlink(g_rand_int_range(rand, 0, 8) ? text : "nonsense", NFPT_HOSTILE "/buckets/swap") < 0)
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
	case 0: case 1: nfpt_put_object(path, random_map(rand)); return spares;
	case 2: nfpt_put_object(path, nfpt_some_program()); return spares;
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
	case 9: nfpt_add_label(random_label(rand, past), g_rand_int_range(rand, 0, NFP_P_N + 1), g_rand_boolean(rand)); return TRUE;
	case 10: add_note(rand, past); return TRUE;
	default: chmod(path, 0666); chown(path, 1000, 1000); return TRUE;
	}
}

Test(hostile_pins_random, what_is_sound_comes_out, .timeout = 280)
{
	g_autoptr(GTimer) timer = g_timer_new();
	guint32 first = nfp_test_fuzz_seed();
	double seconds = nfp_test_fuzz_seconds(10);
	guint rounds = 0, refused = 0;

	nfpt_sandbox();
	nfpt_run("ip link set lo up");
	for (; g_timer_elapsed(timer, NULL) < seconds; rounds++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(first + rounds);
		g_autoptr(GString) said = g_string_new(NULL);
		g_autofree char *why = NULL;
		struct nfp_bucket past = nfpt_leave_behind();
		NfptPublished published = { .id = past };
		gboolean spared = TRUE;
		gint64 begun;

		for (int n = g_rand_int_range(rand, 1, 4); n > 0; n--)
			spared &= spoil(rand, past, said);
		cr_log_info("seed %u:%s", first + rounds, said->str);
		begun = g_get_monotonic_time();
		if (!nfpt_start(g_rand_int_range(rand, 0, 8) == 0, &published, &why)) {
			refused++;
			cr_expect_gt(strlen(why), 20, "seed %u: \"%s\"", first + rounds, why);
		} else if (spared) {
			cr_expect_eq(published.packets, NFPT_HOSTILE_PACKETS, "seed %u:%s: %lu packets", first + rounds, said->str,
				     (gulong)published.packets);
		}
		cr_expect_lt(g_get_monotonic_time() - begun, 60 * G_USEC_PER_SEC, "seed %u:%s", first + rounds, said->str);
		nfpt_purge();
	}
	g_clear_pointer(&found, g_ptr_array_unref);
	printf("hostile pins: %u rounds from seed %u, %u refused\n", rounds, first, refused);
}
