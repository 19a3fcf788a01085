/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which interfaces to meter so that no packet is met twice on its way up: of each stack the device
 * nearest the wire.
 *
 *   bond, team             the aggregate stays, its members go (a flow may move between them)
 *   bridge, VRF, ...       goes when it has members: they see what crosses it
 *   VLAN, macvlan, tunnel  goes when the device it stands on is in the table
 *   veth                   stays: its peer is the other end of a wire, not a device below it
 *   IPoIB, CAN, ...        go: their link headers are unknown to us
 *   ifb, loopback          go: they see what another device has seen, or no wire at all
 */
#include <string.h>

#include "probe/probe.h"

static bool is_aggregate(const NfpLink *link)
{
	return !strcmp(link->kind, "bond") || !strcmp(link->kind, "team");
}

static const NfpLink *find(const GArray *links, uint32_t ifindex)
{
	for (guint i = 0; ifindex && i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);

		if (link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

static bool has_members(const GArray *links, uint32_t ifindex)
{
	for (guint i = 0; i < links->len; i++) {
		if (g_array_index(links, NfpLink, i).master == ifindex)
			return true;
	}
	return false;
}

const char *nfp_links_left_out(const GArray *links, const NfpLink *link)
{
	const NfpLink *master = find(links, link->master);

	if (link->loopback)
		return "the loopback";
	if (link->foreign)
		return NFP_LINK_FOREIGN;
	if (!strcmp(link->kind, "ifb"))
		return "an ifb shows what another device has seen";
	if (master && is_aggregate(master))
		return "a member of a bond or team, which is metered";
	if (!is_aggregate(link) && has_members(links, link->ifindex))
		return "a bridge, VRF or the like: its members see what crosses it";
	if (link->lower != link->ifindex && find(links, link->lower))
		return "it stands on another device, which sees its packets";
	return NULL;
}

void nfp_links_nearest_wire(GArray *links)
{
	g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(NfpLink));

	/* All are judged by the whole table: a bridge on a VLAN of a bond leaves the bond alone. */
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);

		if (!nfp_links_left_out(links, link))
			g_array_append_vals(kept, link, 1);
	}
	g_array_set_size(links, 0);
	if (kept->len)
		g_array_append_vals(links, kept->data, kept->len);
}
