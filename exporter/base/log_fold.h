/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding of repeated log lines: which line to print, which to count. A fixed table, so that a storm
 * of messages cannot grow it. Not thread-safe: log.c holds the lock. Times: us, monotonic.
 */
#ifndef NFP_BASE_LOG_FOLD_H
#define NFP_BASE_LOG_FOLD_H

#include <glib.h>

#include "base/log.h"

#define NFP_LOG_FOLD_WINDOW G_USEC_PER_SEC
#define NFP_LOG_FOLD_SLOTS 16

typedef struct {
	char *room; /* owned; NULL = the slot is free */
	char *text; /* owned */
	NfpLogLevel level;
	gint64 start; /* when the printed line came */
	guint left_out;
} NfpLogFoldSlot;

typedef struct {
	NfpLogFoldSlot slots[NFP_LOG_FOLD_SLOTS];
} NfpLogFold;

/* Prints "N more". */
typedef void (*NfpLogFoldReport)(const NfpLogFoldSlot *slot, void *data);

/* TRUE: print this message. FALSE: an equal one (room and text) was printed less than a second ago, and
 * this one was counted. A slot that makes room for another is reported first. */
gboolean nfp_log_fold_admit(NfpLogFold *fold, gint64 now, NfpLogLevel level, const char *room,
			    const char *text, NfpLogFoldReport report, void *data);
/* Reports and frees every slot whose second is over. */
void nfp_log_fold_expire(NfpLogFold *fold, gint64 now, NfpLogFoldReport report, void *data);

#endif
