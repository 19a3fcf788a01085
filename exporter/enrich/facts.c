/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/facts.h"

#include <string.h>
#include <xxhash.h>

#define FIRST_SLOTS 64

struct NfpFactsPool {
	GArray *sets;    /* NfpFacts; id is the index */
	uint32_t *slots; /* open addressing: id, 0 = free */
	uint32_t slots_n; /* a power of two, more than twice the sets */
};

NfpFactsPool *nfp_facts_pool_new(void)
{
	NfpFactsPool *p = g_new0(NfpFactsPool, 1);
	NfpFacts empty = { 0 };

	p->sets = g_array_new(FALSE, FALSE, sizeof(NfpFacts));
	g_array_append_val(p->sets, empty);
	p->slots_n = FIRST_SLOTS;
	p->slots = g_new0(uint32_t, p->slots_n);
	return p;
}

const NfpFacts *nfp_facts_get(const NfpFactsPool *p, uint32_t id)
{
	return &g_array_index(p->sets, NfpFacts, id);
}

static uint32_t *slot_of(const NfpFactsPool *p, const NfpFacts *facts)
{
	uint32_t at = (uint32_t)XXH3_64bits(facts, sizeof(*facts));

	for (;; at++) {
		uint32_t *slot = &p->slots[at & (p->slots_n - 1)];

		if (!*slot || !memcmp(nfp_facts_get(p, *slot), facts, sizeof(*facts)))
			return slot;
	}
}

static void grow(NfpFactsPool *p)
{
	g_free(p->slots);
	p->slots_n *= 2;
	p->slots = g_new0(uint32_t, p->slots_n);
	for (uint32_t id = 1; id < p->sets->len; id++)
		*slot_of(p, nfp_facts_get(p, id)) = id;
}

uint32_t nfp_facts_add(NfpFactsPool *p, const NfpFacts *facts)
{
	static const NfpFacts empty;
	uint32_t *slot;

	if (!memcmp(facts, &empty, sizeof(empty)))
		return 0;
	slot = slot_of(p, facts);
	if (*slot)
		return *slot;
	*slot = p->sets->len;
	g_array_append_vals(p->sets, facts, 1);
	if (p->slots_n < 2 * p->sets->len)
		grow(p);
	return p->sets->len - 1;
}

uint32_t nfp_facts_merge(NfpFactsPool *p, uint32_t first, uint32_t rest)
{
	NfpFacts facts = *nfp_facts_get(p, first);
	const NfpFacts *more = nfp_facts_get(p, rest);

	if (!first || !rest || first == rest)
		return first ? first : rest;
	if (!facts.as_number)
		facts.as_number = more->as_number;
	for (guint i = 0; i < NFP_FACT_TEXTS; i++) {
		if (facts.text[i] || (i == NFP_FACT_AS_NAME && facts.as_number != more->as_number))
			continue;
		/* COUNTRY comes before CITY: what stands there is the country of the result. */
		if (i == NFP_FACT_CITY && more->text[NFP_FACT_COUNTRY] &&
		    facts.text[NFP_FACT_COUNTRY] != more->text[NFP_FACT_COUNTRY])
			continue;
		facts.text[i] = more->text[i];
	}
	return nfp_facts_add(p, &facts);
}

guint nfp_facts_n(const NfpFactsPool *p)
{
	return p->sets->len;
}

void nfp_facts_place(const NfpFacts *facts, const NfpTexts *texts, NfpPlace *ret)
{
	*ret = (NfpPlace){
		.as_number = facts->as_number,
		.as_name = nfp_texts_get(texts, facts->text[NFP_FACT_AS_NAME]),
		.country = nfp_texts_get(texts, facts->text[NFP_FACT_COUNTRY]),
		.city = nfp_texts_get(texts, facts->text[NFP_FACT_CITY]),
		.site = nfp_texts_get(texts, facts->text[NFP_FACT_SITE]),
		.customer = nfp_texts_get(texts, facts->text[NFP_FACT_CUSTOMER]),
		.host = nfp_texts_get(texts, facts->text[NFP_FACT_HOST]),
	};
	for (guint i = 0; i < NFP_LABELS; i++)
		ret->labels[i] = nfp_texts_get(texts, facts->text[NFP_FACT_LABEL1 + i]);
}

void nfp_facts_pool_free(NfpFactsPool *p)
{
	if (!p)
		return;
	g_array_unref(p->sets);
	g_free(p->slots);
	g_free(p);
}
