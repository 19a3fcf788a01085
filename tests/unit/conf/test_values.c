/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each type: what it takes, and what it says about the rest. */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

typedef union {
	NfpConf top;
	NfpInterfaceOptions interface;
	NfpCollectorOptions collector;
} Base;

/* NULL: taken; else the reason. */
static char *why(NfpConfTable table, const char *path, const char *text, Base *base)
{
	char *reason = NULL;
	gboolean taken = nfp_conf_value_parse(nfp_conf_row_find(table, path), text, base, &reason);

	cr_assert_eq(taken, reason == NULL, "%s: %s: either taken or told why not", path, text);
	return reason;
}

Test(conf_values, durations)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = { { "1s", 1000000000 },    { "60s", 60000000000 },	 { "5m", 300000000000 },
		      { "1h", 3600000000000 }, { "2500ms", 2500000000 }, { "060s", 60000000000 } };
	Base base = { 0 };

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		cr_assert_null(why(NFP_CONF_TOP, "interval", cases[i].text, &base), "%s",
			       cases[i].text);
		cr_assert_eq(base.top.interval, cases[i].ns, "%s", cases[i].text);
	}
}

Test(conf_values, sizes)
{
	Base base = { 0 };

	cr_assert_null(why(NFP_CONF_TOP, "maps.memory", "512MiB", &base));
	cr_assert_eq(base.top.maps_memory, 512ull << 20);
	cr_assert_null(why(NFP_CONF_TOP, "maps.memory", "1GiB", &base));
	cr_assert_eq(base.top.maps_memory, 1ull << 30);
	cr_assert_null(why(NFP_CONF_TOP, "maps.memory", "4096KiB", &base));
	cr_assert_eq(base.top.maps_memory, 4ull << 20);
}

Test(conf_values, others_that_are_taken)
{
	static const struct {
		NfpConfTable table;
		const char *path, *text;
	} cases[] = {
		{ NFP_CONF_TOP, "hostname", "edge-1.example.net" },
		{ NFP_CONF_TOP, "instance", "lan_2" },
		{ NFP_CONF_TOP, "pin_root", "/sys/fs/bpf/x" },
		{ NFP_CONF_TOP, "merge_cpus", "off" },
		{ NFP_CONF_TOP, "maps.flows", "65536" },
		{ NFP_CONF_INTERFACES, "match", "*" },
		{ NFP_CONF_INTERFACES, "match", "en[op]*.100" },
		{ NFP_CONF_INTERFACES, "direction", "both" },
		{ NFP_CONF_COLLECTORS, "endpoint", "udp://[2001:db8::1]:2055" },
		{ NFP_CONF_COLLECTORS, "endpoint", "tcp://collector.example.net" },
		{ NFP_CONF_COLLECTORS, "source", "2001:db8::2" },
		{ NFP_CONF_COLLECTORS, "domain", "4294966271" },
		{ NFP_CONF_COLLECTORS, "device", "vrf-mgmt" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Base base = { 0 };
		g_autofree char *reason = why(cases[i].table, cases[i].path, cases[i].text, &base);

		cr_assert_null(reason, "%s: %s", cases[i].path, reason);
		nfp_conf_clear_strings(cases[i].table, &base);
	}
}

Test(conf_values, refusals_say_what_is_wrong_and_what_is_allowed)
{
	static const struct {
		NfpConfTable table;
		const char *path, *text, *reason;
	} cases[] = {
		{ NFP_CONF_TOP, "interval", "60",
		  "\"60\" lacks a unit, as in 60s; allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "interval", "2h", "\"2h\" is out of range; allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "interval", "999ms",
		  "\"999ms\" is out of range; allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "interval", "5min",
		  "\"5min\" has an unknown unit \"min\" (ms, s, m or h); allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "interval", "-5s",
		  "\"-5s\" is not a number with a unit, as in 10s; allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "interval", "99999999999999999999s",
		  "\"99999999999999999999s\" is not a number with a unit, as in 10s; allowed: 1s "
		  "to 1h" },
		{ NFP_CONF_TOP, "interval", "18446744073709551615h",
		  "\"18446744073709551615h\" is out of range; allowed: 1s to 1h" },
		{ NFP_CONF_TOP, "maps.memory", "512MB",
		  "\"512MB\" has an unknown unit \"MB\" (KiB, MiB, GiB or TiB); allowed: 4MiB to "
		  "1TiB" },
		{ NFP_CONF_TOP, "maps.memory", "1024",
		  "\"1024\" lacks a unit, as in 1024MiB; allowed: 4MiB to 1TiB" },
		{ NFP_CONF_TOP, "maps.flows", "many",
		  "\"many\" is no whole number; allowed: auto or 64 to 16777216" },
		{ NFP_CONF_TOP, "merge_cpus", "maybe",
		  "\"maybe\" is neither true nor false; allowed: true or false" },
		{ NFP_CONF_TOP, "clock", "tack",
		  "\"tack\" is no choice, did you mean \"tick\"?; allowed: tick or exact" },
		{ NFP_CONF_TOP, "hostname", "a b",
		  "\"a b\" is no host name; allowed: letters, digits, - . and _" },
		{ NFP_CONF_TOP, "instance", "a/b",
		  "\"a/b\" cannot be used as a name; allowed: letters, digits, - . and _, at most "
		  "64, a letter or digit first" },
		{ NFP_CONF_TOP, "instance", "..",
		  "\"..\" cannot be used as a name; allowed: letters, digits, - . and _, at most "
		  "64, a letter or digit first" },
		{ NFP_CONF_TOP, "run_dir", "run",
		  "\"run\" is no absolute path; allowed: a path that begins with /" },
		{ NFP_CONF_INTERFACES, "direction", "ingres",
		  "\"ingres\" is no choice, did you mean \"ingress\"?; allowed: ingress, egress or "
		  "both" },
		{ NFP_CONF_INTERFACES, "hook", "xpd",
		  "\"xpd\" is no choice, did you mean \"xdp\"?; allowed: tc or xdp" },
		{ NFP_CONF_INTERFACES, "sampling", "0", "\"0\" is out of range; allowed: auto or 1 to 65535" },
		{ NFP_CONF_INTERFACES, "sampling", "-10", "\"-10\" is no whole number; allowed: auto or 1 to 65535" },
		{ NFP_CONF_INTERFACES, "sampling", "65536", "\"65536\" is out of range; allowed: auto or 1 to 65535" },
		{ NFP_CONF_INTERFACES, "sampling", "1:10", "\"1:10\" is no whole number; allowed: auto or 1 to 65535" },
		{ NFP_CONF_INTERFACES, "sampling_mode", "randon",
		  "\"randon\" is no choice, did you mean \"random\"?; allowed: random or deterministic" },
		{ NFP_CONF_INTERFACES, "sampling_budget", "99", "\"99\" is out of range; allowed: 100 to 1000000000" },
		{ NFP_CONF_COLLECTORS, "sampling", "scaled",
		  "\"scaled\" is no choice, did you mean \"scale\"?; allowed: announce or scale" },
		{ NFP_CONF_INTERFACES, "match", "eth[0-9",
		  "\"eth[0-9\" has a [ without ]; allowed: a name with *, ? or [abc]" },
		{ NFP_CONF_COLLECTORS, "domain", "0",
		  "\"0\" is out of range; allowed: 1 to 4294966271" },
		{ NFP_CONF_COLLECTORS, "mtu", "0x600",
		  "\"0x600\" is no whole number; allowed: auto or 512 to 65507" },
		{ NFP_CONF_COLLECTORS, "source", "::g",
		  "\"::g\" is no IP address; allowed: an IPv4 or IPv6 address" },
		{ NFP_CONF_COLLECTORS, "source", "fe80::1%eth0",
		  "\"fe80::1%eth0\" names an interface, which is what `device` is for; allowed: an IPv4 or IPv6 address" },
		{ NFP_CONF_COLLECTORS, "device", "a-name-that-is-too-long",
		  "\"a-name-that-is-too-long\" cannot be an interface's name; allowed: an "
		  "interface's name, at most 15 characters" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Base base = { 0 }, untouched = { 0 };
		g_autofree char *reason = why(cases[i].table, cases[i].path, cases[i].text, &base);

		cr_assert(reason && strcmp(reason, cases[i].reason) == 0, "got  %s\nwant %s",
			  reason, cases[i].reason);
		cr_assert_arr_eq(&base, &untouched, sizeof(base), "%s: member written",
				 cases[i].path);
	}
}

Test(conf_values, endpoint_and_protocol_name_what_exists)
{
	Base base = { 0 };
	g_autofree char *endpoint = why(NFP_CONF_COLLECTORS, "endpoint", "smoke://signal", &base);
	g_autofree char *protocol = why(NFP_CONF_COLLECTORS, "protocol", "sflow", &base);

	cr_assert(strstr(endpoint, "smoke") && strstr(endpoint, "udp") && strstr(endpoint, "tcp"),
		  "%s", endpoint);
	cr_assert(g_str_has_prefix(protocol,
				   "\"sflow\" is no export protocol of this version; allowed: "),
		  "%s", protocol);
	cr_assert(strstr(protocol, "ipfix"), "%s", protocol);
	cr_assert_null(base.collector.endpoint);
}
