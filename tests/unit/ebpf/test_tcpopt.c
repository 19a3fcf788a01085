// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "ebpf/tcpopt.h"

#define BIT(kind) (1ull << (kind))

static struct nfp_tcp_options parse(const char *bytes, guint32 n)
{
	guint8 room[NFP_TCP_OPTIONS_ROOM];
	struct nfp_tcp_options o;

	memset(room, 0x5a, sizeof(room));
	memset(&o, 0xff, sizeof(o));
	memcpy(room, bytes, n);
	nfp_tcp_options_parse(room, n, &o);
	return o;
}
#define PARSE(text) parse(text, sizeof(text) - 1)

Test(tcpopt, of_linux)
{
	struct nfp_tcp_options o = PARSE("\2\4\5\xb4\4\2\x8\x0a" "tttteeee" "\1\3\3\7");

	cr_expect_eq(o.kinds, BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(8), "%llx", o.kinds);
	cr_expect_eq(o.mss, 1460);
	cr_expect_eq(o.wscale, 7);
}

Test(tcpopt, what_is_not_there_is_0)
{
	struct nfp_tcp_options o = PARSE("");

	cr_expect_eq(o.kinds, 0);
	cr_expect_eq(o.mss, 0);
	cr_expect_eq(o.wscale, 0);
}

Test(tcpopt, all_kinds)
{
	cr_expect_eq(PARSE("\0\2\4\5\xb4").kinds, BIT(0), "nothing behind the end");
	cr_expect_eq(PARSE("\x22\x0a" "cookiecc" "\x1e\4xx").kinds, BIT(34) | BIT(30), "fast open, multipath");
	cr_expect_eq(PARSE("\x3f\2\x40\2\xfe\4xx\4\2").kinds, BIT(63) | BIT(4), "kinds above 63 have no bit");
	cr_expect_eq(PARSE("\3\3\x0f").wscale, 14, "no more than RFC 7323 allows");
	cr_expect_eq(PARSE("\2\4\1\0\2\4\2\0").mss, 256, "the first");
}

Test(tcpopt, broken_ones_end_it)
{
	cr_expect_eq(PARSE("\4\2\2\1\5\xb4").kinds, BIT(4), "length 1");
	cr_expect_eq(PARSE("\4\2\2\0\5\xb4").kinds, BIT(4), "length 0");
	cr_expect_eq(PARSE("\4\2\2\5\5\xb4").kinds, BIT(4), "longer than the rest");
	cr_expect_eq(PARSE("\4\2\2").kinds, BIT(4), "no length at all");
	cr_expect_eq(PARSE("\2\3\5").mss, 0, "a length that the kind has not");
	cr_expect_eq(PARSE("\3\4\5\5").wscale, 0);
}

Test(tcpopt, more_of_them_than_are_looked_at)
{
	char nops[NFP_TCP_OPTIONS];

	memset(nops, NFP_TCPOPT_NOP, sizeof(nops));
	cr_expect_eq(parse(nops, sizeof(nops)).kinds, BIT(1));
	memcpy(nops + NFP_TCP_OPTIONS_MAX, "\2\4\5\xb4", 4);
	cr_expect_eq(parse(nops, sizeof(nops)).mss, 0, "the twenty-first");
	memcpy(nops + NFP_TCP_OPTIONS_MAX - 1, "\2\4\5\xb4", 4);
	cr_expect_eq(parse(nops, sizeof(nops)).mss, 1460, "the twentieth");
}

/* Whatever the bytes, nothing outside of the room is read (ASan), and the end is reached. */
Test(tcpopt, any_bytes)
{
	guint32 state = 1;
	guint8 *room = g_malloc(NFP_TCP_OPTIONS_ROOM);

	for (guint i = 0; i < 200000; i++) {
		struct nfp_tcp_options o;

		for (guint j = 0; j < NFP_TCP_OPTIONS; j++) {
			state = state * 1664525 + 1013904223;
			room[j] = state >> 24 & (i & 1 ? 0x0f : 0xff);
		}
		nfp_tcp_options_parse(room, i % (NFP_TCP_OPTIONS + 1), &o);
		cr_assert_leq(o.wscale, 14);
		cr_assert(!o.mss || o.kinds & BIT(2));
	}
	g_free(room);
}
