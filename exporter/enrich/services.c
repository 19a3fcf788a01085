/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/services.h"

#include <string.h>


#define PORTS 65536

typedef struct {
	NfpServiceRow row;
	guint order;
} Entry;

/* Relaxed: what is read a moment later is read the next time. */
typedef struct {
	guint n;
	uint8_t of[]; /* as applications */
} Marks;

struct NfpServices {
	GArray *entries;             /* Entry, until finished */
	NfpApplication *applications; /* [0] is nobody's */
	guint n;
	Marks *marks;
	uint16_t *ports[256]; /* by protocol: port -> application; NULL: no rows */
	guint with_ports;
	NfpApplication bare[256]; /* protocols by themselves */
};

/* Keywords of IANA's registry of protocol numbers, of those that are seen without ports. */
static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{ 1, "icmp" }, { 2, "igmp" },	    { 4, "ipv4" },   { 6, "tcp" },	{ 17, "udp" },	{ 33, "dccp" },
	{ 41, "ipv6" }, { 47, "gre" },	    { 50, "esp" },   { 51, "ah" },	{ 58, "ipv6-icmp" }, { 88, "eigrp" },
	{ 89, "ospfigp" }, { 103, "pim" }, { 112, "vrrp" }, { 115, "l2tp" }, { 132, "sctp" }, { 136, "udplite" },
};

NfpServices *nfp_services_new(void)
{
	NfpServices *s = g_new0(NfpServices, 1);

	s->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	for (guint i = 0; i < G_N_ELEMENTS(s->bare); i++)
		s->bare[i] = (NfpApplication){ .id = NFP_ENGINE_IANA_L3 << 24 | i, .name = { "", 0 } };
	for (guint i = 0; i < G_N_ELEMENTS(protocols); i++)
		s->bare[protocols[i].number].name =
			(NfpText){ protocols[i].name, (uint16_t)strlen(protocols[i].name) };
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
	s->marks = g_malloc0(sizeof(*s->marks) + s->n + 1);
	s->applications[0].name = nfp_texts_get(texts, 0);
	for (guint i = 0; i < s->n; i++) {
		const NfpServiceRow *row = &g_array_index(s->entries, Entry, i).row;
		uint16_t **ports = &s->ports[row->protocol];

		s->applications[i + 1].id = row->id ? row->id : NFP_ENGINE_IANA_L4 << 24 | row->first;
		s->applications[i + 1].name = nfp_texts_get(texts, row->name);
		if (!*ports) {
			*ports = g_new0(uint16_t, PORTS);
			s->with_ports++;
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

void nfp_services_mark(const NfpServices *s, const NfpApplication *application)
{
	guint i = (guint)(application - s->applications);

	if (i == 0 || __atomic_load_n(&s->marks->of[i], __ATOMIC_RELAXED))
		return;
	if (!__atomic_exchange_n(&s->marks->of[i], 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&s->marks->n, 1, __ATOMIC_RELAXED);
}

void nfp_services_mark_as(const NfpServices *s, const NfpServices *before)
{
	g_autoptr(GPtrArray) marked = nfp_services_marked(before);
	g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < marked->len; i++)
		g_hash_table_add(ids, GUINT_TO_POINTER(((const NfpApplication *)g_ptr_array_index(marked, i))->id));
	for (guint i = 1; i <= s->n; i++)
		if (g_hash_table_contains(ids, GUINT_TO_POINTER(s->applications[i].id)))
			nfp_services_mark(s, &s->applications[i]);
}

guint nfp_services_marked_n(const NfpServices *s)
{
	return __atomic_load_n(&s->marks->n, __ATOMIC_RELAXED);
}

GPtrArray *nfp_services_marked(const NfpServices *s)
{
	GPtrArray *marked = g_ptr_array_new();
	g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);

	for (guint i = s->n; i > 0; i--)
		if (__atomic_load_n(&s->marks->of[i], __ATOMIC_RELAXED) &&
		    g_hash_table_add(ids, GUINT_TO_POINTER(s->applications[i].id)))
			g_ptr_array_add(marked, &s->applications[i]);
	return marked;
}

const NfpApplication *nfp_services_protocol(const NfpServices *s, uint8_t protocol)
{
	return &s->bare[protocol];
}

guint nfp_services_n(const NfpServices *s)
{
	return s->entries ? s->entries->len : s->n;
}

size_t nfp_services_memory(const NfpServices *s)
{
	return sizeof(*s) + (s->n + 1) * (sizeof(NfpApplication) + 1) + (size_t)s->with_ports * PORTS * sizeof(uint16_t);
}

void nfp_services_free(NfpServices *s)
{
	if (!s)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(s->ports); i++)
		g_free(s->ports[i]);
	g_clear_pointer(&s->entries, g_array_unref);
	g_free(s->applications);
	g_free(s->marks);
	g_free(s);
}
