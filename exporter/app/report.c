/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "app/daemon.h"
#include "app/members.h"
#include "app/reload.h"
#include "base/error.h"

/* then: ns since 1970. 0: not known, or the clock was set back. */
static uint64_t seconds_since(uint64_t then)
{
	uint64_t now = (uint64_t)g_get_real_time() * 1000;

	return then && then < now ? (now - then) / 1000000000 : 0;
}

static void add_spool(JsonBuilder *b, const NfpSpoolStatus *s)
{
	json_builder_set_member_name(b, "spool");
	json_builder_begin_object(b);
	nfp_json_add_number(b, "waiting_records", s->waiting);
	nfp_json_add_number(b, "kept_records", s->kept);
	nfp_json_add_number(b, "octets", s->octets);
	nfp_json_add_number(b, "oldest_s", seconds_since(s->oldest_ns));
	nfp_json_add_number(b, "dropped_records", s->dropped_records);
	nfp_json_add_number(b, "dropped_packets", s->dropped_packets);
	nfp_json_add_number(b, "failures", s->failures);
	if (s->error[0])
		nfp_json_add_string(b, "error", s->error);
	json_builder_end_object(b);
}

static void add_collector(JsonBuilder *b, const NfpCollectorOptions *options, NfpCollector *collector)
{
	NfpCollectorStatus s = { 0 };

	nfp_collector_status(collector, &s);
	json_builder_begin_object(b);
	nfp_json_add_string(b, "name", options->name);
	nfp_json_add_string(b, "endpoint", options->endpoint);
	nfp_json_add_string(b, "protocol", options->protocol);
	nfp_json_add_string(b, "state", s.up || !*s.reason ? s.state : s.reason);
	nfp_json_add_bool(b, "up", s.up);
	nfp_json_add_number(b, "queued", s.queued);
	nfp_json_add_number(b, "lag_s", MAX(seconds_since(s.oldest_ns), s.spool.waiting ? seconds_since(s.spool.oldest_ns) : 0));
	nfp_json_add_number(b, "messages", s.messages);
	nfp_json_add_number(b, "records", s.records);
	nfp_json_add_number(b, "packets", s.packets);
	nfp_json_add_number(b, "octets", s.octets);
	nfp_json_add_number(b, "filtered_records", s.filtered_records);
	nfp_json_add_number(b, "filtered_packets", s.filtered_packets);
	nfp_json_add_number(b, "refused_records", s.refused_records);
	nfp_json_add_number(b, "refused_packets", s.refused_packets);
	nfp_json_add_number(b, "resent_records", s.resent_records);
	nfp_json_add_number(b, "unacked_records", s.unacked_records);
	nfp_json_add_number(b, "cut_records", s.cut_records);
	nfp_json_add_number(b, "send_errors", s.send_errors);
	nfp_json_add_number(b, "sessions", s.sessions);
	if (s.spool.configured)
		add_spool(b, &s.spool);
	json_builder_end_object(b);
}

static void add_printer(JsonBuilder *b, NfpPrinter *printer, gboolean json)
{
	g_autofree char *down = NULL;
	NfpPrinterStatus s;

	nfp_printer_status(printer, &s);
	if (s.broken_by)
		down = g_strdup_printf("down: %s", g_strerror(s.broken_by));
	json_builder_begin_object(b);
	nfp_json_add_string(b, "name", "stdout");
	nfp_json_add_string(b, "endpoint", "stdout");
	nfp_json_add_string(b, "protocol", json ? "json" : "table");
	nfp_json_add_string(b, "state", down ? down : "up");
	nfp_json_add_bool(b, "up", !s.broken_by);
	nfp_json_add_number(b, "queued", s.queued);
	nfp_json_add_number(b, "records", s.records);
	nfp_json_add_number(b, "packets", s.packets);
	nfp_json_add_number(b, "refused_records", s.refused_records);
	nfp_json_add_number(b, "refused_packets", s.refused_packets);
	json_builder_end_object(b);
}

static void add_pairing(JsonBuilder *b, NfpFanout *fanout)
{
	NfpPairingStatus s;

	if (!fanout || !nfp_fanout_status(fanout, &s))
		return;
	json_builder_set_member_name(b, "biflow");
	json_builder_begin_object(b);
	nfp_json_add_number(b, "biflows", s.biflows);
	nfp_json_add_number(b, "uniflows", s.uniflows);
	nfp_json_add_number(b, "crowded", s.crowded);
	nfp_json_add_number(b, "directions_evicted", s.evicted);
	json_builder_end_object(b);
}

static void add_harvester(JsonBuilder *b, NfpDaemon *d)
{
	NfpHarvestStatus s;
	uint64_t first;
	uint64_t starts;

	nfp_harvester_status(d->harvester, &s);
	json_builder_set_member_name(b, "daemon");
	json_builder_begin_object(b);
	nfp_json_add_string(b, "version", NFP_VERSION);
	nfp_json_add_number(b, "pid", getpid());
	nfp_json_add_number(b, "uptime_s", (g_get_monotonic_time() - d->started) / G_USEC_PER_SEC);
	nfp_identity_starts(d->identity, &first, &starts);
	nfp_json_add_number(b, "first_start_s", first);
	nfp_json_add_number(b, "starts", starts);
	nfp_json_add_number(b, "interval_ns", d->conf->interval);
	nfp_json_add_number(b, "buckets_open", s.buckets_open);
	nfp_json_add_number(b, "buckets_draining", s.buckets_draining);
	nfp_json_add_number(b, "records", s.records);
	nfp_json_add_number(b, "packets", s.packets);
	nfp_json_add_number(b, "drain_errors", s.drain_errors);
	nfp_json_add_number(b, "clock_steps", s.clock_steps);
	nfp_json_add_number(b, "late", s.late);
	add_pairing(b, d->fanout);
	json_builder_end_object(b);
}

static void add_enrich(JsonBuilder *b, NfpEnrich *enrich)
{
	g_auto(NfpEnrichStatus) s = { 0 };

	nfp_enrich_status(enrich, &s);
	json_builder_set_member_name(b, "enrichment");
	json_builder_begin_object(b);
	nfp_json_add_string(b, "database", s.database);
	nfp_json_add_number(b, "generation", s.generation);
	nfp_json_add_number(b, "prefixes", s.prefixes);
	nfp_json_add_number(b, "hosts", s.hosts);
	nfp_json_add_number(b, "services", s.services);
	nfp_json_add_number(b, "interfaces", s.interfaces);
	nfp_json_add_number(b, "left_out", s.left_out);
	nfp_json_add_number(b, "memory", s.memory);
	nfp_json_add_number(b, "routes", s.routes);
	nfp_json_add_number(b, "failures", s.failures);
	json_builder_set_member_name(b, "age_s");
	if (s.age >= 0)
		json_builder_add_int_value(b, s.age / G_USEC_PER_SEC);
	else
		json_builder_add_null_value(b);
	nfp_json_add_string(b, "error", s.error);
	json_builder_end_object(b);
}

JsonNode *nfp_daemon_answer(const char *command, void *data, GError **err)
{
	NfpDaemon *d = data;
	g_autoptr(JsonBuilder) b = json_builder_new();

	if (g_str_equal(command, "reload"))
		return nfp_reload(d);
	if (!g_str_equal(command, "status")) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%s\" is no command; there are: status, reload", command);
		return NULL;
	}
	json_builder_begin_object(b);
	json_builder_set_member_name(b, "collectors");
	json_builder_begin_array(b);
	for (guint i = 0; i < d->collectors->len; i++)
		add_collector(b, &g_array_index(d->conf->collectors, NfpCollectorOptions, i),
			      g_ptr_array_index(d->collectors, i));
	if (d->printer)
		add_printer(b, d->printer, d->options->json);
	json_builder_end_array(b);
	json_builder_set_member_name(b, "groups");
	json_builder_begin_array(b);
	if (d->fanout)
		nfp_outputs_report(nfp_fanout_outputs(d->fanout), b);
	json_builder_end_array(b);
	add_harvester(b, d);
	if (d->enrich)
		add_enrich(b, d->enrich);
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

static guint count_hooks(const NfpDaemon *d)
{
	guint n = 0;

	for (guint i = 0; i < d->meters->len; i++) {
		g_autoptr(GArray) hooks = g_array_new(FALSE, TRUE, sizeof(NfpHookInfo));

		if (nfp_probe_hooks(nfp_meter_probe(g_ptr_array_index(d->meters, i)), hooks))
			continue;
		for (guint k = 0; k < hooks->len; k++)
			n += g_array_index(hooks, NfpHookInfo, k).method != NULL;
	}
	return n;
}

char *nfp_daemon_summary(NfpDaemon *d)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint hooks = count_hooks(d), away = 0;

	for (guint i = 0; i < d->collectors->len; i++) {
		NfpCollectorStatus s = { 0 };

		nfp_collector_status(g_ptr_array_index(d->collectors, i), &s);
		away += !s.up;
	}
	g_string_append_printf(text, "metering at %u hook%s, %u collector%s", hooks, hooks == 1 ? "" : "s",
			       d->collectors->len, d->collectors->len == 1 ? "" : "s");
	if (away)
		g_string_append_printf(text, ", %u of them away", away);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void add_lost(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data)
{
	for (int i = 0; i < NFP_LOST_N; i++)
		if (i != NFP_LOST_filtered && i != NFP_LOST_unsampled) /* left out on purpose */
			*(uint64_t *)data += value->lost[i];
}

void nfp_daemon_report_lost(NfpDaemon *d)
{
	uint64_t lost = 0;

	for (guint i = 0; i < d->meters->len; i++) {
		NfpProbe *probe = nfp_meter_probe(g_ptr_array_index(d->meters, i));
		uint64_t counters[NFP_C_N];

		if (!nfp_probe_counters(probe, counters))
			lost += counters[NFP_C_unbucketed] + counters[NFP_C_lost_no_row];
		nfp_probe_books(probe, add_lost, &lost);
	}
	for (guint i = 0; i < d->collectors->len; i++)
		nfp_collector_set_lost(g_ptr_array_index(d->collectors, i), lost);
}
