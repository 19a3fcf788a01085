/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces as observation domains. */
#include <string.h>

#include "app/app.h"
#include "app/identity.h"
#include "probe/pins.h"

void nfp_domain_free(NfpDomain *domain)
{
	if (!domain)
		return;
	g_free(domain->netns);
	g_free(domain->instance);
	g_free(domain);
}

static NfpDomain *domain_of(const NfpConf *conf, const char *netns, uint32_t number)
{
	NfpDomain *domain = g_new0(NfpDomain, 1);

	domain->netns = g_strdup(netns);
	domain->instance = netns ? g_strdup_printf("%s@%s", conf->instance, netns) : g_strdup(conf->instance);
	domain->domain = number;
	return domain;
}

static gboolean is_listed(const GPtrArray *domains, const char *netns)
{
	for (guint i = 0; i < domains->len; i++)
		if (!g_strcmp0(((const NfpDomain *)g_ptr_array_index(domains, i))->netns, netns))
			return TRUE;
	return FALSE;
}

/* By the state, so that a namespace keeps its number; without one, the next. */
static uint32_t number_of(NfpState *state, const GPtrArray *domains, const char *netns)
{
	if (state)
		return nfp_state_domain(state, netns);
	return domains->len + (is_listed(domains, NULL) ? 0 : 1);
}

static void add_configured(const NfpConf *conf, NfpState *state, GPtrArray *domains)
{
	gboolean own = !conf->interfaces->len;

	for (guint i = 0; i < conf->interfaces->len; i++)
		own |= !g_array_index(conf->interfaces, NfpInterfaceOptions, i).netns;
	if (own)
		g_ptr_array_add(domains, domain_of(conf, NULL, 0));
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const char *netns = g_array_index(conf->interfaces, NfpInterfaceOptions, i).netns;

		if (netns && !is_listed(domains, netns))
			g_ptr_array_add(domains, domain_of(conf, netns, number_of(state, domains, netns)));
	}
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_pinned(const NfpConf *conf, NfpState *state, GPtrArray *domains)
{
	g_autoptr(GDir) dir = g_dir_open(conf->pin_root, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *own = nfp_pins_escape(conf->instance);
	g_autofree char *prefix = g_strconcat(own, "@", NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		/* nfp_pins_escape writes what URIs call percent-encoding. */
		g_autofree char *netns = g_str_has_prefix(name, prefix) ?
						 g_uri_unescape_string(name + strlen(prefix), NULL) : NULL;

		if (g_str_equal(name, own) && !is_listed(domains, NULL))
			g_ptr_array_insert(domains, 0, domain_of(conf, NULL, 0));
		else if (netns && !is_listed(domains, netns))
			g_ptr_array_add(names, g_steal_pointer(&netns));
	}
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++) {
		const char *netns = g_ptr_array_index(names, i);

		g_ptr_array_add(domains, domain_of(conf, netns, number_of(state, domains, netns)));
	}
}

GPtrArray *nfp_domains_list(const NfpConf *conf)
{
	GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_domain_free);
	g_autoptr(NfpState) state = nfp_identity_read(conf);

	add_configured(conf, state, domains);
	add_pinned(conf, state, domains);
	return domains;
}

NfpDomain *nfp_domain_new(const NfpConf *conf, const char *netns)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	g_autoptr(NfpState) state = nfp_identity_read(conf);

	/* Those of the list first, as there: what the state does not know is numbered in this order. */
	for (guint i = 0; state && i < domains->len; i++)
		if (((const NfpDomain *)g_ptr_array_index(domains, i))->netns)
			nfp_state_domain(state, ((const NfpDomain *)g_ptr_array_index(domains, i))->netns);
	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);

		if (!g_strcmp0(domain->netns, netns))
			return domain_of(conf, netns, domain->domain);
	}
	return domain_of(conf, netns, netns ? number_of(state, domains, netns) : 0);
}

NfpProbeOptions nfp_domain_probe_options(const NfpConf *conf, const NfpDomain *domain)
{
	return (NfpProbeOptions){
		.pin_root = conf->pin_root,
		.instance = conf->instance,
		.netns = domain->netns,
		.domain = domain->domain,
		.no_table = !conf->maps_table,
		.exact_clock = conf->clock_exact,
	};
}

char *nfp_domain_pins(const NfpConf *conf, const NfpDomain *domain)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);

	return nfp_pins_directory(&options);
}
