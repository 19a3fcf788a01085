/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <unistd.h>

#include "app/daemon.h"
#include "support/harvest_world.h"

static void broken(void *data)
{
}

Test(report, tells_of_daemon_and_standard_output)
{
	const NfpRunOptions options = { .json = TRUE };
	NfpConf conf = { .interval = 10 * NFP_NS_PER_S };
	NfpDaemon d = { .conf = &conf, .options = &options, .collectors = g_ptr_array_new(),
			.started = g_get_monotonic_time() };
	g_autoptr(GArray) wanted = g_array_new(FALSE, TRUE, sizeof(NfpCollectorOptions));
	const NfpCollectorOptions biflow = { .biflow = TRUE };
	g_autoptr(JsonNode) node = NULL;
	g_autoptr(GError) error = NULL;
	JsonObject *daemon, *out;
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	nfp_world_pass(&w, 11 * NFP_WORLD_S);
	d.harvester = w.harvester;
	d.identity = nfp_identity_new(&conf, d.collectors, 1700000000 * NFP_NS_PER_S);
	g_array_append_val(wanted, biflow);
	d.fanout = nfp_fanout_new(d.collectors, wanted, NULL, 1 << 20);
	d.printer = nfp_printer_new(STDOUT_FILENO, NFP_PRINT_JSON, "edge1", broken, NULL, NULL);
	node = nfp_daemon_answer("status", &d, &error);
	cr_assert_not_null(node);
	daemon = json_object_get_object_member(json_node_get_object(node), "daemon");
	cr_expect_eq(json_object_get_int_member(daemon, "pid"), getpid());
	cr_expect_eq(json_object_get_int_member(daemon, "first_start_s"), 1700000000);
	cr_expect_eq(json_object_get_int_member(daemon, "starts"), 1);
	cr_expect_eq(json_object_get_int_member(daemon, "interval_ns"), 10000000000);
	cr_expect_eq(json_object_get_int_member(daemon, "records"), 2);
	cr_expect_eq(json_object_get_int_member(daemon, "packets"), 5);
	cr_expect_str_eq(json_object_get_string_member(daemon, "version"), NFP_VERSION);
	cr_expect_eq(json_object_get_int_member(json_object_get_object_member(daemon, "biflow"), "biflows"), 0);
	out = json_array_get_object_element(json_object_get_array_member(json_node_get_object(node), "collectors"), 0);
	cr_expect_str_eq(json_object_get_string_member(out, "name"), "stdout");
	cr_expect_str_eq(json_object_get_string_member(out, "protocol"), "json");
	cr_expect(json_object_get_boolean_member(out, "up"));
	nfp_identity_free(d.identity);
	nfp_printer_free(d.printer);
	nfp_fanout_free(d.fanout);
	g_ptr_array_unref(d.collectors);
	nfp_world_clear(&w);
}

Test(report, the_summary_counts_hooks_and_collectors)
{
	NfpDaemon d = { .meters = g_ptr_array_new(), .collectors = g_ptr_array_new() };
	g_autofree char *text = nfp_daemon_summary(&d);

	cr_expect_str_eq(text, "metering at 0 hooks, 0 collectors");
	g_ptr_array_unref(d.collectors);
	g_ptr_array_unref(d.meters);
}

Test(report, unknown_commands_are_named)
{
	g_autoptr(GError) error = NULL;

	cr_expect_null(nfp_daemon_answer("dance", NULL, &error));
	cr_expect_str_eq(error->message, "\"dance\" is no command; there are: status, reload");
}
