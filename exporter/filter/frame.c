/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter/frame.h"

#include <string.h>

enum { ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };
enum { TCP = 6, UDP = 17, UDPLITE = 136 };

#define TTL 8 /* offsets in the IPv4 header (RFC 791 3.1) */
#define SOURCE 12
#define HOP_LIMIT 7 /* in that of IPv6 (RFC 8200 3) */
#define SOURCE6 8

static uint8_t *put16(uint8_t *out, uint32_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return out + 2;
}

static uint16_t ethertype_of(const NfpRecord *record)
{
	if (record->have & NFP_HAVE_IPV4)
		return ETHERTYPE_IPV4;
	if (record->have & NFP_HAVE_IPV6)
		return ETHERTYPE_IPV6;
	return record->have & NFP_HAVE_ETHERTYPE ? record->ethertype : 0;
}

static uint8_t *put_link(uint8_t *out, const NfpRecord *record, gboolean tags)
{
	if (record->have & NFP_HAVE_MAC) {
		memcpy(out, record->dst_mac, 6);
		memcpy(out + 6, record->src_mac, 6);
	}
	out += 12;
	if (tags && record->have & NFP_HAVE_VLAN)
		out = put16(put16(out, ETHERTYPE_VLAN), record->vlan_id);
	if (tags && record->have & NFP_HAVE_CVLAN)
		out = put16(put16(out, ETHERTYPE_VLAN), record->cvlan_id);
	return put16(out, ethertype_of(record));
}

/* IP octets of one packet, in the mean. */
static uint32_t ip_length(const NfpRecord *record)
{
	return (uint32_t)MIN(record->octets / MAX(record->packets, 1), G_MAXUINT16);
}

static uint8_t *put_ip(uint8_t *out, const NfpRecord *record)
{
	if (record->have & NFP_HAVE_IPV4) {
		out[0] = 0x45;
		out[1] = record->tos;
		put16(out + 2, ip_length(record));
		out[TTL] = record->ttl_min;
		out[TTL + 1] = record->protocol;
		memcpy(out + SOURCE, record->src4, 4);
		memcpy(out + SOURCE + 4, record->dst4, 4);
		return out + 20;
	}
	put16(out, 0x6000u | (uint32_t)record->tos << 4);
	put16(out + 4, ip_length(record) > 40 ? ip_length(record) - 40 : 0);
	out[HOP_LIMIT - 1] = record->protocol;
	out[HOP_LIMIT] = record->ttl_min;
	memcpy(out + SOURCE6, record->src6, 16);
	memcpy(out + SOURCE6 + 16, record->dst6, 16);
	return out + 40;
}

static void put_transport(uint8_t *out, const NfpRecord *record)
{
	uint32_t header = record->have & NFP_HAVE_IPV4 ? 20 : 40;

	if (record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6)) {
		put16(out, record->icmp_type_code);
		return;
	}
	if (!(record->have & NFP_HAVE_PORTS))
		return;
	put16(out, record->src_port);
	put16(out + 2, record->dst_port);
	if (record->protocol == UDP || record->protocol == UDPLITE)
		put16(out + 4, ip_length(record) > header ? ip_length(record) - header : 0);
	else if (record->protocol == TCP)
		put16(out + 12, 0x5000u | (record->tcp_flags & 0x0fff));
}

uint32_t nfp_filter_frame(const NfpRecord *record, gboolean tags, uint8_t ret_frame[NFP_FILTER_FRAME])
{
	uint8_t *out;

	memset(ret_frame, 0, NFP_FILTER_FRAME);
	out = put_link(ret_frame, record, tags);
	if (record->have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6))
		put_transport(put_ip(out, record), record);
	return (uint32_t)MIN(record->l2_octets / MAX(record->packets, 1), G_MAXUINT32);
}
