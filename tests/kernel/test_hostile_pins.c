// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A start over pins that are not what we left: maps of other shapes, programs, folders and links in their places, contents
 * that nobody wrote. It ends with a sentence or goes on with what is sound; what was not touched is exported as it was.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/domain.h"
#include "support/hostile_pins.h"
#include "support/metered.h"

#define S ((uint64_t)NFP_NS_PER_S)

static NfptPublished start_well(struct nfp_bucket id)
{
	NfptPublished published = { .id = id };
	g_autofree char *why = NULL;

	cr_assert(nfpt_start(FALSE, &published, &why), "%s", why);
	return published;
}

static char *start_refused(void)
{
	NfptPublished published = { 0 };
	char *why = NULL;

	cr_assert_not(nfpt_start(FALSE, &published, &why));
	return why;
}

static struct nfp_bucket begin(void)
{
	nfpt_sandbox();
	return nfpt_leave_behind();
}

Test(hostile_pins, nothing_touched)
{
	struct nfp_bucket id = begin();

	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	nfpt_purge();
}

/* Longer entries than there is room for: the kernel writes all of them. */
Test(hostile_pins, inner_map_of_another_shape)
{
	struct nfp_bucket id = begin();
	g_autofree char *pin = nfpt_bucket_pin("tcp4", id, ""), *hook = nfpt_bucket_pin("hook", id, "");

	nfpt_put_object(pin, nfpt_some_map(BPF_MAP_TYPE_HASH, 500, 4000, 4096, BPF_F_NO_PREALLOC));
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS, "the other protocols' are kept");
	nfpt_purge();

	id = nfpt_leave_behind();
	g_free(hook);
	hook = nfpt_bucket_pin("hook", id, "");
	nfpt_put_object(hook, nfpt_some_map(BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row), 64, 0));
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS, "and without the rows of hooks");
	nfpt_purge();
}

static void expect_past_kept(const char *row, const char *suffix, int fd)
{
	struct nfp_bucket id = nfpt_leave_behind();
	g_autofree char *pin = nfpt_bucket_pin(row, id, suffix);

	nfpt_put_object(pin, fd);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS, "%s%s", row, suffix);
	nfpt_purge();
}

/* Read by mmap: what is behind a table's end is somebody else's memory. */
Test(hostile_pins, tables_of_another_shape)
{
	nfpt_sandbox();
	expect_past_kept("hook", "-table", nfpt_some_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE));
	expect_past_kept("hook", "-table", nfpt_some_map(BPF_MAP_TYPE_ARRAY, 4, 64, 2, BPF_F_MMAPABLE));
	expect_past_kept("tcp4", "-table", nfpt_some_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1 << 20, BPF_F_MMAPABLE));
	expect_past_kept("udp6", "-table", nfpt_some_map(BPF_MAP_TYPE_HASH, 4, 512, 64, 0));
	expect_past_kept("tcp6", "", nfpt_some_program());
}

/* An empty interval, and one that ends before it begins: nobody divides by its length. */
Test(hostile_pins, labels_that_are_none)
{
	struct nfp_bucket id = begin();
	struct nfp_bucket empty = { id.end_ts + 60 * S, id.end_ts + 60 * S }, backward = { 900, 5 }, endless = { 1, UINT64_MAX };

	nfpt_add_label(empty, NFP_P_hook, TRUE);
	nfpt_add_label(backward, NFP_P_hook, TRUE);
	nfpt_add_label(endless, NFP_P_hook, TRUE);
	nfpt_add_label(empty, NFP_P_tcp4, FALSE);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	nfpt_purge();
}

/* Of a bucket that is there, and of no interval: neither is overwritten, nor hidden. */
Test(hostile_pins, notes_of_a_swap)
{
	struct nfp_bucket id = begin();
	g_autofree char *note = g_strdup_printf("0-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, (guint64)id.start_ts,
						(guint64)id.end_ts);

	cr_assert_eq(symlink(note, NFPT_HOSTILE "/buckets/swap"), 0);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	nfpt_purge();

	id = nfpt_leave_behind();
	cr_assert_eq(symlink("0-9-3", NFPT_HOSTILE "/buckets/swap"), 0);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	cr_expect(access(NFPT_HOSTILE "/buckets/hook/spill0", F_OK) == 0, "the spill bucket has its name");
	nfpt_purge();

	id = nfpt_leave_behind();
	cr_assert_eq(mkdir(NFPT_HOSTILE "/buckets/swap", 0700), 0);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	cr_expect(access(NFPT_HOSTILE "/buckets/swap", F_OK) < 0, "out of the way of notes to come");
	nfpt_purge();
}

Test(hostile_pins, folders_in_place_of_buckets)
{
	struct nfp_bucket id = begin();
	g_autofree char *pin = nfpt_bucket_pin("tcp4", id, ""), *next = NULL, *deep = NULL;
	struct nfp_bucket ahead = { id.start_ts + 30 * S, id.end_ts + 30 * S };

	cr_assert_eq(remove(pin), 0);
	cr_assert_eq(mkdir(pin, 0700), 0);
	next = nfpt_bucket_pin("hook", ahead, "");
	deep = g_build_filename(next, "deep", NULL);
	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	nfpt_purge();
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
		struct nfp_bucket id = nfpt_leave_behind();
		NFP_AUTO_FD int map = bpf_obj_get(NFPT_HOSTILE "/config");
		struct nfp_config config = { .abi = NFP_ABI_HASH, .active = 77, .clock = { clocks[i], clocks[i] } };
		uint32_t zero = 0;

		cr_assert_eq(bpf_map_update_elem(map, &zero, &config, BPF_ANY), 0);
		cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
		nfpt_purge();
	}
}

/* Packets that are counted in maps nobody can read would be lost without a word: they spill from the start on. */
Test(hostile_pins, open_bucket_whose_pins_are_others)
{
	struct nfp_bucket id = begin(), present = { id.start_ts + 20 * S, id.end_ts + 20 * S };
	g_autoptr(NfpProbe) probe = NULL;
	NfpBuckets *buckets;

	nfpt_add_label(present, NFP_P_udp4, FALSE);
	nfpt_add_label((struct nfp_bucket){ 0, 0 }, NFP_P_hook, FALSE);
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
	nfpt_put_object(NFPT_HOSTILE "/books", nfpt_some_map(BPF_MAP_TYPE_HASH, 400, 4000, 8, 0));
	why = start_refused();
	cr_expect(strstr(why, "books is not as this one makes it") && strstr(why, "nfprobe detach"), "%s", why);
	nfpt_purge();

	nfpt_leave_behind();
	nfpt_put_object(NFPT_HOSTILE "/ring", nfpt_some_program());
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "ring is not as this one makes it"), "%s", why);
	nfpt_purge();

	nfpt_leave_behind();
	remove(NFPT_HOSTILE "/status");
	cr_assert_eq(mkdir(NFPT_HOSTILE "/status", 0700), 0);
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "/status is a folder"), "%s", why);
	nfpt_purge();

	/* Another instance's: what it counts would be taken for ours. */
	nfpt_leave_behind();
	nfpt_run("mkdir %s/other && mv %s/base %s/other/ && ln -s %s/other/base %s/base", NFPT_PIN_ROOT, NFPT_HOSTILE, NFPT_PIN_ROOT,
		 NFPT_PIN_ROOT, NFPT_HOSTILE);
	g_free(why);
	why = start_refused();
	cr_expect(strstr(why, "/base is a symbolic link"), "%s", why);
	nfpt_purge();
	cr_expect(access(NFPT_PIN_ROOT "/other/base", F_OK) == 0);
}

/* Where the number of the network namespace stands. */
Test(hostile_pins, folder_in_place_of_the_namespace)
{
	struct nfp_bucket id = begin();

	cr_assert_eq(remove(NFPT_HOSTILE "/netns"), 0);
	cr_assert_eq(g_mkdir_with_parents(NFPT_HOSTILE "/netns/deep", 0700), 0);
	cr_expect_eq(start_well(id).packets, NFPT_HOSTILE_PACKETS);
	nfpt_purge();
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
	pin = g_strdup_printf(NFPT_HOSTILE "/links/%u-ingress-tc", ifindex);
	map = nfpt_some_map(BPF_MAP_TYPE_LPM_TRIE, 8, 8, ifindex, BPF_F_NO_PREALLOC); /* 11, as BPF_LINK_TYPE_TCX */
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_obj_get_info_by_fd(map, &info, &size), 0);
	cr_assert_eq(bpf_obj_pin(map, pin), 0);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	hooks = nfpt_hooks(probe);
	cr_expect(g_str_has_prefix(hooks, "a0/in/"), "%s", hooks);
}
