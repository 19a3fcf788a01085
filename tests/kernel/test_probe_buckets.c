/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets over pinned maps: create, packets, close, read, remove. */
#include "probe/buckets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

static const uint32_t smallest[NFP_P_N];

static guint files(const char *what)
{
	g_autofree char *n = nfpt_output("find %s/default/buckets -name '%s' | wc -l", NFPT_PIN_ROOT, what);

	return (guint)g_ascii_strtoull(n, NULL, 10);
}

Test(probe_buckets, life_of_a_bucket)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	NfpBucketInfo info;
	NfpSource *source;
	NfpHookRows rows;
	NfpEntries entries;
	uint64_t spilled;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	id = nfpt_meter(probe);
	cr_expect_eq(source->create(source, id, smallest), -EEXIST);
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect(info.state == NFP_BUCKET_OPEN && !info.spill);
	cr_expect_eq(source->read_hooks(source, id, &rows), 0);
	cr_expect_eq(rows.n, 2 * (size_t)libbpf_num_possible_cpus(), "each hook has its rows before packets come");

	nfpt_run("ping -q -c 6 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 12, "an open bucket can be read");
	cr_expect_eq(source->remove(source, id), -EBUSY, "open: not removed");

	cr_assert_eq(source->close(source, id), 0);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 12, "closed: nothing is added");
	cr_expect_eq(nfpt_recorded(probe, id), 12);
	spilled = nfpt_seen_all(probe, (struct nfp_bucket){ 0, 0 });
	cr_expect_eq(spilled, 4, "what comes later spills");
	cr_expect_eq(nfpt_recorded(probe, (struct nfp_bucket){ 0, 0 }), 4);
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect(info.state == NFP_BUCKET_CLOSED && !info.spill);
	cr_expect_eq(info.id.start_ts, id.start_ts);
	cr_expect_eq(info.id.end_ts, id.end_ts);
	cr_expect_eq(source->close(source, id), 0, "closing twice does no harm");

	cr_expect_eq(files("[1-9]*[0-9]"), NFP_P_N + 1);
	cr_expect_eq(files("*-table"), nfp_table_usable() ? NFP_P_N - 1 + 1 : 0, "of all but tunnels, and the head");
	cr_expect_eq(source->remove(source, id), 0);
	cr_expect_eq(files("[1-9]*"), 0);
	cr_expect_eq(source->read_hooks(source, id, &rows), -ENOENT);
	cr_expect_eq(source->read(source, id, NFP_P_eth, &entries), -ENOENT);
	cr_expect_eq(nfpt_list(probe, NULL), 0);
	cr_expect_eq(source->create(source, id, smallest), 0, "the label can be used again");
}

/* More than are made at a time; one of them is there already. */
Test(probe_buckets, several_at_a_time)
{
	enum { N = 20, THERE = 5 };
	struct nfp_bucket ids[N];
	g_autoptr(NfpProbe) probe = NULL;
	NfpSource *source;
	NfpEntries entries;
	int rc[N];

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	for (int i = 0; i < N; i++)
		ids[i] = (struct nfp_bucket){ 100 + i, 101 + i };
	cr_assert_eq(source->create(source, ids[THERE], smallest), 0);
	source->create_all(source, ids, N, smallest, rc);
	for (int i = 0; i < N; i++)
		cr_expect_eq(rc[i], i == THERE ? -EEXIST : 0, "%d: %d", i, rc[i]);
	cr_expect_eq(nfpt_list(probe, NULL), N);
	for (int i = 0; i < N; i++)
		for (int row = 0; row <= NFP_P_N; row++)
			cr_expect_eq(nfp_buckets_visible(probe->buckets, row, ids[i]), 1, "%d, row %d", i, row);
	cr_expect_eq(files("[1-9]*[0-9]"), N * (NFP_P_N + 1));

	cr_assert_eq(source->close(source, ids[THERE]), 0);
	source->close_all(source, ids, N, rc);
	for (int i = 0; i < N; i++) {
		cr_expect_eq(rc[i], 0, "%d: %d", i, rc[i]);
		cr_expect_eq(nfp_buckets_visible(probe->buckets, NFP_P_hook, ids[i]), 0);
		cr_expect_eq(source->read(source, ids[i], NFP_P_tcp4, &entries), 0);
		cr_expect_eq(source->remove(source, ids[i]), 0);
	}
	for (int i = 0; i < N; i++)
		for (int row = 0; row <= NFP_P_N; row++)
			cr_expect_eq(nfp_buckets_visible(probe->buckets, row, ids[i]), 0, "%d, row %d", i, row);
	cr_expect_eq(files("[1-9]*"), 0);
	cr_expect_eq(probe->buckets->hidden->len, 0);
}

/* Closed buckets that wait for their delivery: their entries go with the next ones that are made. */
Test(probe_buckets, waiting_ones_leave_the_directory)
{
	g_autoptr(NfpProbe) probe = NULL;
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	for (uint64_t i = 1; i <= 260; i++) {
		struct nfp_bucket id = { i, i + 1 };

		cr_assert_eq(source->create(source, id, smallest), 0, "%d: there is room for 256", (int)i);
		cr_assert_eq(source->close(source, id), 0);
	}
	cr_expect_leq(probe->buckets->hidden->len, 1);
	cr_expect_eq(files("[1-9]*[0-9]"), 260 * (NFP_P_N + 1));
}

Test(probe_buckets, sizes_are_as_asked)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id = { 60, 120 };
	uint32_t entries[NFP_P_N] = { [NFP_P_tcp4] = 1000, [NFP_P_udp4] = 3 };
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_assert_eq(source->create(source, id, entries), 0);
	for (int row = 0; row < NFP_P_N; row++) {
		NFP_AUTO_FD int fd = nfp_buckets_open((NfpBuckets *)source, row, id);
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
		cr_expect_eq(info.max_entries, row == NFP_P_tcp4 ? 1000 : NFP_ENTRIES_MIN);
		cr_expect_eq(info.key_size, nfp_load_key_size(row));
	}
}

Test(probe_buckets, a_protocol_without_memory_is_left_out)
{
	g_autoptr(NfpProbe) probe = NULL;
	/* The kernel refuses: that many hash buckets do not fit 32 bits of octets. */
	uint32_t entries[NFP_P_N] = { [NFP_P_icmp4] = UINT32_MAX };
	NfpSource *source;
	NfpEntries none;
	struct nfp_bucket id;
	uint64_t counters[NFP_C_N];

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	id = nfpt_meter(probe);
	cr_assert_eq(source->close(source, id), 0);
	cr_assert_eq(source->remove(source, id), 0);
	cr_assert_eq(source->create(source, id, entries), 0);
	cr_assert_eq(source->read(source, id, NFP_P_icmp4, &none), 0);
	cr_expect_eq(none.n, 0);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_recorded(probe, id), 6);
	cr_expect_gt(nfpt_entries(probe, id, NFP_P_ipv4), 0, "in the parent's row");
	cr_assert_eq(nfp_probe_counters(probe, counters), 0);
	cr_expect_eq(counters[NFP_C_coarsened], 6);
}

Test(probe_buckets, hook_that_comes_later_has_rows_in_open_buckets)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	NfpHookRows rows;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "lo", NFP_DIRECTION_INGRESS);
	cr_assert_eq(nfp_probe_source(probe)->read_hooks(nfp_probe_source(probe), id, &rows), 0);
	cr_expect_eq(rows.n, (size_t)libbpf_num_possible_cpus());
	cr_assert_eq(nfp_probe_base(probe, &rows), 0);
	cr_expect_eq(rows.n, (size_t)libbpf_num_possible_cpus());
}

Test(probe_buckets, packets_without_any_bucket_are_in_base)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	NfpHookRows rows;
	uint64_t seen = 0, lost = 0;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_assert_eq(nfp_probe_source(probe)->close(nfp_probe_source(probe), id), 0);
	for (uint64_t i = 0; i < 2; i++) {
		struct nfp_bucket spill = { 0, i };

		nfp_buckets_close((NfpBuckets *)nfp_probe_source(probe), spill);
	}
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_assert_eq(nfp_probe_base(probe, &rows), 0);
	for (size_t i = 0; i < rows.n; i++) {
		seen += rows.rows[i].seen;
		lost += rows.rows[i].lost[NFP_LOST_no_bucket];
	}
	cr_expect_eq(seen, 6);
	cr_expect_eq(lost, 6);
}

Test(probe_buckets, readonly_changes_nothing)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(NfpProbe) probe = NULL, reader = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id, spill = { 0, 0 };
	struct nfp_books_value books = { 0 };
	struct nfp_books_key key = { .ifindex = 1 };
	struct nfp_clock clock = { .length = 1 };
	g_autofree char *before = NULL, *after = NULL;
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	before = nfpt_output("find %s", NFPT_PIN_ROOT);
	reader = nfp_probe_open_readonly(&options, &error);
	cr_assert_not_null(reader, "%s", error ? error->message : "");
	source = nfp_probe_source(reader);
	cr_expect_eq(source->create(source, (struct nfp_bucket){ 1, 2 }, smallest), -EROFS);
	cr_expect_eq(source->close(source, id), -EROFS);
	cr_expect_eq(source->remove(source, id), -EROFS);
	cr_expect_eq(source->swap_spill(source, 1, 2, &spill), -EROFS);
	cr_expect_eq(source->set_clock(source, &clock, false), -EROFS);
	cr_expect_eq(source->add_books(source, &key, &books), -EROFS);
	cr_expect_eq(nfpt_list(reader, NULL), 1);
	after = nfpt_output("find %s", NFPT_PIN_ROOT);
	cr_expect_str_eq(after, before);
}

Test(probe_buckets, spill_labels_are_not_for_callers)
{
	g_autoptr(NfpProbe) probe = NULL;
	const struct nfp_bucket first[] = { { 0, 10 * NFP_NS_PER_S }, { 10 * NFP_NS_PER_S, 20 * NFP_NS_PER_S } };
	struct nfp_bucket spill = { 0, 0 };
	NfpSource *source;
	int rc[2];

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_expect_eq(source->create(source, spill, smallest), -EINVAL);
	/* The first interval after the epoch, which a capture without times begins in. */
	source->create_all(source, first, 2, smallest, rc);
	cr_expect(rc[0] == -EINVAL && rc[1] == 0, "%d %d", rc[0], rc[1]);
	source->close_all(source, first, 2, rc);
	cr_expect(rc[0] == -EINVAL && rc[1] == 0, "%d %d", rc[0], rc[1]);
	cr_expect_eq(source->remove(source, first[1]), 0);
	cr_expect_eq(source->close(source, spill), -EINVAL);
	cr_expect_eq(source->remove(source, spill), -EINVAL);
}

/* A bucket that was made before its hooks came has room for their rows: else its books would not close. */
Test(probe_buckets, hundreds_of_hooks_come_while_it_is_open)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	NfpSource *source;
	NfpHookRows rows;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	id = nfpt_meter(probe);
	for (uint32_t ifindex = 10000; ifindex < 10400; ifindex++)
		nfp_buckets_add_hook((NfpBuckets *)source, ifindex, ifindex % 2 ? NFP_KEY_EGRESS : 0);
	cr_assert_eq(source->read_hooks(source, id, &rows), 0);
	cr_expect_eq(rows.n, 400 * (size_t)libbpf_num_possible_cpus());
}
