/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/builtin.h"

#include <criterion/criterion.h>

Test(builtin, names_of_addresses_and_services)
{
	g_autoptr(NfpSnapshot) snapshot = nfp_snapshot_new();
	const uint8_t private[4] = { 172, 31, 255, 255 }, public[4] = { 172, 32, 0, 0 };
	const uint8_t local[16] = { 0xfe, 0x80, [15] = 1 };

	nfp_builtin_add(snapshot);
	cr_expect_eq(snapshot->prefixes, nfp_builtin_prefixes());
	cr_assert(nfp_snapshot_seal(snapshot, NULL));
	cr_expect_eq(nfp_services_n(snapshot->services), nfp_builtin_services());
	cr_expect_gt(nfp_builtin_services(), 300);
	cr_expect_str_eq(nfp_snapshot_place4(snapshot, private)->as_name.text, "Private-Use");
	cr_expect_eq(nfp_snapshot_place4(snapshot, private)->as_number, 0);
	cr_expect_str_eq(nfp_snapshot_place4(snapshot, public)->as_name.text, "");
	cr_expect_str_eq(nfp_snapshot_place6(snapshot, local)->as_name.text, "Link-Local Unicast");
	cr_expect_str_eq(nfp_services_find(snapshot->services, 6, 179, 40000)->name.text, "bgp");
	cr_expect_str_eq(nfp_services_find(snapshot->services, 17, 40000, 53)->name.text, "domain");
	cr_expect_eq(nfp_services_find(snapshot->services, 17, 40000, 4739)->id, 3u << 24 | 4739);
}
