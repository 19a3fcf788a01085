// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/options.h"

#include <stddef.h>
#include <string.h>

#define E(name_, id_, length_) { .name = name_, .id = id_, .length = length_ }
#define AT(member) offsetof(NfpOptionFacts, member)

static const NfpOption rows[] = {
	/* samplingInterval alone: with any field beside it nfdump 1.7.1 ignores it, and goflow2
	 * takes 305/306 for a rate of 1. Sent for 1-in-1 too: an absent rate is no known rate. */
	{ FALSE,
	  2,
	  { E("observationDomainId", 149, 4), E("samplingInterval", 34, 4) },
	  { AT(domain), AT(sampling) } },
	{ FALSE,
	  2,
	  { E("observationDomainId", 149, 4), E("observationDomainName", 300, 0) },
	  { AT(domain), AT(name) } },
	/* RFC 7011 4.1: in a message of domain 0 the scope has to be observationDomainId; 0 there
	 * means no domain in particular. */
	{ TRUE,
	  4,
	  { E("observationDomainId", 149, 4), E("exportedMessageTotalCount", 41, 8),
	    E("exportedFlowRecordTotalCount", 42, 8), E("exportedOctetTotalCount", 40, 8) },
	  { AT(no_domain), AT(stats.messages), AT(stats.records), AT(stats.octets) } },
	/* RFC 7011 4.2: what was seen and is in no record. */
	{ TRUE,
	  2,
	  { E("observationDomainId", 149, 4), E("ignoredPacketTotalCount", 164, 8) },
	  { AT(no_domain), AT(stats.lost_packets) } },
	/* RFC 7011 4.3: what is in records that did not leave. */
	{ TRUE,
	  3,
	  { E("exportingProcessId", 144, 4), E("notSentFlowTotalCount", 166, 8),
	    E("notSentPacketTotalCount", 167, 8) },
	  { AT(process), AT(stats.not_sent_records), AT(stats.not_sent_packets) } },
};

gsize nfp_options_name(const char *text, char *out, gsize size)
{
	gsize length = MIN(strlen(text), size);
	const char *end = NULL;

	g_utf8_validate_len(text, length, &end);
	length = (gsize)(end - text);
	memcpy(out, text, length);
	return length;
}

GArray *nfp_options_new(const char *hostname)
{
	GArray *options = g_array_new(FALSE, FALSE, sizeof(NfpOption));
	char name[NFP_OPTION_NAME];
	gsize length = hostname != NULL ? nfp_options_name(hostname, name, sizeof(name)) : 0;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		NfpOption option = rows[i];

		for (guint j = 0; j < option.n; j++)
			if (option.offsets[j] == AT(name))
				option.elements[j].length = (uint16_t)length;
		if (option.elements[option.n - 1].length > 0)
			g_array_append_val(options, option);
	}
	return options;
}

void nfp_option_values(const NfpOption *option, const NfpOptionFacts *facts, GByteArray *out)
{
	for (guint i = 0; i < option->n; i++)
		g_byte_array_append(out, (const uint8_t *)facts + option->offsets[i],
				    option->elements[i].length);
}
