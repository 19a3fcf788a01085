// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/have.h"

#include <string.h>

#include "record/suggest.h"
#include "record/templates.h"

#define H(bit) NFP_HAVE_##bit
#define IP_PORTS (H(PORTS) | H(PROTOCOL))

/* One row a bit: its word, and what every record with it has too. */
static const struct {
	const char *word;
	uint32_t bit;
	uint32_t implied;
} words[] = {
	{ "ipv4", H(IPV4), H(PROTOCOL) | H(TIMES) },
	{ "ipv6", H(IPV6), H(PROTOCOL) | H(TIMES) },
	{ "protocol", H(PROTOCOL), H(TIMES) },
	{ "ports", H(PORTS), H(PROTOCOL) | H(TIMES) },
	{ "tcp", H(TCP), IP_PORTS | H(TIMES) },
	{ "icmp4", H(ICMP4), H(IPV4) | IP_PORTS | H(TIMES) },
	{ "icmp6", H(ICMP6), H(IPV6) | IP_PORTS | H(TIMES) },
	{ "mac", H(MAC), H(TIMES) },
	{ "ethertype", H(ETHERTYPE), H(TIMES) },
	{ "vlan", H(VLAN), H(TIMES) },
	{ "cvlan", H(CVLAN), H(VLAN) | H(TIMES) },
	{ "egress_vlan", H(EGRESS_VLAN), H(VLAN) | H(TIMES) },
	{ "next_hop", H(NEXT_HOP), H(TIMES) },
	{ "next_hop4", H(NEXT_HOP4), H(NEXT_HOP) | H(IPV4) | H(PROTOCOL) | H(TIMES) },
	{ "next_hop6", H(NEXT_HOP6), H(NEXT_HOP) | H(IPV6) | H(PROTOCOL) | H(TIMES) },
	{ "tunnel", H(TUNNEL), H(PROTOCOL) | H(TIMES) },
	{ "tunnel4", H(TUNNEL4), H(TUNNEL) | H(PROTOCOL) | H(TIMES) },
	{ "tunnel6", H(TUNNEL6), H(TUNNEL) | H(PROTOCOL) | H(TIMES) },
	{ "tunnels", H(TUNNELS), H(TUNNEL) | H(PROTOCOL) | H(TIMES) },
	{ "segment", H(SEGMENT), H(TUNNEL) | H(PROTOCOL) | H(TIMES) },
	{ "gtpu", H(GTPU), H(TUNNEL) | H(PROTOCOL) | H(TIMES) },
	{ "tcp_options", H(TCP_OPTIONS), H(TCP) | IP_PORTS | H(TIMES) },
	{ "places", H(PLACES), H(PROTOCOL) | H(TIMES) },
	{ "interfaces", H(INTERFACES), 0 },
	{ "application", H(APPLICATION), H(PROTOCOL) | H(TIMES) },
	{ "prefixes", H(PREFIXES), H(PROTOCOL) | H(TIMES) },
	{ "reverse", H(REVERSE), H(BIFLOW) | H(PROTOCOL) | H(TIMES) },
	{ "biflow", H(BIFLOW), 0 },
	{ "sampled", H(SAMPLED), 0 },
	{ "times", H(TIMES), 0 },
	{ "cpu", H(CPU), 0 },
	{ "always", H(ALWAYS), 0 },
};

uint32_t nfp_have_find(const char *word, const char **ret_suggestion)
{
	const char *names[G_N_ELEMENTS(words)];

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].bit;
		names[i] = words[i].word;
	}
	*ret_suggestion = nfp_suggest(word, names, G_N_ELEMENTS(words));
	return 0;
}

uint32_t nfp_have_implied(uint32_t have)
{
	uint32_t all = have | NFP_HAVE_ALWAYS;

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (have & words[i].bit)
			all |= words[i].implied;
	return all;
}

void nfp_have_print(GString *out, uint32_t have)
{
	const char *separator = "";

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!(have & words[i].bit))
			continue;
		g_string_append_printf(out, "%s%s", separator, words[i].word);
		separator = " ";
	}
}
