/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/view.h"

#include <fnmatch.h>
#include <string.h>

static uint64_t key_of(uint32_t domain, uint32_t ifindex)
{
	return (uint64_t)domain << 32 | ifindex;
}

/* A valid text of the kernel's, cut where it has to be. */
static uint32_t kernel_text(NfpTexts *texts, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	size_t length = strlen(valid);

	while (length > NFP_TEXT_MAX)
		length = (size_t)(g_utf8_find_prev_char(valid, valid + length) - valid);
	return nfp_texts_add(texts, valid, length);
}

static uint32_t copy_text(NfpTexts *to, const NfpTexts *from, uint32_t id)
{
	NfpText text = nfp_texts_get(from, id);

	return nfp_texts_add(to, text.text, text.length);
}

NfpPortRules nfp_view_rules(const NfpSnapshot *s, const char *name)
{
	NfpPortRules rules = { 0 };

	for (guint i = 0; i < s->rules->len; i++) {
		const NfpInterfaceRule *rule = &g_array_index(s->rules, NfpInterfaceRule, i);

		if (fnmatch(rule->match, name, 0))
			continue;
		if (rule->alias && !rules.description)
			rules.description = rule;
		if (rule->role && !rules.role)
			rules.role = rule;
		if (rule->vrf && !rules.vrf)
			rules.vrf = rule;
		if (rule->speed && !rules.speed)
			rules.speed = rule;
	}
	return rules;
}

/* The database is the operator's word and goes before the kernel's. */
static void make_port(NfpView *v, const NfpEnrichInterface *interface, NfpPort *ret)
{
	NfpPortRules rules = nfp_view_rules(v->snapshot, interface->name ? interface->name : "");
	const NfpTexts *texts = v->snapshot->texts;
	uint32_t name = kernel_text(v->texts, interface->name), alias, role, vrf;

	alias = rules.description ? copy_text(v->texts, texts, rules.description->alias) : kernel_text(v->texts, interface->alias);
	vrf = rules.vrf ? copy_text(v->texts, texts, rules.vrf->vrf) : kernel_text(v->texts, interface->vrf);
	role = rules.role ? copy_text(v->texts, texts, rules.role->role) : 0;
	*ret = (NfpPort){
		.speed = rules.speed ? rules.speed->speed : interface->speed,
		.vrf_id = interface->vrf_id,
		.name = nfp_texts_get(v->texts, name),
		.description = nfp_texts_get(v->texts, alias),
		.role = nfp_texts_get(v->texts, role),
		.vrf = nfp_texts_get(v->texts, vrf),
	};
}

static int by_key(gconstpointer a, gconstpointer b)
{
	const NfpViewInterface *x = *(const NfpViewInterface *const *)a, *y = *(const NfpViewInterface *const *)b;
	uint64_t kx = key_of(x->domain, x->interface.ifindex), ky = key_of(y->domain, y->interface.ifindex);

	if (kx != ky)
		return kx < ky ? -1 : 1;
	return (x > y) - (x < y);
}

static void routes_clear(void *data)
{
	nfp_route_tables_unref(((NfpViewRoutes *)data)->tables);
}

static GArray *copy_routes(const GArray *routes)
{
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(NfpViewRoutes));

	g_array_set_clear_func(copy, routes_clear);
	for (guint i = 0; routes && i < routes->len; i++) {
		NfpViewRoutes one = g_array_index(routes, NfpViewRoutes, i);

		nfp_route_tables_ref(one.tables);
		g_array_append_val(copy, one);
	}
	return copy;
}

NfpView *nfp_view_new(NfpSnapshot *snapshot, const GArray *interfaces, const GArray *routes)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	NfpView *v = g_new0(NfpView, 1);

	v->refs = 1;
	v->snapshot = nfp_snapshot_ref(snapshot);
	v->texts = nfp_texts_new();
	v->routes = copy_routes(routes);
	v->none.name = v->none.description = v->none.role = v->none.vrf = nfp_texts_get(v->texts, 0);
	for (guint i = 0; i < interfaces->len; i++)
		g_ptr_array_add(sorted, &g_array_index(interfaces, NfpViewInterface, i));
	g_ptr_array_sort(sorted, by_key);
	v->keys = g_new(uint64_t, sorted->len + 1);
	v->ports = g_new(NfpPort, sorted->len + 1);
	for (guint i = 0; i < sorted->len; i++) {
		const NfpViewInterface *entry = g_ptr_array_index(sorted, i);
		uint64_t key = key_of(entry->domain, entry->interface.ifindex);

		if (v->n && v->keys[v->n - 1] == key)
			continue;
		v->keys[v->n] = key;
		make_port(v, &entry->interface, &v->ports[v->n++]);
	}
	nfp_texts_seal(v->texts);
	return v;
}

NfpView *nfp_view_ref(NfpView *v)
{
	g_atomic_int_inc(&v->refs);
	return v;
}

void nfp_view_unref(NfpView *v)
{
	if (!v || !g_atomic_int_dec_and_test(&v->refs))
		return;
	nfp_snapshot_unref(v->snapshot);
	nfp_texts_free(v->texts);
	g_array_unref(v->routes);
	g_free(v->keys);
	g_free(v->ports);
	g_free(v);
}

const NfpPort *nfp_view_port(const NfpView *v, uint32_t domain, uint32_t ifindex)
{
	uint64_t key = key_of(domain, ifindex);
	guint low = 0, high = v->n;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (v->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->n && v->keys[low] == key ? &v->ports[low] : NULL;
}

void nfp_view_add_names(const NfpView *v, NfpNameTables *tables)
{
	g_autoptr(GPtrArray) applications = nfp_services_marked(v->snapshot->services);

	for (guint i = 0; i < v->n; i++)
		nfp_name_tables_add_port(tables, (uint32_t)(v->keys[i] >> 32), (uint32_t)v->keys[i], &v->ports[i]);
	for (guint i = 0; i < applications->len; i++)
		nfp_name_tables_add_application(tables, g_ptr_array_index(applications, i));
}

#define MANY 64 /* records whose addresses are looked up at once; two addresses each */
G_STATIC_ASSERT(2 * MANY <= NFP_TABLE4_MANY && 2 * MANY <= NFP_TABLE6_MANY);

static uint32_t number_of(const uint8_t address[4])
{
	uint32_t value;

	memcpy(&value, address, sizeof(value));
	return GUINT32_FROM_BE(value);
}

static NfpTable6Address halves_of(const uint8_t address[16])
{
	return (NfpTable6Address){ nfp_octets_64(address), nfp_octets_64(address + 8) };
}

static void set_places(const NfpSnapshot *s, NfpRecord *const *records, const uint32_t *places, guint n)
{
	for (guint i = 0; i < n; i++) {
		records[i]->src_place = &s->places[places[2 * i]];
		records[i]->dst_place = &s->places[places[2 * i + 1]];
		records[i]->have |= NFP_HAVE_PLACES;
	}
}

/* n <= MANY. */
static void fill_places(const NfpSnapshot *s, NfpRecord *records, guint n)
{
	NfpRecord *with4[MANY], *with6[MANY];
	uint32_t addresses4[2 * MANY], places[2 * MANY];
	NfpTable6Address addresses6[2 * MANY];
	guint n4 = 0, n6 = 0;

	for (guint i = 0; i < n; i++) {
		NfpRecord *r = &records[i];

		if (r->have & NFP_HAVE_IPV4) {
			addresses4[2 * n4] = number_of(r->src4);
			addresses4[2 * n4 + 1] = number_of(r->dst4);
			with4[n4++] = r;
		} else if (r->have & NFP_HAVE_IPV6) {
			addresses6[2 * n6] = halves_of(r->src6);
			addresses6[2 * n6 + 1] = halves_of(r->dst6);
			with6[n6++] = r;
		}
	}
	nfp_table4_find_many(s->table4, addresses4, places, 2 * n4);
	set_places(s, with4, places, n4);
	nfp_table6_find_many(s->table6, addresses6, places, 2 * n6);
	set_places(s, with6, places, n6);
}

/* ICMP's type and code stand where ports do, and are none. */
static void fill_application(const NfpSnapshot *s, NfpRecord *r)
{
	if (!(r->have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6)))
		return;
	r->have |= NFP_HAVE_APPLICATION;
	if (!(r->have & NFP_HAVE_PORTS) || r->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6)) {
		r->application = nfp_services_protocol(s->services, r->protocol);
		return;
	}
	r->application = nfp_services_find(s->services, r->protocol, r->src_port, r->dst_port);
	nfp_services_mark(s->services, r->application);
}

/* Records of a bucket come in the order of its map: the interface of the last one is the best guess for the next. */
typedef struct {
	uint32_t domain, ifindex;
	const NfpPort *port;
} LastPort;

static const NfpPort *port_of(const NfpView *v, LastPort *last, uint32_t domain, uint32_t ifindex)
{
	if (!last->port || last->ifindex != ifindex || last->domain != domain) {
		const NfpPort *port = nfp_view_port(v, domain, ifindex);

		*last = (LastPort){ domain, ifindex, port ? port : &v->none };
	}
	return last->port;
}

static const NfpRouteTables *routes_of(const NfpView *v, uint32_t domain)
{
	for (guint i = 0; i < v->routes->len; i++)
		if (g_array_index(v->routes, NfpViewRoutes, i).domain == domain)
			return g_array_index(v->routes, NfpViewRoutes, i).tables;
	return NULL;
}

/* Length 0: there is no route, or it is the default one. */
static uint8_t length_of(NfpRouteFound route)
{
	return route.length > 0 ? (uint8_t)route.length : 0;
}

static void fill_prefixes(const NfpView *v, NfpRecord *r)
{
	const NfpRouteTables *tables = routes_of(v, r->domain);
	NfpRouteFound src, dst;
	uint32_t vrf = 0;

	if (!tables || !(r->have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6)))
		return;
	if (r->have & NFP_HAVE_INTERFACES)
		vrf = r->ingress->vrf_id ? r->ingress->vrf_id : r->egress->vrf_id;
	if (r->have & NFP_HAVE_IPV4) {
		src = nfp_route_tables_find4(tables, vrf, r->src4);
		dst = nfp_route_tables_find4(tables, vrf, r->dst4);
	} else {
		src = nfp_route_tables_find6(tables, vrf, r->src6);
		dst = nfp_route_tables_find6(tables, vrf, r->dst6);
	}
	r->src_prefix = length_of(src);
	r->dst_prefix = length_of(dst);
	r->src_origin = src.origin;
	r->dst_origin = dst.origin;
	r->have |= NFP_HAVE_PREFIXES;
}

void nfp_view_fill(const NfpView *v, NfpRecord *records, guint n)
{
	LastPort ingress = { 0 }, egress = { 0 };

	for (guint i = 0; i < n; i++) {
		NfpRecord *r = &records[i];

		if (i % MANY == 0)
			fill_places(v->snapshot, r, MIN(MANY, n - i));
		fill_application(v->snapshot, r);
		r->ingress = port_of(v, &ingress, r->domain, r->ingress_if);
		r->egress = port_of(v, &egress, r->domain, r->egress_if);
		r->have |= NFP_HAVE_INTERFACES;
		if (v->routes->len)
			fill_prefixes(v, r);
	}
}
