/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at real pins, without a daemon. */
#include <criterion/criterion.h>

#include "app/top_look.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpTopLook *look(NfpTopLooker *looker, const char *filter)
{
	g_autoptr(GError) error = NULL;
	NfpTopLook *seen = nfp_top_looker_look(looker, filter, &error);

	cr_assert_not_null(seen, "%s", error ? error->message : "");
	return seen;
}

Test(app_top_look, flows_and_interfaces)
{
	NfpConf conf = { .instance = (char *)"top", .pin_root = (char *)NFPT_PIN_ROOT, .hostname = (char *)"edge1",
			 .run_dir = (char *)"/nonexistent", .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
	NfpTopLook *first, *second, *third;
	NfpTopLooker *looker;
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("top", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	looker = nfp_top_looker_new(&conf, NULL);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	first = look(looker, "");
	cr_assert_eq(first->hooks->len, 1);
	cr_expect_str_eq(g_array_index(first->hooks, NfpTopHook, 0).name, "a0");
	cr_expect_eq(g_array_index(first->hooks, NfpTopHook, 0).packets, first->total.seen);
	cr_expect_eq(first->flows->len, first->flows_n);
	cr_expect_eq(first->uptime, -1, "nobody answers");
	cr_expect_eq(first->collectors->len, 0);
	cr_expect_lt(first->fullest, NFP_P_N);
	cr_expect_gt(first->fill, 0);

	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	second = look(looker, "icmp 10.9.0.2");
	cr_assert_eq(second->flows->len, 1);
	cr_expect_eq(g_array_index(second->flows, NfpTopFlow, 0).packets, 8);
	cr_expect_gt(g_array_index(second->flows, NfpTopFlow, 0).packets_s, 0);
	cr_expect_gt(g_array_index(second->hooks, NfpTopHook, 0).bits_s, 0);
	cr_expect_geq(second->flows_n, 1);

	third = look(looker, "nobody");
	cr_expect_eq(third->flows->len, 0);
	cr_expect_eq(third->flows_n, second->flows_n);
	nfp_top_look_free(first);
	nfp_top_look_free(second);
	nfp_top_look_free(third);
	nfp_top_looker_free(looker);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

Test(app_top_look, nothing_is_metered)
{
	NfpConf conf = { .instance = (char *)"nobody", .pin_root = (char *)NFPT_PIN_ROOT, .hostname = (char *)"edge1",
			 .run_dir = (char *)"/nonexistent", .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
	g_autoptr(GError) error = NULL;
	NfpTopLooker *looker;

	nfpt_sandbox();
	looker = nfp_top_looker_new(&conf, NULL);
	cr_expect_null(nfp_top_looker_look(looker, NULL, &error));
	cr_expect(g_str_has_prefix(error->message, "nothing is metered"), "%s", error->message);
	nfp_top_looker_free(looker);
	g_array_unref(conf.interfaces);
}
