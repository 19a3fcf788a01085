/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What IPFIX (RFC 7011) and NetFlow v9 (RFC 3954) have in common: messages of Sets, templates that come before their
 * data and come again, options templates and their data. The dialects differ in headers, numbers and padding; each is a
 * file (ipfix.c, netflow9.c) that fills in an NfpSets.
 *
 * Template ids: 256 + index in the set, then the options templates. They never change and are never withdrawn. No empty
 * Sets, one options template a Set (nfdump 1.7.1 and pmacct 1.7.7 read only the first of a Set).
 */
#ifndef NFP_ENCODE_SETS_H
#define NFP_ENCODE_SETS_H

#include "encode/message.h"
#include "encode/options.h"
#include "encode/plan.h"
#include "encode/protocol.h"

#define NFP_SETS_FIRST_ID 256

typedef struct NfpSets NfpSets;

typedef struct {
	uint16_t header;                       /* octets of a message's header */
	uint16_t templates, options_templates; /* ids of their Sets */
	uint16_t padding;                      /* Sets end at a multiple of so many octets */
	gboolean counts_messages;              /* what sequence numbers count; else data records */
	/* Writes the header of a message that is complete otherwise. */
	void (*finish)(const NfpSets *sets, const NfpMessage *message, uint32_t domain, uint32_t sequence,
		       uint32_t now);
} NfpSetsDialect;

/* Sequence and templates of one observation domain in one session. */
typedef struct {
	uint32_t id;           /* observationDomainId */
	uint32_t index;
	gboolean process;      /* domain 0: the process's own options, no flows */
	uint32_t sequence;     /* of the next message */
	guint next;            /* item to look at next; all of them: all is announced */
	guint row;             /* ... and the row of its table */
	gboolean first_round;
	gboolean options_due;  /* options data are part of this round */
	gboolean types_due;    /* and type information */
	uint32_t options_sent; /* UTC s */
	uint32_t types_sent;
	uint64_t messages;     /* data messages begun */
	gboolean *options_told; /* whose templates were sent in this session; options->len */
	struct {
		gboolean used;    /* has carried records in this session */
		guint cold;       /* messages that still have to carry the template themselves */
		uint64_t carried; /* the last message that did */
	} *templates; /* set->n */
} NfpSetsDomain;

#define NFP_SETS_CACHE_BITS 6

struct NfpSets {
	NfpEncoder base; /* first */
	const NfpSetsDialect *dialect;
	const NfpTemplateSet *set;
	uint32_t domain;
	uint32_t first_sequence;
	gboolean reliable;
	uint64_t boot_ms;     /* NfpPlanContext */
	uint32_t sampling;
	gboolean scaled;
	GPtrArray *plans;     /* NfpPlan *, as set->templates */
	GPtrArray *templates; /* GBytes *: template records; set->n, then options->len */
	GArray *options;      /* NfpOption */
	NfpOptionFacts facts;
	GPtrArray *domains;     /* NfpSetsDomain *, by index; NULL = not used in this session */
	NfpSetsDomain *process; /* NULL = not used in this session */
	struct {
		uint32_t have;
		int template; /* -1 = none takes it */
	} cache[1 << NFP_SETS_CACHE_BITS]; /* have 0 never asks */
};

/* All but plans and templates, which are the dialect's to add. Errors: a domain that cannot be. */
gboolean nfp_sets_init(NfpSets *sets, const NfpSetsDialect *dialect, const NfpEncoderOptions *options,
		       GArray *option_rows, GError **err);
/* The domain's state in this session. */
NfpSetsDomain *nfp_sets_domain(NfpSets *sets, uint32_t index);
/* Ends a message and writes its header. Returns its length, 0 = it is empty. records: data records in it. */
ssize_t nfp_sets_end_message(const NfpSets *sets, NfpMessage *message, NfpSetsDomain *domain, uint32_t now,
			     uint32_t records);

/* The functions of NfpEncoderProtocol. */
void nfp_sets_destroy(NfpEncoder *encoder);
void nfp_sets_start_session(NfpEncoder *encoder);
void nfp_sets_set_tables(NfpEncoder *encoder, NfpNameTables *tables);
void nfp_sets_refresh(NfpEncoder *encoder, uint32_t index); /* announce.c */
ssize_t nfp_sets_announce(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpEncoderStats *stats,
			  uint8_t *out, size_t size);
ssize_t nfp_sets_records(NfpEncoder *encoder, uint32_t index, uint32_t now, const NfpRecord *from, uint32_t n,
			 uint8_t *out, size_t size, uint32_t *ret_used, uint32_t *ret_unsendable); /* data.c */

#endif
