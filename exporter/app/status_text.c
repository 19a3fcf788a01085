/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nfprobe status` for people. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "app/control.h"
#include "app/status.h"
#include "app/status_view.h"
#include "base/wrap.h"
#include "harvest/rows.h"

#define U64 G_GUINT64_FORMAT
#define COLUMNS NFP_WRAP_COLUMNS
#define ENTRIES_COLUMN 42 /* of a bucket's line */
#define REASON_COLUMN 17
#define STATE_COLUMNS 15  /* that a collector's line has left for its state; a longer one is a reason */

static void print_identity(GString *out, const NfpLedger *l)
{
	const NfpBooks *t = &l->total;
	uint64_t lost = 0;

	for (int i = 0; i < NFP_LOST_N; i++)
		lost += t->lost[i];
	g_string_append_printf(out, "books     seen %" U64 " = recorded %" U64 " + open %" U64 " + lost %" U64 ": %s\n",
			       (guint64)t->seen, (guint64)t->recorded, (guint64)t->open, (guint64)lost,
			       l->balanced ? "closed" : "NOT CLOSED (or traffic runs: ask again)");
	if (!lost)
		return;
	g_string_append(out, "lost     ");
	for (int i = 0; i < NFP_LOST_N; i++)
		if (t->lost[i] && nfp_lost_names[i])
			g_string_append_printf(out, " %s %" U64, nfp_lost_names[i], (guint64)t->lost[i]);
	g_string_append_c(out, '\n');
}

static void print_hook(GString *out, const NfpLedgerHook *hook)
{
	g_autofree char *name = g_strdup_printf("%s%s%s", hook->netns ? hook->netns : "", hook->netns ? ":" : "",
						*hook->info.ifname ? hook->info.ifname : "(gone)");

	g_string_append_printf(out, "%-20.20s %6u %-7s %-11s %14" U64 " %14" U64 " %10" U64 "%s\n", name,
			       hook->info.ifindex, hook->info.flags & NFP_KEY_EGRESS ? "egress" : "ingress",
			       hook->info.method ? hook->info.method : "detached", (guint64)hook->books.seen,
			       (guint64)hook->books.recorded, (guint64)hook->books.open,
			       nfp_ledger_difference(&hook->books) ? " !" : "");
	if (hook->info.dropped_before)
		g_string_append_printf(out, "%20s dropped before the hook (receive, XDP): %" U64 "\n", "",
				       (guint64)hook->info.dropped_before);
	if (hook->info.sampling_budget)
		g_string_append_printf(out, "%20s 1 packet in %" U64 " is metered, to keep to %" U64 " a second and CPU\n", "",
				       (guint64)hook->info.sampling, (guint64)hook->info.sampling_budget);
	else if (hook->info.sampling > 1)
		g_string_append_printf(out, "%20s 1 packet in %" U64 " is metered\n", "", (guint64)hook->info.sampling);
	for (guint i = 0; i < nfp_status_limits_n; i++)
		if (hook->info.limits & nfp_status_limits[i].bit)
			g_string_append_printf(out, "%20s not exact: %s\n", "", nfp_status_limits[i].text);
	if (hook->info.dropped_after)
		g_string_append_printf(out, "%20s dropped after the hook (queueing, transmit): %" U64 "\n", "",
				       (guint64)hook->info.dropped_after);
}

static char *time_text(uint64_t ns)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(ns / 1000000000));

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}

static gboolean has_packets(const NfpLedgerBucket *bucket)
{
	return bucket->books.seen || bucket->books.open;
}

static gboolean any_bucket(const NfpLedger *l)
{
	for (guint i = 0; i < l->buckets->len; i++)
		if (has_packets(&g_array_index(l->buckets, NfpLedgerBucket, i)))
			return TRUE;
	return FALSE;
}

static void print_bucket(GString *out, const NfpLedgerBucket *bucket)
{
	g_autofree char *start = time_text(bucket->id.start_ts);
	g_autofree char *end = time_text(bucket->id.end_ts);
	size_t column = ENTRIES_COLUMN;

	if (!has_packets(bucket))
		return;
	if (bucket->id.start_ts)
		g_string_append_printf(out, "%s - %s  %-6s", start, end + strlen("YYYY-MM-DD "), bucket->state);
	else
		g_string_append_printf(out, "%34s  %-6s", "between buckets", bucket->state);
	for (int row = 0; row <= NFP_P_N; row++) {
		uint64_t capacity = nfp_ledger_capacity(bucket, row);
		gboolean tight = capacity && bucket->entries[row] >= capacity / 2;
		g_autofree char *text = tight ? g_strdup_printf(" %s %" U64 " (%" U64 "%% of its room)", nfp_row_name(row),
								(guint64)bucket->entries[row],
								(guint64)(100 * bucket->entries[row] / capacity))
					      : g_strdup_printf(" %s %" U64, nfp_row_name(row), (guint64)bucket->entries[row]);

		if (!bucket->entries[row])
			continue;
		if (column + strlen(text) > COLUMNS) {
			g_string_append_printf(out, "\n%*s", ENTRIES_COLUMN, "");
			column = ENTRIES_COLUMN;
		}
		g_string_append(out, text);
		column += strlen(text);
	}
	g_string_append_c(out, '\n');
}

/* A line of its own, or several, below the name of a collector. */
static void append_reason(GString *out, const char *what, const char *text)
{
	g_string_append_printf(out, "%*s%s", REASON_COLUMN, "", what);
	nfp_wrap(out, REASON_COLUMN, text);
	g_string_append_c(out, '\n');
}

static void print_spool(GString *out, JsonObject *spool)
{
	guint64 waiting = (guint64)json_object_get_int_member_with_default(spool, "waiting_records", 0);
	guint64 dropped = (guint64)json_object_get_int_member_with_default(spool, "dropped_records", 0);
	const char *error = json_object_get_string_member_with_default(spool, "error", NULL);

	if (waiting)
		g_string_append_printf(out, "%16s spool: %" U64 " records wait, the oldest of %" U64 " s ago, %.1f MiB\n", "",
				       waiting, (guint64)json_object_get_int_member_with_default(spool, "oldest_s", 0),
				       (double)json_object_get_int_member_with_default(spool, "octets", 0) / (1 << 20));
	if (dropped)
		g_string_append_printf(out, "%16s spool: %" U64 " records dropped for want of room\n", "", dropped);
	if (error)
		append_reason(out, "spool: ", error);
}

static void print_collectors(GString *out, JsonObject *daemon)
{
	JsonArray *collectors;

	if (!daemon) {
		g_string_append(out, "\nno daemon answers: packets are counted, and exported when one runs again\n");
		return;
	}
	collectors = nfp_status_collectors(daemon);
	if (!collectors || !json_array_get_length(collectors))
		return;
	g_string_append_printf(out, "\n%-16s %-28s %12s %14s %10s %s\n", "collector", "endpoint", "records", "packets",
			       "refused", "state");
	for (guint i = 0; i < json_array_get_length(collectors); i++) {
		JsonObject *c = json_array_get_object_element(collectors, i);

		const char *state = json_object_get_string_member_with_default(c, "state", "?");
		gboolean fits = strlen(state) <= STATE_COLUMNS;
		guint64 filtered = (guint64)json_object_get_int_member_with_default(c, "filtered_records", 0);
		guint64 cut = (guint64)json_object_get_int_member_with_default(c, "cut_records", 0);

		g_string_append_printf(out, "%-16.16s %-28.28s %12" U64 " %14" U64 " %10" U64 " %s\n",
				       json_object_get_string_member_with_default(c, "name", "?"),
				       json_object_get_string_member_with_default(c, "endpoint", "?"),
				       (guint64)json_object_get_int_member_with_default(c, "records", 0),
				       (guint64)json_object_get_int_member_with_default(c, "packets", 0),
				       (guint64)json_object_get_int_member_with_default(c, "refused_records", 0),
				       fits ? state : "down:");
		if (!fits)
			append_reason(out, "", state);
		if (filtered)
			g_string_append_printf(out, "%16s %" U64 " records left out by its filter\n", "", filtered);
		if (cut)
			g_string_append_printf(out, "%16s %" U64 " records without the ends of their texts: longer than a message\n",
					       "", cut);
		if (json_object_has_member(c, "spool"))
			print_spool(out, json_object_get_object_member(c, "spool"));
	}
}

static void print_enrichment(GString *out, JsonObject *daemon)
{
	JsonNode *node = daemon ? json_object_get_member(daemon, "enrichment") : NULL;
	JsonObject *e = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	const char *error = e ? json_object_get_string_member_with_default(e, "error", NULL) : NULL;

	if (!e)
		return;
	g_string_append_printf(out,
			       "\nfacts     generation %" U64 ": %" U64 " prefixes, %" U64 " hosts, %" U64 " services, %" U64
			       " interfaces",
			       (guint64)json_object_get_int_member_with_default(e, "generation", 0),
			       (guint64)json_object_get_int_member_with_default(e, "prefixes", 0),
			       (guint64)json_object_get_int_member_with_default(e, "hosts", 0),
			       (guint64)json_object_get_int_member_with_default(e, "services", 0),
			       (guint64)json_object_get_int_member_with_default(e, "interfaces", 0));
	if (json_object_get_int_member_with_default(e, "left_out", 0))
		g_string_append_printf(out, ", %" U64 " rows left out",
				       (guint64)json_object_get_int_member_with_default(e, "left_out", 0));
	if (json_object_get_int_member_with_default(e, "generation", 0))
		g_string_append_printf(out, ", read %" U64 " s ago",
				       (guint64)json_object_get_int_member_with_default(e, "age_s", 0));
	g_string_append_printf(out, "\n          %s%s%s\n", json_object_get_string_member_with_default(e, "database", "?"),
			       error ? " is not in force: " : "", error ? error : "");
}

static void print_biflows(GString *out, JsonObject *answer)
{
	JsonNode *node = answer ? json_object_get_member(answer, "daemon") : NULL;
	JsonObject *daemon = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	JsonNode *pairs = daemon ? json_object_get_member(daemon, "biflow") : NULL;
	JsonObject *b = pairs && JSON_NODE_HOLDS_OBJECT(pairs) ? json_node_get_object(pairs) : NULL;
	guint64 crowded = b ? (guint64)json_object_get_int_member_with_default(b, "crowded", 0) : 0;

	if (!b)
		return;
	g_string_append_printf(out, "biflows: %" U64 " records with both directions, %" U64 " alone",
			       (guint64)json_object_get_int_member_with_default(b, "biflows", 0),
			       (guint64)json_object_get_int_member_with_default(b, "uniflows", 0));
	if (crowded)
		g_string_append_printf(out, " (%" U64 " for want of biflow_memory)", crowded);
	g_string_append_c(out, '\n');
}

static void print_groups(GString *out, JsonObject *daemon)
{
	JsonArray *groups = nfp_status_groups(daemon);

	for (guint i = 0; groups && i < json_array_get_length(groups); i++) {
		JsonObject *g = json_array_get_object_element(groups, i);
		JsonArray *members = json_object_get_array_member(g, "members");
		const char *active = json_object_get_string_member_with_default(g, "active", NULL);
		gint64 lost = json_object_get_int_member_with_default(g, "lost_records", 0);

		g_string_append_printf(out, "%s%-16.16s %-9s", i ? "" : "\ngroup            policy    members\n",
				       json_object_get_string_member_with_default(g, "name", "?"),
				       json_object_get_string_member_with_default(g, "policy", "?"));
		for (guint j = 0; members && j < json_array_get_length(members); j++) {
			const char *name = json_array_get_string_element(members, j);

			g_string_append_printf(out, " %s%s", name, !g_strcmp0(name, active) ? " (active)" : "");
		}
		if (lost)
			g_string_append_printf(out, "; refused by all: %" G_GINT64_FORMAT " records", lost);
		g_string_append_c(out, '\n');
	}
}

char *nfp_status_text(const NfpConf *conf, GError **err)
{
	g_autoptr(NfpLedger) ledger = nfp_ledger_read(conf, err);
	g_autoptr(JsonObject) daemon = NULL;

	if (!ledger)
		return NULL;
	daemon = nfp_control_ask(conf, "status", NULL);
	return nfp_status_view_text(ledger, daemon);
}

char *nfp_status_view_text(const NfpLedger *l, JsonObject *daemon)
{
	GString *out = g_string_new(NULL);

	print_identity(out, l);
	if (l->total.coarsened)
		g_string_append_printf(out, "coarsened %" U64 " packets: their own tables were full\n",
				       (guint64)l->total.coarsened);
	g_string_append_printf(out, "\n%-20s %6s %-7s %-11s %14s %14s %10s\n", "interface", "index", "way", "method", "seen",
			       "recorded", "open");
	for (guint i = 0; i < l->hooks->len; i++)
		print_hook(out, &g_array_index(l->hooks, NfpLedgerHook, i));
	if (any_bucket(l))
		g_string_append_printf(out, "\n%-34s  %-6s entries\n", "bucket", "state");
	for (guint i = 0; i < l->buckets->len; i++)
		print_bucket(out, &g_array_index(l->buckets, NfpLedgerBucket, i));
	print_collectors(out, daemon);
	print_biflows(out, daemon);
	print_groups(out, daemon);
	print_enrichment(out, daemon);
	return g_string_free(out, FALSE);
}
