/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables without pins leave the ring at a start; the others stay. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

static guint in_ring(NfpProbe *probe, int map, uint32_t places)
{
	guint n = 0;

	for (uint32_t i = 0, id; i < places; i++)
		n += bpf_map_lookup_elem(map, &i, &id) == 0;
	return n;
}

Test(table_mend, pins_decide)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *head = NULL, *table = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	if (!nfp_table_usable())
		cr_skip_test("no tables on this kernel");
	cr_assert_eq(in_ring(probe, probe->maps.ring, NFP_RING), 1);
	nfp_table_mend(probe->buckets);
	cr_expect_eq(in_ring(probe, probe->maps.ring, NFP_RING), 1);
	cr_expect_eq(in_ring(probe, probe->maps.tables4, NFP_RING * NFP_RING_ROWS), 5, "ipv4, tcp4, udp4, icmp4, sctp4");

	table = nfp_table_path(probe->buckets, NFP_P_tcp4, id);
	nfpt_run("rm %s && mkdir %s", table, table);
	nfp_table_mend(probe->buckets);
	cr_expect_eq(in_ring(probe, probe->maps.tables4, NFP_RING * NFP_RING_ROWS), 4);
	cr_expect_eq(in_ring(probe, probe->maps.ring, NFP_RING), 1);

	head = nfp_table_path(probe->buckets, NFP_P_hook, id);
	nfpt_run("rm %s", head);
	nfp_table_mend(probe->buckets);
	cr_expect_eq(in_ring(probe, probe->maps.ring, NFP_RING), 0);
	cr_expect_eq(nfp_probe_source(probe)->close(nfp_probe_source(probe), id), 0);
	cr_expect_eq(nfp_probe_source(probe)->remove(nfp_probe_source(probe), id), 0);
}
