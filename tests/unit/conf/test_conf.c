/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/conf.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

Test(conf, defaults)
{
	g_autoptr(NfpConf) conf = nfp_conf_default();

	cr_assert_str_eq(conf->hostname, g_get_host_name());
	cr_assert_str_eq(conf->instance, "default");
	cr_assert_str_eq(conf->pin_root, "/sys/fs/bpf/nfprobe");
	cr_assert_str_eq(conf->run_dir, "/run/nfprobe");
	cr_assert_eq(conf->interval, 10000000000ull);
	cr_assert_not(conf->clock_exact);
	cr_assert(conf->maps_table);
	cr_assert(conf->merge_cpus);
	cr_assert_not(conf->stacked);
	cr_assert_eq(conf->maps_memory, 512ull << 20);
	cr_assert_eq(conf->maps_flows, 0);
	cr_assert_null(conf->templates);
	cr_assert_eq(conf->interfaces->len, 0);
	cr_assert_eq(conf->collectors->len, 0);
	cr_assert_eq(conf->direction, NFP_DIRECTION_INGRESS);
	nfp_conf_free(NULL);
}

Test(conf, every_option_arrives)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf =
		nfp_conf_parse("f",
			       "hostname: edge1\n"
			       "instance: lan\n"
			       "pin_root: /sys/fs/bpf/p\n"
			       "run_dir: /run/p\n"
			       "interval: 5m\n"
			       "clock: exact\n"
			       "merge_cpus: false\n"
			       "stacked: true\n"
			       "maps: { memory: 1GiB, flows: 1000 }\n"
			       "templates: /nonexistent\n"
			       "interfaces:\n"
			       "  - match: \"eth*\"\n"
			       "  - match: veth0\n"
			       "    netns: blue\n"
			       "    direction: both\n"
			       "    hook: tc\n"
			       "    sampling: 1\n"
			       "collectors:\n"
			       "  - name: one\n"
			       "    endpoint: udp://127.0.0.1:4739\n"
			       "  - name: two\n"
			       "    endpoint: tcp://[::1]:2055\n"
			       "    protocol: ipfix\n"
			       "    template_set: standard\n"
			       "    template_refresh: { interval: 30s, messages: 7 }\n"
			       "    domain: 9\n"
			       "    mtu: 1200\n"
			       "    source: 192.0.2.1\n"
			       "    device: mgmt\n"
			       "    retry: 250ms\n"
			       "    queue: 3\n",
			       &err);
	const NfpInterfaceOptions *interface;
	const NfpCollectorOptions *collector;

	cr_assert_not_null(conf, "%s", err ? err->message : "");
	cr_assert_str_eq(conf->hostname, "edge1");
	cr_assert_str_eq(conf->instance, "lan");
	cr_assert_str_eq(conf->pin_root, "/sys/fs/bpf/p");
	cr_assert_str_eq(conf->run_dir, "/run/p");
	cr_assert_eq(conf->interval, 300000000000ull);
	cr_assert_not(conf->merge_cpus);
	cr_assert(conf->stacked);
	cr_assert_eq(conf->maps_memory, 1ull << 30);
	cr_assert_eq(conf->maps_flows, 1000);
	cr_assert_str_eq(conf->templates, "/nonexistent");

	cr_assert_eq(conf->interfaces->len, 2);
	interface = &g_array_index(conf->interfaces, NfpInterfaceOptions, 0);
	cr_assert_str_eq(interface->match, "eth*");
	cr_assert_null(interface->netns);
	cr_assert_eq(interface->direction, NFP_DIRECTION_INGRESS);
	cr_assert_eq(interface->hook, NFP_HOOK_TC);
	cr_assert_eq(interface->sampling, 1);
	interface++;
	cr_assert_str_eq(interface->netns, "blue");
	cr_assert_eq(interface->direction, NFP_DIRECTION_BOTH);

	cr_assert_eq(conf->collectors->len, 2);
	collector = &g_array_index(conf->collectors, NfpCollectorOptions, 0);
	cr_assert_str_eq(collector->name, "one");
	cr_assert_str_eq(collector->template_set, "standard");
	cr_assert_eq(collector->refresh_interval, 60000000000ull);
	collector++;
	cr_assert_str_eq(collector->endpoint, "tcp://[::1]:2055");
	cr_assert_str_eq(collector->protocol, "ipfix");
	cr_assert_eq(collector->refresh_interval, 30000000000ull);
	cr_assert_eq(collector->refresh_messages, 7);
	cr_assert_eq(collector->domain, 9);
	cr_assert_eq(collector->mtu, 1200);
	cr_assert_str_eq(collector->source, "192.0.2.1");
	cr_assert_str_eq(collector->device, "mgmt");
	cr_assert_eq(collector->retry, 250000000ull);
	cr_assert_eq(collector->queue, 3);
}

Test(conf, a_file_has_buckets_of_a_minute)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = nfp_conf_parse("f", "hostname: x\n", &err);

	cr_assert_not_null(conf, "%s", err ? err->message : "");
	cr_assert_eq(conf->interval, 60000000000ull);
}

static void check_load_fault(const char *path, const char *fault)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = nfp_conf_load(path, &err);

	cr_assert_null(conf);
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert(strstr(err->message, fault), "%s: got %s, want %s", path, err->message, fault);
	cr_assert(strstr(err->message, path), "%s is not named in %s", path, err->message);
}

Test(conf, files_that_cannot_be_read)
{
	g_autofree char *dir = g_dir_make_tmp("nfp-conf-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "c.yaml", NULL);

	check_load_fault(dir, "Is a directory");
	check_load_fault(file, "No such file or directory");
	cr_assert(g_file_set_contents(file, "", 0, NULL));
	check_load_fault(file, "c.yaml:1:1: there is no option in this file");
	cr_assert(g_file_set_contents(file, "hostname: a\0b\n", 14, NULL));
	check_load_fault(file, "c.yaml:1:12: octet 0x00 is not UTF-8");
	cr_assert(g_file_set_contents(file, "interval: 10s\n", -1, NULL));
	if (geteuid() != 0) {
		cr_assert_eq(g_chmod(file, 0), 0);
		check_load_fault(file, "Permission denied");
	}
	g_unlink(file);
	g_rmdir(dir);
}

Test(conf, endless_file)
{
	check_load_fault("/dev/zero", "larger than 1 MiB");
}

Test(conf, loads_a_file)
{
	g_autofree char *dir = g_dir_make_tmp("nfp-conf-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "c.yaml", NULL);
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = NULL;

	cr_assert(g_file_set_contents(file, "interval: 90s\n", -1, NULL));
	conf = nfp_conf_load(file, &err);
	g_unlink(file);
	g_rmdir(dir);
	cr_assert_not_null(conf, "%s", err ? err->message : "");
	cr_assert_eq(conf->interval, 90000000000ull);
}

Test(conf, command_line_goes_by_the_same_rows)
{
	g_autoptr(NfpConf) conf = nfp_conf_default();
	g_autoptr(GError) bad_interval = NULL;
	g_autoptr(GError) bad_match = NULL;
	g_autoptr(GError) bad_endpoint = NULL;
	g_autoptr(GError) bad_direction = NULL;
	NfpDirection direction = NFP_DIRECTION_INGRESS;
	uint64_t duration = 0;

	cr_assert(nfp_conf_set(conf, "interval", "30s", NULL));
	cr_assert_eq(conf->interval, 30000000000ull);
	cr_assert_not(nfp_conf_set(conf, "interval", "30", &bad_interval));
	cr_assert_str_eq(bad_interval->message,
			 "\"30\" lacks a unit, as in 30s; allowed: 1s to 1h");
	cr_assert(g_error_matches(bad_interval, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_eq(conf->interval, 30000000000ull);

	cr_assert(nfp_conf_direction("egress", &direction, NULL));
	cr_assert_eq(direction, NFP_DIRECTION_EGRESS);
	cr_assert_not(nfp_conf_direction("up", &direction, &bad_direction));
	cr_assert_eq(direction, NFP_DIRECTION_EGRESS);

	cr_assert(nfp_conf_hook("xdp", &conf->hook, NULL));
	cr_assert_eq(conf->hook, NFP_HOOK_XDP);
	cr_assert_not(nfp_conf_hook("", &conf->hook, NULL));
	cr_assert_eq(conf->hook, NFP_HOOK_XDP);
	cr_assert(nfp_conf_duration("2s", &duration, NULL));
	cr_assert_eq(duration, 2000000000);
	cr_assert_not(nfp_conf_duration("2", &duration, NULL));
	cr_assert_eq(duration, 2000000000);

	conf->direction = direction;
	cr_assert(nfp_conf_add_interface(conf, "eth0", NULL));
	cr_assert_not(nfp_conf_add_interface(conf, "a/b", &bad_match));
	cr_assert_eq(conf->interfaces->len, 1);
	cr_assert_eq(g_array_index(conf->interfaces, NfpInterfaceOptions, 0).direction,
		     NFP_DIRECTION_EGRESS);
	cr_assert_eq(g_array_index(conf->interfaces, NfpInterfaceOptions, 0).hook, NFP_HOOK_XDP);
	cr_assert_eq(g_array_index(conf->interfaces, NfpInterfaceOptions, 0).sampling, 1);

	cr_assert(nfp_conf_add_collector(conf, "udp://127.0.0.1", NULL));
	cr_assert_not(nfp_conf_add_collector(conf, "127.0.0.1:4739", &bad_endpoint));
	cr_assert_eq(conf->collectors->len, 1);
	cr_assert_str_eq(g_array_index(conf->collectors, NfpCollectorOptions, 0).name,
			 "udp://127.0.0.1");
	cr_assert_str_eq(g_array_index(conf->collectors, NfpCollectorOptions, 0).protocol, "ipfix");
}

Test(conf, decapsulate_is_of_all_interfaces)
{
	g_autoptr(NfpConf) conf = nfp_conf_default();
	g_autoptr(GError) err = NULL;

	cr_assert(nfp_conf_add_interface(conf, "eth0", NULL));
	cr_assert(nfp_conf_add_interface(conf, "eth1", NULL));
	cr_assert(nfp_conf_decapsulate(conf, "gre, vxlan", &err), "%s", err ? err->message : "");
	cr_expect_neq(conf->decapsulate, 0);
	for (guint i = 0; i < conf->interfaces->len; i++)
		cr_expect_eq(g_array_index(conf->interfaces, NfpInterfaceOptions, i).decapsulate, conf->decapsulate);
	cr_expect_not(nfp_conf_decapsulate(conf, "gree", &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_expect_eq(g_array_index(conf->interfaces, NfpInterfaceOptions, 1).decapsulate, conf->decapsulate, "as it was");
}
