// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/ntopng_flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "encode/ndpi_tlv.h"

#define NTOP_PEN 35632
#define NTOP_BASE 57472 /* number of ntop's element 0 among IANA's */

enum {
	IN_BYTES = 1,
	IN_PKTS = 2,
	PROTOCOL = 4,
	SRC_TOS = 5,
	TCP_FLAGS = 6,
	L4_SRC_PORT = 7,
	IPV4_SRC_ADDR = 8,
	INPUT_SNMP = 10,
	L4_DST_PORT = 11,
	IPV4_DST_ADDR = 12,
	OUTPUT_SNMP = 14,
	SRC_AS = 16,
	DST_AS = 17,
	LAST_SWITCHED = 21,
	FIRST_SWITCHED = 22,
	OUT_BYTES = 23,
	OUT_PKTS = 24,
	IPV6_SRC_ADDR = 27,
	IPV6_DST_ADDR = 28,
	DST_TOS = 55,
	IN_SRC_MAC = 56,
	SRC_VLAN = 58,
	IP_PROTOCOL_VERSION = 60,
	DIRECTION = 61,
	IN_DST_MAC = 80,
	EXPORTER_IPV4_ADDRESS = 130,
	EXPORTER_IPV6_ADDRESS = 131,
	FLOW_END_REASON = 136,
	INGRESS_VRFID = 234,
	CLIENT_TCP_FLAGS = 78, /* ntop's, from here on */
	SERVER_TCP_FLAGS = 79,
};

#define NUMBER "formatted_uint"
#define ADDRESS "ipv4_address"
#define ADDRESS6 "ipv6_address"

const NfpNtopngElement nfp_ntopng_elements[] = {
	{ 0, IN_BYTES, 4, NUMBER, "IN_BYTES", "Incoming flow bytes (src->dst)" },
	{ 0, IN_PKTS, 4, NUMBER, "IN_PKTS", "Incoming flow packets (src->dst)" },
	{ 0, PROTOCOL, 1, NUMBER, "PROTOCOL", "IP protocol byte" },
	{ 0, SRC_TOS, 1, NUMBER, "SRC_TOS", "TOS/DSCP (src->dst)" },
	{ 0, TCP_FLAGS, 1, NUMBER, "TCP_FLAGS", "Cumulative of all flow TCP flags" },
	{ 0, L4_SRC_PORT, 2, NUMBER, "L4_SRC_PORT", "IPv4/IPv6 source port" },
	{ 0, IPV4_SRC_ADDR, 4, ADDRESS, "IPV4_SRC_ADDR", "IPv4 source address" },
	{ 0, INPUT_SNMP, 4, NUMBER, "INPUT_SNMP", "Input interface SNMP idx" },
	{ 0, L4_DST_PORT, 2, NUMBER, "L4_DST_PORT", "IPv4/IPv6 destination port" },
	{ 0, IPV4_DST_ADDR, 4, ADDRESS, "IPV4_DST_ADDR", "IPv4 destination address" },
	{ 0, OUTPUT_SNMP, 4, NUMBER, "OUTPUT_SNMP", "Output interface SNMP idx" },
	{ 0, SRC_AS, 4, NUMBER, "SRC_AS", "Source BGP AS" },
	{ 0, DST_AS, 4, NUMBER, "DST_AS", "Destination BGP AS" },
	{ 0, LAST_SWITCHED, 4, "epoch", "LAST_SWITCHED", "Time of the last packet of the flow" },
	{ 0, FIRST_SWITCHED, 4, "epoch", "FIRST_SWITCHED", "Time of the first packet of the flow" },
	{ 0, OUT_BYTES, 4, NUMBER, "OUT_BYTES", "Outgoing flow bytes (dst->src)" },
	{ 0, OUT_PKTS, 4, NUMBER, "OUT_PKTS", "Outgoing flow packets (dst->src)" },
	{ 0, IPV6_SRC_ADDR, 16, ADDRESS6, "IPV6_SRC_ADDR", "IPv6 source address" },
	{ 0, IPV6_DST_ADDR, 16, ADDRESS6, "IPV6_DST_ADDR", "IPv6 destination address" },
	{ 0, DST_TOS, 1, NUMBER, "DST_TOS", "TOS/DSCP (dst->src)" },
	{ 0, IN_SRC_MAC, 6, "mac_address", "IN_SRC_MAC", "Source MAC address" },
	{ 0, SRC_VLAN, 2, NUMBER, "SRC_VLAN", "Source VLAN" },
	{ 0, IP_PROTOCOL_VERSION, 1, NUMBER, "IP_PROTOCOL_VERSION", "4 or 6" },
	{ 0, DIRECTION, 1, NUMBER, "DIRECTION", "Flow direction: 0 ingress, 1 egress" },
	{ 0, IN_DST_MAC, 6, "mac_address", "IN_DST_MAC", "Destination MAC address" },
	{ 0, EXPORTER_IPV4_ADDRESS, 4, ADDRESS, "EXPORTER_IPV4_ADDRESS", "Exporter IPv4 address" },
	{ 0, EXPORTER_IPV6_ADDRESS, 16, ADDRESS6, "EXPORTER_IPV6_ADDRESS", "Exporter IPv6 address" },
	{ 0, FLOW_END_REASON, 16, "ascii", "FLOW_END_REASON", "Why the flow ended" },
	{ 0, INGRESS_VRFID, 4, NUMBER, "INGRESS_VRFID", "VRF of the input interface" },
	{ NTOP_PEN, CLIENT_TCP_FLAGS, 1, NUMBER, "CLIENT_TCP_FLAGS", "Cumulative of all client TCP flags" },
	{ NTOP_PEN, SERVER_TCP_FLAGS, 1, NUMBER, "SERVER_TCP_FLAGS", "Cumulative of all server TCP flags" },
};
const guint nfp_ntopng_elements_n = G_N_ELEMENTS(nfp_ntopng_elements);

#define NUMBERS 23     /* items with integers in a flow */
#define NUMBER_MAX 9   /* octets of one: no value of a flow has more than 32 bits */
#define REASON_MAX 20
#define MAC_LENGTH 17

_Static_assert(NUMBERS * NUMBER_MAX + 2 * (NFP_TLV_TEXT_MAX + INET6_ADDRSTRLEN) +
		       2 * (NFP_TLV_TEXT_MAX + MAC_LENGTH) + NFP_TLV_TEXT_MAX + REASON_MAX +
		       sizeof(((NfpNtopngFlow *)0)->exporter) + 1 <=
	       NFP_NTOPNG_FLOW_MAX, "a flow has room");

static const char *const reasons[] = {
	[0] = "Unknown",
	[NFP_END_IDLE] = "Idle Timeout",
	[NFP_END_ACTIVE] = "Active Timeout",
	[NFP_END_DETECTED] = "End of Flow Detected",
	[NFP_END_FORCED] = "Forced End",
	[NFP_END_LACK] = "Lack of Resources",
};

void nfp_ntopng_flow_init(NfpNtopngFlow *flow, const char *exporter)
{
	uint32_t key = strchr(exporter, ':') ? EXPORTER_IPV6_ADDRESS : EXPORTER_IPV4_ADDRESS;
	uint16_t length = (uint16_t)MIN(strlen(exporter), INET6_ADDRSTRLEN - 1);

	flow->length = (uint8_t)(nfp_tlv_text(flow->exporter, key, exporter, length) - flow->exporter);
}

/* A count in flows of 32 bits each; UINT64_MAX when it does not even have 64. */
static uint64_t parts_of(uint64_t rate, uint64_t count)
{
	uint64_t scaled;

	if (__builtin_mul_overflow(count, rate, &scaled))
		return UINT64_MAX;
	return scaled ? (scaled - 1) / UINT32_MAX + 1 : 1;
}

uint64_t nfp_ntopng_flow_parts(const NfpRecord *record)
{
	uint64_t rate = nfp_record_rate(record);
	uint64_t parts = MAX(parts_of(rate, record->packets), parts_of(rate, record->octets));

	if (record->have & NFP_HAVE_REVERSE)
		parts = MAX(parts, MAX(parts_of(rate, record->rev_packets), parts_of(rate, record->rev_octets)));
	return parts;
}

/* The part's share of a count. */
static uint8_t *put_count(uint64_t rate, uint32_t key, uint64_t count, uint32_t part,
			  uint32_t parts, uint8_t *at)
{
	uint64_t scaled = count * rate;

	return nfp_tlv_uint(at, key, scaled / parts + (part < scaled % parts));
}

/* As numbers, which ntopng reads for IPv4; IPv6 addresses have to be texts. */
static uint8_t *put_addresses(const NfpRecord *record, uint8_t *at)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t number;

	if (!(record->have & NFP_HAVE_IPV6)) {
		gboolean v4 = (record->have & NFP_HAVE_IPV4) != 0;

		memcpy(&number, record->src4, sizeof(number));
		at = nfp_tlv_uint(at, IPV4_SRC_ADDR, v4 ? ntohl(number) : 0);
		memcpy(&number, record->dst4, sizeof(number));
		return nfp_tlv_uint(at, IPV4_DST_ADDR, v4 ? ntohl(number) : 0);
	}
	inet_ntop(AF_INET6, record->src6, text, sizeof(text));
	at = nfp_tlv_text(at, IPV6_SRC_ADDR, text, (uint16_t)strlen(text));
	inet_ntop(AF_INET6, record->dst6, text, sizeof(text));
	return nfp_tlv_text(at, IPV6_DST_ADDR, text, (uint16_t)strlen(text));
}

static uint8_t *put_mac(uint32_t key, const uint8_t *mac, uint8_t *at)
{
	static const char hex[] = "0123456789abcdef";
	char text[MAC_LENGTH];

	for (guint i = 0; i < 6; i++) {
		text[3 * i] = hex[mac[i] >> 4];
		text[3 * i + 1] = hex[mac[i] & 15];
		if (i < 5)
			text[3 * i + 2] = ':';
	}
	return nfp_tlv_text(at, key, text, MAC_LENGTH);
}

#define SYN 0x02
#define ACK 0x10

/* The source answers: it is told so, or its flags and ports look so (they are an OR over the bucket, so that a SYN and ACKs
 * of both sides look alike). */
static gboolean answers(const NfpRecord *record)
{
	if ((record->have & NFP_HAVE_BIFLOW) && record->biflow_direction != NFP_BIFLOW_ARBITRARY)
		return record->biflow_direction == NFP_BIFLOW_REVERSE_INITIATOR;
	return (record->tcp_flags & (SYN | ACK)) == (SYN | ACK) && record->src_port < record->dst_port;
}

/* ntopng takes the higher port for the client's unless CLIENT_TCP_FLAGS has a SYN. With TCP_FLAGS alone it turns a flow of
 * answers round by the ports, and puts the flags on the right side. */
static uint8_t *put_flags(const NfpRecord *record, uint8_t *at)
{
	gboolean reverse = (record->have & NFP_HAVE_REVERSE) != 0;
	uint8_t flags = (uint8_t)record->tcp_flags;

	at = nfp_tlv_uint(at, TCP_FLAGS, flags | (reverse ? (uint8_t)record->rev_tcp_flags : 0));
	if (reverse || !answers(record))
		at = nfp_tlv_uint(at, NTOP_BASE + CLIENT_TCP_FLAGS, flags);
	if (reverse)
		at = nfp_tlv_uint(at, NTOP_BASE + SERVER_TCP_FLAGS, (uint8_t)record->rev_tcp_flags);
	return at;
}

static uint8_t *put_times(const NfpRecord *record, uint8_t *at)
{
	gboolean times = (record->have & NFP_HAVE_TIMES) != 0;
	uint64_t first = times ? record->first_ns : record->bucket_start_ns;
	uint64_t last = times ? record->last_ns : record->bucket_end_ns;

	if (record->have & NFP_HAVE_REVERSE) {
		first = MIN(first, record->rev_first_ns);
		last = MAX(last, record->rev_last_ns);
	}
	at = nfp_tlv_uint(at, FIRST_SWITCHED, (uint32_t)(first / 1000000000));
	return nfp_tlv_uint(at, LAST_SWITCHED, (uint32_t)(last / 1000000000));
}

/* What enrichment knows. */
static uint8_t *put_facts(const NfpRecord *record, uint8_t *at)
{
	if (record->have & NFP_HAVE_PLACES) {
		if (record->src_place->as_number)
			at = nfp_tlv_uint(at, SRC_AS, record->src_place->as_number);
		if (record->dst_place->as_number)
			at = nfp_tlv_uint(at, DST_AS, record->dst_place->as_number);
	}
	if ((record->have & NFP_HAVE_INTERFACES) && record->ingress->vrf_id)
		at = nfp_tlv_uint(at, INGRESS_VRFID, record->ingress->vrf_id);
	return at;
}

uint8_t *nfp_ntopng_flow_put(const NfpNtopngFlow *flow, const NfpRecord *record, uint32_t part, uint32_t parts,
			     uint8_t *at)
{
	uint32_t have = record->have;
	gboolean reverse = (have & NFP_HAVE_REVERSE) != 0;
	uint64_t rate = nfp_record_rate(record);
	const char *reason = reasons[record->end_reason < G_N_ELEMENTS(reasons) ? record->end_reason : 0];

	at = put_count(rate, IN_BYTES, record->octets, part, parts, at);
	at = put_count(rate, IN_PKTS, record->packets, part, parts, at);
	at = put_count(rate, OUT_BYTES, reverse ? record->rev_octets : 0, part, parts, at);
	at = put_count(rate, OUT_PKTS, reverse ? record->rev_packets : 0, part, parts, at);
	at = put_times(record, at);
	at = nfp_tlv_uint(at, IP_PROTOCOL_VERSION, have & NFP_HAVE_IPV6 ? 6 : 4);
	at = put_addresses(record, at);
	at = nfp_tlv_uint(at, PROTOCOL, have & NFP_HAVE_PROTOCOL ? record->protocol : 0);
	if (have & NFP_HAVE_PORTS) {
		at = nfp_tlv_uint(at, L4_SRC_PORT, record->src_port);
		at = nfp_tlv_uint(at, L4_DST_PORT, record->dst_port);
	}
	if (have & NFP_HAVE_TCP)
		at = put_flags(record, at);
	if (have & NFP_HAVE_PROTOCOL)
		at = nfp_tlv_uint(at, SRC_TOS, record->tos);
	if (reverse)
		at = nfp_tlv_uint(at, DST_TOS, record->rev_tos);
	at = nfp_tlv_uint(at, INPUT_SNMP, record->ingress_if);
	at = nfp_tlv_uint(at, OUTPUT_SNMP, record->egress_if);
	at = nfp_tlv_uint(at, DIRECTION, record->direction);
	if (have & NFP_HAVE_VLAN)
		at = nfp_tlv_uint(at, SRC_VLAN, record->vlan_id);
	if (have & NFP_HAVE_MAC) {
		at = put_mac(IN_SRC_MAC, record->src_mac, at);
		at = put_mac(IN_DST_MAC, record->dst_mac, at);
	}
	at = nfp_tlv_text(at, FLOW_END_REASON, reason, (uint16_t)strlen(reason));
	at = put_facts(record, at);
	memcpy(at, flow->exporter, flow->length);
	return nfp_tlv_end(at + flow->length);
}
