/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live flows from the pins, without a daemon. */
#include <criterion/criterion.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "app/flows.h"
#include "support/metered.h"
#include "support/netns.h"

Test(app_flows, largest_first)
{
	NfpConf conf = { .instance = (char *)"flows", .pin_root = (char *)NFPT_PIN_ROOT, .hostname = (char *)"edge1",
			 .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
	NfpFlowsOptions options = { .limit = 1, .order = NFP_FLOWS_BY_PACKETS, .json = TRUE };
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = NULL;
	JsonObject *flow;
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("flows", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	nfpt_run("ping -q -c 7 -i 0.01 -Q 0xb8 10.9.0.2");
	cr_assert(nfp_flows_print(&conf, &options, out, &error), "%s", error ? error->message : "");
	node = json_from_string(out->str, NULL);
	cr_assert_not_null(node, "one line: %s", out->str);
	flow = json_node_get_object(node);
	cr_expect_eq(json_object_get_int_member(flow, "packetDeltaCount"), 7);
	cr_expect_eq(json_object_get_int_member(flow, "ipClassOfService"), 0xb8);
	cr_expect_str_eq(json_object_get_string_member(flow, "destinationIPv4Address"), "10.9.0.2");

	g_string_truncate(out, 0);
	options = (NfpFlowsOptions){ .order = NFP_FLOWS_BY_OCTETS };
	cr_assert(nfp_flows_print(&conf, &options, out, &error));
	cr_expect(g_str_has_prefix(out->str, "INTERFACE"));
	cr_expect(strstr(out->str, "\na0 "), "%s", out->str);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

/* Counted twice, by a tc hook and by an XDP hook of two interfaces: one is asked for. */
static guint lines(const NfpConf *conf, const char *ifname, NfpFlowsHook hook)
{
	NfpFlowsOptions options = { .ifname = ifname, .hook = hook, .json = TRUE };
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	guint n = 0;

	cr_assert(nfp_flows_print(conf, &options, out, &error), "%s", error ? error->message : "");
	for (const char *line = out->str; *line; line = strchr(line, '\n') + 1)
		n++;
	return n;
}

Test(app_flows, of_one_interface_and_hook)
{
	NfpConf conf = { .instance = (char *)"flows", .pin_root = (char *)NFPT_PIN_ROOT, .hostname = (char *)"edge1",
			 .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
	NfpFlowsOptions since = { .since = 1700000000000000000, .json = TRUE, .hook = NFP_FLOWS_XDP };
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("flows", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	nfpt_attach(probe, "lo", NFP_DIRECTION_INGRESS);
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error));
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2 && ping -q -c 2 -i 0.01 127.0.0.1");
	cr_expect_eq(lines(&conf, NULL, NFP_FLOWS_ANY), 4);
	cr_expect_eq(lines(&conf, NULL, NFP_FLOWS_TC), 3);
	cr_expect_eq(lines(&conf, NULL, NFP_FLOWS_XDP), 1);
	cr_expect_eq(lines(&conf, "a0", NFP_FLOWS_ANY), 2);
	cr_expect_eq(lines(&conf, "a0", NFP_FLOWS_TC), 1);
	cr_expect_eq(lines(&conf, "lo", NFP_FLOWS_TC), 2);
	cr_expect_eq(lines(&conf, "lo", NFP_FLOWS_XDP), 0);
	cr_expect_eq(lines(&conf, "gone0", NFP_FLOWS_ANY), 0);

	cr_assert(nfp_flows_print(&conf, &since, out, &error));
	cr_expect(strstr(out->str, "\"monitoringIntervalStartMilliSeconds\":1700000000000"), "%s", out->str);
	since.json = FALSE;
	since.times = TRUE;
	g_string_truncate(out, 0);
	cr_assert(nfp_flows_print(&conf, &since, out, &error));
	cr_expect(strstr(out->str, " BEGAN     SECONDS\n"), "%s", out->str);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}
