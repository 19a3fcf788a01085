/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UDP session whose own address or interface changes under it: another socket takes over, as a session of its own. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/netns.h"
#include "transport/transports.h"

#define SECOND G_USEC_PER_SEC

/* The test's clock: nothing here waits for time. */
static gint64 now = 1000 * SECOND;

/* An interface behind which nobody answers: what it gets is sent, and gone. */
static void make_link(const char *addresses)
{
	nfpt_run("ip link add nfpt0 type veth peer name nfpt1 && ip link set nfpt0 arp off && ip link set nfpt1 arp off && "
		 "ip link set nfpt1 up && ip link set nfpt0 up && for a in %s; do "
		 "case $a in *:*) ip addr add $a dev nfpt0 nodad;; *) ip addr add $a dev nfpt0;; esac; done",
		 addresses);
}

static NfpTransport *up(const NfpTransportOptions *options)
{
	NfpTransport *udp = nfp_transport_udp.create(options, NULL);

	nfp_transport_udp.open(udp, now);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP, "%s", udp->error);
	return udp;
}

/* Two seconds later. */
static guint sent(NfpTransport *udp)
{
	static const uint8_t octets[100];
	static const uint32_t length = sizeof(octets);

	now += 2 * SECOND;
	nfp_transport_udp.step(udp, now);
	return nfp_transport_udp.send(udp, &(NfpMessages){ .data = octets, .lengths = &length, .n = 1 }, now);
}

/* Until after the next look-up. */
static void wait_long(NfpTransport *udp)
{
	for (gint64 until = now + 600 * SECOND; now < until; now += 10 * SECOND)
		nfp_transport_udp.step(udp, now);
}

/* The local addresses of this namespace's UDP sockets, in hexadecimal, as the kernel shows them. */
static gboolean sends_from(const char *table, const char *address)
{
	g_autofree char *text = nfpt_output("cat /proc/net/%s", table);

	return strstr(text, address) != NULL;
}

Test(udp, own_ipv4_address_changes)
{
	g_autoptr(NfpTransport) udp = NULL;

	nfpt_sandbox_without_bpffs();
	make_link("192.0.2.1/24");
	udp = up(&(NfpTransportOptions){ .host = (char *)"192.0.2.9", .port = 4739 });
	cr_assert_eq(sent(udp), 1);
	nfpt_run("ip addr del 192.0.2.1/24 dev nfpt0");
	cr_assert_eq(sent(udp), 0);
	cr_assert_eq(udp->session, 1, "nothing better is there yet");
	nfpt_run("ip addr add 192.0.2.2/24 dev nfpt0");
	cr_assert_eq(sent(udp), 0, "numbers of another session");
	cr_assert_eq(udp->session, 2);
	cr_assert_eq(sent(udp), 1, "%s", udp->error);
	cr_assert_eq(sent(udp), 1);
	cr_assert_eq(udp->session, 2);
	cr_assert_not(udp->troubled);
}

Test(udp, device_is_made_anew)
{
	g_autoptr(NfpTransport) udp = NULL;

	nfpt_sandbox_without_bpffs();
	make_link("192.0.2.1/24");
	udp = up(&(NfpTransportOptions){ .host = (char *)"192.0.2.9", .port = 4739, .device = "nfpt0" });
	cr_assert_eq(sent(udp), 1);
	nfpt_run("ip link del nfpt0");
	cr_assert_eq(sent(udp), 0);
	make_link("192.0.2.1/24");
	cr_assert_eq(sent(udp), 0);
	cr_assert_eq(udp->session, 2);
	cr_assert_eq(sent(udp), 1, "%s", udp->error);
}

/* Where sending goes on from an address that is ours no longer. */
Test(udp, own_ipv6_address_changes)
{
	g_autoptr(NfpTransport) udp = NULL;

	nfpt_sandbox_without_bpffs();
	make_link("2001:db8::1/64");
	udp = up(&(NfpTransportOptions){ .host = (char *)"2001:db8::9", .port = 4739 });
	cr_assert_eq(sent(udp), 1);
	wait_long(udp);
	cr_assert_eq(udp->session, 1, "nothing has changed");
	cr_assert(sends_from("udp6", "B80D0120000000000000000001000000"));
	nfpt_run("ip addr del 2001:db8::1/64 dev nfpt0 && ip addr add 2001:db8::2/64 dev nfpt0 nodad");
	wait_long(udp);
	cr_assert_eq(udp->session, 2);
	cr_assert(sends_from("udp6", "B80D0120000000000000000002000000"));
	cr_assert_not(sends_from("udp6", "B80D0120000000000000000001000000"));
	cr_assert_eq(sent(udp), 1);
	wait_long(udp);
	cr_assert_eq(udp->session, 2);
}

/* A better address came, and the old one stays: what a new session would use is used. `source` stands above it. */
Test(udp, own_address_is_another)
{
	g_autoptr(NfpTransport) udp = NULL, fixed = NULL;

	nfpt_sandbox_without_bpffs();
	make_link("192.0.2.1/24 192.0.2.2/24");
	udp = up(&(NfpTransportOptions){ .host = (char *)"198.51.100.9", .port = 4739, .device = "nfpt0" });
	fixed = up(&(NfpTransportOptions){ .host = (char *)"192.0.2.9", .port = 4739, .source = "192.0.2.1" });
	nfpt_run("ip route add 198.51.100.0/24 dev nfpt0 src 192.0.2.2");
	wait_long(udp);
	wait_long(fixed);
	cr_assert_eq(udp->session, 2);
	cr_assert_eq(fixed->session, 1);
	nfpt_run("ip addr flush dev nfpt0");
	cr_assert_eq(sent(fixed), 0);
	nfpt_run("ip addr add 192.0.2.1/24 dev nfpt0");
	sent(fixed);
	cr_assert_eq(sent(fixed), 1, "%s", fixed->error);
}

/* fe80::9%nfpt0: the interface comes after us, and again as another one of that name. */
Test(udp, link_local_collector)
{
	NfpTransportOptions options = { .host = (char *)"fe80::9%nfpt0", .port = 4739 };
	g_autoptr(NfpTransport) udp = nfp_transport_udp.create(&options, NULL);

	nfpt_sandbox_without_bpffs();
	nfp_transport_udp.open(udp, now);
	cr_assert_eq(udp->state, NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(udp->error, "fe80::9%nfpt0: there is no interface nfpt0");
	make_link("fe80::1/64");
	nfp_transport_udp.open(udp, now);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP, "%s", udp->error);
	cr_assert_eq(sent(udp), 1, "%s", udp->error);
	nfpt_run("ip link del nfpt0");
	cr_assert_eq(sent(udp), 0);
	make_link("fe80::1/64");
	for (gint64 until = now + 60 * SECOND; udp->session == 1 && now < until;)
		sent(udp);
	cr_assert_eq(udp->session, 2);
	cr_assert_eq(sent(udp), 1, "%s", udp->error);
}

Test(udp, link_local_source)
{
	NfpTransportOptions options = { .host = (char *)"fe80::9", .port = 4739, .source = "fe80::1", .device = "nfpt0" };
	g_autoptr(NfpTransport) udp = NULL;

	nfpt_sandbox_without_bpffs();
	make_link("fe80::1/64 fe80::2/64");
	udp = up(&options);
	cr_assert_eq(sent(udp), 1);
	cr_assert(sends_from("udp6", "000080FE000000000000000001000000"));
}
