/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kill leaves of creations, closings and removals, and what the next start makes of it. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/buckets.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpProbe *metering(struct nfp_bucket *id)
{
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	*id = nfpt_meter(probe);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	return probe;
}

static void unpin(NfpProbe *probe, enum nfp_protocol row, struct nfp_bucket id)
{
	g_autofree char *path = nfp_buckets_path((NfpBuckets *)nfp_probe_source(probe), row, id);

	cr_assert_eq(unlink(path), 0, "%s", path);
}

static void hide(NfpProbe *probe, enum nfp_protocol row, struct nfp_bucket id)
{
	const NfpBuckets *buckets = (NfpBuckets *)nfp_probe_source(probe);

	cr_assert_eq(bpf_map_delete_elem(buckets->maps->bucket[row], &id), 0);
}

static NfpProbe *restart(NfpProbe *probe)
{
	nfp_probe_free(probe);
	return nfpt_open("default", NULL, false);
}

/* Those of tables left out. */
static guint pins(void)
{
	g_autofree char *n = nfpt_output("find %s/default/buckets -name '[1-9]*[0-9]' | wc -l", NFPT_PIN_ROOT);

	return (guint)g_ascii_strtoull(n, NULL, 10);
}

static guint visible(NfpProbe *probe, struct nfp_bucket id)
{
	guint n = 0;

	for (int row = 0; row <= NFP_P_N; row++)
		n += nfp_buckets_visible((NfpBuckets *)nfp_probe_source(probe), row, id) == 1;
	return n;
}

Test(probe_list, open_bucket_is_adopted)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metering(&id);
	NfpBucketInfo info;

	probe = restart(g_steal_pointer(&probe));
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect_eq(info.state, NFP_BUCKET_OPEN);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 8);
	cr_expect_eq(nfpt_recorded(probe, id), 8);
}

Test(probe_list, half_closed_is_closed)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metering(&id);
	NfpBucketInfo info;

	hide(probe, NFP_P_hook, id); /* first step of closing */
	hide(probe, NFP_P_eth, id);
	probe = restart(g_steal_pointer(&probe));
	cr_assert_eq(nfpt_list(probe, &info), 1);
	cr_expect_eq(info.state, NFP_BUCKET_CLOSED);
	cr_expect_eq(visible(probe, id), 0, "the rest was closed too");
	cr_expect_eq(nfpt_recorded(probe, id), 6);
}

Test(probe_list, half_made_is_gone_and_can_be_made_again)
{
	static const uint32_t smallest[NFP_P_N];
	struct nfp_bucket id, next = { 100, 200 };
	g_autoptr(NfpProbe) probe = metering(&id);
	NfpSource *source = nfp_probe_source(probe);

	/* Killed after the pins of the protocols, before the hook's. */
	cr_assert_eq(source->create(source, next, smallest), 0);
	cr_assert_eq(source->close(source, next), 0);
	unpin(probe, NFP_P_hook, next);
	probe = restart(g_steal_pointer(&probe));
	cr_expect_eq(nfpt_list(probe, NULL), 1, "the other bucket");
	cr_expect_eq(pins(), NFP_P_N + 1);

	/* Killed after all pins and some entries, before the hook's entry. */
	source = nfp_probe_source(probe);
	cr_assert_eq(source->create(source, next, smallest), 0);
	hide(probe, NFP_P_hook, next);
	hide(probe, NFP_P_udp6, next);
	probe = restart(g_steal_pointer(&probe));
	cr_expect_eq(nfpt_list(probe, NULL), 1);
	cr_expect_eq(pins(), NFP_P_N + 1);
	cr_expect_eq(visible(probe, next), 0);
	source = nfp_probe_source(probe);
	cr_expect_eq(source->create(source, next, smallest), 0);
}

Test(probe_list, half_removed_is_gone)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metering(&id);
	NfpSource *source = nfp_probe_source(probe);

	cr_assert_eq(source->close(source, id), 0);
	unpin(probe, NFP_P_hook, id); /* the first step of removing */
	unpin(probe, NFP_P_tcp4, id);
	probe = restart(g_steal_pointer(&probe));
	cr_expect_eq(nfpt_list(probe, NULL), 0);
	cr_expect_eq(pins(), 0);
}

Test(probe_list, an_entry_whose_pins_somebody_removed)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metering(&id);

	for (int row = 0; row <= NFP_P_N; row++)
		unpin(probe, row, id);
	probe = restart(g_steal_pointer(&probe));
	cr_expect_eq(nfpt_list(probe, NULL), 0);
	cr_expect_eq(visible(probe, id), 0);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, (struct nfp_bucket){ 0, 0 }), 2, "packets are counted where they can be read");
}

Test(probe_list, oldest_first)
{
	static const uint32_t smallest[NFP_P_N];
	static const struct nfp_bucket made[] = { { 300, 400 }, { 100, 300 }, { 1000, 1100 }, { 100, 200 } };
	static const uint64_t starts[] = { 100, 100, 300, 1000 };
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	for (size_t i = 0; i < G_N_ELEMENTS(made); i++)
		cr_assert_eq(source->create(source, made[i], smallest), 0);
	cr_assert_eq(source->list(source, list), 0);
	cr_assert_eq(list->len, 4);
	for (guint i = 0; i < list->len; i++)
		cr_expect_eq(g_array_index(list, NfpBucketInfo, i).id.start_ts, starts[i]);
	cr_expect_eq(g_array_index(list, NfpBucketInfo, 0).id.end_ts, 200);
}

Test(probe_list, a_reader_repairs_nothing)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metering(&id), reader = NULL;

	hide(probe, NFP_P_hook, id);
	reader = nfp_probe_open_readonly(&options, NULL);
	cr_assert_not_null(reader);
	cr_expect_eq(nfpt_list(reader, NULL), 1);
	cr_expect_eq(visible(reader, id), NFP_P_N, "the daemon may be in the middle of it");
}
