// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of plain packets beside the general one: mutated frames, by programs with flow tables and by one without. Both
 * have the same entries in the end. Seeds and seconds as in test_differential.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/mutate.h"
#include "support/netns.h"

#define LENGTH (60 * (uint64_t)NFP_NS_PER_S)
#define FRAMES 1500 /* of a bucket */

static NfpProbe *probe_open(const char *instance, bool no_table)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = instance, .no_table = no_table };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe = nfp_probe_open(&options, &error);
	struct nfp_clock clock = { .length = LENGTH };

	cr_assert_not_null(probe, "%s", error ? error->message : "");
	cr_assert_eq(nfp_probe_source(probe)->set_clock(nfp_probe_source(probe), &clock, false), 0);
	return probe;
}

/* The frames of this seed, in a bucket of their own. */
static guint feed(NfpProbe *probe, struct nfp_bucket id, guint32 seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpTestRun) run = NULL;
	uint32_t room[NFP_P_N];
	guint fed = 0;

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = 4096;
	cr_assert_eq(nfp_probe_source(probe)->create(nfp_probe_source(probe), id, room), 0);
	run = nfp_testrun_new(probe, true, &error);
	cr_assert_not_null(run, "%s", error ? error->message : "");
	for (guint i = 0; i < FRAMES; i++) {
		NfpTestFrame frame;

		nfp_test_mutated(rand, &frame);
		fed += nfp_testrun_feed(run, frame.bytes, frame.length, frame.length, id.start_ts + i * 1000000) == 0;
	}
	return fed;
}

/* key and value of each entry, sorted. */
static GPtrArray *entries_of(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	NfpEntries entries;

	cr_assert_eq(nfp_probe_source(probe)->read(nfp_probe_source(probe), id, row, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		g_autoptr(GByteArray) both = g_byte_array_new();
		struct nfp_key_meta *meta;

		g_byte_array_append(both, (const guint8 *)entries.keys + i * entries.key_size, (guint)entries.key_size);
		g_byte_array_append(both, (const guint8 *)&entries.values[i], sizeof(entries.values[i]));
		meta = (struct nfp_key_meta *)(both->data + entries.key_size - sizeof(*meta));
		meta->cpu = 0; /* each run has its own */
		g_ptr_array_add(all, g_byte_array_free_to_bytes(g_steal_pointer(&both)));
	}
	return all;
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
	return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

static void compare(NfpProbe *a, NfpProbe *b, struct nfp_bucket id, guint32 seed)
{
	for (int row = 0; row < NFP_P_N; row++) {
		g_autoptr(GPtrArray) x = entries_of(a, id, row), y = entries_of(b, id, row);

		g_ptr_array_sort(x, by_bytes);
		g_ptr_array_sort(y, by_bytes);
		cr_assert_eq(x->len, y->len, "seed %u: %s: %u entries with tables, %u without", seed, nfp_load_row_name(row), x->len,
			     y->len);
		for (guint i = 0; i < x->len; i++)
			cr_assert(g_bytes_equal(x->pdata[i], y->pdata[i]), "seed %u: %s: entry %u of %u differs", seed,
				  nfp_load_row_name(row), i, x->len);
	}
}

Test(differential_table, same_entries, .timeout = 200)
{
	g_autoptr(NfpProbe) with = NULL, without = NULL;
	g_autoptr(GTimer) timer = g_timer_new();
	guint32 seed = nfp_test_fuzz_seed();
	uint64_t frames = 0;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	with = probe_open("with", false);
	without = probe_open("without", true);
	printf("differential: tables, seed %u\n", seed);
	for (guint32 i = 1; i == 1 || g_timer_elapsed(timer, NULL) < nfp_test_fuzz_seconds(5); i++) {
		struct nfp_bucket id = { i * LENGTH, i * LENGTH + LENGTH };
		guint fed = feed(with, id, seed + i);

		cr_assert_gt(fed, FRAMES / 2);
		cr_assert_eq(feed(without, id, seed + i), fed);
		compare(with, without, id, seed + i);
		for (guint j = 0; j < 2; j++) {
			NfpSource *source = nfp_probe_source(j ? with : without);

			cr_assert_eq(source->close(source, id), 0);
			cr_assert_eq(source->remove(source, id), 0);
		}
		frames += fed;
	}
	printf("differential: tables: %lu frames\n", (gulong)frames);
}
