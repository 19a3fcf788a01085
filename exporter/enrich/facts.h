/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a row says of a prefix, and what all rows together say of an address: sets of facts, each kept once. A set is
 * small (ids of texts); only those that an address can have become an NfpPlace. One thread.
 */
#ifndef NFP_ENRICH_FACTS_H
#define NFP_ENRICH_FACTS_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "enrich/texts.h"

/* The texts of a set, in the order of the database's columns. */
typedef enum {
	NFP_FACT_AS_NAME,
	NFP_FACT_COUNTRY,
	NFP_FACT_CITY,
	NFP_FACT_SITE,
	NFP_FACT_CUSTOMER,
	NFP_FACT_LABEL1,
	NFP_FACT_HOST = NFP_FACT_LABEL1 + NFP_LABELS,
	NFP_FACT_TEXTS
} NfpFactText;

typedef struct {
	uint32_t as_number;            /* 0 = not said */
	uint32_t text[NFP_FACT_TEXTS]; /* ids of NfpTexts; 0 = not said */
} NfpFacts;

typedef struct NfpFactsPool NfpFactsPool;

NfpFactsPool *nfp_facts_pool_new(void);
/* The id of a set; 0 is the empty one. */
uint32_t nfp_facts_add(NfpFactsPool *pool, const NfpFacts *facts);
const NfpFacts *nfp_facts_get(const NfpFactsPool *pool, uint32_t id); /* until the next add */
/*
 * What `first` says, and for what it leaves open what `rest` says (ADR 18). A name of an AS is taken only for the number
 * that it belongs to, a city only within its country: half of one truth and half of another is none.
 */
uint32_t nfp_facts_merge(NfpFactsPool *pool, uint32_t first, uint32_t rest);
guint nfp_facts_n(const NfpFactsPool *pool);
void nfp_facts_place(const NfpFacts *facts, const NfpTexts *texts, NfpPlace *ret_place);
void nfp_facts_pool_free(NfpFactsPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFactsPool, nfp_facts_pool_free)

#endif
