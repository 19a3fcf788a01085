/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces by rtnetlink, of the namespace that the socket was made in. */
#ifndef NFP_PROBE_LINKS_H
#define NFP_PROBE_LINKS_H

#include "probe/netlink.h"
#include "probe/probe.h"

/* Fills an array of NfpLink. */
int nfp_links_list(NfpNetlink *netlink, GArray *ret_links);
/* -ENODEV: there is none of that name. */
int nfp_links_find(NfpNetlink *netlink, const char *ifname, NfpLink *ret_link);
/* Name of an interface. -ENODEV: it has gone. */
int nfp_links_name(NfpNetlink *netlink, uint32_t ifindex, char ret[32]);
/* Whether it belongs to a bond, bridge or team: routes are those of that device. A VRF's interface has its own. */
bool nfp_links_is_port(NfpNetlink *netlink, const NfpLink *link);
/* ifindex of an interface that a notification tells the end of; 0 for any other message. */
uint32_t nfp_links_gone(const struct nlmsghdr *message);

/* Packets that hooks of an interface cannot have seen, by the interface's own counters.
 * ingress: dropped by the driver or by XDP (rx_dropped holds, too, what the stack threw away later for
 * want of a protocol: an upper bound). egress: dropped by the qdisc or by the driver. */
int nfp_links_dropped(NfpNetlink *netlink, uint32_t ifindex, uint64_t *ret_before, uint64_t *ret_after);

/* As nfp_probe_link_speed(). */
uint32_t nfp_links_speed(NfpNetlink *netlink, const char *ifname);
/* Whether the interface takes VLAN tags out of frames before XDP sees them (rx-vlan-offload): true also when
 * that cannot be told. */
bool nfp_links_strips_tags(NfpNetlink *netlink, const char *ifname);

#endif
