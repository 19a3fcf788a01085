/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log_fold.h"

static void release(NfpLogFoldSlot *slot, NfpLogFoldReport report, void *data)
{
	if (slot->left_out)
		report(slot, data);
	g_clear_pointer(&slot->room, g_free);
	g_clear_pointer(&slot->key, g_free);
	g_clear_pointer(&slot->text, g_free);
	slot->left_out = slot->printed = 0;
}

void nfp_log_fold_expire(NfpLogFold *fold, gint64 now, NfpLogFoldReport report, void *data)
{
	for (guint i = 0; i < NFP_LOG_FOLD_SLOTS; i++) {
		NfpLogFoldSlot *slot = &fold->slots[i];

		if (slot->room && now - slot->start >= fold->window)
			release(slot, report, data);
	}
}

static gboolean again(const NfpLogFold *fold, NfpLogFoldSlot *slot, NfpLogLevel level, const char *text)
{
	if (slot->printed < fold->burst) {
		slot->printed++;
		return TRUE;
	}
	slot->left_out++;
	slot->level = level;
	g_free(slot->text);
	slot->text = g_strdup(text);
	return FALSE;
}

gboolean nfp_log_fold_admit(NfpLogFold *fold, gint64 now, NfpLogLevel level, const char *room, const char *key,
			    const char *text, NfpLogFoldReport report, void *data)
{
	NfpLogFoldSlot *use = NULL;

	nfp_log_fold_expire(fold, now, report, data);
	for (guint i = 0; i < NFP_LOG_FOLD_SLOTS; i++) {
		NfpLogFoldSlot *slot = &fold->slots[i];

		if (slot->room && g_str_equal(slot->room, room) && g_str_equal(slot->key, key))
			return again(fold, slot, level, text);
		if (!use || (use->room && (!slot->room || slot->start < use->start)))
			use = slot;
	}
	if (use->room)
		release(use, report, data);
	use->room = g_strdup(room);
	use->key = g_strdup(key);
	use->start = now;
	use->printed = 1;
	return TRUE;
}
