/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "base/log_fold.h"

static void add_up(const NfpLogFoldSlot *slot, void *data)
{
	*(guint *)data += slot->left_out;
}

static gboolean admit(NfpLogFold *fold, gint64 now, const char *format, guint *left_out)
{
	return nfp_log_fold_admit(fold, now, NFP_LOG_INFO, "room", format, add_up, left_out);
}

static void clear(NfpLogFold *fold)
{
	guint ignored = 0;

	nfp_log_fold_expire(fold, G_MAXINT64, add_up, &ignored);
}

Test(log_fold, first_prints_then_counts_for_a_second)
{
	NfpLogFold fold = { 0 };
	guint left_out = 0;

	cr_assert(admit(&fold, 100, "a", &left_out));
	cr_assert_not(admit(&fold, 101, "a", &left_out));
	cr_assert(admit(&fold, 101, "b", &left_out));
	cr_assert_not(admit(&fold, 99 + NFP_LOG_FOLD_WINDOW, "a", &left_out));
	cr_assert_eq(left_out, 0);
	cr_assert(admit(&fold, 100 + NFP_LOG_FOLD_WINDOW, "a", &left_out));
	cr_assert_eq(left_out, 2);
	clear(&fold);
}

Test(log_fold, other_messages_bring_the_count_out)
{
	NfpLogFold fold = { 0 };
	guint left_out = 0;

	admit(&fold, 0, "a", &left_out);
	admit(&fold, 1, "a", &left_out);
	admit(&fold, 5 * NFP_LOG_FOLD_WINDOW, "b", &left_out);
	cr_assert_eq(left_out, 1);
	clear(&fold);
}

Test(log_fold, table_is_bounded_and_the_oldest_goes)
{
	NfpLogFold fold = { 0 };
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
