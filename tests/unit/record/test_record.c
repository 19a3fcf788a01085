/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/record.h"

#include <criterion/criterion.h>

Test(record, a_sampled_one_is_scaled_once)
{
	NfpRecord record = { .have = NFP_HAVE_SAMPLED, .sampling = 100, .packets = 3, .octets = 1500, .l2_octets = 1542,
			     .rev_packets = 7, .rev_octets = 70, .rev_l2_octets = 700 };

	cr_expect_eq(nfp_record_rate(&record), 100);
	nfp_record_scale(&record);
	cr_expect_eq(record.packets, 300);
	cr_expect_eq(record.octets, 150000);
	cr_expect_eq(record.l2_octets, 154200);
	cr_expect_eq(record.rev_packets, 7, "no biflow");
	cr_expect_eq(nfp_record_packets(&record), 300);

	nfp_record_scale(&record);
	cr_expect_eq(record.packets, 300, "it says that it is scaled");
	cr_expect_eq(nfp_record_rate(&record), 1);
}

Test(record, both_directions_are_scaled)
{
	NfpRecord record = { .have = (uint32_t)NFP_HAVE_SAMPLED | NFP_HAVE_REVERSE, .sampling = 1000,
			     .packets = UINT32_MAX, .octets = 1, .rev_packets = 2, .rev_octets = 3, .rev_l2_octets = 4 };

	nfp_record_scale(&record);
	cr_expect_eq(record.packets, UINT32_MAX * 1000ull, "64 bits");
	cr_expect_eq(record.rev_packets, 2000);
	cr_expect_eq(record.rev_octets, 3000);
	cr_expect_eq(record.rev_l2_octets, 4000);
	cr_expect_eq(record.have, NFP_HAVE_REVERSE);
	cr_expect_eq(nfp_record_packets(&record), UINT32_MAX * 1000ull + 2000);
	cr_expect_eq(nfp_record_octets(&record), 4000);
}
