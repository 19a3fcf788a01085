/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/ceiling.h"

#include <criterion/criterion.h>
#include <string.h>

#define MIB (1ull << 20)

static NfpCeiling of(const char *text)
{
	g_autoptr(NfpConf) conf = nfp_conf_parse("f", text, NULL);

	cr_assert_not_null(conf);
	return nfp_ceiling(conf);
}

#define COLLECTOR "{ name: a, endpoint: \"tcp://127.0.0.1:1\""

Test(ceiling, is_the_sum_of_what_there_is)
{
	NfpCeiling plain = of("interval: 60s\n"), c;

	cr_expect_eq(plain.maps, 512 * MIB);
	cr_expect_eq(of("interval: 1s\n").printer, 384 * MIB, "a million records");
	cr_expect_geq(plain.printer, 384 * MIB);
	cr_expect_gt(of("maps: { memory: 4GiB }\n").printer, 7 * plain.printer, "or the largest bucket");
	cr_expect_gt(plain.reading, 300 * MIB);
	cr_expect_lt(of("interval: 1s\n").reading, 60 * MIB, "more buckets, smaller ones");
	cr_expect_eq(plain.queues + plain.resend + plain.biflow, 0);
	c = of("collectors: [ " COLLECTOR ", queue: 48 } ]");
	cr_expect_eq(c.queues, (64 + 48) * 4096 * sizeof(NfpRecord), "ring and outbox");
	cr_expect_eq(c.resend, 8 * MIB);
	cr_expect_eq(c.printer, 0);
	cr_expect_eq(nfp_ceiling_sum(&c), c.maps + c.reading + c.records + c.queues + c.resend + c.rest);
	c = of("collectors: [ " COLLECTOR ", biflow: true, spool: { path: /x } } ]");
	cr_expect_eq(c.biflow, 256 * MIB);
	cr_expect_eq(c.resend, 0, "on disk");
}

/* Every bucket that waits has maps, however little memory there is for them. */
Test(ceiling, knows_what_buckets_take_at_least)
{
	NfpCeiling few = of("maps: { memory: 4MiB }\ncollectors: [ " COLLECTOR ", queue: 1 } ]");
	NfpCeiling many = of("maps: { memory: 4MiB }\ncollectors: [ " COLLECTOR ", queue: 64 } ]");
	NfpCeiling fixed = of("maps: { memory: 4MiB, flows: 65536 }\ncollectors: [ " COLLECTOR ", queue: 1 } ]");

	cr_expect_gt(few.maps, 4 * MIB);
	cr_expect_gt(many.maps, 10 * few.maps);
	cr_expect_gt(fixed.maps, 100 * MIB, "what is asked for is had");
}

Test(ceiling, text)
{
	const NfpCeiling c = { .maps = 512 * MIB, .reading = 100 * MIB, .records = 75 * MIB, .rest = 64 * MIB };
	g_autofree char *text = nfp_ceiling_text(&c);

	cr_expect_str_eq(text, "at most 751 MiB: maps 512, reading them 100, records on their way 75, the rest 64");
}
