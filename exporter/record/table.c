// SPDX-License-Identifier: GPL-2.0-or-later
/* Records as a table for people: fixed columns, 98 wide. */
#include <netinet/in.h>
#include <string.h>

#include "record/format.h"
#include "record/text.h"

enum { W_INTERFACE = 10, W_DIRECTION = 3, W_PROTOCOL = 5, W_ADDRESS = 29, W_COUNT = 8 };

#define CUT ".." /* stands for what was left out of the middle */

void nfp_text_left(GString *out, const char *text, gsize width)
{
	gsize length = strlen(text);

	if (length <= width) {
		g_string_append_printf(out, "%-*s", (int)width, text);
		return;
	}

	gsize tail = (width - strlen(CUT)) / 2, head = width - strlen(CUT) - tail;

	g_string_append_len(out, text, (gssize)head);
	g_string_append(out, CUT);
	g_string_append_len(out, text + length - tail, (gssize)tail);
}

/* Exact while it fits, then in thousands, millions, ... of 1000. */
static void count(GString *out, uint64_t value)
{
	static const char units[] = " KMGTPE";
	guint unit = 0;

	while (value >= (unit == 0 ? 100000000u : 10000000u)) {
		value = value / 1000 + (value % 1000 >= 500);
		unit++;
	}
	if (unit == 0)
		g_string_append_printf(out, "%*" G_GUINT64_FORMAT, W_COUNT, value);
	else
		g_string_append_printf(out, "%*" G_GUINT64_FORMAT "%c", W_COUNT - 1, value,
				       units[unit]);
}

void nfp_text_side(GString *text, const NfpRecord *record, guint side)
{
	gboolean icmp = (record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6)) != 0;
	gboolean v6 = (record->have & NFP_HAVE_IPV6) != 0;
	gboolean port = (record->have & NFP_HAVE_PORTS) != 0 && !icmp;

	if (v6 && port)
		g_string_append_c(text, '[');
	if (v6)
		nfp_text_ipv6(text, side == 0 ? record->src6 : record->dst6);
	else if (record->have & NFP_HAVE_IPV4)
		nfp_text_ipv4(text, side == 0 ? record->src4 : record->dst4);
	else if (record->have & NFP_HAVE_MAC)
		nfp_text_mac(text, side == 0 ? record->src_mac : record->dst_mac);
	else
		g_string_append_c(text, '-');
	if (v6 && port)
		g_string_append_c(text, ']');
	if (port)
		g_string_append_printf(text, ":%u",
				       side == 0 ? record->src_port : record->dst_port);
	if (icmp && side == 1)
		g_string_append_printf(text, " %u.%u", record->icmp_type, record->icmp_code);
}

static void address(GString *out, const NfpRecord *record, guint side)
{
	g_autoptr(GString) text = g_string_sized_new(64);

	nfp_text_side(text, record, side);
	nfp_text_left(out, text->str, W_ADDRESS);
}

void nfp_text_protocol(GString *out, const NfpRecord *record)
{
	static const struct {
		guint8 number;
		const char *name;
	} known[] = {
		{ IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" }, { IPPROTO_IPIP, "ipip" },
		{ IPPROTO_TCP, "tcp" },	  { IPPROTO_UDP, "udp" },   { IPPROTO_DCCP, "dccp" },
		{ IPPROTO_IPV6, "6in4" }, { IPPROTO_GRE, "gre" },   { IPPROTO_ESP, "esp" },
		{ IPPROTO_AH, "ah" },	  { IPPROTO_ICMPV6, "icmp6" }, { 89, "ospf" },
		{ IPPROTO_PIM, "pim" },	  { 112, "vrrp" },	    { IPPROTO_SCTP, "sctp" },
		{ IPPROTO_UDPLITE, "udpl" },
	};
	char text[16] = "-";

	if (record->have & NFP_HAVE_PROTOCOL)
		g_snprintf(text, sizeof(text), "%u", record->protocol);
	else if (record->have & NFP_HAVE_ETHERTYPE)
		g_snprintf(text, sizeof(text), "x%04x", record->ethertype);
	for (guint i = 0; i < G_N_ELEMENTS(known) && (record->have & NFP_HAVE_PROTOCOL); i++)
		if (known[i].number == record->protocol)
			g_strlcpy(text, known[i].name, sizeof(text));
	g_string_append(out, text);
}

static void protocol(GString *out, const NfpRecord *record)
{
	g_autoptr(GString) text = g_string_sized_new(16);

	nfp_text_protocol(text, record);
	nfp_text_left(out, text->str, W_PROTOCOL);
}

void nfp_format_table_head(GString *out)
{
	g_string_append_printf(out, "%-*s %-*s %-*s %-*s %-*s %*s %*s\n", W_INTERFACE, "INTERFACE",
			       W_DIRECTION, "DIR", W_PROTOCOL, "PROTO", W_ADDRESS, "SOURCE",
			       W_ADDRESS, "DESTINATION", W_COUNT, "PACKETS", W_COUNT, "BYTES");
}

void nfp_format_table_row(GString *out, const NfpRecord *record, NfpIfName names, void *data)
{
	const char *name = names != NULL ? names(record->ifindex, data) : NULL;
	g_autoptr(GString) interface = g_string_new(name);

	if (name == NULL)
		g_string_append_printf(interface, "%u", record->ifindex);
	if (record->have & NFP_HAVE_VLAN)
		g_string_append_printf(interface, "@%u", record->vlan_id);
	nfp_text_left(out, interface->str, W_INTERFACE);
	g_string_append(out, record->direction ? " out " : " in  ");
	protocol(out, record);
	for (guint side = 0; side < 2; side++) {
		g_string_append_c(out, ' ');
		address(out, record, side);
	}
	g_string_append_c(out, ' ');
	count(out, record->packets);
	g_string_append_c(out, ' ');
	count(out, record->octets);
	g_string_append_c(out, '\n');
}
