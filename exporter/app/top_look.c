/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top_look.h"

#include "app/control.h"
#include "app/flows.h"
#include "app/status_view.h"
#include "app/top_view.h"

struct NfpTopLooker {
	const NfpConf *conf;
	const NfpFilter *passing;
	NfpTopFlows *flows;
	GArray *hooks; /* of the look before; NULL: none */
	gint64 at;     /* when that was, monotonic us */
};

NfpTopLooker *nfp_top_looker_new(const NfpConf *conf, const NfpFilter *passing)
{
	NfpTopLooker *looker = g_new0(NfpTopLooker, 1);

	looker->conf = conf;
	looker->passing = passing;
	looker->flows = nfp_top_flows_new();
	return looker;
}

void nfp_top_looker_free(NfpTopLooker *looker)
{
	if (!looker)
		return;
	nfp_top_flows_free(looker->flows);
	g_clear_pointer(&looker->hooks, g_array_unref);
	g_free(looker);
}

void nfp_top_look_free(NfpTopLook *look)
{
	if (!look)
		return;
	g_clear_pointer(&look->hooks, g_array_unref);
	g_clear_pointer(&look->flows, g_array_unref);
	g_clear_pointer(&look->collectors, g_ptr_array_unref);
	g_free(look);
}

static void fullest(const NfpLedger *ledger, NfpTopLook *look)
{
	look->fullest = NFP_P_N;
	for (guint i = 0; i < ledger->buckets->len; i++) {
		int row;
		double fill = nfp_ledger_fill(&g_array_index(ledger->buckets, NfpLedgerBucket, i), &row);

		if (fill > look->fill) {
			look->fill = fill;
			look->fullest = row;
		}
	}
}

static void see_books(NfpTopLooker *looker, const NfpLedger *ledger, NfpTopLook *look)
{
	gint64 now = g_get_monotonic_time();

	look->total = ledger->total;
	look->balanced = ledger->balanced;
	fullest(ledger, look);
	look->hooks = nfp_top_hooks_new(ledger);
	nfp_top_hooks_rate(look->hooks, looker->hooks, (double)(now - looker->at) / G_USEC_PER_SEC);
	g_clear_pointer(&looker->hooks, g_array_unref);
	looker->hooks = g_array_ref(look->hooks);
	looker->at = now;
}

static void see_collectors(JsonArray *collectors, GPtrArray *ret)
{
	for (guint i = 0; collectors && i < json_array_get_length(collectors); i++) {
		JsonNode *node = json_array_get_element(collectors, i);
		JsonObject *c = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
		gint64 lag = c ? json_object_get_int_member_with_default(c, "lag_s", 0) : 0;
		gint64 refused = c ? json_object_get_int_member_with_default(c, "refused_records", 0) : 0;
		g_autoptr(GString) text = NULL;

		if (!c)
			continue;
		text = g_string_new(json_object_get_string_member_with_default(c, "name", "?"));
		g_string_append(text, json_object_get_boolean_member_with_default(c, "up", FALSE) ? " up" : " DOWN");
		if (lag)
			g_string_append_printf(text, " %" G_GINT64_FORMAT " s behind", lag);
		if (refused)
			g_string_append_printf(text, " %" G_GINT64_FORMAT " records refused", refused);
		g_ptr_array_add(ret, g_string_free(g_steal_pointer(&text), FALSE));
	}
}

static void see_daemon(const NfpConf *conf, NfpTopLook *look)
{
	g_autoptr(JsonObject) answer = nfp_control_ask(conf, "status", NULL);
	JsonNode *node = answer ? json_object_get_member(answer, "daemon") : NULL;

	look->uptime = -1;
	look->collectors = g_ptr_array_new_with_free_func(g_free);
	if (!answer)
		return;
	if (node && JSON_NODE_HOLDS_OBJECT(node))
		look->uptime = json_object_get_int_member_with_default(json_node_get_object(node), "uptime_s", 0);
	see_collectors(nfp_status_collectors(answer), look->collectors);
}

typedef struct {
	NfpTopFlows *flows;
	const GArray *hooks;
	const char *filter;
} Adding;

static void add(const NfpRecord *record, void *data)
{
	const Adding *a = data;

	nfp_top_flows_add(a->flows, record,
			  nfp_top_matches(record, nfp_top_hooks_name(a->hooks, record->domain, record->ifindex), a->filter));
}

NfpTopLook *nfp_top_looker_look(NfpTopLooker *looker, const char *filter, GError **err)
{
	g_autoptr(NfpTopLook) look = g_new0(NfpTopLook, 1);
	g_autoptr(NfpLedger) ledger = nfp_ledger_read(looker->conf, err);
	uint64_t after = nfp_top_flows_after(looker->flows);
	Adding adding = { .flows = looker->flows, .filter = filter };
	NfpFlowsOptions options = { .filter = looker->passing };

	if (!ledger)
		return NULL;
	see_books(looker, ledger, look);
	adding.hooks = look->hooks;
	look->time = (uint64_t)g_get_real_time() * 1000;
	options.after = after ? after : look->time;
	nfp_top_flows_begin(looker->flows);
	if (!nfp_flows_each(looker->conf, &options, add, &adding, err))
		return NULL;
	look->flows = nfp_top_flows_end(looker->flows, look->time);
	look->flows_n = nfp_top_flows_count(looker->flows);
	see_daemon(looker->conf, look);
	return g_steal_pointer(&look);
}
