/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/cidr.h"

#include <criterion/criterion.h>

#include "support/enrich_rows.h"

static const char *again(const char *text)
{
	static char printed[NFP_PREFIX_TEXT];
	const char *why = NULL;
	NfpPrefix prefix;

	return nfp_prefix_parse(text, &prefix, &why) ? nfp_prefix_print(&prefix, printed) : why;
}

Test(cidr, reads_and_prints)
{
	static const char *const cases[][2] = {
		{ "192.0.2.0/24", "192.0.2.0/24" }, { "0.0.0.0/0", "0.0.0.0/0" },
		{ "192.0.2.7", "192.0.2.7/32" },    { "::/0", "::/0" },
		{ "2001:DB8::/32", "2001:db8::/32" }, { "2001:db8::1", "2001:db8::1/128" },
		{ "128.0.0.0/1", "128.0.0.0/1" },   { "fe80::/10", "fe80::/10" },
		{ "::ffff:192.0.2.0/120", "::ffff:192.0.2.0/120" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		cr_expect_str_eq(again(cases[i][0]), cases[i][1]);
}

Test(cidr, tells_what_is_wrong)
{
	static const char *const none[] = { "", "/", "/24", "x", "192.0.2/24", "192.0.2.0.0/24", "1.2.3.4.5", "2001:db8:::/32",
					    "00000000000000000000000000000000000000000000000000000000000/1", "1.2.3.4 /32" };
	static const char *const length[] = { "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/ 24", "192.0.2.0/24x",
					      "::/129", "::/4294967424", "192.0.2.0/24/24", "1.2.3.4/+8" };

	for (guint i = 0; i < G_N_ELEMENTS(none); i++)
		cr_expect(g_str_has_prefix(again(none[i]), "is no prefix"), "%s", none[i]);
	for (guint i = 0; i < G_N_ELEMENTS(length); i++)
		cr_expect(g_str_has_prefix(again(length[i]), "has a length"), "%s", length[i]);
	cr_expect_str_eq(again("192.0.2.1/24"), "has bits behind its length");
	cr_expect_str_eq(again("2001:db8::1/127"), "has bits behind its length");
}

Test(cidr, addresses)
{
	char text[NFP_PREFIX_TEXT];
	NfpAddress address;
	uint8_t family;

	cr_assert(nfp_address_parse("192.0.2.1", &address, &family));
	cr_expect_eq(family, 4);
	cr_expect_eq((uint32_t)(address >> 96), 0xc0000201);
	cr_expect_str_eq(nfp_address_print(address, 4, text), "192.0.2.1");
	cr_assert(nfp_address_parse("2001:db8::f", &address, &family));
	cr_expect_eq(family, 6);
	cr_expect_eq((uint64_t)address, 0xf);
	cr_expect_not(nfp_address_parse("192.0.2.0/24", &address, &family));
}

typedef struct {
	NfpAddress next; /* where the next prefix has to begin */
	NfpAddress last;
	guint n;
	gboolean apart; /* some did not begin there */
	GString *text;
} Cover;

static bool cover(const NfpPrefix *prefix, void *data)
{
	Cover *c = data;
	char text[NFP_PREFIX_TEXT];

	c->apart |= prefix->first != c->next;
	c->last = nfp_prefix_last(prefix);
	c->next = c->last + 1;
	c->n++;
	g_string_append_printf(c->text, "%s ", nfp_prefix_print(prefix, text));
	return true;
}

static char *cover_of(const char *first, const char *last)
{
	Cover c = { .text = g_string_new(NULL) };
	NfpAddress end;
	uint8_t family;

	cr_assert(nfp_address_parse(first, &c.next, &family));
	cr_assert(nfp_address_parse(last, &end, &family));
	cr_expect(nfp_range_prefixes(c.next, end, family, cover, &c));
	cr_expect_not(c.apart);
	return g_string_free(c.text, FALSE);
}

Test(cidr, ranges_become_the_fewest_prefixes)
{
	static const char *const cases[][3] = {
		{ "192.0.2.0", "192.0.2.255", "192.0.2.0/24 " },
		{ "192.0.2.1", "192.0.2.4", "192.0.2.1/32 192.0.2.2/31 192.0.2.4/32 " },
		{ "0.0.0.0", "255.255.255.255", "0.0.0.0/0 " },
		{ "255.255.255.254", "255.255.255.255", "255.255.255.254/31 " },
		{ "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0 " },
		{ "2001:db8::", "2001:db9:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/31 " },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = cover_of(cases[i][0], cases[i][1]);

		cr_expect_str_eq(text, cases[i][2]);
	}
}

Test(cidr, any_range_is_covered_once)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (guint round = 0; round < 2000; round++) {
		uint8_t family = round & 1 ? 4 : 6;
		NfpAddress a = nfp_random_address(random, family), b = nfp_random_address(random, family);
		Cover c = { .next = MIN(a, b), .text = g_string_new(NULL) };

		cr_assert(nfp_range_prefixes(MIN(a, b), MAX(a, b), family, cover, &c));
		cr_assert_not(c.apart);
		cr_assert(c.last == (MAX(a, b) | ~nfp_prefix_mask(nfp_family_bits(family))));
		cr_assert_leq(c.n, family == 4 ? 62 : 254);
		g_string_free(c.text, TRUE);
	}
}

static bool refuse(const NfpPrefix *prefix, void *data)
{
	(*(guint *)data)++;
	return false;
}

Test(cidr, a_range_ends_when_told)
{
	guint n = 0;

	cr_expect_not(nfp_range_prefixes((NfpAddress)1 << 96, (NfpAddress)9 << 96, 4, refuse, &n));
	cr_expect_eq(n, 1);
}
