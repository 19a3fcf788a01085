/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exposition format, and that nothing of the books is left out. promtool judges it end to end (tests/e2e/page.sh). */
#include <criterion/criterion.h>
#include <string.h>

#include "app/metrics.h"
#include "harvest/rows.h"
#include "support/ledgers.h"

static char *metrics(JsonObject *daemon)
{
	NfpLedger *l = nfp_test_ledger();
	char *text = nfp_metrics_text(l, daemon);

	nfp_ledger_free(l);
	return text;
}

static gboolean has_line(const char *text, const char *line)
{
	g_autofree char *whole = g_strdup_printf("\n%s\n", line);

	return strstr(text, whole) != NULL;
}

Test(metrics, books_by_hook_and_reason)
{
	g_autofree char *text = metrics(NULL);

	cr_expect(has_line(text, "nfprobe_seen_packets_total{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\"} 100"));
	cr_expect(has_line(text, "nfprobe_recorded_packets_total{interface=\"\",ifindex=\"9\",direction=\"egress\",hook=\"tc\",netns=\"blue\"} 5"));
	cr_expect(has_line(text, "nfprobe_open_packets{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\"} 20"));
	cr_expect(has_line(text, "nfprobe_coarsened_packets_total{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\"} 4"));
	cr_expect(has_line(text, "nfprobe_dropped_before_packets_total{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\"} 17"));
	cr_expect(has_line(text, "nfprobe_attached{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\"} 1"));
	cr_expect(has_line(text, "nfprobe_attached{interface=\"\",ifindex=\"9\",direction=\"egress\",hook=\"tc\",netns=\"blue\"} 0"));
	for (int i = 0; i < NFP_LOST_N; i++) {
		g_autofree char *line = NULL;

		if (!nfp_lost_names[i])
			continue;
		line = g_strdup_printf("nfprobe_lost_packets_total{interface=\"eth0\",ifindex=\"2\",direction=\"ingress\",hook=\"tc\",netns=\"\","
				       "reason=\"%s\"} %d", nfp_lost_names[i], i == NFP_LOST_no_bucket ? 10 : 0);
		cr_expect(has_line(text, line), "%s", line);
	}
	cr_expect(has_line(text, "nfprobe_entries{protocol=\"tcp4\",state=\"open\"} 3"));
	cr_expect(has_line(text, "nfprobe_fill_ratio{protocol=\"tcp4\"} 0.25"));
	cr_expect(has_line(text, "nfprobe_capacity_entries{protocol=\"tcp4\"} 12"));
	cr_expect(has_line(text, "nfprobe_fill_ratio{protocol=\"udp4\"} 0"), "no flow, no room to tell of");
	cr_expect(has_line(text, "nfprobe_balanced 1"));
}

Test(metrics, the_fullest_bucket_tells_of_room)
{
	NfpLedger *l = nfp_test_ledger();
	NfpLedgerBucket older = g_array_index(l->buckets, NfpLedgerBucket, 0);
	g_autofree char *text = NULL;

	older.room[NFP_P_tcp4] = (NfpRoom){ .entries = 4 };
	g_array_prepend_val(l->buckets, older);
	text = nfp_metrics_text(l, NULL);
	cr_expect(has_line(text, "nfprobe_fill_ratio{protocol=\"tcp4\"} 0.75"), "%s", text);
	cr_expect(has_line(text, "nfprobe_capacity_entries{protocol=\"tcp4\"} 4"), "%s", text);
	nfp_ledger_free(l);
}

Test(metrics, every_row_of_the_counters)
{
	g_autofree char *text = metrics(NULL);

	for (int i = 0; i < NFP_C_N; i++) {
		g_autofree char *line = g_strdup_printf("nfprobe_bpf_%s_total %d", nfp_counter_name(i), i == NFP_C_seen ? 105 : 0);

		cr_expect(has_line(text, line), "%s", line);
	}
}

Test(metrics, what_the_daemon_tells)
{
	g_autoptr(JsonNode) answer = json_from_string(
		"{\"collectors\": [{\"name\": \"nf\", \"protocol\": \"ipfix\", \"up\": true, \"records\": 12,"
		" \"spool\": {\"waiting_records\": 8}}, {\"name\": \"b\"}, 7],"
		" \"groups\": [{\"name\": \"g\", \"policy\": \"mirror\"}, {\"name\": \"ha\", \"policy\": \"failover\","
		" \"active\": \"nf\", \"switches\": 4}, 7], \"enrichment\": {\"prefixes\": 9, \"age_s\": null},"
		" \"daemon\": {\"version\": \"1.2\", \"uptime_s\": 5, \"late\": 1,"
		" \"biflow\": {\"biflows\": 3, \"crowded\": 2}}}", NULL);
	g_autofree char *text = metrics(json_node_get_object(answer));

	cr_expect(has_line(text, "nfprobe_collector_up{collector=\"nf\",protocol=\"ipfix\"} 1"));
	cr_expect(has_line(text, "nfprobe_collector_records_total{collector=\"nf\",protocol=\"ipfix\"} 12"));
	cr_expect_null(strstr(text, "collector=\"b\""), "what it does not say is not made up");
	cr_expect(has_line(text, "nfprobe_collector_spool_waiting_records{collector=\"nf\",protocol=\"ipfix\"} 8"));
	cr_expect_null(strstr(text, "nfprobe_collector_spool_bytes"), "nobody tells of it");
	cr_expect(has_line(text, "nfprobe_group_switches_total{group=\"ha\",policy=\"failover\"} 4"));
	cr_expect(has_line(text, "nfprobe_group_active{group=\"ha\",member=\"nf\"} 1"));
	cr_expect_null(strstr(text, "group=\"g\""), "a mirror has nothing to count");
	cr_expect(has_line(text, "nfprobe_enrichment_prefixes 9"));
	cr_expect_null(strstr(text, "nfprobe_enrichment_age_seconds"), "null is no number");
	cr_expect(has_line(text, "nfprobe_uptime_seconds 5"));
	cr_expect(has_line(text, "nfprobe_late_buckets_total 1"));
	cr_expect(has_line(text, "nfprobe_biflow_records_total 3"));
	cr_expect(has_line(text, "nfprobe_biflow_crowded_records_total 2"));
	cr_expect(has_line(text, "nfprobe_build_info{version=\"1.2\"} 1"));
}

Test(metrics, labels_are_escaped)
{
	g_autoptr(JsonNode) answer = json_from_string(
		"{\"collectors\": [{\"name\": \"a\\\"b\\\\c\\nd\", \"protocol\": \"ipfix\", \"up\": false}]}", NULL);
	g_autofree char *text = metrics(json_node_get_object(answer));

	cr_expect(has_line(text, "nfprobe_collector_up{collector=\"a\\\"b\\\\c\\nd\",protocol=\"ipfix\"} 0"), "%s", text);
}

/* Prometheus refuses a series that comes twice. */
Test(metrics, interfaces_that_are_gone)
{
	NfpLedger *l = nfp_test_ledger();
	NfpLedgerHook gone[] = { { .info = { .ifindex = 20 } }, { .info = { .ifindex = 21 } } };
	g_autoptr(GHashTable) series = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	g_array_append_vals(l->hooks, gone, G_N_ELEMENTS(gone));
	text = nfp_metrics_text(l, NULL);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; *lines[i]; i++) {
		if (*lines[i] == '#')
			continue;
		*strrchr(lines[i], ' ') = '\0';
		cr_expect(g_hash_table_add(series, lines[i]), "%s twice", lines[i]);
	}
	nfp_ledger_free(l);
}

/* One HELP and one TYPE a metric, before its values, which stand together. */
Test(metrics, form)
{
	g_autoptr(JsonNode) answer = json_from_string("{\"collectors\": [{\"name\": \"x\", \"up\": true}], \"daemon\": {}}", NULL);
	g_autofree char *text = metrics(json_node_get_object(answer));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *now = NULL;

	cr_expect(g_str_has_suffix(text, "\n"));
	for (guint i = 0; *lines[i]; i++) {
		if (g_str_has_prefix(lines[i], "# HELP ")) {
			g_free(now);
			now = g_strndup(lines[i] + 7, strcspn(lines[i] + 7, " "));
			cr_expect(g_hash_table_add(known, g_strdup(now)), "%s twice", now);
			cr_expect(g_str_has_prefix(lines[i + 1], "# TYPE "), "%s", lines[i + 1]);
		} else if (!g_str_has_prefix(lines[i], "# TYPE ")) {
			cr_expect_eq(strncmp(lines[i], now, strlen(now)), 0, "%s below %s", lines[i], now);
			cr_expect_not_null(strchr("{ ", lines[i][strlen(now)]), "%s", lines[i]);
		}
	}
}
