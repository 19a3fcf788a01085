/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spill bucket's swap: under traffic, and cut off at each step. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe/buckets.h"
#include "support/metered.h"
#include "support/netns.h"

static const struct nfp_bucket spill = { 0, 0 };

/* Everything spills: there is a clock and no bucket. */
static NfpProbe *spilling(void)
{
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfp_probe_source(probe)->close(nfp_probe_source(probe), nfpt_meter(probe));
	return probe;
}

Test(probe_spill, empty_is_left_alone)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_bucket id = { 7, 7 };

	cr_expect_eq(source->swap_spill(source, 100, 200, &id), 0);
	cr_expect(id.start_ts == 7 && id.end_ts == 7);
	cr_expect_eq(source->swap_spill(source, 0, 200, &id), -EINVAL);
	cr_expect_eq(source->swap_spill(source, 200, 200, &id), -EINVAL);
}

Test(probe_spill, turns)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpSource *source = nfp_probe_source(probe);

	for (uint64_t i = 1; i <= 4; i++) {
		struct nfp_bucket id;
		NfpBucketInfo info;

		nfpt_run("ping -q -c %d -i 0.01 10.9.0.2", (int)i);
		cr_expect_eq(nfpt_seen_all(probe, spill), 2 * i);
		cr_assert_eq(source->swap_spill(source, i * 100, i * 100 + 50, &id), 1);
		cr_expect(id.start_ts == i * 100 && id.end_ts == i * 100 + 50);
		cr_expect_eq(nfpt_seen_all(probe, id), 2 * i);
		cr_expect_eq(nfpt_recorded(probe, id), 2 * i);
		cr_expect_eq(nfpt_seen_all(probe, spill), 0);
		cr_assert_eq(nfpt_list(probe, &info), 1);
		cr_expect(info.spill && info.state == NFP_BUCKET_CLOSED && info.id.start_ts == i * 100);
		cr_assert_eq(source->remove(source, id), 0);
	}
}

Test(probe_spill, a_taken_label_is_refused)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_bucket id;

	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_assert_eq(source->swap_spill(source, 100, 200, &id), 1);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(source->swap_spill(source, 100, 200, &id), -EEXIST);
	cr_expect_eq(nfpt_seen_all(probe, spill), 2);
}

Test(probe_spill, books_close_in_each_bucket_under_traffic)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpSource *source = nfp_probe_source(probe);
	uint64_t seen = 0, counters[NFP_C_N];
	int swaps = 0;

	nfpt_run("ping -q -f -w 120 10.9.0.2 >/dev/null 2>&1 & echo $! >/run/netns/.ping");
	for (uint64_t i = 1; swaps < 6; i++) {
		struct nfp_bucket id;
		int rc = source->swap_spill(source, i * 100, i * 100 + 50, &id);

		cr_assert_geq(rc, 0, "%s", strerror(-rc));
		if (!rc)
			continue;
		swaps++;
		seen += nfpt_seen_all(probe, id);
		cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id), "bucket %" PRIu64, i);
		cr_assert_eq(source->remove(source, id), 0);
	}
	nfpt_run("kill -INT $(cat /run/netns/.ping); tail --pid=$(cat /run/netns/.ping) -f /dev/null");
	seen += nfpt_seen_all(probe, spill);
	cr_assert_eq(nfp_probe_counters(probe, counters), 0);
	cr_expect_eq(seen, counters[NFP_C_seen]);
	cr_expect_eq(counters[NFP_C_spilled], counters[NFP_C_seen]);
	cr_expect_geq(seen, 1000);
}

static void note(uint64_t which, const char *label)
{
	g_autofree char *text = g_strdup_printf("%" PRIu64 "-%s", which, label);

	cr_assert_eq(symlink(text, NFPT_PIN_ROOT "/default/buckets/swap"), 0);
}

static void rename_pin(enum nfp_protocol row, const char *from, const char *to)
{
	g_autofree char *old = g_strdup_printf(NFPT_PIN_ROOT "/default/buckets/%s/%s", nfp_load_row_name(row), from);
	g_autofree char *new = g_strdup_printf(NFPT_PIN_ROOT "/default/buckets/%s/%s", nfp_load_row_name(row), to);

	cr_assert_eq(rename(old, new), 0);
}

/* A successor finds the state that a kill after `steps` steps leaves. */
static void cut_off(int steps)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpBuckets *buckets = (NfpBuckets *)nfp_probe_source(probe);
	struct nfp_bucket other = { 0, 1 };
	uint32_t entries[NFP_P_N] = { 0 };
	NfpBucketInfo info;
	bool labelled = steps >= 2;

	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	if (steps >= 1)
		cr_assert_eq(nfp_buckets_create(buckets, other, entries), 0);
	if (steps >= 2)
		note(0, "100-200");
	if (steps >= 3)
		cr_assert_eq(nfp_buckets_close(buckets, spill), 0);
	for (int row = 0; row < steps - 3; row++)
		rename_pin(row, "spill0", "100-200");
	nfp_probe_free(g_steal_pointer(&probe));

	probe = nfpt_open("default", NULL, false);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_assert_eq(nfpt_list(probe, &info), labelled, "steps %d", steps);
	if (labelled) {
		/* Packets of the successor may still be in it where the kill came before it was closed. */
		uint64_t first = nfpt_seen_all(probe, info.id), second = nfpt_seen_all(probe, spill);

		cr_expect(info.id.start_ts == 100 && info.id.end_ts == 200 && info.spill);
		cr_expect_eq(first, steps == 2 ? 10 : 6, "steps %d: %" PRIu64, steps, first);
		cr_expect_eq(first + second, 10, "steps %d", steps);
		cr_expect_eq(nfpt_recorded(probe, info.id), first);
		cr_expect_eq(nfpt_recorded(probe, spill), second);
	} else {
		cr_expect_eq(nfpt_seen_all(probe, spill), 10, "steps %d", steps);
		cr_expect_eq(nfpt_recorded(probe, spill), 10);
	}
	cr_expect_neq(access(NFPT_PIN_ROOT "/default/buckets/swap", F_OK), 0);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, spill) + (labelled ? nfpt_seen_all(probe, info.id) : 0), 12);
}

Test(probe_spill, cut_off_before_it_began)
{
	cut_off(0);
}

Test(probe_spill, cut_off_with_two_open)
{
	cut_off(1);
}

Test(probe_spill, cut_off_when_the_label_was_decided)
{
	cut_off(2);
}

Test(probe_spill, cut_off_when_it_was_closed)
{
	cut_off(3);
}

Test(probe_spill, cut_off_in_the_middle_of_renaming)
{
	cut_off(3 + 5);
}

Test(probe_spill, cut_off_when_all_was_renamed)
{
	cut_off(3 + NFP_P_N + 1);
}

Test(probe_spill, a_note_of_somebody_else_is_dropped)
{
	g_autoptr(NfpProbe) probe = spilling();

	note(9, "x");
	cr_expect_eq(nfp_spill_finish((NfpBuckets *)nfp_probe_source(probe)), 0);
	cr_expect_neq(access(NFPT_PIN_ROOT "/default/buckets/swap", F_OK), 0);
	cr_expect_eq(nfp_spill_ensure((NfpBuckets *)nfp_probe_source(probe)), 0);
}

/* Not one file can be opened from now on. Returns the limit that was. */
static struct rlimit no_descriptor_left(void)
{
	int next = dup(STDERR_FILENO);
	struct rlimit was, none;

	cr_assert_geq(next, 0);
	close(next);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){ (rlim_t)next, was.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return was;
}

Test(probe_spill, what_cannot_be_opened_for_now_is_kept)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpBuckets *buckets = (NfpBuckets *)nfp_probe_source(probe);
	struct rlimit was;
	int whole, ensured;

	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_assert_eq(nfpt_seen_all(probe, spill), 6);
	was = no_descriptor_left();
	whole = nfp_buckets_is_whole(buckets, spill);
	ensured = nfp_spill_ensure(buckets);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	cr_expect_eq(whole, -EMFILE, "%d", whole);
	cr_expect_eq(ensured, -EMFILE, "%d", ensured);
	cr_expect_eq(nfp_buckets_is_whole(buckets, spill), 1);
	cr_expect_eq(nfp_spill_ensure(buckets), 0);
	cr_expect_eq(nfpt_seen_all(probe, spill), 6);
	cr_expect_eq(nfpt_recorded(probe, spill), 6);
}

Test(probe_spill, nothing_is_purged_where_a_claim_cannot_be_told)
{
	g_autoptr(NfpProbe) probe = spilling();
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(GError) error = NULL;
	struct rlimit was = no_descriptor_left();
	gboolean purged = nfp_probe_purge(&options, &error);

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	cr_expect_not(purged);
	cr_expect(strstr(error->message, "cannot tell whether"), "%s", error->message);
	cr_expect_eq(nfp_buckets_is_whole((NfpBuckets *)nfp_probe_source(probe), spill), 1);
}
