/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/builtin.h"

enum { TCP = 6, UDP = 17, DCCP = 33, SCTP = 132 };

static const struct {
	const char *cidr, *name;
} prefixes[] = {
#define NFP_BUILTIN_PREFIX(cidr, name) { cidr, name },
#include "enrich/builtin_prefixes.def"
#undef NFP_BUILTIN_PREFIX
};

static const struct {
	uint8_t protocol;
	uint16_t port;
	const char *name;
} services[] = {
#define NFP_BUILTIN_SERVICE(protocol, port, name) { protocol, port, name },
#include "enrich/builtin_services.def"
#undef NFP_BUILTIN_SERVICE
};

void nfp_builtin_add(NfpSnapshot *snapshot)
{
	for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		NfpFacts facts = { .text[NFP_FACT_AS_NAME] = nfp_snapshot_text(snapshot, prefixes[i].name) };
		const char *why;
		NfpPrefix prefix;

		if (!nfp_prefix_parse(prefixes[i].cidr, &prefix, &why))
			g_error("%s %s", prefixes[i].cidr, why); /* a row of the file is wrong */
		nfp_snapshot_add_prefix(snapshot, &prefix, &facts, NFP_BUILTIN_PRIORITY);
	}
	for (guint i = 0; i < G_N_ELEMENTS(services); i++) {
		NfpServiceRow row = {
			.protocol = services[i].protocol,
			.first = services[i].port,
			.last = services[i].port,
			.name = nfp_snapshot_text(snapshot, services[i].name),
			.priority = NFP_BUILTIN_PRIORITY,
		};

		nfp_snapshot_add_service(snapshot, &row);
	}
}

guint nfp_builtin_prefixes(void)
{
	return G_N_ELEMENTS(prefixes);
}

guint nfp_builtin_services(void)
{
	return G_N_ELEMENTS(services);
}
