/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "base/log_fold.h"

#define WINDOW G_USEC_PER_SEC

static void add_up(const NfpLogFoldSlot *slot, void *data)
{
	*(guint *)data += slot->left_out;
}

static gboolean admit(NfpLogFold *fold, gint64 now, const char *format, guint *left_out)
{
	return nfp_log_fold_admit(fold, now, NFP_LOG_INFO, "room", format, format, add_up, left_out);
}

static void clear(NfpLogFold *fold)
{
	guint ignored = 0;

	nfp_log_fold_expire(fold, G_MAXINT64, add_up, &ignored);
}

Test(log_fold, first_prints_then_counts_for_a_second)
{
	NfpLogFold fold = { .window = WINDOW, .burst = 1 };
	guint left_out = 0;

	cr_assert(admit(&fold, 100, "a", &left_out));
	cr_assert_not(admit(&fold, 101, "a", &left_out));
	cr_assert(admit(&fold, 101, "b", &left_out));
	cr_assert_not(admit(&fold, 99 + WINDOW, "a", &left_out));
	cr_assert_eq(left_out, 0);
	cr_assert(admit(&fold, 100 + WINDOW, "a", &left_out));
	cr_assert_eq(left_out, 2);
	clear(&fold);
}

Test(log_fold, other_messages_bring_the_count_out)
{
	NfpLogFold fold = { .window = WINDOW, .burst = 1 };
	guint left_out = 0;

	admit(&fold, 0, "a", &left_out);
	admit(&fold, 1, "a", &left_out);
	admit(&fold, 5 * WINDOW, "b", &left_out);
	cr_assert_eq(left_out, 1);
	clear(&fold);
}

Test(log_fold, table_is_bounded_and_the_oldest_goes)
{
	NfpLogFold fold = { .window = WINDOW, .burst = 1 };
	guint left_out = 0;

	admit(&fold, 0, "oldest", &left_out);
	admit(&fold, 1, "oldest", &left_out);
	for (guint i = 0; i < NFP_LOG_FOLD_SLOTS; i++) {
		g_autofree char *format = g_strdup_printf("%u", i);

		cr_assert(admit(&fold, 2 + i, format, &left_out));
	}
	cr_assert_eq(left_out, 1, "what it counted is not lost");
	cr_assert(admit(&fold, 100, "oldest", &left_out));
	clear(&fold);
}

static void keep_text(const NfpLogFoldSlot *slot, void *data)
{
	*(char **)data = g_strdup_printf("%u: %s", slot->left_out, slot->text);
}

Test(log_fold, a_burst_is_let_through_and_the_last_one_left_out_is_told)
{
	NfpLogFold fold = { .window = WINDOW, .burst = 3 };
	g_autofree char *told = NULL;

	for (int i = 0; i < 10; i++) {
		g_autofree char *text = g_strdup_printf("eth%d", i);

		cr_expect_eq(nfp_log_fold_admit(&fold, i, NFP_LOG_INFO, "room", "%s", text, keep_text, &told), i < 3);
	}
	nfp_log_fold_expire(&fold, WINDOW, keep_text, &told);
	cr_assert_str_eq(told, "7: eth9");
	cr_expect(nfp_log_fold_admit(&fold, WINDOW, NFP_LOG_INFO, "room", "%s", "eth1", keep_text, &told), "a new window");
	g_clear_pointer(&told, g_free);
	nfp_log_fold_expire(&fold, G_MAXINT64, keep_text, &told);
	cr_expect_null(told);
}
