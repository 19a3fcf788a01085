/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log_fold.h"

static void release(NfpLogFoldSlot *slot, NfpLogFoldReport report, void *data)
{
	if (slot->left_out)
		report(slot, data);
	g_clear_pointer(&slot->room, g_free);
	g_clear_pointer(&slot->text, g_free);
	slot->left_out = 0;
}

void nfp_log_fold_expire(NfpLogFold *fold, gint64 now, NfpLogFoldReport report, void *data)
{
	for (guint i = 0; i < NFP_LOG_FOLD_SLOTS; i++) {
		NfpLogFoldSlot *slot = &fold->slots[i];

		if (slot->room && now - slot->start >= NFP_LOG_FOLD_WINDOW)
			release(slot, report, data);
	}
}

gboolean nfp_log_fold_admit(NfpLogFold *fold, gint64 now, NfpLogLevel level, const char *room,
			    const char *text, NfpLogFoldReport report, void *data)
{
	NfpLogFoldSlot *use = NULL;

	nfp_log_fold_expire(fold, now, report, data);
	for (guint i = 0; i < NFP_LOG_FOLD_SLOTS; i++) {
		NfpLogFoldSlot *slot = &fold->slots[i];

		if (slot->room && g_str_equal(slot->room, room) && g_str_equal(slot->text, text)) {
			slot->left_out++;
			return FALSE;
		}
		if (!use || (use->room && (!slot->room || slot->start < use->start)))
			use = slot;
	}
	if (use->room)
		release(use, report, data);
	use->room = g_strdup(room);
	use->text = g_strdup(text);
	use->level = level;
	use->start = now;
	return TRUE;
}
