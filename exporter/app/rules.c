/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/rules.h"

#include <fnmatch.h>

#include "conf/diff.h"

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
