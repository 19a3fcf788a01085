/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/names.h"

#include <string.h>

#include "probe/probe.h"

struct NfpNames {
	GPtrArray *domains; /* GArray of NfpLink, by index; NULL: nothing was told of it */
};

static void links_free(gpointer links)
{
	if (links)
		g_array_unref(links);
}

NfpNames *nfp_names_new(void)
{
	NfpNames *names = g_new0(NfpNames, 1);

	names->domains = g_ptr_array_new_with_free_func(links_free);
	return names;
}

void nfp_names_free(NfpNames *names)
{
	if (!names)
		return;
	g_ptr_array_unref(names->domains);
	g_free(names);
}

static gboolean same_names(const GArray *a, const GArray *b)
{
	if (!a || a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++) {
		const NfpLink *x = &g_array_index(a, NfpLink, i), *y = &g_array_index(b, NfpLink, i);

		if (x->ifindex != y->ifindex || x->master != y->master || x->table != y->table ||
		    strcmp(x->name, y->name) != 0 || strcmp(x->alias, y->alias) != 0)
			return FALSE;
	}
	return TRUE;
}

gboolean nfp_names_set(NfpNames *names, uint32_t domain, const GArray *links)
{
	GArray *copy;

	if (domain >= names->domains->len)
		g_ptr_array_set_size(names->domains, (gint)domain + 1);
	if (same_names(g_ptr_array_index(names->domains, domain), links))
		return FALSE;
	copy = g_array_sized_new(FALSE, FALSE, sizeof(NfpLink), links->len);
	if (links->len)
		g_array_append_vals(copy, links->data, links->len);
	links_free(g_ptr_array_index(names->domains, domain));
	g_ptr_array_index(names->domains, domain) = copy;
	return TRUE;
}

static NfpText text_of(const char *text)
{
	return (NfpText){ text, (uint16_t)strlen(text) };
}

/* The VRF device that the interface belongs to, or is. */
static const NfpLink *vrf_of(const GArray *links, const NfpLink *link)
{
	if (link->table)
		return link;
	for (guint i = 0; link->master && i < links->len; i++) {
		const NfpLink *other = &g_array_index(links, NfpLink, i);

		if (other->ifindex == link->master)
			return other->table ? other : NULL;
	}
	return NULL;
}

NfpNameTables *nfp_names_tables(const NfpNames *names)
{
	NfpNameTables *tables = nfp_name_tables_new();

	for (guint d = 0; d < names->domains->len; d++) {
		const GArray *links = g_ptr_array_index(names->domains, d);

		for (guint i = 0; links && i < links->len; i++) {
			const NfpLink *link = &g_array_index(links, NfpLink, i), *vrf = vrf_of(links, link);
			NfpPort port = { .name = text_of(link->name), .description = text_of(link->alias) };

			if (vrf) {
				port.vrf_id = vrf->table;
				port.vrf = text_of(vrf->name);
			}
			nfp_name_tables_add_port(tables, d, link->ifindex, &port);
		}
	}
	return tables;
}
