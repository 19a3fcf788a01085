/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicast and broadcast of the host itself: the kernel hands the host a copy of what it sends, by the interface's ingress
 * and without the Ethernet header. That was on no wire: it is counted where it left, and nowhere else.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "support/metered.h"
#include "support/netns.h"

#define PORT 5353

static int new_socket(int family)
{
	const struct timeval limit = { .tv_sec = 60 };
	const int yes = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	cr_assert_geq(fd, 0, "%s", strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)), 0);
	if (family == AF_INET6) {
		cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)), 0);
		cr_assert_eq(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), 0, "%s", strerror(errno));
	} else {
		cr_assert_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0, "%s", strerror(errno));
	}
	return fd;
}

static void join(int fd4, int fd6)
{
	const int ifindex = (int)if_nametoindex("a0");
	struct ip_mreqn group = { .imr_ifindex = ifindex };
	struct ipv6_mreq group6 = { .ipv6mr_interface = (unsigned int)ifindex };

	inet_pton(AF_INET, "224.0.0.251", &group.imr_multiaddr);
	inet_pton(AF_INET6, "ff02::fb", &group6.ipv6mr_multiaddr);
	cr_assert_eq(setsockopt(fd4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
	cr_assert_eq(setsockopt(fd4, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)), 0);
	cr_assert_eq(setsockopt(fd6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group6, sizeof(group6)), 0);
	cr_assert_eq(setsockopt(fd6, IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof(ifindex)), 0);
}

/* Sends, and waits for the copy: it has been through the hook by then. */
static void send_and_hear(int fd, const void *to, socklen_t size)
{
	char text[] = "hello", heard[sizeof(text)] = "";

	cr_assert_eq(sendto(fd, text, sizeof(text), 0, to, size), (ssize_t)sizeof(text), "%s", strerror(errno));
	cr_assert_eq(recv(fd, heard, sizeof(heard), 0), (ssize_t)sizeof(heard), "%s", strerror(errno));
	cr_expect_str_eq(heard, text);
}

static void send_all(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	NFP_AUTO_FD int fd4 = new_socket(AF_INET);
	NFP_AUTO_FD int fd6 = new_socket(AF_INET6);

	join(fd4, fd6);
	inet_pton(AF_INET, "224.0.0.251", &to.sin_addr);
	send_and_hear(fd4, &to, sizeof(to));
	inet_pton(AF_INET, "10.9.0.255", &to.sin_addr);
	send_and_hear(fd4, &to, sizeof(to));
	inet_pton(AF_INET6, "ff02::fb", &to6.sin6_addr);
	send_and_hear(fd6, &to6, sizeof(to6));
}

/* Packets of a direction to the port of the test. */
static uint64_t sent_to_port(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row, uint8_t flags)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpEntries entries;
	uint64_t sum = 0;

	cr_assert_eq(source->read(source, id, row, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_meta *meta = row == NFP_P_udp6 ? &((const struct nfp_key_v6 *)entries.keys)[i].meta :
								     &((const struct nfp_key_v4 *)entries.keys)[i].meta;

		if (meta->dport == htons(PORT) && (meta->flags & NFP_KEY_EGRESS) == flags)
			sum += entries.values[i].packets;
	}
	return sum;
}

static void check(bool force_clsact, NfpSampling sampling)
{
	g_autoptr(NfpProbe) probe = NULL;
	uint64_t counters[NFP_C_N];
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	/* An address, and nothing that is said without being asked. */
	nfpt_run("cd /proc/sys/net/ipv6/conf/a0 && echo 0 > accept_dad && echo 0 > router_solicitations &&"
		 " echo 1 > addr_gen_mode && echo 0 > disable_ipv6 && ip addr add fd09::1/64 dev a0 nodad");
	probe = nfpt_open("echo", NULL, force_clsact);
	nfp_probe_set_parse(probe, (NfpParseOptions){ .sampling = sampling });
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	send_all();
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 0, "%lu", (unsigned long)nfpt_seen(probe, id, "a0", 0));
	cr_assert_eq(nfp_probe_counters(probe, counters), 0);
	cr_expect_eq(counters[NFP_C_own_multicast], 3);
	nfpt_run("ip netns exec peer ping -q -c 1 -W 60 10.9.0.1");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 1, "the peer's request");
	cr_expect_eq(nfpt_entries(probe, id, NFP_P_eth), 0);
	cr_expect_eq(sent_to_port(probe, id, NFP_P_udp4, 0) + sent_to_port(probe, id, NFP_P_udp6, 0), 0);
	cr_expect_eq(sent_to_port(probe, id, NFP_P_udp4, NFP_KEY_EGRESS), 2);
	cr_expect_eq(sent_to_port(probe, id, NFP_P_udp6, NFP_KEY_EGRESS), 1);
	cr_expect(nfp_probe_detach_all(probe, NULL));
}

Test(probe_echo, is_not_from_the_wire, .timeout = 300)
{
	check(false, (NfpSampling){ 0 });
}

Test(probe_echo, nor_with_clsact, .timeout = 300)
{
	check(true, (NfpSampling){ 0 });
}

/* The program of sampled hooks; none of these packets is left out. */
Test(probe_echo, nor_where_it_is_sampled, .timeout = 300)
{
	check(false, (NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1000000 });
}
