/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/snapshot.h"

#include <string.h>

#include "base/error.h"
#include "enrich/flatten.h"

static void rule_clear(void *data)
{
	g_clear_pointer(&((NfpInterfaceRule *)data)->match, g_free);
}

NfpSnapshot *nfp_snapshot_new(void)
{
	NfpSnapshot *s = g_new0(NfpSnapshot, 1);

	s->refs = 1;
	s->texts = nfp_texts_new();
	s->pool = nfp_facts_pool_new();
	s->rows4 = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	s->rows6 = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	s->rules = g_array_new(FALSE, FALSE, sizeof(NfpInterfaceRule));
	g_array_set_clear_func(s->rules, rule_clear);
	s->services = nfp_services_new();
	return s;
}

NfpSnapshot *nfp_snapshot_ref(NfpSnapshot *s)
{
	g_atomic_int_inc(&s->refs);
	return s;
}

void nfp_snapshot_unref(NfpSnapshot *s)
{
	if (!s || !g_atomic_int_dec_and_test(&s->refs))
		return;
	nfp_texts_free(s->texts);
	nfp_facts_pool_free(s->pool);
	g_clear_pointer(&s->rows4, g_array_unref);
	g_clear_pointer(&s->rows6, g_array_unref);
	g_array_unref(s->rules);
	nfp_services_free(s->services);
	nfp_table4_free(s->table4);
	nfp_table6_free(s->table6);
	g_free(s->places);
	g_free(s);
}

uint32_t nfp_snapshot_text(NfpSnapshot *s, const char *text)
{
	return text ? nfp_texts_add(s->texts, text, strlen(text)) : 0;
}

static void add_row(NfpSnapshot *s, const NfpPrefix *prefix, const NfpFacts *facts, int32_t priority)
{
	GArray *rows = prefix->family == 4 ? s->rows4 : s->rows6;
	NfpPrefixRow row = {
		.first = prefix->first,
		.facts = nfp_facts_add(s->pool, facts),
		.priority = priority,
		.order = rows->len,
		.length = prefix->length,
	};

	g_array_append_val(rows, row);
}

void nfp_snapshot_add_prefix(NfpSnapshot *s, const NfpPrefix *prefix, const NfpFacts *facts, int32_t priority)
{
	add_row(s, prefix, facts, priority);
	s->prefixes++;
}

void nfp_snapshot_add_host(NfpSnapshot *s, const NfpPrefix *address, uint32_t name, int32_t priority)
{
	add_row(s, address, &(NfpFacts){ .text[NFP_FACT_HOST] = name }, priority);
	s->hosts++;
}

void nfp_snapshot_add_rule(NfpSnapshot *s, const NfpInterfaceRule *rule)
{
	NfpInterfaceRule copy = *rule;

	copy.match = g_strdup(rule->match);
	g_array_append_val(s->rules, copy);
}

void nfp_snapshot_add_service(NfpSnapshot *s, const NfpServiceRow *row)
{
	nfp_services_add(s->services, row); /* no more than nfp_snapshot_fits() allows */
}

static gboolean too_many(GError **err, const char *what, guint64 most)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "there are more than %" G_GUINT64_FORMAT " %s", most, what);
	return FALSE;
}

gboolean nfp_snapshot_fits(const NfpSnapshot *s, GError **err)
{
	if (s->prefixes + s->hosts > NFP_SNAPSHOT_PREFIXES)
		return too_many(err, "prefixes and hosts", NFP_SNAPSHOT_PREFIXES);
	if (nfp_texts_memory(s->texts) > NFP_SNAPSHOT_TEXTS)
		return too_many(err, "octets of different texts", NFP_SNAPSHOT_TEXTS);
	if (s->rules->len > NFP_SNAPSHOT_RULES)
		return too_many(err, "rows of interfaces", NFP_SNAPSHOT_RULES);
	if (nfp_services_n(s->services) >= NFP_SERVICES_MAX)
		return too_many(err, "rows of services", NFP_SERVICES_MAX - 1);
	return TRUE;
}

/* Sets of facts that some range has become places, numbered from 1 in the order of the ranges; *places: set -> place. */
static gboolean number_places(NfpSnapshot *s, const GArray *const ranges[2], uint32_t *places, GError **err)
{
	s->places_n = 1;
	for (guint family = 0; family < 2; family++) {
		for (guint i = 0; i < ranges[family]->len; i++) {
			uint32_t facts = g_array_index(ranges[family], NfpRange, i).facts;

			if (facts && !places[facts])
				places[facts] = s->places_n++;
		}
	}
	if (s->places_n > NFP_SNAPSHOT_PLACES)
		return too_many(err, "different sets of facts", NFP_SNAPSHOT_PLACES);
	return TRUE;
}

static int by_precedence(gconstpointer a, gconstpointer b)
{
	const NfpInterfaceRule *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	/* The more a glob says, the narrower it is; good enough, and one can tell by looking. */
	return (int)strlen(y->match) - (int)strlen(x->match);
}

gboolean nfp_snapshot_seal(NfpSnapshot *s, GError **err)
{
	g_autoptr(GArray) ranges4 = nfp_flatten(s->rows4, s->pool);
	g_autoptr(GArray) ranges6 = nfp_flatten(s->rows6, s->pool);
	const GArray *const ranges[] = { ranges4, ranges6 };
	g_autofree uint32_t *places = NULL;

	g_clear_pointer(&s->rows4, g_array_unref);
	g_clear_pointer(&s->rows6, g_array_unref);
	places = g_new0(uint32_t, nfp_facts_n(s->pool));
	if (!nfp_snapshot_fits(s, err) || !number_places(s, ranges, places, err))
		return FALSE;
	s->places = g_new0(NfpPlace, s->places_n);
	for (guint i = 0; i < nfp_facts_n(s->pool); i++)
		if (places[i] || !i)
			nfp_facts_place(nfp_facts_get(s->pool, i), s->texts, &s->places[places[i]]);
	s->table4 = nfp_table4_new(ranges4, places);
	s->table6 = nfp_table6_new(ranges6, places);
	g_clear_pointer(&s->pool, nfp_facts_pool_free);
	nfp_texts_seal(s->texts);
	nfp_services_finish(s->services, s->texts);
	g_array_sort(s->rules, by_precedence);
	s->memory = sizeof(*s) + nfp_texts_memory(s->texts) + s->places_n * sizeof(NfpPlace) +
		    nfp_table4_memory(s->table4) + nfp_table6_memory(s->table6) + nfp_services_memory(s->services) +
		    s->rules->len * sizeof(NfpInterfaceRule);
	return TRUE;
}
