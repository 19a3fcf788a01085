/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packed batch says of its records: which members there are. Between pack.c and unpack.c. */
#ifndef NFP_RECORD_PACK_LAYOUT_H
#define NFP_RECORD_PACK_LAYOUT_H

#include <glib.h>

#include "record/record.h"

/*
 * octets  what
 * 4       NFP_PACK_MAGIC
 * 4 4     octets of a record's image (a multiple of 8), number of records
 * 8 8 4   start and end of the bucket, domain
 * 2       kinds of facts, then of each: its name, 2: number of members, of each its name, 1: NfpPackMember, 2: octets
 * 2       members of a record, then of each: its name, 1: 0 or 1 + kind of fact, 2: offset, 2: octets
 * 4       facts, then of each: 1: its kind, its members in order: their octets, or 2: length and a text
 * ...     records, each: a bitmap of the 8-octet words of its image that differ from the record before (the first:
 *         from zeros), lowest bit first, then these words. A pointer's image is 1 + the number of the fact, or 0
 * 8       XXH3-64 of all that
 *
 * A name is 1: length, and that many octets.
 */
#define NFP_PACK_MAGIC 0x4e46504bu
#define NFP_PACK_IMAGE ((sizeof(NfpRecord) + 7) / 8 * 8)
#define NFP_PACK_IMAGE_MAX 4096u
#define NFP_PACK_KINDS_MAX 16u
#define NFP_PACK_MEMBERS_MAX 1024u
#define NFP_PACK_FACTS_MAX (8u * 4096)

typedef enum { NFP_PACK_OCTETS, NFP_PACK_TEXT } NfpPackMember;

typedef struct {
	const char *name;
	uint16_t offset, size;
} NfpPackField;

typedef struct {
	const char *name;
	uint16_t offset;   /* of the pointer in NfpRecord */
	uint16_t kind;     /* of what it leads to */
	uint32_t need;     /* NFP_HAVE_* that promise that it is not NULL */
} NfpPackPointer;

typedef struct {
	const char *name;
	uint16_t offset, size;
	NfpPackMember is;
} NfpPackFactField;

typedef struct {
	const char *name;
	uint32_t size;
	GArray *fields; /* NfpPackFactField */
} NfpPackKind;

/* This version's: from fields.def and what UIDs need beside it. */
typedef struct {
	GArray *fields;   /* NfpPackField, none inside another */
	GArray *pointers; /* NfpPackPointer */
	GArray *kinds;    /* NfpPackKind */
} NfpPackLayout;

void nfp_pack_layout_init(NfpPackLayout *layout);
void nfp_pack_layout_clear(NfpPackLayout *layout);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpPackLayout, nfp_pack_layout_clear)

#endif
