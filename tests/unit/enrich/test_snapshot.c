/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/snapshot.h"

#include <criterion/criterion.h>

#include "enrich/flatten.h"
#include "support/enrich_rows.h"

static void add(NfpSnapshot *snapshot, const char *text, const NfpFacts *facts)
{
	const char *why;
	NfpPrefix prefix;

	cr_assert(nfp_prefix_parse(text, &prefix, &why));
	nfp_snapshot_add_prefix(snapshot, &prefix, facts, 0);
}

static const NfpPlace *place(const NfpSnapshot *snapshot, const char *text)
{
	uint8_t octets[16];
	NfpAddress address;
	uint8_t family;

	cr_assert(nfp_address_parse(text, &address, &family));
	for (guint i = 0; i < 16; i++)
		octets[i] = (uint8_t)(address >> (120 - 8 * i));
	return family == 4 ? nfp_snapshot_place4(snapshot, octets) : nfp_snapshot_place6(snapshot, octets);
}

Test(snapshot, places_of_addresses)
{
	g_autoptr(NfpSnapshot) snapshot = nfp_snapshot_new();
	NfpFacts facts = { .as_number = 64496, .text[NFP_FACT_AS_NAME] = nfp_snapshot_text(snapshot, "EXAMPLE") };
	const char *why;
	NfpPrefix host;

	add(snapshot, "192.0.2.0/24", &facts);
	add(snapshot, "2001:db8::/32", &facts);
	cr_assert(nfp_prefix_parse("192.0.2.7", &host, &why));
	nfp_snapshot_add_host(snapshot, &host, nfp_snapshot_text(snapshot, "gw.example.net"), 0);
	cr_assert(nfp_snapshot_seal(snapshot, NULL));
	cr_expect_eq(place(snapshot, "192.0.2.255")->as_number, 64496);
	cr_expect_str_eq(place(snapshot, "192.0.2.255")->as_name.text, "EXAMPLE");
	cr_expect_str_eq(place(snapshot, "192.0.2.255")->host.text, "");
	cr_expect_str_eq(place(snapshot, "192.0.2.7")->host.text, "gw.example.net");
	cr_expect_eq(place(snapshot, "192.0.2.7")->as_number, 64496);
	cr_expect_eq(place(snapshot, "192.0.3.0")->as_number, 0);
	cr_expect_str_eq(place(snapshot, "192.0.3.0")->as_name.text, "");
	cr_expect_eq(place(snapshot, "2001:db8:ffff::1")->as_number, 64496);
	cr_expect_eq(place(snapshot, "2001:db9::"), &snapshot->places[0]);
	cr_expect_eq(place(snapshot, "2001:db8::1"), place(snapshot, "192.0.2.1"), "equal facts are one place");
	cr_expect_eq(snapshot->prefixes, 2);
	cr_expect_eq(snapshot->hosts, 1);
	cr_expect_gt(snapshot->memory, 0);
}

Test(snapshot, rules_in_the_order_in_which_they_go)
{
	g_autoptr(NfpSnapshot) snapshot = nfp_snapshot_new();

	nfp_snapshot_add_rule(snapshot, &(NfpInterfaceRule){ .match = (char *)"*" });
	nfp_snapshot_add_rule(snapshot, &(NfpInterfaceRule){ .match = (char *)"eth*" });
	nfp_snapshot_add_rule(snapshot, &(NfpInterfaceRule){ .match = (char *)"?", .priority = 1 });
	cr_assert(nfp_snapshot_seal(snapshot, NULL));
	cr_expect_str_eq(g_array_index(snapshot->rules, NfpInterfaceRule, 0).match, "?");
	cr_expect_str_eq(g_array_index(snapshot->rules, NfpInterfaceRule, 1).match, "eth*");
	cr_expect_str_eq(g_array_index(snapshot->rules, NfpInterfaceRule, 2).match, "*");
}

Test(snapshot, has_limits)
{
	g_autoptr(NfpSnapshot) rules = nfp_snapshot_new();
	g_autoptr(NfpSnapshot) services = nfp_snapshot_new();
	g_autoptr(NfpSnapshot) prefixes = nfp_snapshot_new();
	g_autoptr(GError) err = NULL;

	for (guint i = 0; i <= NFP_SNAPSHOT_RULES; i++)
		nfp_snapshot_add_rule(rules, &(NfpInterfaceRule){ .match = (char *)"x" });
	cr_expect_not(nfp_snapshot_seal(rules, &err));
	cr_expect_str_eq(err->message, "there are more than 10000 rows of interfaces");
	g_clear_error(&err);
	for (guint i = 0; i < NFP_SERVICES_MAX + 9; i++)
		nfp_snapshot_add_service(services, &(NfpServiceRow){ .protocol = 6 });
	cr_expect_not(nfp_snapshot_fits(services, &err));
	cr_expect_str_eq(err->message, "there are more than 65534 rows of services");
	g_clear_error(&err);
	prefixes->prefixes = NFP_SNAPSHOT_PREFIXES - 1;
	prefixes->hosts = 1;
	cr_expect(nfp_snapshot_fits(prefixes, NULL));
	prefixes->hosts = 2;
	cr_expect_not(nfp_snapshot_fits(prefixes, &err));
	cr_expect_str_eq(err->message, "there are more than 8388608 prefixes and hosts");
	nfp_snapshot_unref(NULL);
}

Test(snapshot, is_shared)
{
	NfpSnapshot *snapshot = nfp_snapshot_new();
	NfpSnapshot *other = nfp_snapshot_ref(snapshot);

	cr_assert(nfp_snapshot_seal(snapshot, NULL));
	nfp_snapshot_unref(snapshot);
	cr_expect_eq(place(other, "10.0.0.1")->as_number, 0);
	nfp_snapshot_unref(other);
}
