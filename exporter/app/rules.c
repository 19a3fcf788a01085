/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/rules.h"

#include <fnmatch.h>

#include "conf/diff.h"

#define NAMES_TOLD 20

const NfpInterfaceOptions *nfp_rules_match(const NfpConf *conf, const char *netns, const char *ifname)
{
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const NfpInterfaceOptions *o = &g_array_index(conf->interfaces, NfpInterfaceOptions, i);

		if (!g_strcmp0(o->netns, netns) && !fnmatch(o->match, ifname, 0))
			return o;
	}
	return NULL;
}

NfpInterfaceOptions nfp_rules_default(const NfpConf *conf)
{
	return (NfpInterfaceOptions){ .direction = conf->direction, .hook = conf->hook, .sampling = 1,
				      .decapsulate = conf->decapsulate };
}

gboolean nfp_rules_of(const NfpConf *conf, const char *netns, const NfpLink *link, NfpInterfaceOptions *ret)
{
	const NfpInterfaceOptions *o = nfp_rules_match(conf, netns, link->name);

	if (o)
		*ret = *o;
	else if (!conf->interfaces->len && !netns && !link->loopback)
		*ret = nfp_rules_default(conf);
	else
		return FALSE;
	return TRUE;
}

gboolean nfp_rules_same_hooks(const NfpInterfaceOptions *a, const NfpInterfaceOptions *b)
{
	NfpInterfaceOptions x = *a, y = *b;

	x.match = y.match = NULL;
	x.netns = y.netns = NULL;
	return nfp_conf_same_item(NFP_CONF_INTERFACES, &x, &y);
}

gboolean nfp_rules_same_programs(const NfpConf *a, const NfpConf *b)
{
	return nfp_conf_same_part(NFP_CONF_TOP, NFP_CONF_PART_HOOKS, a, b) &&
	       a->enrichment_routes == b->enrichment_routes;
}

gboolean nfp_rules_same(const NfpConf *a, const NfpConf *b, const char *netns, const NfpLink *link)
{
	NfpInterfaceOptions of_a, of_b;

	return nfp_rules_same_programs(a, b) && nfp_rules_of(a, netns, link, &of_a) && nfp_rules_of(b, netns, link, &of_b) &&
	       nfp_rules_same_hooks(&of_a, &of_b);
}

NfpSampling nfp_rules_sampling(const NfpInterfaceOptions *o)
{
	if (o->sampling == 1)
		return (NfpSampling){ 0 };
	return (NfpSampling){ .mode = (uint32_t)o->sampling_mode, .rate = MAX(o->sampling, 1),
			      .budget = o->sampling ? 0 : o->sampling_budget };
}

char *nfp_rules_names(const GArray *links)
{
	g_autoptr(GString) names = g_string_new(NULL);
	guint listed = MIN(links->len, NAMES_TOLD);

	for (guint i = 0; i < listed; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", g_array_index(links, NfpLink, i).name);
	if (links->len > listed)
		g_string_append_printf(names, " and %u more", links->len - listed);
	return g_string_free(g_steal_pointer(&names), FALSE);
}
