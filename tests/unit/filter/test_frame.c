// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame of a record, octet by octet. */
#include <criterion/criterion.h>
#include <string.h>

#include "filter/frame.h"

Test(filter_frame, udp_over_ipv4_with_tags)
{
	static const uint8_t expected[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00, 0x45, 0xb8, 0x00,
					    0x40, 0, 0, 0, 0, 63, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0x01, 0xbb, 0x00,
					    0x2c, 0, 0, 0 };
	NfpRecord record = {
		.have = NFP_HAVE_IPV4 | NFP_HAVE_PORTS | NFP_HAVE_MAC | NFP_HAVE_VLAN, .protocol = 17, .src4 = { 10, 0, 0, 1 },
		.dst4 = { 10, 0, 0, 2 }, .src_port = 40000, .dst_port = 443, .tos = 0xb8, .ttl_min = 63, .vlan_id = 5,
		.src_mac = { 2, 0, 0, 0, 0, 1 }, .dst_mac = { 2, 0, 0, 0, 0, 2 }, .packets = 3, .octets = 3 * 64 + 2,
		.l2_octets = 3 * 82,
	};
	uint8_t frame[NFP_FILTER_FRAME];

	cr_expect_eq(nfp_filter_frame(&record, TRUE, frame), 82);
	cr_expect_arr_eq(frame, expected, sizeof(expected));
	nfp_filter_frame(&record, FALSE, frame);
	cr_expect_arr_eq(frame + 12, expected + 16, sizeof(expected) - 16);
}

Test(filter_frame, tcp_over_ipv6)
{
	static const uint8_t head[] = { 0x86, 0xdd, 0x6b, 0x80, 0, 0, 0, 60, 6, 64, 0x20, 1 };
	NfpRecord record = {
		.have = NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_TCP, .protocol = 6, .src6 = { 0x20, 1 }, .dst6 = { 0x20, 2 },
		.src_port = 1, .dst_port = 2, .tos = 0xb8, .ttl_min = 64, .tcp_flags = 0x1ff, .packets = 1, .octets = 100,
		.l2_octets = 114,
	};
	uint8_t frame[NFP_FILTER_FRAME];

	cr_expect_eq(nfp_filter_frame(&record, TRUE, frame), 114);
	cr_expect_arr_eq(frame + 12, head, sizeof(head));
	cr_expect_eq(frame[54 + 12], 0x51);
	cr_expect_eq(frame[54 + 13], 0xff);
}

Test(filter_frame, nothing_is_known)
{
	static const uint8_t nothing[NFP_FILTER_FRAME];
	NfpRecord record = { .packets = 0, .l2_octets = 0 };
	uint8_t frame[NFP_FILTER_FRAME];

	memset(frame, 0xff, sizeof(frame));
	cr_expect_eq(nfp_filter_frame(&record, TRUE, frame), 0);
	cr_expect_arr_eq(frame, nothing, sizeof(nothing));
}
