/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All facts of one state of the database, ready to be looked up. Filled row by row by one thread, then sealed: immutable,
 * any thread, gone with the last reference. What is found lives as long as the snapshot.
 */
#ifndef NFP_ENRICH_SNAPSHOT_H
#define NFP_ENRICH_SNAPSHOT_H

#include <glib.h>

#include "enrich/cidr.h"
#include "enrich/facts.h"
#include "enrich/services.h"
#include "enrich/table4.h"
#include "enrich/table6.h"

/* Limits: what lies beyond is a database that was made wrong, and would take the router's memory. */
#define NFP_SNAPSHOT_PREFIXES (1u << 23) /* rows; with hosts */
#define NFP_SNAPSHOT_PLACES (1u << 22)   /* different sets of facts that an address can have: 1 GB */
#define NFP_SNAPSHOT_TEXTS (1ull << 30)  /* octets of different texts */
#define NFP_SNAPSHOT_RULES 10000         /* rows of interfaces */

#define NFP_BUILTIN_PRIORITY G_MININT32 /* below every row of a database */

/* A row of the interfaces: all ids are of the snapshot's texts. */
typedef struct {
	char *match; /* glob on the name */
	uint32_t alias, role, vrf;
	uint32_t speed; /* Mbit/s; 0 = not said */
	int32_t priority;
} NfpInterfaceRule;

typedef struct {
	gint refs;
	NfpTexts *texts;
	guint prefixes, hosts; /* rows, the built-in ones counted */
	GArray *rules;         /* NfpInterfaceRule, what goes first first */
	NfpServices *services;
	NfpTable4 *table4;
	NfpTable6 *table6;
	NfpPlace *places; /* [0]: nothing is known */
	guint places_n;
	size_t memory; /* octets, all in all */
	/* until sealed */
	NfpFactsPool *pool;
	GArray *rows4, *rows6; /* NfpPrefixRow */
} NfpSnapshot;

NfpSnapshot *nfp_snapshot_new(void);
/* The id of a text for rows that are added; any valid UTF-8 of up to NFP_TEXT_MAX octets. NULL: 0. */
uint32_t nfp_snapshot_text(NfpSnapshot *snapshot, const char *text);
/* The later row goes before the earlier one of the same prefix and priority. */
void nfp_snapshot_add_prefix(NfpSnapshot *snapshot, const NfpPrefix *prefix, const NfpFacts *facts, int32_t priority);
void nfp_snapshot_add_host(NfpSnapshot *snapshot, const NfpPrefix *address, uint32_t name, int32_t priority);
void nfp_snapshot_add_rule(NfpSnapshot *snapshot, const NfpInterfaceRule *rule); /* match is copied */
void nfp_snapshot_add_service(NfpSnapshot *snapshot, const NfpServiceRow *row);
/* FALSE: a limit is passed. Call it now and then while rows are added, too. */
gboolean nfp_snapshot_fits(const NfpSnapshot *snapshot, GError **err);
gboolean nfp_snapshot_seal(NfpSnapshot *snapshot, GError **err);

NfpSnapshot *nfp_snapshot_ref(NfpSnapshot *snapshot);
void nfp_snapshot_unref(NfpSnapshot *snapshot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSnapshot, nfp_snapshot_unref)

/* Octets as in packets. Never NULL. */
static inline const NfpPlace *nfp_snapshot_place4(const NfpSnapshot *snapshot, const uint8_t address[4])
{
	uint32_t value;

	__builtin_memcpy(&value, address, sizeof(value));
	return &snapshot->places[nfp_table4_find(snapshot->table4, GUINT32_FROM_BE(value))];
}

static inline const NfpPlace *nfp_snapshot_place6(const NfpSnapshot *snapshot, const uint8_t address[16])
{
	return &snapshot->places[nfp_table6_find(snapshot->table6, nfp_octets_64(address), nfp_octets_64(address + 8))];
}

#endif
