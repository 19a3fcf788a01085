/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session keeps for later, in memory or on disk, and gives back when there is time for it:
 *
 *  - batches that could not be delivered (only with a spool): an absent collector, a full queue, the end of the daemon;
 *  - batches that were acknowledged, up to `resend` octets back: a peer's kernel that acknowledged is not a peer that
 *    has read. They come again after a session that ended badly.
 *
 * A batch that is here for good, durably, holds up no bucket. One thread; calls may take as long as the disk does.
 * Times: us, monotonic.
 */
#ifndef NFP_COLLECTOR_SPOOLER_H
#define NFP_COLLECTOR_SPOOLER_H

#include <glib.h>

#include "collector/collector.h"
#include "collector/outbox.h"

typedef struct NfpSpooler NfpSpooler;

/* resends: the transport acknowledges, so that `options->resend` is of use. goes_on: what was taken of an entry never comes
 * again (nfp_outbox_restart). Borrows options. */
NfpSpooler *nfp_spooler_new(const NfpCollectorOptions *options, gboolean resends, gboolean goes_on);
/* Opens the file, where one is configured. FALSE: it is somebody else's (NFP_ERROR_USAGE). A disk that is not ready is
 * no failure: it is told in news(), and tried again. */
gboolean nfp_spooler_open(NfpSpooler *spooler, GError **err);
void nfp_spooler_free(NfpSpooler *spooler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSpooler, nfp_spooler_free)

/* There is a file, and the last write worked or is long ago. */
gboolean nfp_spooler_is_usable(const NfpSpooler *spooler, gint64 now);
/* Entries of `outbox` (whose books they are in) that are not delivered, in order. Those that are durable are freed and
 * gone from the queue; what came from the spool itself waits there again. FALSE: the rest is still in the queue. */
gboolean nfp_spooler_store(NfpSpooler *spooler, const NfpOutbox *outbox, GQueue *entries, gint64 now);

/* The entry of `outbox` is about to go and, if it came from the spool, is read again: what of it is in the books stays there,
 * and what does not come again leaves the file. */
void nfp_spooler_note(NfpSpooler *spooler, const NfpOutbox *outbox, const NfpOutboxEntry *entry);

/* Was acknowledged, all of it, up to entry->end. Takes the entry. */
void nfp_spooler_arrived(NfpSpooler *spooler, NfpOutboxEntry *entry, gint64 now);
/* The session is acknowledged up to `offset`: what is further back than `resend` is given up. */
void nfp_spooler_passed(NfpSpooler *spooler, uint64_t offset);
/* The session is over; the outbox holds nothing that came from the spool. in_order: the peer has closed after us, so it has read all. */
void nfp_spooler_ended(NfpSpooler *spooler, gboolean in_order);

/* The next entry that waits, or NULL. The caller's. */
NfpOutboxEntry *nfp_spooler_next(NfpSpooler *spooler, gint64 now);
/* next() may have something. */
gboolean nfp_spooler_waits(const NfpSpooler *spooler, gint64 now);
/* Writes what is due. Returns when it should be called again. */
gint64 nfp_spooler_flush(NfpSpooler *spooler, gint64 now);

/* Fills in `spool`; refused_* of it are to be added to the session's. */
void nfp_spooler_status(const NfpSpooler *spooler, NfpSpoolStatus *ret_status);
/* What the log should say, a sentence; or NULL. The caller's. */
char *nfp_spooler_news(NfpSpooler *spooler);

#endif
