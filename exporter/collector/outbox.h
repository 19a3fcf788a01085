/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches between the ring and their delivery, in order: those that are in the socket and not yet acknowledged,
 * then those that are still to be encoded. A batch's reference is dropped when nothing of it can
 * have to be sent again. At most `capacity` batches.
 *
 * The books: each record is counted once, as handed to the socket or as refused. Records that go again in a new
 * session are counted beside.
 */
#ifndef NFP_COLLECTOR_OUTBOX_H
#define NFP_COLLECTOR_OUTBOX_H

#include <glib.h>

#include "record/batch.h"
#include "record/templates.h"

typedef struct {
	uint64_t records, packets;                 /* handed to the socket */
	uint64_t refused_records, refused_packets; /* in no message */
	uint64_t refused_octets;                   /* IP octets of those */
	uint64_t resent_records;                   /* handed again: the peer may have them twice */
	uint64_t unacked_records;                  /* handed, not known to have arrived, given up */
} NfpOutboxCounts;

typedef struct {
	NfpBatch *batch;   /* owned */
	uint32_t next;     /* first record that is in no staged or taken message of this session */
	uint32_t taken;    /* records before it are in messages that the socket took, in this session */
	uint32_t counted;  /* records before it are counted, in any session, as handed */
	uint32_t judged;   /* records before it that no template can carry are counted as refused */
	uint32_t staged;   /* messages made and not yet taken */
	uint64_t end;      /* offset in the session behind its last message, once all is taken */
	int64_t stored;    /* it came from the spool, under this number; 0: it did not */
} NfpOutboxEntry;

/* What one message holds of one entry: records [from, to). */
typedef struct {
	NfpOutboxEntry *entry; /* NULL: templates or options */
	uint32_t from, to;
	uint32_t fresh_records, again_records;
	uint64_t fresh_packets;
} NfpOutboxPart;

typedef struct {
	GQueue entries;      /* NfpOutboxEntry, oldest first */
	GList *current;      /* first link with records left to encode, or NULL */
	guint capacity;
	const NfpTemplateSet *templates; /* NULL: every record can be sent */
	NfpOutboxCounts counts;
} NfpOutbox;

void nfp_outbox_init(NfpOutbox *outbox, guint capacity, const NfpTemplateSet *templates);
/* Everything must have been refused or delivered. */
void nfp_outbox_clear(NfpOutbox *outbox);
gboolean nfp_outbox_has_room(const NfpOutbox *outbox);
/* Takes the reference. */
void nfp_outbox_add(NfpOutbox *outbox, NfpBatch *batch);
void nfp_outbox_add_entry(NfpOutbox *outbox, NfpOutboxEntry *entry); /* alike */
void nfp_outbox_entry_free(NfpOutboxEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpOutboxEntry, nfp_outbox_entry_free)
/* Records that are still to be encoded. */
uint64_t nfp_outbox_unsent(const NfpOutbox *outbox);
/* The entry to encode from, at its `next`; NULL when all is encoded. */
NfpOutboxEntry *nfp_outbox_current(NfpOutbox *outbox);

/* `used` records from current on were encoded, `unsendable` of them left out. *ret_part is for taken(). With
 * message FALSE nothing of them is in a message. */
void nfp_outbox_encoded(NfpOutbox *outbox, uint32_t used, uint32_t unsendable, gboolean message,
			NfpOutboxPart *ret_part);
/* The next record of current fits into no message. */
void nfp_outbox_refuse_one(NfpOutbox *outbox);
/* Nothing that is left of current can be sent in this session. */
void nfp_outbox_refuse_rest(NfpOutbox *outbox);
/* The socket took the part's message, which ends at offset `end` of the session. */
void nfp_outbox_taken(NfpOutbox *outbox, const NfpOutboxPart *part, uint64_t end);
/* The session is acknowledged up to `offset`: drops what is complete before it. */
void nfp_outbox_acked(NfpOutbox *outbox, uint64_t offset);
/* The first entry, when it is complete and acknowledged; the caller's. */
NfpOutboxEntry *nfp_outbox_take_acked(NfpOutbox *outbox, uint64_t offset);
/* Entries that came from the spool go: they are still there. No message may be staged; restart() comes next. */
void nfp_outbox_drop_stored(NfpOutbox *outbox);
/* What of an entry of this outbox is in nobody's books. */
void nfp_outbox_fresh(const NfpOutbox *outbox, const NfpOutboxEntry *entry, uint32_t *ret_records,
		      uint64_t *ret_packets, uint64_t *ret_octets);
/* Something was taken and is not acknowledged. */
gboolean nfp_outbox_awaits_ack(const NfpOutbox *outbox);
/* A new session: what is not acknowledged comes again (all of its batch), unless the transport does not
 * acknowledge: then it goes on behind what was taken. */
void nfp_outbox_restart(NfpOutbox *outbox, gboolean acknowledges);
/* Gives up everything: counts what was never handed over as refused, what is not acknowledged as such. */
void nfp_outbox_refuse(NfpOutbox *outbox);
/* Counts a batch that never gets here as refused. */
void nfp_outbox_refuse_batch(NfpOutbox *outbox, const NfpBatch *batch);

#endif
