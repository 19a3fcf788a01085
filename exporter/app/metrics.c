// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/metrics.h"

#include <string.h>

#include "app/status_view.h"
#include "harvest/rows.h"

typedef enum { COUNTER, GAUGE } Type;

/* A member of the JSON that the daemon answers with, and its metric. A counter's name ends in _total. */
typedef struct {
	const char *member, *metric;
	Type type;
	const char *help;
} Row;

static const Row collector_rows[] = {
	{ "up", "collector_up", GAUGE, "1 when the collector can be sent to" },
	{ "queued", "collector_queued_batches", GAUGE, "batches of records that wait to be sent or acknowledged" },
	{ "lag_s", "collector_lag_seconds", GAUGE, "age of the oldest bucket with records that wait, here or in the spool; 0: none" },
	{ "messages", "collector_messages_total", COUNTER, "messages handed to the socket" },
	{ "records", "collector_records_total", COUNTER, "records handed to the socket" },
	{ "packets", "collector_packets_total", COUNTER, "packets that these records stand for" },
	{ "octets", "collector_bytes_total", COUNTER, "bytes handed to the socket" },
	{ "filtered_records", "collector_filtered_records_total", COUNTER, "records that the collector's filter left out" },
	{ "filtered_packets", "collector_filtered_packets_total", COUNTER, "packets in these records" },
	{ "refused_records", "collector_refused_records_total", COUNTER, "records that this collector did not get" },
	{ "refused_packets", "collector_refused_packets_total", COUNTER, "packets in records that this collector did not get" },
	{ "resent_records", "collector_resent_records_total", COUNTER,
	  "records sent again in a new session: they were not acknowledged" },
	{ "unacked_records", "collector_unacknowledged_records_total", COUNTER,
	  "records given up that were never acknowledged: they may be lost" },
	{ "cut_records", "collector_cut_records_total", COUNTER, "records sent without the ends of their texts: longer than a message" },
	{ "send_errors", "collector_send_errors_total", COUNTER, "errors of the socket" },
	{ "sessions", "collector_sessions_total", COUNTER, "transport sessions that came up" },
};

static const Row spool_rows[] = {
	{ "waiting_records", "collector_spool_waiting_records", GAUGE, "records in the spool that wait to be sent" },
	{ "kept_records", "collector_spool_kept_records", GAUGE, "records in the spool that were acknowledged and are within resend" },
	{ "octets", "collector_spool_bytes", GAUGE, "bytes of the spool's file in use" },
	{ "oldest_s", "collector_spool_oldest_seconds", GAUGE, "age of the oldest bucket in the spool, 0 if it is empty" },
	{ "dropped_records", "collector_spool_dropped_records_total", COUNTER,
	  "records dropped from a full or unreadable spool; in refused records, too" },
	{ "dropped_packets", "collector_spool_dropped_packets_total", COUNTER, "packets in these records" },
	{ "failures", "collector_spool_failures_total", COUNTER, "attempts to use the spool that failed" },
};

/* Of failover: the others have nothing to count. */
static const Row group_rows[] = {
	{ "switches", "group_switches_total", COUNTER, "changes of the active member" },
	{ "pending", "group_pending_batches", GAUGE, "batches that no member has delivered yet" },
	{ "moved", "group_moved_batches_total", COUNTER, "batches that went to another member, too" },
	{ "lost_records", "group_lost_records_total", COUNTER, "records that every member refused" },
	{ "lost_packets", "group_lost_packets_total", COUNTER, "packets in these records" },
};

static const Row enrichment_rows[] = {
	{ "generation", "enrichment_generation", GAUGE, "times that the database was read" },
	{ "prefixes", "enrichment_prefixes", GAUGE, "prefixes in force, built-in ones too" },
	{ "hosts", "enrichment_hosts", GAUGE, "host names in force" },
	{ "services", "enrichment_services", GAUGE, "services in force, built-in ones too" },
	{ "interfaces", "enrichment_interfaces", GAUGE, "rows about interfaces in force" },
	{ "left_out", "enrichment_left_out_rows", GAUGE, "malformed rows of the database in force" },
	{ "memory", "enrichment_memory_bytes", GAUGE, "memory of the facts in force" },
	{ "routes", "enrichment_routes", GAUGE, "routes of the kernel that are followed" },
	{ "failures", "enrichment_failures_total", COUNTER, "attempts to read the database that failed" },
	{ "age_s", "enrichment_age_seconds", GAUGE, "seconds since the database in force was read" },
};

static const Row daemon_rows[] = {
	{ "uptime_s", "uptime_seconds", GAUGE, "seconds since the daemon started" },
	{ "first_start_s", "first_start_timestamp_seconds", GAUGE, "time of the first start that the state file knows" },
	{ "starts", "starts_total", COUNTER, "starts that the state file knows, this one too" },
	{ "buckets_open", "buckets_open", GAUGE, "time buckets that take packets, now or soon" },
	{ "buckets_draining", "buckets_draining", GAUGE, "time buckets that are over and not delivered yet" },
	{ "records", "records_total", COUNTER, "records made since the daemon started" },
	{ "packets", "record_packets_total", COUNTER, "packets in these records" },
	{ "drain_errors", "drain_errors_total", COUNTER, "attempts to read or remove a bucket that failed" },
	{ "clock_steps", "clock_steps_total", COUNTER, "steps of the system's clock that were noticed" },
	{ "late", "late_buckets_total", COUNTER, "buckets that were made after their start" },
};

static const Row biflow_rows[] = {
	{ "biflows", "biflow_records_total", COUNTER, "records that left with both directions" },
	{ "uniflows", "biflow_alone_records_total", COUNTER, "records that found no partner" },
	{ "crowded", "biflow_crowded_records_total", COUNTER, "of these: none was looked for, for want of memory" },
	{ "directions_evicted", "biflow_directions_evicted_total", COUNTER, "directions forgotten for want of room" },
};

static void head(GString *out, const char *metric, Type type, const char *help)
{
	g_string_append_printf(out, "# HELP nfprobe_%s %s\n# TYPE nfprobe_%s %s\n", metric, help, metric,
			       type == COUNTER ? "counter" : "gauge");
}

/* name="value": quotes, backslashes and line ends escaped, and nothing that is not UTF-8. */
static void label(GString *out, const char *name, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);

	g_string_append_printf(out, "%s=\"", name);
	for (const char *c = valid; *c; c++) {
		if (*c == '\\' || *c == '"')
			g_string_append_c(out, '\\');
		if (*c == '\n')
			g_string_append(out, "\\n");
		else
			g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

/* The index too: interfaces that are gone have no name, and a series must not come twice. */
static void hook_labels(GString *out, const NfpLedgerHook *hook)
{
	label(out, "interface", hook->info.ifname);
	g_string_append_printf(out, ",ifindex=\"%u\",", hook->info.ifindex);
	label(out, "direction", hook->info.flags & NFP_KEY_EGRESS ? "egress" : "ingress");
	g_string_append_c(out, ',');
	label(out, "hook", hook->info.flags & NFP_KEY_XDP ? "xdp" : "tc");
	g_string_append_c(out, ',');
	label(out, "netns", hook->netns);
}

static void hook_value(GString *out, const NfpLedger *l, const char *metric, Type type, const char *help, size_t offset,
		       gboolean books)
{
	head(out, metric, type, help);
	for (guint i = 0; i < l->hooks->len; i++) {
		const NfpLedgerHook *hook = &g_array_index(l->hooks, NfpLedgerHook, i);
		const char *base = books ? (const char *)&hook->books : (const char *)&hook->info;

		g_string_append_printf(out, "nfprobe_%s{", metric);
		hook_labels(out, hook);
		g_string_append_printf(out, "} %" G_GUINT64_FORMAT "\n", *(const uint64_t *)(const void *)(base + offset));
	}
}

#define BOOKS(member) offsetof(NfpBooks, member), TRUE
#define INFO(member) offsetof(NfpHookInfo, member), FALSE

static void hooks(GString *out, const NfpLedger *l)
{
	hook_value(out, l, "seen_packets_total", COUNTER, "packets on the wire, counted before anything else", BOOKS(seen));
	hook_value(out, l, "seen_buffers_total", COUNTER, "socket buffers that stood for them", BOOKS(seen_skbs));
	hook_value(out, l, "seen_buffer_bytes_total", COUNTER, "bytes of these buffers", BOOKS(seen_skb_bytes));
	hook_value(out, l, "recorded_packets_total", COUNTER, "packets in records", BOOKS(recorded));
	hook_value(out, l, "open_packets", GAUGE, "packets in buckets that are not drained yet", BOOKS(open));
	hook_value(out, l, "coarsened_packets_total", COUNTER, "packets counted in a coarser record for want of room",
		   BOOKS(coarsened));
	hook_value(out, l, "dropped_before_packets_total", COUNTER, "packets that the interface dropped before the hook",
		   INFO(dropped_before));
	hook_value(out, l, "dropped_after_packets_total", COUNTER, "packets that the interface dropped behind the hook",
		   INFO(dropped_after));
	hook_value(out, l, "sampling_interval", GAUGE, "1 packet in so many is metered; 0 while nothing is attached",
		   INFO(sampling));
	head(out, "attached", GAUGE, "1 while the program is attached");
	for (guint i = 0; i < l->hooks->len; i++) {
		const NfpLedgerHook *hook = &g_array_index(l->hooks, NfpLedgerHook, i);

		g_string_append(out, "nfprobe_attached{");
		hook_labels(out, hook);
		g_string_append_printf(out, "} %d\n", hook->info.method != NULL);
	}
	head(out, "lost_packets_total", COUNTER, "packets seen and in no record, by reason");
	for (guint i = 0; i < l->hooks->len; i++) {
		const NfpLedgerHook *hook = &g_array_index(l->hooks, NfpLedgerHook, i);

		for (int reason = 0; reason < NFP_LOST_N; reason++) {
			if (!nfp_lost_names[reason])
				continue;
			g_string_append(out, "nfprobe_lost_packets_total{");
			hook_labels(out, hook);
			g_string_append_c(out, ',');
			label(out, "reason", nfp_lost_names[reason]);
			g_string_append_printf(out, "} %" G_GUINT64_FORMAT "\n", hook->books.lost[reason]);
		}
	}
}

/* By state, not by bucket: a label that is new every minute would be a series that is. */
static void entries(GString *out, const NfpLedger *l)
{
	static const char *const states[] = { "open", "closed", "spill" };

	head(out, "entries", GAUGE, "flows in buckets that are not drained yet");
	for (guint state = 0; state < G_N_ELEMENTS(states); state++) {
		for (int row = 0; row <= NFP_P_N; row++) {
			uint64_t sum = 0;

			for (guint i = 0; i < l->buckets->len; i++) {
				const NfpLedgerBucket *bucket = &g_array_index(l->buckets, NfpLedgerBucket, i);

				if (g_str_equal(bucket->state, states[state]))
					sum += bucket->entries[row];
			}
			g_string_append(out, "nfprobe_entries{");
			label(out, "protocol", nfp_row_name(row));
			g_string_append_c(out, ',');
			label(out, "state", states[state]);
			g_string_append_printf(out, "} %" G_GUINT64_FORMAT "\n", sum);
		}
	}
}

static double fill_of(const NfpLedgerBucket *bucket, int row)
{
	return (double)bucket->entries[row] / (double)nfp_ledger_capacity(bucket, row);
}

/* Of the bucket where it is nearest to full, as buckets that are made ahead are empty. */
static void rooms(GString *out, const NfpLedger *l)
{
	const NfpLedgerBucket *fullest[NFP_P_N] = { NULL };

	for (guint i = 0; i < l->buckets->len; i++) {
		const NfpLedgerBucket *bucket = &g_array_index(l->buckets, NfpLedgerBucket, i);

		for (int row = 0; row < NFP_P_N; row++) {
			const NfpLedgerBucket *most = fullest[row];

			if (nfp_ledger_capacity(bucket, row) &&
			    (!most || fill_of(bucket, row) >= fill_of(most, row)))
				fullest[row] = bucket;
		}
	}
	head(out, "fill_ratio", GAUGE, "part of a bucket's room for flows that is taken, in the fullest bucket; beyond 1 they are coarsened");
	for (int row = 0; row < NFP_P_N; row++) {
		char text[G_ASCII_DTOSTR_BUF_SIZE];

		g_ascii_formatd(text, sizeof(text), "%.6g", fullest[row] ? fill_of(fullest[row], row) : 0);
		g_string_append(out, "nfprobe_fill_ratio{");
		label(out, "protocol", nfp_row_name(row));
		g_string_append_printf(out, "} %s\n", text);
	}
	head(out, "capacity_entries", GAUGE, "flows that this bucket has room for, in flow table and overflow; 0: no flow now");
	for (int row = 0; row < NFP_P_N; row++) {
		g_string_append(out, "nfprobe_capacity_entries{");
		label(out, "protocol", nfp_row_name(row));
		g_string_append_printf(out, "} %" G_GUINT64_FORMAT "\n",
				       fullest[row] ? nfp_ledger_capacity(fullest[row], row) : 0);
	}
}

static void counters(GString *out, const NfpLedger *l)
{
	for (int i = 0; i < NFP_C_N; i++) {
		g_autofree char *metric = g_strdup_printf("bpf_%s_total", nfp_counter_name(i));

		head(out, metric, COUNTER, nfp_counter_help(i));
		g_string_append_printf(out, "nfprobe_%s %" G_GUINT64_FORMAT "\n", metric, l->counters[i]);
	}
}

/* FALSE: not there, or no number (whoever answered may be of another build). */
static gboolean number_of(JsonObject *object, const char *member, gint64 *ret_value)
{
	JsonNode *node = json_object_get_member(object, member);
	GType type = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

	if (type != G_TYPE_INT64 && type != G_TYPE_BOOLEAN)
		return FALSE;
	*ret_value = type == G_TYPE_BOOLEAN ? json_node_get_boolean(node) : json_node_get_int(node);
	return TRUE;
}

static const char *string_of(JsonObject *object, const char *member)
{
	JsonNode *node = json_object_get_member(object, member);

	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static JsonObject *element_of(JsonArray *array, guint i)
{
	JsonNode *node = json_array_get_element(array, i);

	return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonObject *object_of(JsonObject *in, const char *member)
{
	JsonNode *node = in ? json_object_get_member(in, member) : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Rows of each element, or of its object `in`. Labels: its name as `kind`, and its member `more`. */
static void each(GString *out, JsonArray *array, const char *kind, const char *more, const char *in, const Row *rows, guint n)
{
	guint elements = array ? json_array_get_length(array) : 0;

	for (guint r = 0; r < n; r++) {
		gboolean begun = FALSE;

		for (guint i = 0; i < elements; i++) {
			JsonObject *element = element_of(array, i);
			JsonObject *from = in ? object_of(element, in) : element;
			gint64 value;

			if (!from || !number_of(from, rows[r].member, &value))
				continue;
			if (!begun)
				head(out, rows[r].metric, rows[r].type, rows[r].help);
			begun = TRUE;
			g_string_append_printf(out, "nfprobe_%s{", rows[r].metric);
			label(out, kind, string_of(element, "name"));
			g_string_append_c(out, ',');
			label(out, more, string_of(element, more));
			g_string_append_printf(out, "} %" G_GINT64_FORMAT "\n", value);
		}
	}
}

/* Which member of a failover group it is. */
static void active_members(GString *out, JsonArray *array)
{
	gboolean begun = FALSE;

	for (guint i = 0; array && i < json_array_get_length(array); i++) {
		JsonObject *group = element_of(array, i);
		const char *active = group ? string_of(group, "active") : NULL;

		if (!active)
			continue;
		if (!begun)
			head(out, "group_active", GAUGE, "1; the label tells which member records go to");
		begun = TRUE;
		g_string_append(out, "nfprobe_group_active{");
		label(out, "group", string_of(group, "name"));
		g_string_append_c(out, ',');
		label(out, "member", active);
		g_string_append(out, "} 1\n");
	}
}

static void plain_metrics(GString *out, JsonObject *object, const Row *rows, guint n)
{
	for (guint r = 0; object && r < n; r++) {
		gint64 value;

		if (!number_of(object, rows[r].member, &value))
			continue;
		head(out, rows[r].metric, rows[r].type, rows[r].help);
		g_string_append_printf(out, "nfprobe_%s %" G_GINT64_FORMAT "\n", rows[r].metric, value);
	}
}

static void daemon_metrics(GString *out, JsonObject *answer)
{
	JsonObject *daemon = object_of(answer, "daemon");

	if (!daemon)
		return;
	plain_metrics(out, daemon, daemon_rows, G_N_ELEMENTS(daemon_rows));
	plain_metrics(out, object_of(daemon, "biflow"), biflow_rows, G_N_ELEMENTS(biflow_rows));
	plain_metrics(out, object_of(answer, "enrichment"), enrichment_rows, G_N_ELEMENTS(enrichment_rows));
	head(out, "build_info", GAUGE, "1; the label tells the version");
	g_string_append(out, "nfprobe_build_info{");
	label(out, "version", string_of(daemon, "version"));
	g_string_append(out, "} 1\n");
}

char *nfp_metrics_text(const NfpLedger *ledger, JsonObject *daemon)
{
	GString *out = g_string_sized_new(16384);

	hooks(out, ledger);
	entries(out, ledger);
	rooms(out, ledger);
	counters(out, ledger);
	head(out, "balanced", GAUGE, "1 when seen = recorded + open + lost, for every hook and bucket (exact at rest)");
	g_string_append_printf(out, "nfprobe_balanced %d\n", ledger->balanced);
	if (daemon) {
		JsonArray *collectors = nfp_status_collectors(daemon);
		JsonArray *groups = nfp_status_groups(daemon);

		each(out, collectors, "collector", "protocol", NULL, collector_rows, G_N_ELEMENTS(collector_rows));
		each(out, collectors, "collector", "protocol", "spool", spool_rows, G_N_ELEMENTS(spool_rows));
		each(out, groups, "group", "policy", NULL, group_rows, G_N_ELEMENTS(group_rows));
		active_members(out, groups);
		daemon_metrics(out, daemon);
	}
	return g_string_free(out, FALSE);
}
