/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/talkers.h"

#include <json-glib/json-glib.h>
#include <pthread.h>
#include <stdlib.h>

#include "app/members.h"
#include "record/text.h"

#define DOMAINS 64 /* with lists of their own; further ones are left out */

/* What lives in the batch's facts is gone with it. */
#define FACTS (NFP_HAVE_PLACES | NFP_HAVE_INTERFACES | NFP_HAVE_APPLICATION)

typedef struct {
	guint n, least; /* least: index of the smallest, when it is full */
	NfpRecord records[NFP_TALKERS];
} List;

enum { BY_OCTETS, BY_PACKETS, LISTS };

typedef struct {
	uint32_t domain;
	uint64_t start_ns, end_ns, records;
	List lists[LISTS];
} Top;

typedef struct {
	Top now, last;
} Pair;

struct NfpTalkers {
	pthread_mutex_t lock;
	GPtrArray *pairs; /* Pair, one a domain */
};

NfpTalkers *nfp_talkers_new(void)
{
	NfpTalkers *t = g_new0(NfpTalkers, 1);

	pthread_mutex_init(&t->lock, NULL);
	t->pairs = g_ptr_array_new_with_free_func(g_free);
	return t;
}

void nfp_talkers_free(NfpTalkers *t)
{
	if (!t)
		return;
	g_ptr_array_unref(t->pairs);
	pthread_mutex_destroy(&t->lock);
	g_free(t);
}

static uint64_t size_of(const NfpRecord *record, int list)
{
	return list == BY_OCTETS ? record->octets : record->packets;
}

static void put(List *list, guint at, const NfpRecord *record)
{
	NfpRecord *copy = &list->records[at];

	*copy = *record;
	copy->have &= ~(uint32_t)FACTS;
	copy->src_place = copy->dst_place = NULL;
	copy->ingress = copy->egress = NULL;
	copy->application = NULL;
}

static void offer(Top *top, int which, const NfpRecord *record)
{
	List *list = &top->lists[which];

	if (list->n < NFP_TALKERS) {
		put(list, list->n++, record);
		if (list->n < NFP_TALKERS)
			return;
	} else {
		if (size_of(record, which) <= size_of(&list->records[list->least], which))
			return;
		put(list, list->least, record);
	}
	list->least = 0;
	for (guint i = 1; i < list->n; i++)
		if (size_of(&list->records[i], which) < size_of(&list->records[list->least], which))
			list->least = i;
}

static Pair *pair_of(NfpTalkers *t, uint32_t domain)
{
	Pair *pair;

	for (guint i = 0; i < t->pairs->len; i++) {
		pair = g_ptr_array_index(t->pairs, i);
		if (pair->now.domain == domain)
			return pair;
	}
	if (t->pairs->len == DOMAINS)
		return NULL;
	pair = g_new0(Pair, 1);
	pair->now.domain = pair->last.domain = domain;
	g_ptr_array_add(t->pairs, pair);
	return pair;
}

static void begin(Top *top, uint64_t start_ns, uint64_t end_ns)
{
	top->start_ns = start_ns;
	top->end_ns = end_ns;
	top->records = 0;
	for (int i = 0; i < LISTS; i++)
		top->lists[i].n = 0;
}

void nfp_talkers_publish(NfpTalkers *t, const NfpBatch *batch)
{
	Pair *pair;

	pthread_mutex_lock(&t->lock);
	pair = pair_of(t, batch->domain);
	if (pair) {
		if (pair->now.start_ns != batch->bucket_start_ns || pair->now.end_ns != batch->bucket_end_ns)
			begin(&pair->now, batch->bucket_start_ns, batch->bucket_end_ns);
		pair->now.records += batch->n;
		for (uint32_t i = 0; i < batch->n; i++)
			for (int list = 0; list < LISTS; list++)
				offer(&pair->now, list, &batch->records[i]);
	}
	pthread_mutex_unlock(&t->lock);
}

void nfp_talkers_bucket_done(NfpTalkers *t, uint32_t domain, struct nfp_bucket id)
{
	Pair *pair;

	pthread_mutex_lock(&t->lock);
	pair = pair_of(t, domain);
	if (pair) {
		/* An empty one has no batch. */
		if (pair->now.start_ns != id.start_ts || pair->now.end_ns != id.end_ts)
			begin(&pair->now, id.start_ts, id.end_ts);
		pair->last = pair->now;
	}
	pthread_mutex_unlock(&t->lock);
}

/* ---- as JSON ------------------------------------------------------------------------------------- */

static int by_octets(const void *a, const void *b)
{
	const NfpRecord *x = a, *y = b;

	return x->octets < y->octets ? 1 : x->octets > y->octets ? -1 : 0;
}

static int by_packets(const void *a, const void *b)
{
	const NfpRecord *x = a, *y = b;

	return x->packets < y->packets ? 1 : x->packets > y->packets ? -1 : 0;
}

static void add_flow(JsonBuilder *b, const NfpRecord *record)
{
	g_autoptr(GString) flow = g_string_new(NULL);

	nfp_text_flow(flow, record);
	json_builder_begin_object(b);
	nfp_json_add_string(b, "flow", flow->str);
	nfp_json_add_string(b, "row", nfp_text_row(record));
	nfp_json_add_number(b, "ifindex", record->ifindex);
	nfp_json_add_string(b, "direction", record->direction ? "egress" : "ingress");
	nfp_json_add_number(b, "packets", record->packets);
	nfp_json_add_number(b, "octets", record->octets);
	json_builder_end_object(b);
}

static void add_list(JsonBuilder *b, const char *name, List *list, int (*compare)(const void *, const void *))
{
	qsort(list->records, list->n, sizeof(list->records[0]), compare);
	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
	for (guint i = 0; i < list->n; i++)
		add_flow(b, &list->records[i]);
	json_builder_end_array(b);
}

char *nfp_talkers_json(NfpTalkers *t)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree Top *tops = NULL;
	guint n;

	/* Text is made outside the lock: the harvester waits for nobody. */
	pthread_mutex_lock(&t->lock);
	n = t->pairs->len;
	tops = g_new(Top, n + 1);
	for (guint i = 0; i < n; i++)
		tops[i] = ((const Pair *)g_ptr_array_index(t->pairs, i))->last;
	pthread_mutex_unlock(&t->lock);

	json_builder_begin_object(b);
	json_builder_set_member_name(b, "domains");
	json_builder_begin_array(b);
	for (guint i = 0; i < n; i++) {
		json_builder_begin_object(b);
		nfp_json_add_number(b, "domain", tops[i].domain);
		nfp_json_add_number(b, "start_ts", tops[i].start_ns);
		nfp_json_add_number(b, "end_ts", tops[i].end_ns);
		nfp_json_add_number(b, "records", tops[i].records);
		add_list(b, "by_octets", &tops[i].lists[BY_OCTETS], by_octets);
		add_list(b, "by_packets", &tops[i].lists[BY_PACKETS], by_packets);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	return json_to_string(root, FALSE);
}
