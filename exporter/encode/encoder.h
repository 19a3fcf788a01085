/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records -> messages of one export protocol. Pure: no socket, no clock, no thread; one object per
 * collector session, used by its sender thread alone. One file a protocol, one row in encoders[]
 * (encode/encoder.c).
 *
 * A message belongs to one observation domain. The caller gives the buffer (so that many messages
 * can stand end to end for one segmented send) and the time.
 */
#ifndef NFP_ENCODE_ENCODER_H
#define NFP_ENCODE_ENCODER_H

#include <glib.h>
#include <sys/types.h>

#include "record/fields_peers.h"
#include "record/record.h"
#include "record/name_tables.h"
#include "record/templates.h"

typedef struct {
	const char *protocol;            /* "ipfix", ... */
	const NfpTemplateSet *templates; /* borrowed; outlives the encoder */
	uint32_t domain;                 /* observationDomainId of domain 0, itself not 0; domain n
					  * exports as domain + n */
	uint32_t sampling;               /* 1-in-N announced in options data; 1 = every packet. Counts of records that were
					  * chosen by another rate, and do not tell it, leave as if by this one */
	gboolean scaled;                 /* counts leave as those of all packets, whatever the record says; sampling is 1 */
	gboolean random;                 /* packets are not chosen by counting */
	const char *hostname;            /* observationDomainName; borrowed */
	const char *address;             /* of the exporter, as text; NULL = 127.0.0.1 */
	uint32_t first_sequence;         /* of each domain in a new session; RFC 7011 3.1: 0 */
	gboolean reliable;               /* TCP: templates once a session; UDP: whenever asked for
					  * again */
	uint32_t pen;                    /* of our own elements; 0 = NFP_PEN_OWN */
	NfpPeer peer;                /* who reads it: NFP_PEER_other if that is not known */
	uint64_t boot_ms;                /* ms since 1970 at which uptimes begin (NetFlow v9), whole
					  * seconds; the same until the clock is set back to before it */
} NfpEncoderOptions;

/* What boot_ms is when it begins now (UTC s): a week ago, so that records that waited for long have an uptime, too. */
uint64_t nfp_encoder_boot_ms(uint64_t now);

/* Facts about ourselves for options data; totals since the exporter started. */
typedef struct {
	uint64_t messages, records, octets;          /* exported so far, in all sessions */
	uint64_t lost_packets;                       /* seen and in no record */
	uint32_t lost_first, lost_last;              /* UTC s when it was seen to grow; 0 = never */
	uint64_t not_sent_records, not_sent_packets; /* refused for this collector */
	uint64_t not_sent_octets;
	uint32_t not_sent_first, not_sent_last; /* UTC s; 0 = never */
} NfpEncoderStats;

typedef struct NfpEncoder NfpEncoder;

#define NFP_ENCODER_DOMAINS 1024 /* domain indexes below this; others are refused with -E2BIG */

NfpEncoder *nfp_encoder_new(const NfpEncoderOptions *options, GError **err);
void nfp_encoder_free(NfpEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpEncoder, nfp_encoder_free)

/* Names for the options data that follow. Takes a reference; NULL: none. */
void nfp_encoder_set_tables(NfpEncoder *encoder, NfpNameTables *tables);

/* Starts a new transport session: sequence numbers from the first, nothing announced yet (RFC
 * 7011 3.1, 8). */
void nfp_encoder_start_session(NfpEncoder *encoder);

/* Templates and options (templates, then options data) of `domain` go out again, or for the first
 * time, with the next calls of nfp_encoder_announce. The first time it is all templates, later
 * those that have carried records in this session; the others go with the first records that need
 * them, in the same message. Over a reliable transport templates go once a session. Options data go
 * at most every 10 s: each makes nfdump 1.7.1 count a sequence error (it knows records of flows
 * only). */
void nfp_encoder_refresh(NfpEncoder *encoder, uint32_t domain);

/* Writes one message of what is still to be announced in `domain`; for domain 0 also what concerns
 * the whole process, in messages of observation domain 0 (RFC 7011 3.1). now: UTC seconds. Returns
 * its length, 0 = nothing left to announce, -EMSGSIZE = size is too small, -E2BIG = no such domain.
 */
ssize_t nfp_encoder_announce(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			     const NfpEncoderStats *stats, uint8_t *out, size_t size);

/* Writes one data message with as many of records[0..n) as fit in `size`, in order.
 * *ret_used: records taken (those that no template can carry are taken and added to
 * *ret_unsendable). Returns its length (0 = none of the taken records can be sent), -EMSGSIZE =
 * records[0] does not fit (nothing is taken), -E2BIG = no such domain; the out-parameters are
 * untouched on errors. A message may hold no record and yet have a length: it carries a template
 * that left no room; send it and go on. Everything must have been announced before. */
ssize_t nfp_encoder_records(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			    const NfpRecord *records, uint32_t n, uint8_t *out, size_t size,
			    uint32_t *ret_used, uint32_t *ret_unsendable);

/* Which fields of a record leave is told by the template set; else all that the protocol has a place for. */
gboolean nfp_encoder_has_templates(const NfpEncoder *encoder);
/* Records so far that lost the ends of their texts, for they are longer than a message alone. A record that is sent again
 * counts again. */
uint64_t nfp_encoder_cut_records(const NfpEncoder *encoder);
/* Seconds between announcements, where the protocol has an interval of its own (a receiver that takes silence for
 * absence); 0 = as configured. */
uint32_t nfp_encoder_beat(const NfpEncoder *encoder);

/* Octets that a message should have room for, whatever the transport likes; 0 = no wish. */
uint32_t nfp_encoder_message(const NfpEncoder *encoder);

/* Why a protocol cannot carry a field (a half sentence), or NULL. An encoder leaves such fields out, and those that its
 * peer takes for something else, and refuses a template that has no other. */
const char *nfp_encoder_refuses(const char *protocol, const NfpField *field);

/* Names of all protocols, NULL-terminated, for help and configuration. */
const char *const *nfp_encoder_protocols(void);

#endif
