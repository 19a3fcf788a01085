/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/raw.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/netns.h"

#define WAIT_MS 60000

void nfpt_raw_wire(const char *a, const char *b, guint mtu)
{
	const char *const ends[] = { a, b };

	nfpt_run("ip link add %s mtu %u type veth peer name %s mtu %u", a, mtu, b, mtu);
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		nfpt_run("echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6", ends[i]);
		nfpt_run("ip link set %s up", ends[i]);
	}
}

static int open_on(const char *ifname, guint16 protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = g_htons(protocol),
				       .sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 32 << 20;

	cr_assert(fd >= 0 && address.sll_ifindex > 0, "%s: %s", ifname, strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s", strerror(errno));
	return fd;
}

int nfpt_raw_sender(const char *ifname)
{
	return open_on(ifname, 0);
}

void nfpt_raw_send(int fd, const void *frame, gsize length)
{
	ssize_t n = send(fd, frame, length, 0);

	/* ENOBUFS: a program on its way out dropped it. */
	cr_assert(n == (ssize_t)length || (n < 0 && errno == ENOBUFS), "%s", n < 0 ? strerror(errno) : "cut");
}

int nfpt_raw_receiver(const char *ifname)
{
	return open_on(ifname, ETH_P_IP);
}

guint nfpt_raw_received(int fd, guint wanted)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	guint8 octet;
	guint n = 0;

	while (poll(&ready, 1, n < wanted ? WAIT_MS : 0) > 0)
		n += recv(fd, &octet, 1, MSG_DONTWAIT | MSG_TRUNC) > 0;
	return n;
}

static void put16(guint8 *at, guint value)
{
	at[0] = (guint8)(value >> 8);
	at[1] = (guint8)value;
}

gsize nfpt_raw_udp(guint8 *frame, const guint32 *tags, guint16 source_port, guint size)
{
	static const guint8 macs[] = { 2, 0, 0, 0, 9, 2, 2, 0, 0, 0, 9, 1 };
	static const guint8 addresses[] = { 10, 9, 0, 1, 10, 9, 0, 2 };
	guint8 *h = frame + sizeof(macs);
	guint32 sum = 0;

	memcpy(frame, macs, sizeof(macs));
	for (; tags && *tags; tags++, h += 4) {
		put16(h, *tags >> 16);
		put16(h + 2, *tags & 0xffff);
	}
	put16(h, ETH_P_IP);
	h += 2;
	memset(h, 0, size);
	h[0] = 0x45;
	put16(h + 2, size);
	h[8] = 64;
	h[9] = 17;
	memcpy(h + 12, addresses, sizeof(addresses));
	for (guint i = 0; i < 20; i += 2)
		sum += (guint)h[i] << 8 | h[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(h + 10, ~(sum + (sum >> 16)) & 0xffff);
	put16(h + 20, source_port);
	put16(h + 22, 4242);
	put16(h + 24, size - 20);
	return (gsize)(h - frame) + size;
}
