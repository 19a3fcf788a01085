/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/links.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpLink find(NfpNetlink *netlink, const char *name)
{
	NfpLink link = { 0 };
	int rc = nfp_links_find(netlink, name, &link);

	cr_assert_eq(rc, 0, "%s: %s", name, strerror(-rc));
	return link;
}

static NfpNetlink *open_netlink(void)
{
	g_autoptr(GError) error = NULL;
	NfpNetlink *netlink = nfp_netlink_new(0, &error);

	cr_assert_not_null(netlink, "%s", error ? error->message : "");
	return netlink;
}

Test(probe_links, kinds_masters_and_lower_devices)
{
	g_autoptr(NfpNetlink) netlink = NULL;
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NfpLink));
	NfpLink link, veth;
	char name[32];

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link add br0 type bridge && ip link set a0 master br0");
	netlink = open_netlink();
	nfpt_run("ip link set a0 alias 'to the peer' address 02:00:00:00:00:77");
	link = find(netlink, "a0");
	cr_expect_str_eq(link.alias, "to the peer");
	cr_expect_eq(memcmp(link.mac, "\x02\0\0\0\0\x77", 6), 0);
	cr_expect_eq(link.table, 0);
	cr_expect_gt(nfp_links_speed(netlink, "a0"), 0, "a veth says 10 Gbit/s");
	cr_expect_eq(nfp_links_speed(netlink, "br-none"), 0);
	link = find(netlink, "lo");
	cr_expect(link.loopback && link.up && link.ethernet);
	veth = find(netlink, "a0");
	cr_expect_str_eq(veth.kind, "veth");
	cr_expect(veth.up && veth.ethernet && !veth.loopback);
	cr_expect_eq(veth.master, find(netlink, "br0").ifindex);
	cr_expect_eq(veth.lower, 0, "the peer is no lower device");
	cr_expect_not(find(netlink, "br0").up);
	cr_expect_str_eq(find(netlink, "br0").kind, "bridge");
	if (nfpt_try("ip link add mv0 link a0 type macvlan") == 0) {
		cr_expect_eq(find(netlink, "mv0").lower, veth.ifindex);
		nfpt_run("ip link set mv0 netns peer");
	}
	if (nfpt_try("ip tuntap add dev t0 mode tun") == 0)
		cr_expect_not(find(netlink, "t0").ethernet);
	cr_assert_eq(nfp_links_list(netlink, links), 0);
	cr_expect_geq(links->len, 3);
	cr_assert_eq(nfp_links_name(netlink, veth.ifindex, name), 0);
	cr_expect_str_eq(name, "a0");
	cr_expect_eq(nfp_links_name(netlink, 0x7ffffff0, name), -ENODEV);
	cr_expect_eq(nfp_links_find(netlink, "none", &link), -ENODEV);
	cr_expect_eq(nfp_links_find(netlink, "", &link), -ENODEV);
	cr_expect_eq(nfp_links_find(netlink, "a_name_of_more_than_15", &link), -ENODEV);
}

/* A tun device says to be of any type. */
static void set_type(int fd, int type)
{
	cr_assert_eq(ioctl(fd, TUNSETLINK, (unsigned long)type), 0, "type %d: %s", type, strerror(errno));
}

/* Types whose packets begin with IP are metered as such; where another header is ahead of it every packet would be malformed. */
Test(probe_links, link_headers)
{
	static const int ip[] = { ARPHRD_NONE, ARPHRD_SLIP, ARPHRD_CSLIP, ARPHRD_PPP, ARPHRD_RAWHDLC, ARPHRD_RAWIP, ARPHRD_TUNNEL,
				  ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_IPGRE, 823 /* ARPHRD_IP6GRE */ };
	static const int foreign[] = { ARPHRD_INFINIBAND, ARPHRD_IEEE1394, ARPHRD_CAN, ARPHRD_IEEE80211_RADIOTAP, 824 /* nlmon */ };
	struct ifreq request = { .ifr_name = "t0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	g_autoptr(NfpNetlink) netlink = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	NFP_AUTO_FD int fd = -1;

	nfpt_sandbox();
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC); /* of the namespace that opens it */
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		cr_skip_test("this kernel has no tun devices");
	netlink = open_netlink();
	probe = nfpt_open("default", NULL, false);
	nfpt_meter(probe);
	for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
		g_autoptr(GError) error = NULL;
		NfpLink link;

		set_type(fd, foreign[i]);
		link = find(netlink, "t0");
		cr_expect(link.foreign && !link.ethernet, "type %d", foreign[i]);
		cr_expect_not(nfp_probe_attach(probe, "t0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &error), "type %d", foreign[i]);
		cr_expect_str_eq(error ? error->message : "", "t0: its link header is neither Ethernet's nor missing: "
							      "nfprobe cannot read its packets");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ip); i++) {
		NfpLink link;

		set_type(fd, ip[i]);
		link = find(netlink, "t0");
		cr_expect(!link.foreign && !link.ethernet, "type %d", ip[i]);
	}
	nfpt_attach(probe, "t0", NFP_DIRECTION_BOTH);
	cr_expect(nfp_probe_detach_all(probe, NULL));
	cr_expect_not(find(netlink, "lo").foreign);
}

Test(probe_links, a_veth_whose_peer_is_here)
{
	g_autoptr(NfpNetlink) netlink = NULL;
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NfpLink));

	nfpt_sandbox();
	nfpt_run("ip link add v0 type veth peer name v1");
	netlink = open_netlink();
	cr_expect_eq(find(netlink, "v0").lower, 0);
	cr_assert_eq(nfp_links_list(netlink, links), 0);
	nfp_links_nearest_wire(links);
	cr_expect_eq(links->len, 2, "both ends, without the loopback");
}

Test(probe_links, a_macvlan_whose_device_is_elsewhere)
{
	g_autoptr(NfpNetlink) netlink = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	if (nfpt_try("ip -n peer link add mv0 link b0 type macvlan && ip -n peer link set mv0 netns %d", getpid()))
		cr_skip_test("this kernel has no macvlan");
	netlink = open_netlink();
	cr_expect_str_eq(find(netlink, "mv0").kind, "macvlan");
	cr_expect_eq(find(netlink, "mv0").lower, 0, "its number is of the other namespace");
}

Test(probe_links, drops_of_the_qdisc)
{
	g_autoptr(NfpNetlink) netlink = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	g_autofree char *sent = NULL;
	uint64_t before, after;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	if (nfpt_try("tc qdisc add dev a0 root tbf rate 8kbit burst 1600 limit 1600"))
		cr_skip_test("this kernel has no tbf qdisc");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	/* Far more than the qdisc holds. */
	nfpt_try("ping -q -c 50 -i 0.001 -W 0.1 -s 1000 10.9.0.2");
	netlink = open_netlink();
	cr_assert_eq(nfp_links_dropped(netlink, nfpt_ifindex(probe, "a0"), &before, &after), 0);
	cr_expect_eq(before, 0);
	cr_expect_gt(after, 10);
	/* Whatever waits in the qdisc goes with it. */
	nfpt_run("tc qdisc replace dev a0 root pfifo limit 5");
	sent = nfpt_output("cat /sys/class/net/a0/statistics/tx_packets");
	cr_expect_geq(nfpt_seen_all(probe, id), g_ascii_strtoull(sent, NULL, 10) + after);
	cr_assert_eq(nfp_probe_hooks(probe, hooks), 0);
	cr_assert_eq(hooks->len, 1);
	cr_expect_eq(nfp_links_dropped(netlink, 0x7ffffff0, &before, &after), -ENODEV);
}
