/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/enrich.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_db.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

static NfpBatch *filled(NfpEnrich *enrich)
{
	NfpBatch *batch = nfp_batch_new(1, NULL);

	batch->records[0] = (NfpRecord){ .have = NFP_HAVE_IPV4, .src4 = { 192, 0, 2, 1 }, .dst4 = { 10, 0, 0, 1 }, .ingress_if = 2 };
	batch->n = 1;
	nfp_enrich_turn(enrich);
	nfp_enrich_fill(enrich, batch, 0);
	return batch;
}

static uint32_t as(NfpEnrich *enrich)
{
	g_autoptr(NfpBatch) batch = filled(enrich);

	return batch->records[0].src_place->as_number;
}

static void wait_for_generation(NfpEnrich *enrich, uint64_t generation)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;

	for (;;) {
		g_auto(NfpEnrichStatus) status = { 0 };

		nfp_enrich_status(enrich, &status);
		if (status.generation >= generation)
			return;
		cr_assert_lt(g_get_monotonic_time(), end);
		g_usleep(10000);
	}
}

Test(enrich, without_a_database_knows_what_is_built_in)
{
	g_autoptr(NfpEnrich) enrich = nfp_enrich_new(NULL, NULL);
	g_autoptr(NfpBatch) batch = filled(enrich);
	g_auto(NfpEnrichStatus) status = { 0 };

	cr_expect(nfp_enrich_wait(enrich, g_get_monotonic_time()));
	cr_expect_str_eq(batch->records[0].dst_place->as_name.text, "Private-Use");
	nfp_enrich_status(enrich, &status);
	cr_expect_null(status.database);
	cr_expect_eq(status.generation, 0);
	cr_expect_eq(status.age, -1);
	nfp_enrich_free(NULL);
}

Test(enrich, follows_the_database_and_batches_keep_what_they_have)
{
	g_autoptr(NfpEnrich) enrich = NULL;
	g_autoptr(NfpBatch) before = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_number, as_name) VALUES('192.0.2.0/24', 1, 'one')");
	enrich = nfp_enrich_new(test.path, NULL);
	cr_assert(nfp_enrich_wait(enrich, g_get_monotonic_time() + PATIENCE));
	before = filled(enrich);
	cr_expect_eq(before->records[0].src_place->as_number, 1);
	nfp_test_db_exec(&test, "UPDATE prefix SET as_number = 2, as_name = 'two'");
	wait_for_generation(enrich, 2);
	cr_expect_eq(as(enrich), 2);
	cr_expect_str_eq(before->records[0].src_place->as_name.text, "one");
	g_clear_pointer(&enrich, nfp_enrich_free);
	cr_expect_str_eq(before->records[0].src_place->as_name.text, "one", "as long as the batch lives");
	nfp_test_db_clear(&test);
}

Test(enrich, a_bucket_has_one_state_of_the_database)
{
	g_autoptr(NfpEnrich) enrich = NULL;
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);
	NfpTestDb test;

	nfp_test_db_init(&test);
	enrich = nfp_enrich_new(test.path, NULL);
	cr_assert(nfp_enrich_wait(enrich, g_get_monotonic_time() + PATIENCE));
	cr_expect_eq(as(enrich), 0);
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_number) VALUES('192.0.2.0/24', 1)");
	wait_for_generation(enrich, 2);
	batch->records[0] = (NfpRecord){ .have = NFP_HAVE_IPV4, .src4 = { 192, 0, 2, 1 } };
	batch->n = 1;
	nfp_enrich_fill(enrich, batch, 0);
	cr_expect_eq(batch->records[0].src_place->as_number, 0, "the turn comes with the next bucket");
	cr_expect_eq(as(enrich), 1);
	nfp_test_db_clear(&test);
}

Test(enrich, a_broken_database_is_an_error_and_no_end)
{
	g_autoptr(NfpEnrich) enrich = NULL;
	g_auto(NfpEnrichStatus) status = { 0 };
	g_autofree char *path = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	path = nfp_test_db_file(&test, "none.db");
	enrich = nfp_enrich_new(path, NULL);
	cr_assert(nfp_enrich_wait(enrich, g_get_monotonic_time() + PATIENCE));
	nfp_enrich_status(enrich, &status);
	cr_expect(strstr(status.error, "No such file"), "%s", status.error);
	cr_expect_geq(status.failures, 1);
	cr_expect_eq(as(enrich), 0);
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_number) VALUES('192.0.2.0/24', 3), ('x', 4)");
	{
		g_autofree char *sql = g_strdup_printf("VACUUM INTO '%s'", path);

		nfp_test_db_exec(&test, sql);
	}
	wait_for_generation(enrich, 1);
	cr_expect_eq(as(enrich), 3);
	nfp_enrich_status_clear(&status);
	nfp_enrich_status(enrich, &status);
	cr_expect_null(status.error);
	cr_expect_eq(status.left_out, 1);
	cr_expect_geq(status.age, 0);
	nfp_test_db_clear(&test);
}

Test(enrich, interfaces_of_a_domain_are_replaced)
{
	g_autoptr(NfpEnrich) enrich = nfp_enrich_new(NULL, NULL);
	const NfpEnrichInterface first[] = { { .ifindex = 2, .name = "eth0" }, { .ifindex = 3, .name = "eth1" } };
	const NfpEnrichInterface second[] = { { .ifindex = 2, .name = "lan0" } };

	nfp_enrich_set_interfaces(enrich, 0, first, 2);
	nfp_enrich_set_interfaces(enrich, 1, first, 2);
	nfp_enrich_set_interfaces(enrich, 0, second, 1);
	for (guint i = 0; i < 2; i++) {
		g_autoptr(NfpBatch) batch = filled(enrich);

		cr_expect_str_eq(batch->records[0].ingress->name.text, "lan0");
		cr_expect_str_eq(batch->records[0].egress->name.text, "");
	}
	nfp_enrich_set_interfaces(enrich, 0, NULL, 0);
	nfp_enrich_set_interfaces(enrich, 1, NULL, 0);
	{
		g_autoptr(NfpBatch) batch = filled(enrich);

		cr_expect_str_eq(batch->records[0].ingress->name.text, "");
	}
}
