/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/services.h"

#define PORTS 65536

typedef struct {
	NfpServiceRow row;
	guint order;
} Entry;

struct NfpServices {
	GArray *entries;             /* Entry, until finished */
	NfpApplication *applications; /* [0] is nobody's */
	guint n;
	uint16_t *ports[256]; /* by protocol: port -> application; NULL: no rows */
	guint protocols;
};

NfpServices *nfp_services_new(void)
{
	NfpServices *s = g_new0(NfpServices, 1);

	s->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	return s;
}

bool nfp_services_add(NfpServices *s, const NfpServiceRow *row)
{
	Entry entry = { *row, s->entries->len };

	if (s->entries->len >= NFP_SERVICES_MAX)
		return false;
	g_array_append_val(s->entries, entry);
	return true;
}

/* What goes first comes last: it overwrites. */
static int compare(gconstpointer a, gconstpointer b)
{
	const Entry *x = a, *y = b;
	int wider = (y->row.last - y->row.first) - (x->row.last - x->row.first);

	if (x->row.priority != y->row.priority)
		return x->row.priority < y->row.priority ? -1 : 1;
	if (wider)
		return wider;
	return (x->order > y->order) - (x->order < y->order);
}

void nfp_services_finish(NfpServices *s, const NfpTexts *texts)
{
	g_array_sort(s->entries, compare);
	s->n = s->entries->len;
	s->applications = g_new0(NfpApplication, s->n + 1);
	s->applications[0].name = nfp_texts_get(texts, 0);
	for (guint i = 0; i < s->n; i++) {
		const NfpServiceRow *row = &g_array_index(s->entries, Entry, i).row;
		uint16_t **ports = &s->ports[row->protocol];

		s->applications[i + 1].id = row->id ? row->id : NFP_ENGINE_IANA_L4 << 24 | row->first;
		s->applications[i + 1].name = nfp_texts_get(texts, row->name);
		if (!*ports) {
			*ports = g_new0(uint16_t, PORTS);
			s->protocols++;
		}
		for (uint32_t port = row->first; port <= row->last; port++)
			(*ports)[port] = (uint16_t)(i + 1);
	}
	g_clear_pointer(&s->entries, g_array_unref);
}

const NfpApplication *nfp_services_find(const NfpServices *s, uint8_t protocol, uint16_t source, uint16_t destination)
{
	const uint16_t *ports = s->ports[protocol];
	uint16_t low = MIN(source, destination), high = MAX(source, destination);

	if (!ports)
		return &s->applications[0];
	return &s->applications[ports[low] ? ports[low] : ports[high]];
}

guint nfp_services_n(const NfpServices *s)
{
	return s->entries ? s->entries->len : s->n;
}

size_t nfp_services_memory(const NfpServices *s)
{
	return sizeof(*s) + (s->n + 1) * sizeof(NfpApplication) + (size_t)s->protocols * PORTS * sizeof(uint16_t);
}

void nfp_services_free(NfpServices *s)
{
	if (!s)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(s->ports); i++)
		g_free(s->ports[i]);
	g_clear_pointer(&s->entries, g_array_unref);
	g_free(s->applications);
	g_free(s);
}
