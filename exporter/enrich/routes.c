/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/routes.h"

#include <linux/rtnetlink.h>

#include "enrich/cidr.h"
#include "enrich/flatten.h"
#include "enrich/table4.h"
#include "enrich/table6.h"

/* Fewer ranges than this are searched as they are: they fit the first-level cache, and a router can have a thousand VRFs. */
#define SMALL 4096

/* Routes are kept as (length + 1) << 8 | origin; 0 = no route. */
#define VALUES (130u << 8)

typedef struct {
	uint32_t number;
	NfpTable4 *table4; /* NULL: small */
	uint32_t n4;
	uint32_t *starts4; /* host byte order */
	uint16_t *values4;
	NfpTable6 *table6;
} Table;

struct NfpRouteTables {
	gint refs;
	guint routes;
	size_t memory;
	guint n;
	Table *tables; /* by number */
	const Table *local, *main;
	gboolean vrf_first;
};

static uint32_t number_of(const NfpEnrichRoute *route)
{
	return route->table ? route->table : RT_TABLE_MAIN;
}

static int by_table(gconstpointer a, gconstpointer b)
{
	const NfpEnrichRoute *x = *(const NfpEnrichRoute *const *)a, *y = *(const NfpEnrichRoute *const *)b;
	uint32_t nx = number_of(x), ny = number_of(y);

	return nx < ny ? -1 : nx > ny;
}

static void add_row(GArray *rows, const NfpEnrichRoute *route)
{
	NfpPrefixRow row = {
		.facts = (route->length + 1u) << 8 | route->origin,
		.length = route->length,
		/* All metrics (32 bits) in the order that rows have: the higher goes first, and of equals the later row. */
		.priority = (int32_t)(G_MAXINT32 - (int64_t)route->metric),
		.order = G_MAXUINT32 - rows->len,
	};

	row.first = route->family == 4 ? nfp_address4(route->prefix) : nfp_address6(route->prefix);
	row.first &= nfp_prefix_mask(route->length);
	g_array_append_val(rows, row);
}

static size_t make4(Table *table, GArray *rows, const uint32_t *same)
{
	g_autoptr(GArray) ranges = nfp_flatten(rows, NULL);

	if (ranges->len >= SMALL) {
		table->table4 = nfp_table4_new(ranges, same);
		return nfp_table4_memory(table->table4);
	}
	table->n4 = ranges->len;
	table->starts4 = g_new(uint32_t, ranges->len);
	table->values4 = g_new(uint16_t, ranges->len);
	for (guint i = 0; i < ranges->len; i++) {
		table->starts4[i] = (uint32_t)(g_array_index(ranges, NfpRange, i).start >> 96);
		table->values4[i] = (uint16_t)g_array_index(ranges, NfpRange, i).facts;
	}
	return ranges->len * (sizeof(*table->starts4) + sizeof(*table->values4));
}

static size_t make6(Table *table, GArray *rows, const uint32_t *same)
{
	g_autoptr(GArray) ranges = nfp_flatten(rows, NULL);

	table->table6 = nfp_table6_new(ranges, same);
	return nfp_table6_memory(table->table6);
}

static const Table *table_of(const NfpRouteTables *tables, uint32_t number)
{
	guint low = 0, high = tables->n;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (tables->tables[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tables->n && tables->tables[low].number == number ? &tables->tables[low] : NULL;
}

NfpRouteTables *nfp_route_tables_new(const GArray *routes, gboolean vrf_first)
{
	NfpRouteTables *tables = g_new0(NfpRouteTables, 1);
	g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(routes->len + 1);
	g_autoptr(GArray) made = g_array_new(FALSE, TRUE, sizeof(Table));
	g_autofree uint32_t *same = g_new(uint32_t, VALUES);

	for (uint32_t i = 0; i < VALUES; i++)
		same[i] = i;
	for (guint i = 0; i < routes->len; i++)
		g_ptr_array_add(sorted, &g_array_index(routes, NfpEnrichRoute, i));
	g_ptr_array_sort(sorted, by_table);
	for (guint i = 0; i < sorted->len;) {
		g_autoptr(GArray) rows4 = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
		g_autoptr(GArray) rows6 = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
		Table table = { .number = number_of(sorted->pdata[i]) };

		for (; i < sorted->len && number_of(sorted->pdata[i]) == table.number; i++) {
			const NfpEnrichRoute *route = sorted->pdata[i];

			add_row(route->family == 4 ? rows4 : rows6, route);
		}
		tables->memory += make4(&table, rows4, same) + make6(&table, rows6, same);
		g_array_append_val(made, table);
	}
	tables->refs = 1;
	tables->vrf_first = vrf_first;
	tables->routes = routes->len;
	tables->n = made->len;
	tables->tables = (Table *)(void *)g_array_free(g_steal_pointer(&made), FALSE);
	tables->memory += tables->n * sizeof(Table);
	tables->local = table_of(tables, RT_TABLE_LOCAL);
	tables->main = table_of(tables, RT_TABLE_MAIN);
	return tables;
}

NfpRouteTables *nfp_route_tables_ref(NfpRouteTables *tables)
{
	g_atomic_int_inc(&tables->refs);
	return tables;
}

void nfp_route_tables_unref(NfpRouteTables *tables)
{
	if (!tables || !g_atomic_int_dec_and_test(&tables->refs))
		return;
	for (guint i = 0; i < tables->n; i++) {
		nfp_table4_free(tables->tables[i].table4);
		nfp_table6_free(tables->tables[i].table6);
		g_free(tables->tables[i].starts4);
		g_free(tables->tables[i].values4);
	}
	g_free(tables->tables);
	g_free(tables);
}

guint nfp_route_tables_n(const NfpRouteTables *tables)
{
	return tables->routes;
}

size_t nfp_route_tables_memory(const NfpRouteTables *tables)
{
	return tables->memory;
}

/* As kept. */
static uint32_t find4(const Table *table, uint32_t address)
{
	const uint32_t *start = table->starts4;
	uint32_t n = table->n4;

	if (table->table4)
		return nfp_table4_find(table->table4, address);
	while (n > 1) {
		uint32_t half = n / 2;

		start += start[half] <= address ? half : 0;
		n -= half;
	}
	return table->values4[start - table->starts4];
}

/* The tables that are asked, one after the other until one has a route: as the kernel's own rules have it. */
static guint order(const NfpRouteTables *tables, uint32_t vrf, const Table *ret[3])
{
	const Table *own = vrf ? table_of(tables, vrf) : NULL;
	const Table *all[] = { tables->vrf_first ? own : tables->local, tables->vrf_first ? tables->local : own, tables->main };
	guint n = 0;

	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i])
			ret[n++] = all[i];
	return n;
}

static NfpRouteFound found_of(uint32_t value)
{
	return (NfpRouteFound){ .length = (int16_t)((int16_t)(value >> 8) - 1), .origin = (uint8_t)value };
}

NfpRouteFound nfp_route_tables_find4(const NfpRouteTables *tables, uint32_t vrf, const uint8_t address[4])
{
	uint32_t number = (uint32_t)(nfp_address4(address) >> 96), found = 0;
	const Table *ask[3];
	guint n = order(tables, vrf, ask);

	for (guint i = 0; i < n && !found; i++)
		found = find4(ask[i], number);
	return found_of(found);
}

NfpRouteFound nfp_route_tables_find6(const NfpRouteTables *tables, uint32_t vrf, const uint8_t address[16])
{
	uint32_t found = 0;
	const Table *ask[3];
	guint n = order(tables, vrf, ask);

	for (guint i = 0; i < n && !found; i++)
		found = nfp_table6_find(ask[i]->table6, nfp_octets_64(address), nfp_octets_64(address + 8));
	return found_of(found);
}
