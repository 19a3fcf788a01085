// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/pair_records.h"

#include <string.h>

static NfpRecord base(uint8_t protocol, uint8_t source, uint8_t destination, uint64_t first_ns)
{
	NfpRecord record = {
		.have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_TIMES | NFP_HAVE_ETHERTYPE,
		.packets = 1,
		.octets = 100,
		.l2_octets = 114,
		.first_ns = first_ns,
		.last_ns = first_ns,
		.src4 = { 192, 0, 2, source },
		.dst4 = { 192, 0, 2, destination },
		.protocol = protocol,
		.ip_version = 4,
		.ifindex = 1,
		.end_reason = NFP_END_ACTIVE,
	};

	return record;
}

NfpRecord nfp_test_flow(uint8_t protocol, uint8_t source, uint16_t src_port, uint8_t destination, uint16_t dst_port,
			uint64_t first_ns)
{
	NfpRecord record = base(protocol, source, destination, first_ns);

	record.have |= NFP_HAVE_PORTS | (protocol == NFP_TEST_TCP ? NFP_HAVE_TCP : 0);
	record.src_port = src_port;
	record.dst_port = dst_port;
	record.tcp_flags = protocol == NFP_TEST_TCP ? 0x10 : 0;
	return record;
}

NfpRecord nfp_test_icmp(uint8_t type, uint8_t source, uint8_t destination)
{
	NfpRecord record = base(1, source, destination, 1000);

	record.have |= NFP_HAVE_PORTS | NFP_HAVE_ICMP4;
	record.icmp_type = type;
	record.icmp_type_code = (uint16_t)(type << 8);
	record.dst_port = record.icmp_type_code;
	return record;
}

void nfp_test_in_tunnel(NfpRecord *record, uint8_t type, uint32_t id, uint8_t source, uint8_t destination)
{
	record->have |= NFP_HAVE_TUNNEL | NFP_HAVE_TUNNEL4;
	record->tunnel_depth = 1;
	record->tunnel_type[0] = record->last_tunnel_type = type;
	record->tunnel_id[0] = record->last_tunnel_id = id;
	memcpy(record->tunnel_src4, (uint8_t[]){ 198, 51, 100, source }, 4);
	memcpy(record->tunnel_dst4, (uint8_t[]){ 198, 51, 100, destination }, 4);
}

NfpRecord nfp_test_back(const NfpRecord *record)
{
	NfpRecord back = *record;

	memcpy(back.src4, record->dst4, 4);
	memcpy(back.dst4, record->src4, 4);
	memcpy(back.src6, record->dst6, 16);
	memcpy(back.dst6, record->src6, 16);
	memcpy(back.tunnel_src4, record->tunnel_dst4, 4);
	memcpy(back.tunnel_dst4, record->tunnel_src4, 4);
	memcpy(back.tunnel_src6, record->tunnel_dst6, 16);
	memcpy(back.tunnel_dst6, record->tunnel_src6, 16);
	if (!(record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6))) {
		back.src_port = record->dst_port;
		back.dst_port = record->src_port;
	}
	back.first_ns++;
	back.flow_id = ~record->flow_id;
	return back;
}
