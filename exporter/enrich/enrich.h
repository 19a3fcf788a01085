/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts for records: who, where, through what (docs/enrichment.md). A thread of its own follows the database and makes
 * the facts ready; the harvester takes the newest at the start of a bucket by exchanging a pointer, and waits for nobody.
 */
#ifndef NFP_ENRICH_ENRICH_H
#define NFP_ENRICH_ENRICH_H

#include "enrich/view.h"
#include "record/batch.h"

typedef struct {
	char *database;    /* NULL: built-in facts alone */
	uint64_t generation; /* databases read so far */
	uint64_t prefixes, hosts, services, interfaces; /* rows in force, built-in ones counted */
	uint64_t left_out; /* malformed rows of the database in force */
	uint64_t memory;   /* octets */
	uint64_t routes;   /* of the kernel, followed */
	uint64_t failures; /* attempts to read that failed */
	gint64 age;        /* us since the database in force was read; -1: none was */
	char *error;       /* why the newest state of the database is not in force; NULL: it is */
} NfpEnrichStatus;

typedef struct NfpEnrich NfpEnrich;

/* database: path, or NULL for the built-in facts alone. Starts the thread; a database that cannot be read is no error
 * here: it is logged, and tried again. */
NfpEnrich *nfp_enrich_new(const char *database, GError **err);
/* Until the database was read, or could not be, for the first time. FALSE: deadline (g_get_monotonic_time). */
gboolean nfp_enrich_wait(NfpEnrich *enrich, gint64 deadline);
/* The interfaces of an observation domain in the place of those told before. Any thread. */
void nfp_enrich_set_interfaces(NfpEnrich *enrich, uint32_t domain, const NfpEnrichInterface *interfaces, guint n);
/* The routing tables of an observation domain in the place of those told before. Takes the reference. Any thread. */
void nfp_enrich_set_routes(NfpEnrich *enrich, uint32_t domain, NfpRouteTables *tables);

/* Harvester's thread: from here on the newest facts. */
void nfp_enrich_turn(NfpEnrich *enrich);
/* Harvester's thread: records from `first` on get their facts, the batch holds them. Some dozens at a time are best: they
 * are in the cache yet. */
void nfp_enrich_fill(NfpEnrich *enrich, NfpBatch *batch, uint32_t first);

/* Any thread. Another number: nfp_enrich_add_names() may have something else to say. */
uint64_t nfp_enrich_names_version(NfpEnrich *enrich);
/* Any thread: interfaces as the next records have them, and the applications that records had so far. */
void nfp_enrich_add_names(NfpEnrich *enrich, NfpNameTables *tables);

void nfp_enrich_status(NfpEnrich *enrich, NfpEnrichStatus *ret_status); /* any thread */
void nfp_enrich_status_clear(NfpEnrichStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpEnrichStatus, nfp_enrich_status_clear)
/* When the harvester has stopped. Batches may live on. */
void nfp_enrich_free(NfpEnrich *enrich);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpEnrich, nfp_enrich_free)

#endif
