/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/status.h"

#include <json-glib/json-glib.h>

#include "app/control.h"
#include "app/members.h"
#include "app/status_view.h"
#include "harvest/rows.h"

const NfpStatusLimit nfp_status_limits[] = {
	{ NFP_LIMIT_GSO, "gso", "GSO and GRO buffers count as one packet each" },
	{ NFP_LIMIT_VLAN, "vlan", "VLAN tags that the NIC takes off (rxvlan offload) are not seen" },
};
const guint nfp_status_limits_n = G_N_ELEMENTS(nfp_status_limits);

static void add_books(JsonBuilder *b, const NfpBooks *books)
{
	nfp_json_add_number(b, "seen", books->seen);
	nfp_json_add_number(b, "seen_skbs", books->seen_skbs);
	nfp_json_add_number(b, "seen_skb_bytes", books->seen_skb_bytes);
	nfp_json_add_number(b, "recorded", books->recorded);
	nfp_json_add_number(b, "open", books->open);
	json_builder_set_member_name(b, "lost");
	json_builder_begin_object(b);
	for (int i = 0; i < NFP_LOST_N; i++)
		if (nfp_lost_names[i])
			nfp_json_add_number(b, nfp_lost_names[i], books->lost[i]);
	json_builder_end_object(b);
	nfp_json_add_number(b, "coarsened", books->coarsened);
}

static void add_bucket(JsonBuilder *b, const NfpLedgerBucket *bucket)
{
	json_builder_begin_object(b);
	nfp_json_add_number(b, "start_ts", bucket->id.start_ts);
	nfp_json_add_number(b, "end_ts", bucket->id.end_ts);
	nfp_json_add_string(b, "state", bucket->state);
	nfp_json_add_number(b, "domain", bucket->domain);
	nfp_json_add_string(b, "netns", bucket->netns);
	add_books(b, &bucket->books);
	nfp_json_add_bool(b, "balanced", !nfp_ledger_difference(&bucket->books));
	json_builder_set_member_name(b, "protocols");
	json_builder_begin_object(b);
	for (int row = 0; row <= NFP_P_N; row++) {
		if (!bucket->entries[row])
			continue;
		json_builder_set_member_name(b, nfp_row_name(row));
		json_builder_begin_object(b);
		nfp_json_add_number(b, "entries", bucket->entries[row]);
		nfp_json_add_number(b, "packets", bucket->packets[row]);
		if (nfp_ledger_capacity(bucket, row)) {
			nfp_json_add_number(b, "slots", bucket->room[row].slots);
			nfp_json_add_number(b, "capacity", nfp_ledger_capacity(bucket, row));
		}
		json_builder_end_object(b);
	}
	json_builder_end_object(b);
	json_builder_end_object(b);
}

static void add_hook(JsonBuilder *b, const NfpLedgerHook *hook)
{
	json_builder_begin_object(b);
	nfp_json_add_string(b, "ifname", hook->info.ifname);
	nfp_json_add_number(b, "ifindex", hook->info.ifindex);
	nfp_json_add_string(b, "direction", hook->info.flags & NFP_KEY_EGRESS ? "egress" : "ingress");
	nfp_json_add_string(b, "hook", hook->info.flags & NFP_KEY_XDP ? "xdp" : "tc");
	nfp_json_add_string(b, "method", hook->info.method);
	nfp_json_add_bool(b, "attached", hook->info.method != NULL);
	nfp_json_add_number(b, "domain", hook->domain);
	nfp_json_add_string(b, "netns", hook->netns);
	add_books(b, &hook->books);
	nfp_json_add_number(b, "dropped_before", hook->info.dropped_before);
	nfp_json_add_number(b, "dropped_after", hook->info.dropped_after);
	nfp_json_add_number(b, "sampling", hook->info.sampling);
	nfp_json_add_number(b, "sampling_budget", hook->info.sampling_budget);
	json_builder_set_member_name(b, "limits");
	json_builder_begin_array(b);
	for (guint i = 0; i < nfp_status_limits_n; i++)
		if (hook->info.limits & nfp_status_limits[i].bit)
			json_builder_add_string_value(b, nfp_status_limits[i].name);
	json_builder_end_array(b);
	nfp_json_add_bool(b, "balanced", !nfp_ledger_difference(&hook->books));
	json_builder_end_object(b);
}

static JsonArray *array_of(JsonObject *daemon, const char *name)
{
	JsonNode *node = daemon ? json_object_get_member(daemon, name) : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonArray *nfp_status_collectors(JsonObject *daemon)
{
	return array_of(daemon, "collectors");
}

JsonArray *nfp_status_groups(JsonObject *daemon)
{
	return array_of(daemon, "groups");
}

static void add_array(JsonBuilder *b, const char *name, JsonArray *array)
{
	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
	for (guint i = 0; array && i < json_array_get_length(array); i++)
		json_builder_add_value(b, json_node_copy(json_array_get_element(array, i)));
	json_builder_end_array(b);
}

/* What the daemon says of itself; without one, no collectors. */
static void add_daemon(JsonBuilder *b, JsonObject *daemon)
{
	add_array(b, "collectors", nfp_status_collectors(daemon));
	add_array(b, "groups", nfp_status_groups(daemon));
	json_builder_set_member_name(b, "daemon");
	if (daemon && json_object_has_member(daemon, "daemon"))
		json_builder_add_value(b, json_node_copy(json_object_get_member(daemon, "daemon")));
	else
		json_builder_add_null_value(b);
}

/* null: not configured, or no daemon to ask. */
static void add_enrichment(JsonBuilder *b, JsonObject *daemon)
{
	json_builder_set_member_name(b, "enrichment");
	if (daemon && json_object_has_member(daemon, "enrichment"))
		json_builder_add_value(b, json_node_copy(json_object_get_member(daemon, "enrichment")));
	else
		json_builder_add_null_value(b);
}

static JsonNode *status_node(const NfpLedger *l, JsonObject *daemon)
{
	g_autoptr(JsonBuilder) b = json_builder_new();

	json_builder_begin_object(b);
	add_books(b, &l->total);
	nfp_json_add_bool(b, "balanced", l->balanced);
	json_builder_set_member_name(b, "buckets");
	json_builder_begin_array(b);
	for (guint i = 0; i < l->buckets->len; i++)
		add_bucket(b, &g_array_index(l->buckets, NfpLedgerBucket, i));
	json_builder_end_array(b);
	json_builder_set_member_name(b, "hooks");
	json_builder_begin_array(b);
	for (guint i = 0; i < l->hooks->len; i++)
		add_hook(b, &g_array_index(l->hooks, NfpLedgerHook, i));
	json_builder_end_array(b);
	add_daemon(b, daemon);
	add_enrichment(b, daemon);
	json_builder_set_member_name(b, "counters");
	json_builder_begin_object(b);
	for (int i = 0; i < NFP_C_N; i++)
		nfp_json_add_number(b, nfp_counter_name(i), l->counters[i]);
	json_builder_end_object(b);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

char *nfp_status_view_json(const NfpLedger *ledger, JsonObject *daemon)
{
	g_autoptr(JsonNode) node = status_node(ledger, daemon);
	g_autofree char *text = json_to_string(node, FALSE);

	return g_strconcat(text, "\n", NULL);
}

char *nfp_status_json(const NfpConf *conf, GError **err)
{
	g_autoptr(NfpLedger) ledger = nfp_ledger_read(conf, err);
	g_autoptr(JsonObject) daemon = NULL;

	if (!ledger)
		return NULL;
	daemon = nfp_control_ask(conf, "status", NULL); /* no daemon: no answer */
	return nfp_status_view_json(ledger, daemon);
}
