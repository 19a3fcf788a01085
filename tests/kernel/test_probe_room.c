/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room of a bucket: what was asked for, in flow table and HASH. */
#include <criterion/criterion.h>
#include <errno.h>

#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpProbe *metered(bool no_table, struct nfp_bucket *ret_id)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .no_table = no_table };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe;

	nfpt_sandbox();
	probe = nfp_probe_open(&options, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
	*ret_id = nfpt_meter(probe);
	return probe;
}

static struct nfp_bucket make(NfpProbe *probe, uint32_t udp4, uint32_t slots)
{
	const struct nfp_bucket id = { 2 * NFPT_LENGTH, 3 * NFPT_LENGTH }; /* it is 2 NFPT_LENGTH in 2043 */
	uint32_t entries[NFP_P_N] = { [NFP_P_udp4] = udp4 }, tables[NFP_P_N] = { [NFP_P_udp4] = slots };
	NfpSource *source = nfp_probe_source(probe);

	source->expect(source, tables);
	cr_assert_eq(source->create(source, id, entries), 0);
	return id;
}

Test(probe_room, table_and_hash)
{
	struct nfp_bucket now, id;
	NfpProbe *probe = metered(false, &now);
	NfpRoom room;

	if (!nfp_table_usable()) {
		nfp_probe_free(probe);
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	}
	id = make(probe, 5000, 1024);
	cr_assert_eq(nfp_probe_room(probe, id, NFP_P_udp4, &room), 0);
	cr_expect_eq(room.entries, 5000);
	cr_expect_eq(room.slots, 1024);
	cr_assert_eq(nfp_probe_room(probe, id, NFP_P_tcp4, &room), 0);
	cr_expect_eq(room.entries, NFP_ENTRIES_MIN);
	nfp_probe_free(probe);
}

Test(probe_room, without_tables)
{
	struct nfp_bucket now, id;
	NfpProbe *probe = metered(true, &now);
	NfpRoom room;

	id = make(probe, 300, 1024);
	cr_assert_eq(nfp_probe_room(probe, id, NFP_P_udp4, &room), 0);
	cr_expect_eq(room.entries, 300);
	cr_expect_eq(room.slots, 0);
	cr_assert_eq(nfp_probe_room(probe, (struct nfp_bucket){ 0, 0 }, NFP_P_udp4, &room), 0);
	cr_expect_eq(room.entries, NFP_SPILL_ENTRIES);
	nfp_probe_free(probe);
}

Test(probe_room, no_such_bucket)
{
	NfpRoom room = { 7, 7 };
	struct nfp_bucket now;
	NfpProbe *probe = metered(false, &now);

	cr_expect_eq(nfp_probe_room(probe, (struct nfp_bucket){ 1, 2 }, NFP_P_udp4, &room), -ENOENT);
	cr_expect_eq(room.slots, 7);
	nfp_probe_free(probe);
}
