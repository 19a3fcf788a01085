// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A known number of packets of a known number of flows out of an interface, as fast as one CPU can or at a rate.
 * TCP segments (ACK, no SYN) from 10.x.y.z, in turn, to a MAC address that is nobody's: the stack of the other end
 * drops them behind the taps, so that what is measured is a meter and not a stack.
 *
 *   traffic INTERFACE PACKETS FLOWS [PACKETS-PER-SECOND]
 *
 * Prints one JSON object: packets, and seconds from the first to the last.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FRAME 128
#define BURST 64

typedef struct __attribute__((packed)) {
	struct {
		uint8_t destination[6], source[6];
		uint16_t type;
	} ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t payload[FRAME - 14 - sizeof(struct iphdr) - sizeof(struct tcphdr)];
} Frame;

static const Frame model = {
	.ethernet = { { 0x02, 0, 0, 0, 0, 0xfe }, { 0x02, 0, 0, 0, 0, 0x01 }, 0 },
	.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP },
	.tcp = { .doff = 5, .ack = 1 },
};

static uint16_t checksum(const void *data, size_t octets)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < octets / 2; i++)
		sum += word[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void make(Frame *frame, uint32_t flow)
{
	*frame = model;
	frame->ethernet.type = htons(ETHERTYPE_IP);
	frame->ip.tot_len = htons(FRAME - 14);
	frame->ip.saddr = htonl(0x0a000000u + (flow & 0xffffff));
	frame->ip.daddr = htonl(0xc0000201u);
	frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
	frame->tcp.source = htons((uint16_t)(1024 + (flow >> 24)));
	frame->tcp.dest = htons(443);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double due)
{
	struct timespec t = { .tv_sec = (time_t)due };

	t.tv_nsec = (long)((due - (double)t.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int open_on(const char *interface)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = 0,
				       .sll_ifindex = (int)if_nametoindex(interface) };
	int s = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

	if (s < 0 || !address.sll_ifindex || bind(s, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one))) {
		fprintf(stderr, "traffic: %s: %s\n", interface, strerror(errno));
		exit(1);
	}
	return s;
}

int main(int argc, char **argv)
{
	static Frame frames[BURST];
	static struct iovec parts[BURST];
	static struct mmsghdr messages[BURST];
	uint64_t packets, sent = 0;
	uint32_t flows;
	double rate, begin;
	int s;

	if (argc < 4) {
		fprintf(stderr, "usage: traffic INTERFACE PACKETS FLOWS [PACKETS-PER-SECOND]\n");
		return 2;
	}
	packets = strtoull(argv[2], NULL, 10);
	flows = (uint32_t)strtoul(argv[3], NULL, 10);
	rate = argc > 4 ? strtod(argv[4], NULL) : 0;
	if (flows == 0)
		return 2;
	s = open_on(argv[1]);
	for (int i = 0; i < BURST; i++) {
		parts[i] = (struct iovec){ &frames[i], FRAME };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	begin = now();
	while (sent < packets) {
		unsigned n = packets - sent < BURST ? (unsigned)(packets - sent) : BURST;

		for (unsigned i = 0; i < n; i++)
			make(&frames[i], (uint32_t)((sent + i) % flows));
		for (unsigned done = 0; done < n;) {
			int took = sendmmsg(s, messages + done, n - done, 0);

			if (took > 0)
				done += (unsigned)took;
			else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
				fprintf(stderr, "traffic: %s: %s\n", argv[1], strerror(errno));
				return 1;
			}
		}
		sent += n;
		if (rate > 0)
			wait_until(begin + (double)sent / rate);
	}
	printf("{\"packets\":%llu,\"seconds\":%.6f}\n", (unsigned long long)sent, now() - begin);
	return 0;
}
