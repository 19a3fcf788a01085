/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/names.h"

#include <string.h>

#include "probe/probe.h"

struct NfpNames {
	NfpEnrich *enrich;
	GPtrArray *domains; /* GArray of NfpLink, by index; NULL: nothing was told of it */
	gboolean fresh;     /* they may say something else than `told` */
	uint64_t version;   /* of enrich, as looked at last */
	NfpNameTables *told;
	gint64 told_at;
};

static void links_free(gpointer links)
{
	if (links)
		g_array_unref(links);
}

NfpNames *nfp_names_new(NfpEnrich *enrich)
{
	NfpNames *names = g_new0(NfpNames, 1);

	names->enrich = enrich;
	names->domains = g_ptr_array_new_with_free_func(links_free);
	names->told = nfp_name_tables_new();
	names->told_at = -NFP_NAMES_SPACING;
	return names;
}

void nfp_names_free(NfpNames *names)
{
	if (!names)
		return;
	g_ptr_array_unref(names->domains);
	nfp_name_tables_unref(names->told);
	g_free(names);
}

void nfp_names_set(NfpNames *names, uint32_t domain, const GArray *links)
{
	GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(NfpLink), links->len);

	if (links->len)
		g_array_append_vals(copy, links->data, links->len);
	if (domain >= names->domains->len)
		g_ptr_array_set_size(names->domains, (gint)domain + 1);
	links_free(g_ptr_array_index(names->domains, domain));
	g_ptr_array_index(names->domains, domain) = copy;
	names->fresh = TRUE;
}

void nfp_names_set_enrich(NfpNames *names, NfpEnrich *enrich)
{
	names->enrich = enrich;
	names->fresh = TRUE;
}

NfpNameTables *nfp_names_told(NfpNames *names)
{
	return names->told;
}

static NfpText text_of(const char *text)
{
	return (NfpText){ text, (uint16_t)strlen(text) };
}

static void add_links(NfpNameTables *tables, uint32_t domain, const GArray *links)
{
	for (guint i = 0; links && i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i), *vrf = nfp_links_vrf(links, link);
		NfpPort port = { .name = text_of(link->name), .description = text_of(link->alias) };

		if (vrf) {
			port.vrf_id = vrf->table;
			port.vrf = text_of(vrf->name);
		}
		nfp_name_tables_add_port(tables, domain, link->ifindex, &port);
	}
}

static NfpNameTables *tables_of(const NfpNames *names)
{
	NfpNameTables *tables = nfp_name_tables_new();

	if (names->enrich)
		nfp_enrich_add_names(names->enrich, tables);
	else
		for (guint d = 0; d < names->domains->len; d++)
			add_links(tables, d, g_ptr_array_index(names->domains, d));
	return tables;
}

NfpNameTables *nfp_names_news(NfpNames *names, gint64 now)
{
	uint64_t version = names->enrich ? nfp_enrich_names_version(names->enrich) : 0;
	g_autoptr(NfpNameTables) tables = NULL;

	names->fresh |= version != names->version;
	names->version = version;
	if (!names->fresh)
		return NULL;
	tables = tables_of(names);
	if (nfp_name_tables_same_ports(tables, names->told)) {
		gboolean same = nfp_name_tables_same_applications(tables, names->told);

		names->fresh = !same;
		if (same || (names->told->applications->len && now - names->told_at < NFP_NAMES_SPACING))
			return NULL;
	}
	names->fresh = FALSE;
	names->told_at = now;
	nfp_name_tables_unref(names->told);
	names->told = nfp_name_tables_ref(tables);
	return g_steal_pointer(&tables);
}
