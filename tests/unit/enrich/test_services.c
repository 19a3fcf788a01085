/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/services.h"

#include <criterion/criterion.h>
#include <string.h>

static void add(NfpServices *services, NfpTexts *texts, NfpServiceRow row, const char *name)
{
	row.name = nfp_texts_add(texts, name, strlen(name));
	cr_assert(nfp_services_add(services, &row));
}

static const char *name(const NfpServices *services, uint8_t protocol, uint16_t source, uint16_t destination)
{
	return nfp_services_find(services, protocol, source, destination)->name.text;
}

Test(services, the_port_that_is_known_or_the_lower_one)
{
	g_autoptr(NfpServices) services = nfp_services_new();
	g_autoptr(NfpTexts) texts = nfp_texts_new();

	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 443, .last = 443 }, "https");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 8080, .last = 8080 }, "http-alt");
	add(services, texts, (NfpServiceRow){ .protocol = 17, .first = 0, .last = 65535, .id = 6u << 24 | 9 }, "all");
	nfp_services_finish(services, texts);
	cr_expect_str_eq(name(services, 6, 50000, 443), "https");
	cr_expect_str_eq(name(services, 6, 443, 50000), "https", "the server may answer");
	cr_expect_str_eq(name(services, 6, 80, 443), "https", "the lower one is not known");
	cr_expect_str_eq(name(services, 6, 8080, 443), "https", "both are known");
	cr_expect_str_eq(name(services, 6, 50000, 50001), "");
	cr_expect_eq(nfp_services_find(services, 6, 50000, 50001)->id, 0);
	cr_expect_str_eq(name(services, 132, 443, 443), "", "another protocol");
	cr_expect_eq(nfp_services_find(services, 6, 1, 443)->id, 3u << 24 | 443);
	cr_expect_eq(nfp_services_find(services, 17, 0, 65535)->id, 6u << 24 | 9);
	cr_expect_eq(nfp_services_n(services), 3);
	cr_expect_gt(nfp_services_memory(services), 2 * 65536 * 2);
}

Test(services, protocols_by_themselves)
{
	g_autoptr(NfpServices) services = nfp_services_new();
	g_autoptr(NfpTexts) texts = nfp_texts_new();

	nfp_services_finish(services, texts);
	cr_expect_str_eq(nfp_services_protocol(services, 1)->name.text, "icmp");
	cr_expect_eq(nfp_services_protocol(services, 1)->name.length, 4);
	cr_expect_eq(nfp_services_protocol(services, 1)->id, 1u << 24 | 1);
	cr_expect_str_eq(nfp_services_protocol(services, 253)->name.text, "");
	cr_expect_eq(nfp_services_protocol(services, 253)->id, 1u << 24 | 253);
}

Test(services, priority_then_the_narrower_then_the_later)
{
	g_autoptr(NfpServices) services = nfp_services_new();
	g_autoptr(NfpTexts) texts = nfp_texts_new();

	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 100, .last = 100 }, "narrow");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 90, .last = 110 }, "wide");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 200, .last = 200 }, "earlier");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 200, .last = 200 }, "later");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 300, .last = 400, .priority = 1 }, "high");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 300, .last = 300 }, "low");
	nfp_services_finish(services, texts);
	cr_expect_str_eq(name(services, 6, 100, 50000), "narrow");
	cr_expect_str_eq(name(services, 6, 101, 50000), "wide");
	cr_expect_eq(nfp_services_find(services, 6, 101, 50000)->id, 3u << 24 | 90, "the first port of its range");
	cr_expect_str_eq(name(services, 6, 200, 50000), "later");
	cr_expect_str_eq(name(services, 6, 300, 50000), "high");
}

Test(services, no_more_than_there_is_room_for)
{
	g_autoptr(NfpServices) services = nfp_services_new();
	g_autoptr(NfpTexts) texts = nfp_texts_new();
	NfpServiceRow row = { .protocol = 6 };

	for (guint i = 0; i < NFP_SERVICES_MAX; i++, row.first++, row.last++)
		cr_assert(nfp_services_add(services, &row));
	cr_expect_not(nfp_services_add(services, &row));
	nfp_services_finish(services, texts);
	cr_expect_eq(nfp_services_find(services, 6, 65534, 65534)->id, 3u << 24 | 65534);
	nfp_services_free(NULL);
}

static guint marked(const NfpServices *services)
{
	g_autoptr(GPtrArray) marked = nfp_services_marked(services);

	return marked->len;
}

/* Each id once, and over a change of the database; the name that goes first is the one that is told. */
Test(services, marks)
{
	g_autoptr(NfpServices) services = nfp_services_new(), next = nfp_services_new();
	g_autoptr(NfpTexts) texts = nfp_texts_new();
	g_autoptr(GPtrArray) told = NULL;

	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 443, .last = 443, .priority = 1 }, "https");
	add(services, texts, (NfpServiceRow){ .protocol = 17, .first = 443, .last = 443 }, "quic");
	add(services, texts, (NfpServiceRow){ .protocol = 6, .first = 80, .last = 80 }, "http");
	add(next, texts, (NfpServiceRow){ .protocol = 6, .first = 443, .last = 443 }, "web");
	nfp_services_finish(services, texts);
	nfp_services_finish(next, texts);
	nfp_services_mark(services, nfp_services_find(services, 6, 1, 2));
	cr_expect_eq(nfp_services_marked_n(services), 0, "no application is none");
	nfp_services_mark(services, nfp_services_find(services, 17, 443, 50000));
	nfp_services_mark(services, nfp_services_find(services, 6, 443, 50000));
	nfp_services_mark(services, nfp_services_find(services, 6, 443, 50001));
	cr_expect_eq(nfp_services_marked_n(services), 2);
	told = nfp_services_marked(services);
	cr_assert_eq(told->len, 1);
	cr_expect_str_eq(((const NfpApplication *)g_ptr_array_index(told, 0))->name.text, "https");
	cr_expect_eq(marked(next), 0);
	nfp_services_mark_as(next, services);
	cr_expect_eq(marked(next), 1);
	nfp_services_mark_as(services, next);
	cr_expect_eq(marked(services), 1);
}
