/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding of log lines that come again: which line to print, which to count. A fixed table, so that a storm
 * of messages cannot grow it. What counts as the same line is the caller's: its text, or the format that it was made by.
 * Not thread-safe: log.c holds the lock. Times: us, monotonic.
 */
#ifndef NFP_BASE_LOG_FOLD_H
#define NFP_BASE_LOG_FOLD_H

#include <glib.h>

#include "base/log.h"

#define NFP_LOG_FOLD_SLOTS 32

typedef struct {
	char *room; /* owned; NULL = the slot is free */
	char *key;  /* owned: what is the same */
	char *text; /* owned: the last one left out */
	NfpLogLevel level; /* ... and its level */
	gint64 start; /* when the first line came */
	guint printed, left_out;
} NfpLogFoldSlot;

typedef struct {
	gint64 window; /* us from the first line on */
	guint burst;   /* lines that are printed in it, 1 at least */
	NfpLogFoldSlot slots[NFP_LOG_FOLD_SLOTS];
} NfpLogFold;

/* Prints "N more". */
typedef void (*NfpLogFoldReport)(const NfpLogFoldSlot *slot, void *data);

/* TRUE: print this message. FALSE: enough of the same (room and key) were printed within the window, and this one was
 * counted. A slot that makes room for another is reported first. */
gboolean nfp_log_fold_admit(NfpLogFold *fold, gint64 now, NfpLogLevel level, const char *room, const char *key,
			    const char *text, NfpLogFoldReport report, void *data);
/* Reports and frees every slot whose window is over. */
void nfp_log_fold_expire(NfpLogFold *fold, gint64 now, NfpLogFoldReport report, void *data);

#endif
