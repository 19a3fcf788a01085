/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we tell about ourselves: the options templates, and their records. One row each in options.c; the forms are those
 * that nfdump, pmacct and goflow2 read.
 */
#ifndef NFP_ENCODE_OPTIONS_H
#define NFP_ENCODE_OPTIONS_H

#include <glib.h>

#include "encode/encoder.h"
#include "encode/fixbuf.h"
#include "record/name_tables.h"

#define NFP_OPTION_ELEMENTS 9 /* elements of an options template, at most */
#define NFP_OPTION_NAME 255   /* octets of observationDomainName, at most */

/* What a record of an option is made of. */
typedef enum {
	NFP_OPTION_FACTS,        /* NfpOptionFacts; one record */
	NFP_OPTION_PORTS,        /* the interfaces of the domain */
	NFP_OPTION_VRFS,         /* those in a VRF, one a VRF */
	NFP_OPTION_APPLICATIONS,
	NFP_OPTION_TYPES,        /* our enterprise elements (RFC 5610) */
	NFP_OPTION_KEYS,         /* templates that have carried records */
} NfpOptionSource;

/* RFC 5610 3: an element that no registry of a collector's has. */
typedef struct {
	uint32_t pen;
	uint16_t id;
	uint8_t type;
	uint8_t semantics;
	uint16_t units;
	uint64_t begin, end; /* range; both 0: that of the type */
	NfpText name, description;
} NfpOptionType;

/* RFC 7011 4.4: which fields of a template are the flow's key. */
typedef struct {
	uint16_t id;
	gboolean used;   /* has carried records in the domain that is told about */
	uint64_t fields; /* bit i: field i; more than 64 fields cannot be told of */
} NfpOptionKeys;

/* Values in host byte order, named as the elements they fill. */
typedef struct {
	uint32_t domain;     /* observationDomainId of the message's domain */
	uint32_t no_domain;  /* 0: of none in particular */
	uint32_t process;    /* exportingProcessId */
	uint32_t sampling;   /* 1-in-N */
	uint64_t selector;   /* selectorId: there is one */
	uint16_t algorithm;  /* selectorAlgorithm: 1, systematic count-based sampling (RFC 5477 8.2.2) */
	uint32_t interval;   /* samplingPacketInterval: packets taken, */
	uint32_t space;      /* samplingPacketSpace: and those that are not, after them */
	NfpEncoderStats stats;
	NfpText name;        /* observationDomainName; owned */
	NfpNameTables *tables;   /* a reference, or NULL */
	GArray *types;       /* NfpOptionType */
	GArray *keys;        /* NfpOptionKeys, as the templates of the set */
} NfpOptionFacts;

typedef struct {
	NfpOptionSource source;
	gboolean process; /* of the whole process: sent in observation domain 0 */
	guint scopes;     /* the first of the elements are the scope */
	guint n;
	NfpElement elements[NFP_OPTION_ELEMENTS];
	uint16_t offsets[NFP_OPTION_ELEMENTS]; /* in what the source has; texts are NfpText */
} NfpOption;

void nfp_option_facts_init(NfpOptionFacts *facts, const NfpEncoderOptions *options);
/* Tells of the next data template, and of the fields that leave by it. */
void nfp_option_facts_add_template(NfpOptionFacts *facts, uint16_t id, const NfpField *const *fields, guint n);
void nfp_option_facts_clear(NfpOptionFacts *facts);

/* Array of NfpOption. netflow9: each has the system as its scope, and there is no type information. */
GArray *nfp_options_new(const NfpEncoderOptions *options, gboolean netflow9);
/* Records, at most. */
guint nfp_option_rows(const NfpOption *option, const NfpOptionFacts *facts);
/* There is a record for this domain. */
gboolean nfp_option_has_rows(const NfpOption *option, const NfpOptionFacts *facts, uint32_t domain_index);
/* The record of a row, as it leaves. NULL: the row is of another domain, or was told already. */
GBytes *nfp_option_record(const NfpOption *option, const NfpOptionFacts *facts, uint32_t domain_index, guint row);

#endif
