// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/tunnels.h"

#include <string.h>

#include "record/suggest.h"

enum {
	KIND_none,
#define NFP_TUNNEL(name, id, help) KIND_##name,
#include "ebpf/tunnels.def"
#undef NFP_TUNNEL
	KIND_N,
};

static const struct {
	const char *name, *id, *help;
} kinds[KIND_N] = {
	{ "none", "", "" },
#define NFP_TUNNEL(name, id, help) { #name, id, help },
#include "ebpf/tunnels.def"
#undef NFP_TUNNEL
};

#define BIT(name) (1u << KIND_##name)
#define SELECTABLE (((1u << KIND_N) - 1) & ~BIT(none) & ~BIT(mpls))

static const struct {
	const char *name;
	uint32_t bits;
} groups[] = {
	{ "ipip", BIT(4in4) | BIT(6in4) | BIT(4in6) | BIT(6in6) },
	{ "all", SELECTABLE },
};

const char *nfp_tunnel_name(guint type)
{
	return type < KIND_N ? kinds[type].name : "unknown";
}

gboolean nfp_tunnel_is_one_way(guint type)
{
	return type < KIND_N && (BIT(pptp) | BIT(gtpu) | BIT(l2tp) | BIT(mplsudp) | BIT(mpls)) & 1u << type;
}

gboolean nfp_tunnel_is_mirror(guint type)
{
	return type == KIND_erspan;
}

uint32_t nfp_tunnel_bits(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].bits;
	for (guint i = 0; i < KIND_N; i++)
		if ((SELECTABLE & 1u << i) && strcmp(kinds[i].name, name) == 0)
			return 1u << i;
	return 0;
}

static GPtrArray *names(void)
{
	GPtrArray *all = g_ptr_array_new();

	g_ptr_array_add(all, (char *)groups[0].name);
	for (guint i = 0; i < KIND_N; i++)
		if (SELECTABLE & 1u << i)
			g_ptr_array_add(all, (char *)kinds[i].name);
	return all;
}

const char *nfp_tunnel_suggest(const char *name)
{
	g_autoptr(GPtrArray) all = names();

	g_ptr_array_add(all, (char *)groups[1].name);
	return nfp_suggest(name, (const char *const *)all->pdata, all->len);
}

char *nfp_tunnel_names(void)
{
	g_autoptr(GPtrArray) all = names();
	g_autofree char *list = NULL;

	g_ptr_array_add(all, NULL);
	list = g_strjoinv(", ", (char **)all->pdata);
	return g_strconcat(list, " or all", NULL);
}

void nfp_tunnels_print_markdown(GString *out)
{
	g_string_append(out, "| tunnelType | name | what | upstreamTunnelId |\n|---|---|---|---|\n");
	for (guint i = 1; i < KIND_N; i++)
		g_string_append_printf(out, "| %u | %s | %s | %s |\n", i, kinds[i].name, kinds[i].help,
				       kinds[i].id);
}
