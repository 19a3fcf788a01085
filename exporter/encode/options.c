// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/options.h"

#include <stddef.h>
#include <string.h>

#include "encode/wire.h"

#define E(name_, id_, length_) { .name = name_, .id = id_, .length = length_ }
#define T(name_, id_, length_) { .name = name_, .id = id_, .length = length_, .text = TRUE }
#define AT(member) offsetof(NfpOptionFacts, member)
#define PORT(member) offsetof(NfpTablePort, member)
#define APPLICATION(member) offsetof(NfpApplication, member)
#define TYPE(member) offsetof(NfpOptionType, member)
#define KEYS(member) offsetof(NfpOptionKeys, member)
#define SELECTOR_ID 302
#define DESCRIPTION 64 /* octets: as many routers send it */

static const NfpOption rows[] = {
	/* samplingInterval alone: with any field beside it nfdump 1.7.1 ignores it, and goflow2
	 * takes 305/306 for a rate of 1. Sent for 1-in-1 too: an absent rate is no known rate. */
	{ NFP_OPTION_FACTS, FALSE, 1, 2,
	  { E("observationDomainId", 149, 4), E("samplingInterval", 34, 4) },
	  { AT(domain), AT(sampling) } },
	/* RFC 5476 6.5.2.1 and RFC 7011 4.4, for those who read by the books. */
	{ NFP_OPTION_FACTS, FALSE, 1, 4,
	  { E("selectorId", SELECTOR_ID, 8), E("selectorAlgorithm", 304, 2), E("samplingPacketInterval", 305, 4),
	    E("samplingPacketSpace", 306, 4) },
	  { AT(selector), AT(algorithm), AT(interval), AT(space) } },
	{ NFP_OPTION_KEYS, FALSE, 1, 2,
	  { E("templateId", 145, 2), E("flowKeyIndicator", 173, 8) },
	  { KEYS(id), KEYS(fields) } },
	{ NFP_OPTION_FACTS, FALSE, 1, 2,
	  { E("observationDomainId", 149, 4), T("observationDomainName", 300, 0) },
	  { AT(domain), AT(name) } },
	/* The interface beside the scope, too, and its description right behind: nfdump 1.7.1 looks at nothing
	 * else. interfaceName last, for those who read it. */
	{ NFP_OPTION_PORTS, FALSE, 1, 4,
	  { E("ingressInterface", 10, 4), E("ingressInterface", 10, 4), T("interfaceDescription", 83, DESCRIPTION),
	    T("interfaceName", 82, 16) },
	  { PORT(ifindex), PORT(ifindex), PORT(label), PORT(port.name) } },
	{ NFP_OPTION_VRFS, FALSE, 1, 3,
	  { E("ingressVRFID", 234, 4), E("ingressVRFID", 234, 4), T("VRFname", 236, 32) },
	  { PORT(port.vrf_id), PORT(port.vrf_id), PORT(port.vrf) } },
	/* RFC 6759, with the id beside the scope: nfdump and pmacct want it there. */
	{ NFP_OPTION_APPLICATIONS, FALSE, 1, 4,
	  { E("applicationId", 95, 4), E("applicationId", 95, 4), T("applicationName", 96, 24),
	    T("applicationDescription", 94, 55) },
	  { APPLICATION(id), APPLICATION(id), APPLICATION(name), APPLICATION(name) } },
	/* RFC 7011 4.1: in a message of domain 0 the scope has to be observationDomainId; 0 there
	 * means no domain in particular. */
	{ NFP_OPTION_FACTS, TRUE, 1, 4,
	  { E("observationDomainId", 149, 4), E("exportedMessageTotalCount", 41, 8),
	    E("exportedFlowRecordTotalCount", 42, 8), E("exportedOctetTotalCount", 40, 8) },
	  { AT(no_domain), AT(stats.messages), AT(stats.records), AT(stats.octets) } },
	/* RFC 7011 4.2: what was seen and is in no record. Its octets are not known: what is lost was not parsed. */
	{ NFP_OPTION_FACTS, TRUE, 1, 4,
	  { E("observationDomainId", 149, 4), E("ignoredPacketTotalCount", 164, 8),
	    E("observationTimeSeconds", 322, 4), E("observationTimeSeconds", 322, 4) },
	  { AT(no_domain), AT(stats.lost_packets), AT(stats.lost_first), AT(stats.lost_last) } },
	/* RFC 7011 4.3: what is in records that did not leave. */
	{ NFP_OPTION_FACTS, TRUE, 1, 6,
	  { E("exportingProcessId", 144, 4), E("notSentFlowTotalCount", 166, 8), E("notSentPacketTotalCount", 167, 8),
	    E("notSentOctetTotalCount", 168, 8), E("observationTimeSeconds", 322, 4),
	    E("observationTimeSeconds", 322, 4) },
	  { AT(process), AT(stats.not_sent_records), AT(stats.not_sent_packets), AT(stats.not_sent_octets),
	    AT(stats.not_sent_first), AT(stats.not_sent_last) } },
	/* RFC 5610 3.9 */
	{ NFP_OPTION_TYPES, TRUE, 2, 9,
	  { E("privateEnterpriseNumber", 346, 4), E("informationElementId", 303, 2),
	    E("informationElementDataType", 339, 1), E("informationElementSemantics", 344, 1),
	    E("informationElementUnits", 345, 2), E("informationElementRangeBegin", 342, 8),
	    E("informationElementRangeEnd", 343, 8), T("informationElementName", 341, NFP_VARIABLE),
	    T("informationElementDescription", 340, NFP_VARIABLE) },
	  { TYPE(pen), TYPE(id), TYPE(type), TYPE(semantics), TYPE(units), TYPE(begin), TYPE(end), TYPE(name),
	    TYPE(description) } },
};

/* ---- facts ---------------------------------------------------------------------------------- */

/* Data types of RFC 5610 3.1. */
static uint8_t type_of(const NfpField *field)
{
	switch (field->kind) {
	case NFP_KIND_ADDR4: return 18;
	case NFP_KIND_ADDR6: return 19;
	case NFP_KIND_MAC: return 12;
	case NFP_KIND_MS: return 15;
	case NFP_KIND_NS: return 17;
	case NFP_KIND_TEXT: return 13;
	case NFP_KIND_U:
	case NFP_KIND_UPTIME: break;
	}
	switch (field->length) {
	case 1: return 1;
	case 2: return 2;
	case 4: return 3;
	default: return 4;
	}
}

static NfpText text_of(const char *text)
{
	return (NfpText){ text, (uint16_t)strlen(text) };
}

static void add_type(GArray *types, const NfpField *field, uint32_t pen)
{
	NfpOptionType type = { .pen = pen, .id = field->id, .type = type_of(field), .name = text_of(field->name),
			       .description = text_of(field->help) };

	for (guint i = 0; i < types->len; i++)
		if (g_array_index(types, NfpOptionType, i).pen == pen &&
		    g_array_index(types, NfpOptionType, i).id == field->id)
			return;
	g_array_append_val(types, type);
}

static GArray *types_of(const NfpTemplateSet *set, uint32_t own)
{
	GArray *types = g_array_new(FALSE, FALSE, sizeof(NfpOptionType));

	for (guint t = 0; t < set->n; t++) {
		for (guint i = 0; i < set->templates[t].n; i++) {
			const NfpField *field = set->templates[t].fields[i];

			/* Those of the other direction are IANA's (RFC 5103 6.1). */
			if (field->pen != 0 && field->pen != NFP_PEN_REVERSE)
				add_type(types, field, nfp_field_pen(field, own));
		}
	}
	return types;
}

void nfp_option_facts_init(NfpOptionFacts *facts, const NfpEncoderOptions *options)
{
	const char *name = options->hostname != NULL ? options->hostname : "";
	const char *end = NULL;
	NfpText valid;

	g_utf8_validate(name, -1, &end);
	valid = (NfpText){ name, (uint16_t)MIN(end - name, UINT16_MAX) };
	facts->process = options->domain; /* unique per exporter, as domains are */
	facts->sampling = MAX(options->sampling, 1);
	facts->selector = 1;
	facts->algorithm = 1;
	facts->interval = 1;
	facts->space = facts->sampling - 1;
	facts->name.length = nfp_text_cut(&valid, NFP_OPTION_NAME);
	facts->name.text = g_strndup(name, facts->name.length);
	facts->types = types_of(options->templates, options->pen);
	facts->keys = g_array_new(FALSE, FALSE, sizeof(NfpOptionKeys));
}

/* What tells two flows of a bucket apart (ebpf/abi.h: struct nfp_key_v4 and its like). Interfaces are not among them: the one
 * that counted is, and the other end is what the route said first. */
static gboolean is_key(const NfpField *field)
{
	static const NfpFieldIndex keys[] = {
		NFP_F_sourceIPv4Address, NFP_F_destinationIPv4Address, NFP_F_sourceIPv6Address,
		NFP_F_destinationIPv6Address, NFP_F_sourceTransportPort, NFP_F_destinationTransportPort,
		NFP_F_protocolIdentifier, NFP_F_ipClassOfService, NFP_F_ipDiffServCodePoint, NFP_F_ipVersion,
		NFP_F_icmpTypeCodeIPv4, NFP_F_icmpTypeCodeIPv6, NFP_F_icmpTypeIPv4, NFP_F_icmpCodeIPv4,
		NFP_F_icmpTypeIPv6, NFP_F_icmpCodeIPv6, NFP_F_flowDirection, NFP_F_vlanId, NFP_F_dot1qVlanId,
		NFP_F_dot1qCustomerVlanId, NFP_F_postVlanId, NFP_F_postDot1qVlanId, NFP_F_ethernetType, NFP_F_flowId,
		NFP_F_tunnelType, NFP_F_upstreamTunnelId, NFP_F_tunnelSourceIPv4Address,
		NFP_F_tunnelDestinationIPv4Address, NFP_F_tunnelSourceIPv6Address,
		NFP_F_tunnelDestinationIPv6Address, NFP_F_layer2SegmentId, NFP_F_gtpuTEid,
	};

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		if (field == &nfp_fields[keys[i]])
			return TRUE;
	return FALSE;
}

void nfp_option_facts_add_template(NfpOptionFacts *facts, uint16_t id, const NfpField *const *fields, guint n)
{
	NfpOptionKeys keys = { .id = id };

	for (guint i = 0; i < MIN(n, 64); i++)
		if (is_key(fields[i]))
			keys.fields |= (uint64_t)1 << i;
	g_array_append_val(facts->keys, keys);
}

void nfp_option_facts_clear(NfpOptionFacts *facts)
{
	g_free((char *)facts->name.text);
	nfp_name_tables_unref(facts->tables);
	g_array_unref(facts->types);
	g_array_unref(facts->keys);
}

/* ---- templates ------------------------------------------------------------------------------ */

static void take_out(NfpOption *option, guint first, guint n)
{
	guint rest = option->n - first - n;

	memmove(option->elements + first, option->elements + first + n, rest * sizeof(*option->elements));
	memmove(option->offsets + first, option->offsets + first + n, rest * sizeof(*option->offsets));
	option->n -= n;
}

/* RFC 3954 6.1: the scope is the system (type 1), its value our Source ID. */
static void scope_of_netflow9(NfpOption *option)
{
	take_out(option, 1, option->scopes - 1);
	option->scopes = 1;
	option->elements[0] = (NfpElement){ .name = "system", .id = 1, .length = 4 };
	option->offsets[0] = AT(domain);
}

/* Who reads it, and who takes it for what it is not: goflow2 takes samplingPacketInterval alone for the rate. */
static gboolean reads_the_books(const NfpOption *option, NfpPeer peer, const NfpOptionFacts *facts)
{
	if (peer == NFP_PEER_nfdump || peer == NFP_PEER_pmacct)
		return FALSE;
	return option->source == NFP_OPTION_KEYS || facts->space == 0 || peer == NFP_PEER_libfixbuf;
}

/* The set has it, and it leaves. */
static gboolean sends(const NfpEncoderOptions *options, NfpFieldIndex index, gboolean netflow9)
{
	const NfpField *field = &nfp_fields[index];

	if (nfp_peer_reads(options->peer, field, netflow9) == NFP_READS_MISREAD)
		return FALSE;
	for (guint t = 0; t < options->templates->n; t++)
		for (guint i = 0; i < options->templates->templates[t].n; i++)
			if (options->templates->templates[t].fields[i] == field)
				return TRUE;
	return FALSE;
}

GArray *nfp_options_new(const NfpEncoderOptions *options, gboolean netflow9)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(NfpOption));
	NfpOptionFacts facts = { 0 };

	nfp_option_facts_init(&facts, options);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		NfpOption option = rows[i];

		/* nfdump ignores type information, pmacct reads no options of variable length. */
		if (option.source == NFP_OPTION_TYPES &&
		    (netflow9 || facts.types->len == 0 || nfp_peer_fixed_texts(options->peer)))
			continue;
		/* By chance is neither every n-th nor n of so many, and has a probability for a rate (RFC 5477 8.2). */
		if (option.elements[0].id == SELECTOR_ID && options->random)
			continue;
		if ((option.source == NFP_OPTION_KEYS || option.elements[0].id == SELECTOR_ID) &&
		    (netflow9 || !reads_the_books(&option, options->peer, &facts)))
			continue;
		/* Names of numbers that nobody gets. */
		if (option.source == NFP_OPTION_APPLICATIONS && !sends(options, NFP_F_applicationId, netflow9))
			continue;
		/* It says that there are octets too many; others want the name. */
		if (option.source == NFP_OPTION_PORTS && options->peer == NFP_PEER_nfdump)
			take_out(&option, 3, 1);
		if (option.source == NFP_OPTION_FACTS && option.offsets[1] == AT(name)) {
			if (facts.name.length == 0)
				continue;
			/* Its own length, fixed in the template: pmacct, as above. */
			option.elements[1].length = facts.name.length;
		}
		if (netflow9)
			scope_of_netflow9(&option);
		g_array_append_val(all, option);
	}
	nfp_option_facts_clear(&facts);
	return all;
}

/* ---- records -------------------------------------------------------------------------------- */

guint nfp_option_rows(const NfpOption *option, const NfpOptionFacts *facts)
{
	switch (option->source) {
	case NFP_OPTION_FACTS: return 1;
	case NFP_OPTION_PORTS:
	case NFP_OPTION_VRFS: return facts->tables != NULL ? facts->tables->ports->len : 0;
	case NFP_OPTION_APPLICATIONS: return facts->tables != NULL ? facts->tables->applications->len : 0;
	case NFP_OPTION_TYPES: return facts->types->len;
	case NFP_OPTION_KEYS: return facts->keys->len;
	}
	return 0;
}

/* The first port of this VRF. */
static gboolean tells_vrf(const GArray *ports, guint row)
{
	const NfpTablePort *port = &g_array_index(ports, NfpTablePort, row);

	if (port->port.vrf_id == 0 || port->port.vrf.length == 0)
		return FALSE;
	for (guint i = 0; i < row; i++) {
		const NfpTablePort *other = &g_array_index(ports, NfpTablePort, i);

		if (other->domain == port->domain && other->port.vrf_id == port->port.vrf_id)
			return FALSE;
	}
	return TRUE;
}

static const void *row_of(const NfpOption *option, const NfpOptionFacts *facts, uint32_t domain_index, guint row)
{
	const NfpTablePort *port;
	const NfpOptionKeys *keys;

	switch (option->source) {
	case NFP_OPTION_FACTS: break;
	case NFP_OPTION_PORTS:
	case NFP_OPTION_VRFS:
		port = &g_array_index(facts->tables->ports, NfpTablePort, row);
		if (port->domain != domain_index ||
		    (option->source == NFP_OPTION_VRFS && !tells_vrf(facts->tables->ports, row)))
			return NULL;
		return port;
	case NFP_OPTION_APPLICATIONS: return &g_array_index(facts->tables->applications, NfpApplication, row);
	case NFP_OPTION_TYPES: return &g_array_index(facts->types, NfpOptionType, row);
	case NFP_OPTION_KEYS:
		keys = &g_array_index(facts->keys, NfpOptionKeys, row);
		return keys->used && keys->fields ? keys : NULL;
	}
	return facts;
}

gboolean nfp_option_has_rows(const NfpOption *option, const NfpOptionFacts *facts, uint32_t domain_index)
{
	guint n = nfp_option_rows(option, facts);

	for (guint row = 0; row < n; row++)
		if (row_of(option, facts, domain_index, row) != NULL)
			return TRUE;
	return FALSE;
}

static void append_number(GByteArray *out, const uint8_t *from, guint length)
{
	uint8_t octets[8];

	switch (length) {
	case 1: octets[0] = *from; break;
	case 2: nfp_put16(octets, *(const uint16_t *)(const void *)from); break;
	case 4: nfp_put32(octets, *(const uint32_t *)(const void *)from); break;
	default: nfp_put64(octets, *(const uint64_t *)(const void *)from); break;
	}
	g_byte_array_append(out, octets, length);
}

static void append_text(GByteArray *out, const NfpText *text, guint length)
{
	static const uint8_t zeros[NFP_TEXT_MAX];
	guint n = nfp_text_cut(text, (uint16_t)MIN(length, NFP_TEXT_MAX - 1));
	uint8_t head = (uint8_t)n;

	if (length == NFP_VARIABLE)
		g_byte_array_append(out, &head, 1);
	g_byte_array_append(out, (const uint8_t *)text->text, n);
	if (length != NFP_VARIABLE)
		g_byte_array_append(out, zeros, length - n);
}

GBytes *nfp_option_record(const NfpOption *option, const NfpOptionFacts *facts, uint32_t domain_index, guint row)
{
	const uint8_t *base = row_of(option, facts, domain_index, row);
	GByteArray *out;

	if (base == NULL)
		return NULL;
	out = g_byte_array_new();
	for (guint i = 0; i < option->n; i++) {
		const NfpElement *element = &option->elements[i];
		/* The system of NetFlow v9 is no member of a table. */
		gboolean ours = i == 0 && element->id == 1;
		const uint8_t *from = (ours ? (const uint8_t *)facts : base) + option->offsets[i];

		if (element->text)
			append_text(out, (const NfpText *)(const void *)from, element->length);
		else
			append_number(out, from, element->length);
	}
	return g_byte_array_free_to_bytes(out);
}
