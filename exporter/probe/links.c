/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/links.h"

#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>

#define ETHTOOL_STRINGS_MAX 65536 /* statistics of one device */

#ifndef IFLA_LINK_NETNSID
#define IFLA_LINK_NETNSID 37
#endif

#ifndef ARPHRD_IP6GRE
#define ARPHRD_IP6GRE 823
#endif

/* Kinds whose IFLA_LINK is the peer at the other end, not a device below. */
static bool is_pair(const char *kind)
{
	return !strcmp(kind, "veth") || !strcmp(kind, "vxcan") || !strcmp(kind, "netkit");
}

/*
 * Link headers that the parser does not know, ahead of every IP packet at the hooks: IPoIB (a pseudo header of 20 octets and
 * 4 more, drivers/infiniband/ulp/ipoib), FireWire, radio, CAN, captures of netlink. Types are those of linux/if_arp.h.
 */
static bool is_foreign(unsigned short type)
{
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
	/* From here on IP begins the packet. */
	case ARPHRD_NONE: /* tun, WireGuard */
	case ARPHRD_SLIP:
	case ARPHRD_CSLIP:
	case ARPHRD_PPP:
	case ARPHRD_RAWHDLC:
	case ARPHRD_RAWIP: /* modems */
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return false;
	}
	return true;
}

static bool link_parse(const struct nlmsghdr *message, NfpLink *ret)
{
	NfpNetlinkAttr attrs[IFLA_MAX + 1], info[IFLA_INFO_MAX + 1], vrf[IFLA_VRF_MAX + 1];
	const struct ifinfomsg *header = NLMSG_DATA(message);

	if (message->nlmsg_type != RTM_NEWLINK || header->ifi_index <= 0)
		return false;
	memset(ret, 0, sizeof(*ret));
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[IFLA_LINKINFO], info, G_N_ELEMENTS(info));
	ret->ifindex = (uint32_t)header->ifi_index;
	ret->up = header->ifi_flags & IFF_UP;
	ret->loopback = header->ifi_flags & IFF_LOOPBACK;
	/* The loopback's packets have an Ethernet header of zeros. */
	ret->ethernet = header->ifi_type == ARPHRD_ETHER || header->ifi_type == ARPHRD_LOOPBACK;
	ret->foreign = is_foreign(header->ifi_type);
	nfp_netlink_string(attrs[IFLA_IFNAME], ret->name, sizeof(ret->name));
	nfp_netlink_string(info[IFLA_INFO_KIND], ret->kind, sizeof(ret->kind));
	nfp_netlink_string(attrs[IFLA_IFALIAS], ret->alias, sizeof(ret->alias));
	if (attrs[IFLA_ADDRESS].size == sizeof(ret->mac))
		memcpy(ret->mac, attrs[IFLA_ADDRESS].data, sizeof(ret->mac));
	if (!strcmp(ret->kind, "vrf")) {
		nfp_netlink_attrs_in(info[IFLA_INFO_DATA], vrf, G_N_ELEMENTS(vrf));
		ret->table = nfp_netlink_u32(vrf[IFLA_VRF_TABLE]);
	}
	ret->master = nfp_netlink_u32(attrs[IFLA_MASTER]);
	/* With IFLA_LINK_NETNSID the number is one of another namespace. */
	if (!attrs[IFLA_LINK_NETNSID].data && !is_pair(ret->kind))
		ret->lower = nfp_netlink_u32(attrs[IFLA_LINK]);
	if (ret->lower == ret->ifindex)
		ret->lower = 0;
	return true;
}

static const NfpLink *link_of(const GArray *links, uint32_t ifindex)
{
	for (guint i = 0; ifindex && i < links->len; i++)
		if (g_array_index(links, NfpLink, i).ifindex == ifindex)
			return &g_array_index(links, NfpLink, i);
	return NULL;
}

const NfpLink *nfp_links_vrf(const GArray *links, const NfpLink *link)
{
	/* Deeper than this no two devices can be nested (MAX_NEST_DEV of linux/netdevice.h). */
	for (int depth = 0; link && depth < 8; depth++) {
		if (link->table)
			return link;
		link = link_of(links, link->master);
	}
	return NULL;
}

static void links_add(const struct nlmsghdr *message, void *data)
{
	NfpLink link;

	if (link_parse(message, &link))
		g_array_append_val((GArray *)data, link);
}

static void links_again(void *data)
{
	g_array_set_size(data, 0);
}

int nfp_links_list(NfpNetlink *netlink, GArray *ret_links)
{
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NfpLink));
	NfpNetlinkRequest request;
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	int rc;

	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	rc = nfp_netlink_dump(netlink, &request, links_add, links_again, links);
	if (rc)
		return rc;
	g_array_set_size(ret_links, 0);
	if (links->len)
		g_array_append_vals(ret_links, links->data, links->len);
	return 0;
}

static void link_take(const struct nlmsghdr *message, void *data)
{
	link_parse(message, data);
}

int nfp_links_find(NfpNetlink *netlink, const char *ifname, NfpLink *ret_link)
{
	NfpNetlinkRequest request;
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	NfpLink link = { 0 };
	int rc;

	if (!*ifname || strlen(ifname) >= IFNAMSIZ)
		return -ENODEV;
	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	nfp_netlink_put(&request, IFLA_IFNAME, ifname, strlen(ifname) + 1);
	rc = nfp_netlink_do(netlink, &request, link_take, &link, NULL);
	if (rc)
		return rc;
	if (!link.ifindex)
		return -ENODEV;
	*ret_link = link;
	return 0;
}

static int find_number(NfpNetlink *netlink, uint32_t ifindex, NfpLink *ret)
{
	NfpNetlinkRequest request;
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };

	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	return nfp_netlink_do(netlink, &request, link_take, ret, NULL);
}

bool nfp_links_is_port(NfpNetlink *netlink, const NfpLink *link)
{
	NfpLink master = { 0 };

	return link->master && !find_number(netlink, link->master, &master) && !master.table;
}

int nfp_links_name(NfpNetlink *netlink, uint32_t ifindex, char ret[32])
{
	NfpLink link = { 0 };
	int rc = find_number(netlink, ifindex, &link);

	if (!rc)
		g_strlcpy(ret, link.name, sizeof(link.name));
	return rc;
}

uint32_t nfp_links_gone(const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = NLMSG_DATA(message);

	/* A bridge tells the end of a port's membership by the same type, in its own family. */
	if (message->nlmsg_type != RTM_DELLINK || header->ifi_family != AF_UNSPEC || header->ifi_index <= 0)
		return 0;
	return (uint32_t)header->ifi_index;
}

typedef struct {
	char name[IFNAMSIZ];
	uint64_t before, after;
} NfpDropped;

static void dropped_link(const struct nlmsghdr *message, void *data)
{
	NfpDropped *dropped = data;
	NfpNetlinkAttr attrs[IFLA_MAX + 1];
	struct rtnl_link_stats64 stats = { 0 };

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	nfp_netlink_attrs(message, sizeof(struct ifinfomsg), attrs, G_N_ELEMENTS(attrs));
	if (attrs[IFLA_STATS64].data)
		memcpy(&stats, attrs[IFLA_STATS64].data, MIN(sizeof(stats), attrs[IFLA_STATS64].size));
	nfp_netlink_string(attrs[IFLA_IFNAME], dropped->name, sizeof(dropped->name));
	dropped->before = stats.rx_dropped + stats.rx_missed_errors;
	dropped->after = stats.tx_dropped;
}

static void dropped_qdisc(const struct nlmsghdr *message, void *data)
{
	NfpDropped *dropped = data;
	NfpNetlinkAttr attrs[TCA_MAX + 1], stats[TCA_STATS_MAX + 1];
	struct gnet_stats_queue queue = { 0 };

	if (message->nlmsg_type != RTM_NEWQDISC)
		return;
	nfp_netlink_attrs(message, sizeof(struct tcmsg), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[TCA_STATS2], stats, G_N_ELEMENTS(stats));
	if (stats[TCA_STATS_QUEUE].data)
		memcpy(&queue, stats[TCA_STATS_QUEUE].data, MIN(sizeof(queue), stats[TCA_STATS_QUEUE].size));
	dropped->after += queue.drops;
}

static bool ethtool(int fd, const char *ifname, void *command)
{
	struct ifreq request = { .ifr_data = command };

	g_strlcpy(request.ifr_name, ifname, sizeof(request.ifr_name));
	return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

bool nfp_links_strips_tags(NfpNetlink *netlink, const char *ifname)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	/* A netlink socket takes the ioctls of devices too, in its own namespace. */
	return !ethtool(nfp_netlink_fd(netlink), ifname, &flags) || flags.data & ETH_FLAG_RXVLAN;
}

uint32_t nfp_links_speed(NfpNetlink *netlink, const char *ifname)
{
	/* The masks behind the struct have a length of their own, which the first call asks for (linux/ethtool.h). */
	g_autofree struct ethtool_link_settings *request = g_malloc0(sizeof(*request) + 3 * SCHAR_MAX * sizeof(uint32_t));
	int fd = nfp_netlink_fd(netlink);

	request->cmd = ETHTOOL_GLINKSETTINGS;
	if (!ethtool(fd, ifname, request) || request->link_mode_masks_nwords >= 0)
		return 0;
	request->link_mode_masks_nwords = (int8_t)-request->link_mode_masks_nwords;
	request->cmd = ETHTOOL_GLINKSETTINGS;
	if (!ethtool(fd, ifname, request) || request->speed == (uint32_t)SPEED_UNKNOWN)
		return 0;
	return request->speed;
}

/* XDP drops are in no standard counter; drivers name theirs rx_xdp_drop, rx_queue_0_xdp_drops, ...
 * Many have both a total and one a queue: the larger of the two sums is all of them. */
static uint64_t dropped_xdp(int fd, const char *ifname)
{
	g_autofree struct ethtool_sset_info *set = g_malloc0(sizeof(*set) + sizeof(uint32_t));
	g_autofree struct ethtool_gstrings *names = NULL;
	g_autofree struct ethtool_stats *stats = NULL;
	uint64_t total = 0, queues = 0;
	uint32_t n;

	set->cmd = ETHTOOL_GSSET_INFO;
	set->sset_mask = 1ull << ETH_SS_STATS;
	if (!ethtool(fd, ifname, set) || !set->sset_mask)
		return 0;
	n = set->data[0];
	if (!n || n > ETHTOOL_STRINGS_MAX)
		return 0;
	names = g_malloc0(sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	stats = g_malloc0(sizeof(*stats) + (size_t)n * sizeof(uint64_t));
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_STATS;
	names->len = n;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = n;
	if (!ethtool(fd, ifname, names) || !ethtool(fd, ifname, stats))
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		char name[ETH_GSTRING_LEN + 1] = "";

		memcpy(name, names->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		if (!strstr(name, "xdp") || !strstr(name, "drop") || g_str_has_prefix(name, "tx"))
			continue;
		*(strpbrk(name, "0123456789") ? &queues : &total) += stats->data[i];
	}
	return MAX(total, queues);
}

int nfp_links_dropped(NfpNetlink *netlink, uint32_t ifindex, uint64_t *ret_before, uint64_t *ret_after)
{
	NfpDropped dropped = { 0 };
	NfpNetlinkRequest request;
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };
	/* The root's figure holds those of the classes below it. */
	struct tcmsg qdisc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_ROOT };
	int rc;

	nfp_netlink_begin(&request, RTM_GETLINK, 0, &link, sizeof(link));
	rc = nfp_netlink_do(netlink, &request, dropped_link, &dropped, NULL);
	if (rc)
		return rc;
	/* Without NLM_F_ECHO the kernel answers to RTNLGRP_TC only (net/sched/sch_api.c, qdisc_get_notify). */
	nfp_netlink_begin(&request, RTM_GETQDISC, NLM_F_ECHO, &qdisc, sizeof(qdisc));
	/* A refusal means that there is no qdisc with drops (noqueue): then there are none. */
	nfp_netlink_do(netlink, &request, dropped_qdisc, &dropped, NULL);
	dropped.before += dropped_xdp(nfp_netlink_fd(netlink), dropped.name);
	*ret_before = dropped.before;
	*ret_after = dropped.after;
	return 0;
}
