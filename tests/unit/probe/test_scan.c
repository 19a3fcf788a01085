/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "probe/source.h"

Test(scan, all_entries_are_one_piece)
{
	static const struct nfp_key_v4 keys[3];
	static const struct nfp_value values[3];
	const NfpEntries all = { .keys = keys, .values = values, .n = 3, .key_size = sizeof(keys[0]) };
	NfpScan *scan = nfp_scan_new(&all);
	NfpEntries piece;

	cr_expect_eq(scan->entries, 3);
	for (int round = 0; round < 2; round++) {
		cr_assert(scan->next(scan, &piece));
		cr_expect(piece.keys == keys && piece.values == values && piece.n == 3 && piece.key_size == sizeof(keys[0]));
		cr_expect_not(scan->next(scan, &piece));
		cr_expect_not(scan->next(scan, &piece));
		scan->rewind(scan, true);
	}
	scan->free(scan);
}

Test(scan, no_entries_are_no_piece)
{
	NfpScan *scan = nfp_scan_new(&(NfpEntries){ .key_size = 24 });
	NfpEntries piece;

	cr_expect_not(scan->next(scan, &piece));
	scan->free(scan);
}
