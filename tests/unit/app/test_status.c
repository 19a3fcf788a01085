/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON contract of `nfprobe status --json`. */
#include <criterion/criterion.h>
#include <string.h>

#include "app/status_view.h"
#include "support/ledgers.h"

static JsonObject *view(JsonObject *daemon)
{
	NfpLedger *l = nfp_test_ledger();
	g_autofree char *text = nfp_status_view_json(l, daemon);
	g_autoptr(JsonNode) node = json_from_string(text, NULL);

	nfp_ledger_free(l);
	cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
	cr_assert_not_null(node);
	return json_node_dup_object(node);
}

Test(status, totals)
{
	g_autoptr(JsonObject) s = view(NULL);
	JsonObject *lost = json_object_get_object_member(s, "lost");

	cr_expect_eq(json_object_get_int_member(s, "seen"), 105);
	cr_expect_eq(json_object_get_int_member(s, "seen_skbs"), 60);
	cr_expect_eq(json_object_get_int_member(s, "seen_skb_bytes"), 6000);
	cr_expect_eq(json_object_get_int_member(s, "recorded"), 75);
	cr_expect_eq(json_object_get_int_member(s, "open"), 20);
	cr_expect_eq(json_object_get_int_member(s, "coarsened"), 4);
	cr_expect(json_object_get_boolean_member(s, "balanced"));
	cr_expect_eq(json_object_get_int_member(lost, "no_bucket"), 10);
	cr_expect_eq(json_object_get_size(lost), 5, "every reason is there");
	cr_expect_eq(json_object_get_int_member(json_object_get_object_member(s, "counters"), "seen"), 105);
}

Test(status, hooks)
{
	g_autoptr(JsonObject) s = view(NULL);
	JsonArray *hooks = json_object_get_array_member(s, "hooks");
	JsonObject *eth0 = json_array_get_object_element(hooks, 0);
	JsonObject *gone = json_array_get_object_element(hooks, 1);

	cr_expect_str_eq(json_object_get_string_member(eth0, "ifname"), "eth0");
	cr_expect_eq(json_object_get_int_member(eth0, "ifindex"), 2);
	cr_expect_str_eq(json_object_get_string_member(eth0, "direction"), "ingress");
	cr_expect_str_eq(json_object_get_string_member(eth0, "method"), "tcx");
	cr_expect(json_object_get_boolean_member(eth0, "attached"));
	cr_expect_eq(json_object_get_int_member(eth0, "dropped_before"), 17);
	cr_expect(json_object_get_boolean_member(eth0, "balanced"));
	cr_expect(json_object_get_null_member(eth0, "netns"));
	cr_expect_str_eq(json_object_get_string_member(gone, "direction"), "egress");
	cr_expect_not(json_object_get_boolean_member(gone, "attached"));
	cr_expect(json_object_get_null_member(gone, "method"));
	cr_expect_str_eq(json_object_get_string_member(gone, "netns"), "blue");
	cr_expect_eq(json_object_get_int_member(gone, "domain"), 1);
}

Test(status, limits_of_xdp)
{
	NfpLedger *l = nfp_test_ledger();
	NfpHookInfo *info = &g_array_index(l->hooks, NfpLedgerHook, 0).info;
	g_autofree char *text = NULL;

	info->flags |= NFP_KEY_XDP;
	info->method = "xdp-generic";
	info->limits = NFP_LIMIT_GSO | NFP_LIMIT_VLAN;
	text = nfp_status_view_json(l, NULL);
	cr_expect(strstr(text, "\"hook\":\"xdp\",\"method\":\"xdp-generic\""), "%s", text);
	cr_expect(strstr(text, "\"limits\":[\"gso\",\"vlan\"]"), "%s", text);
	cr_expect(strstr(text, "\"limits\":[]"), "the other hook has none");
	nfp_ledger_free(l);
}

Test(status, buckets)
{
	g_autoptr(JsonObject) s = view(NULL);
	JsonObject *bucket = json_array_get_object_element(json_object_get_array_member(s, "buckets"), 0);
	JsonObject *protocols = json_object_get_object_member(bucket, "protocols");
	JsonObject *tcp4 = json_object_get_object_member(protocols, "tcp4");

	cr_expect_eq(json_object_get_int_member(bucket, "start_ts"), 1795390440000000000);
	cr_expect_eq(json_object_get_int_member(bucket, "end_ts"), 1795390450000000000);
	cr_expect_str_eq(json_object_get_string_member(bucket, "state"), "open");
	cr_expect_eq(json_object_get_int_member(bucket, "seen"), 20);
	cr_expect_eq(json_object_get_size(protocols), 2, "those with entries");
	cr_expect_eq(json_object_get_int_member(tcp4, "entries"), 3);
	cr_expect_eq(json_object_get_int_member(tcp4, "packets"), 19);
	cr_expect_eq(json_object_get_int_member(tcp4, "slots"), 8);
	cr_expect_eq(json_object_get_int_member(tcp4, "capacity"), 12);
	cr_expect_not(json_object_has_member(json_object_get_object_member(protocols, "hook"), "capacity"), "it cannot be full");
}

Test(status, collectors_come_from_the_daemon)
{
	g_autoptr(JsonNode) answer = json_from_string("{\"collectors\": [{\"name\": \"nf\"}], \"daemon\": {\"pid\": 5}}", NULL);
	g_autoptr(JsonObject) with = view(json_node_get_object(answer));
	g_autoptr(JsonObject) without = view(NULL);
	JsonArray *collectors = json_object_get_array_member(with, "collectors");

	cr_assert_eq(json_array_get_length(collectors), 1);
	cr_expect_str_eq(json_object_get_string_member(json_array_get_object_element(collectors, 0), "name"), "nf");
	cr_expect_eq(json_object_get_int_member(json_object_get_object_member(with, "daemon"), "pid"), 5);
	cr_expect_eq(json_array_get_length(json_object_get_array_member(without, "collectors")), 0);
	cr_expect(json_object_get_null_member(without, "daemon"));
}

Test(status, an_error_of_the_daemon_is_no_collector)
{
	g_autoptr(JsonNode) answer = json_from_string("{\"error\": \"no\"}", NULL);
	g_autoptr(JsonObject) s = view(json_node_get_object(answer));

	cr_expect_eq(json_array_get_length(json_object_get_array_member(s, "collectors")), 0);
}
