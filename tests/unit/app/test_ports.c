/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What records get for interfaces, and whose word it is. */
#include "app/ports.h"

#include <criterion/criterion.h>
#include <string.h>

static const NfpLink links[] = {
	{ .ifindex = 1, .name = "lo", .loopback = true },
	{ .ifindex = 2, .name = "eth0", .alias = "kernel's", .mac = { 2, 0, 0, 0, 0, 0xab }, .master = 9 },
	{ .ifindex = 3, .name = "eth0.5", .kind = "vlan", .alias = "a\x1b[2Jb\xff", .lower = 2, .mac = { 2, 0, 0, 0, 0, 0xab } },
	{ .ifindex = 9, .name = "blue", .kind = "vrf", .table = 100 },
};
static const uint32_t speeds[] = { 0, 1000, 1000, 0 };

static NfpPortsDomain domain_of(const char *netns, uint32_t number)
{
	NfpPortsDomain domain = { .netns = g_strdup(netns), .domain = number };

	domain.links = g_array_new(FALSE, FALSE, sizeof(NfpLink));
	g_array_append_vals(domain.links, links, G_N_ELEMENTS(links));
	domain.speeds = g_memdup2(speeds, sizeof(speeds));
	return domain;
}

static NfpSnapshot *snapshot_new(void)
{
	NfpSnapshot *s = nfp_snapshot_new();

	nfp_snapshot_add_rule(s, &(NfpInterfaceRule){ .match = (char *)"eth0*", .role = nfp_snapshot_text(s, "uplink") });
	nfp_snapshot_add_rule(s, &(NfpInterfaceRule){ .match = (char *)"eth0", .alias = nfp_snapshot_text(s, "to the world"),
						      .speed = 10000 });
	nfp_snapshot_add_rule(s, &(NfpInterfaceRule){ .match = (char *)"lo", .vrf = nfp_snapshot_text(s, "own") });
	cr_assert(nfp_snapshot_seal(s, NULL));
	return s;
}

Test(ports, an_interface_and_its_vrf)
{
	NfpPortsDomain domain = domain_of(NULL, 0);
	NfpEnrichInterface in = nfp_ports_interface(domain.links, &g_array_index(domain.links, NfpLink, 1), 7);

	cr_expect_eq(in.ifindex, 2);
	cr_expect_str_eq(in.name, "eth0");
	cr_expect_str_eq(in.alias, "kernel's");
	cr_expect_str_eq(in.vrf, "blue");
	cr_expect_eq(in.vrf_id, 100);
	cr_expect_eq(in.speed, 7);
	in = nfp_ports_interface(domain.links, &g_array_index(domain.links, NfpLink, 0), 0);
	cr_expect_null(in.vrf);
	cr_expect_eq(in.vrf_id, 0);
	nfp_ports_domain_clear(&domain);
}

Test(ports, a_table)
{
	static const char *const lines[] = {
		"network namespace red, domain 3",
		"ifindex  name    role     Mbit/s  VRF         MAC                parent       description",
		"1        lo      -        -       own*        -                  -            -",
		"2        eth0    uplink*  10000*  blue (100)  02:00:00:00:00:ab  -            to the world*",
		"3        eth0.5  uplink*  1000    -           02:00:00:00:00:ab  eth0 (vlan)  a [2Jb\xef\xbf\xbd",
		"9        blue    -        -       blue (100)  -                  -            -",
		"",
	};
	NfpPortsDomain domain = domain_of("red", 3);
	g_autoptr(NfpSnapshot) snapshot = snapshot_new();
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) got = NULL;

	nfp_ports_print(out, &domain, snapshot, FALSE);
	got = g_strsplit(out->str, "\n", -1);
	cr_assert_eq(g_strv_length(got), G_N_ELEMENTS(lines), "%s", out->str);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		cr_expect_str_eq(got[i], lines[i]);
	nfp_ports_domain_clear(&domain);
}

Test(ports, json)
{
	static const char *const lines[] = {
		"{\"domain\":3,\"netns\":\"red\",\"ifindex\":1,\"name\":\"lo\",\"vrf\":\"own\",\"vrf_from\":\"database\",\"vrf_id\":0}",
		"{\"domain\":3,\"netns\":\"red\",\"ifindex\":2,\"name\":\"eth0\",\"description\":\"to the world\","
		"\"description_from\":\"database\",\"role\":\"uplink\",\"role_from\":\"database\",\"speed\":10000,"
		"\"speed_from\":\"database\",\"vrf\":\"blue\",\"vrf_from\":\"kernel\",\"vrf_id\":100,"
		"\"mac\":\"02:00:00:00:00:ab\"}",
	};
	NfpPortsDomain domain = domain_of("red", 3);
	g_autoptr(NfpSnapshot) snapshot = snapshot_new();
	g_autoptr(GString) out = g_string_new(NULL);
	g_auto(GStrv) got = NULL;

	nfp_ports_print(out, &domain, snapshot, TRUE);
	got = g_strsplit(out->str, "\n", -1);
	cr_assert_eq(g_strv_length(got), G_N_ELEMENTS(links) + 1);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		cr_expect_str_eq(got[i], lines[i]);
	cr_expect(strstr(got[2], "\"speed_from\":\"kernel\"") && strstr(got[2], "\"kind\":\"vlan\",\"parent\":\"eth0\""), "%s", got[2]);
	nfp_ports_domain_clear(&domain);
}

static void count(const GError *error, void *data)
{
	cr_expect(strstr(error->message, "network namespace nfpt-none: "), "%s", error->message);
	++*(guint *)data;
}

/* Our own namespace needs no privilege; one that is not there is told, and hides nothing of the others. */
Test(ports, of_the_configured_namespaces)
{
	static NfpInterfaceOptions rules[] = { { .match = (char *)"*" }, { .match = (char *)"*", .netns = (char *)"nfpt-none" } };
	g_autoptr(NfpSnapshot) snapshot = snapshot_new();
	g_autoptr(GString) out = g_string_new(NULL);
	NfpConf conf = { .pin_root = (char *)"/nonexistent", .instance = (char *)"nfpt-ports",
			 .state_dir = (char *)"/nonexistent", .run_dir = (char *)"/nonexistent" };
	guint faults = 0;

	conf.interfaces = g_array_new(FALSE, FALSE, sizeof(NfpInterfaceOptions));
	g_array_append_vals(conf.interfaces, rules, 2);
	nfp_ports_print_all(out, &conf, snapshot, FALSE, count, &faults);
	cr_expect_eq(faults, 1);
	cr_expect(strstr(out->str, "lo "), "%s", out->str);
	cr_expect(g_str_has_suffix(out->str, "* as the database has it; the rest as the kernel has it\n"));
	g_array_unref(conf.interfaces);
}
