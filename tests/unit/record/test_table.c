// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/format.h"
#include "support/encode_records.h"

static const char *name(uint32_t ifindex, void *data)
{
	return ifindex == 2 ? data : NULL;
}

static void expect_row(const NfpRecord *record, const char *want)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_format_table_row(out, record, name, (void *)"eth0");
	cr_assert_str_eq(out->str, want, "\n%s\n%s", out->str, want);
}

#define V4 (NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL)

Test(table, rows)
{
	NfpRecord tcp = { .have = V4 | NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_VLAN, .protocol = 6,
			  .src4 = { 192, 0, 2, 1 }, .dst4 = { 198, 51, 100, 7 }, .src_port = 443,
			  .dst_port = 51000, .ifindex = 2, .vlan_id = 10, .packets = 99999999,
			  .octets = 100000000 };
	NfpRecord icmp = { .have = V4 | NFP_HAVE_PORTS | NFP_HAVE_ICMP4,
			   .protocol = 1,
			   .icmp_type = 8,
			   .ifindex = 3,
			   .direction = 1,
			   .packets = 1,
			   .octets = 18446744073709551615ull };
	NfpRecord eth = { .have = NFP_HAVE_ETHERTYPE | NFP_HAVE_MAC,
			  .ethertype = 0x0806,
			  .ifindex = 2,
			  .src_mac = { 2, 0, 0, 0, 0, 1 },
			  .dst_mac = { 255, 255, 255, 255, 255, 255 } };
	NfpRecord hook = { .have = NFP_HAVE_TIMES, .ifindex = 2 };
	NfpRecord v6 = { .have = NFP_HAVE_IPV6 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS,
			 .protocol = 17,
			 .src6 = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
			 .src_port = 53,
			 .ifindex = 2 };

	expect_row(&tcp, "eth0@10    in  tcp   192.0.2.1:443                 198.51.100.7:51000"
			 "            99999999  100000K\n");
	expect_row(&icmp, "3          out icmp  0.0.0.0                       0.0.0.0 8.0"
			  "                          1   18447P\n");
	expect_row(&eth, "eth0       in  x0806 02:00:00:00:00:01             ff:ff:ff:ff:ff:ff"
			 "                    0        0\n");
	expect_row(&hook, "eth0       in  -     -                             -"
			  "                                    0        0\n");
	memset(v6.dst6, 0xab, 16);
	expect_row(
		&v6,
		"eth0       in  udp   [2001:db8::1]:53              [abab:abab:aba..:abab:abab]:0"
		"        0        0\n");
}

Test(table, lines_are_as_wide_as_the_head)
{
	g_autoptr(GString) head = g_string_new(NULL);
	uint64_t seed = 4;

	nfp_format_table_head(head);
	cr_assert_leq(head->len - 1, 100);
	for (guint i = 0; i < 20 * NFP_TEST_KINDS; i++) {
		g_autoptr(GString) row = g_string_new(NULL);
		NfpRecord record;

		nfp_test_record(&record, i % NFP_TEST_KINDS, &seed);
		nfp_format_table_row(row, &record, NULL, NULL);
		cr_assert_eq(row->len, head->len, "%s", row->str);
	}
}
