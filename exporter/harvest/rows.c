/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/rows.h"

/* IP version, IP protocol, protocol with NFP_KEY_ALT, form of l4. A row of protocols.def without a
 * line here does not compile. Numbers: IANA "Assigned Internet Protocol Numbers". */
#define ROW_eth 0, 0, 0, NFP_L4_NONE
#define ROW_ipv4 4, 0, 0, NFP_L4_PROTOCOL
#define ROW_ipv6 6, 0, 0, NFP_L4_PROTOCOL
#define ROW_tcp4 4, 6, 6, NFP_L4_PORTS
#define ROW_tcp6 6, 6, 6, NFP_L4_PORTS
#define ROW_udp4 4, 17, 136, NFP_L4_PORTS /* UDP-Lite, RFC 3828 */
#define ROW_udp6 6, 17, 136, NFP_L4_PORTS
#define ROW_icmp4 4, 1, 1, NFP_L4_ICMP
#define ROW_icmp6 6, 58, 58, NFP_L4_ICMP
#define ROW_sctp4 4, 132, 33, NFP_L4_PORTS /* DCCP, RFC 4340 */
#define ROW_sctp6 6, 132, 33, NFP_L4_PORTS
#define ROW_tunnel 0, 0, 0, NFP_L4_NONE /* what is inside is told by the key */

const NfpRow nfp_rows[NFP_P_N] = {
#define NFP_PROTOCOL(name, key, parent) [NFP_P_##name] = { #name, sizeof(struct key), ROW_##name },
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
};

#define NFP_PROTOCOL(name, key, parent) _Static_assert(sizeof(#name) <= 9, "row name in the UID: 8 octets");
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL

const char *nfp_row_name(enum nfp_protocol row)
{
	return row < NFP_P_N ? nfp_rows[row].name : "hook";
}

static const struct {
	const char *name, *help;
} counters[NFP_C_N] = {
#define NFP_COUNTER(name, help) { #name, help },
#include "ebpf/counters.def"
#undef NFP_COUNTER
};

const char *nfp_counter_name(guint counter)
{
	return counter < NFP_C_N ? counters[counter].name : NULL;
}

const char *nfp_counter_help(guint counter)
{
	return counter < NFP_C_N ? counters[counter].help : NULL;
}
