/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that stay mapped from drain to drain. */
#include <criterion/criterion.h>
#include <errno.h>

#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

static const struct nfp_bucket first = { 100, 200 }, second = { 200, 300 }, third = { 300, 400 };

static void make(NfpProbe *probe, struct nfp_bucket id, uint32_t entries)
{
	NfpSource *source = nfp_probe_source(probe);
	uint32_t room[NFP_P_N];

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = entries;
	cr_assert_eq(source->create(source, id, room), 0);
}

static void end(NfpProbe *probe, struct nfp_bucket id)
{
	NfpSource *source = nfp_probe_source(probe);

	cr_assert_eq(source->close(source, id), 0);
	cr_assert_eq(source->remove(source, id), 0);
}

static void *mapped_at(NfpProbe *probe, struct nfp_bucket id)
{
	g_auto(NfpMapped) mapped = { 0 };

	cr_assert_eq(nfp_table_map_kept(probe->buckets, id, NFP_P_tcp4, &mapped), 0);
	cr_expect(mapped.borrowed || probe->buckets->readonly);
	return mapped.data;
}

Test(table_map, stays_until_the_pin_goes)
{
	g_autoptr(NfpProbe) probe = NULL;
	void *at;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	probe = nfpt_open("default", NULL, false);
	make(probe, first, 256);
	at = mapped_at(probe, first);
	mapped_at(probe, first);
	cr_expect_eq(g_hash_table_size(probe->buckets->kept), 1);
	end(probe, first);
	make(probe, second, 256);
	cr_expect_eq(mapped_at(probe, second), at, "the same table for the next bucket");
	cr_expect_eq(g_hash_table_size(probe->buckets->kept), 1);
	end(probe, second);
	make(probe, third, 32);
	cr_expect_eq(g_hash_table_size(probe->buckets->kept), 0, "a smaller one took its place");
	mapped_at(probe, third);
	cr_expect_eq(g_hash_table_size(probe->buckets->kept), 1);
}

Test(table_map, readers_keep_nothing)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	g_autoptr(NfpProbe) probe = NULL, reader = NULL;
	g_auto(NfpMapped) none = { 0 };

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	probe = nfpt_open("default", NULL, false);
	make(probe, first, 256);
	reader = nfp_probe_open_readonly(&options, NULL);
	cr_assert_not_null(reader);
	mapped_at(reader, first);
	cr_expect_eq(g_hash_table_size(reader->buckets->kept), 0);
	cr_expect_eq(nfp_table_map_kept(probe->buckets, second, NFP_P_tcp4, &none), -ENOENT);
}
