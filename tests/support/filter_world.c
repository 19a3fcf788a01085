// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/filter_world.h"

#include <string.h>

#include <pcap/pcap.h>

#define TAGS 4

const char *const nfpt_filters[] = {
	"port 22",
	"not port 22",
	"tcp port 80 or udp port 53",
	"tcp",
	"not tcp",
	"udp",
	"icmp",
	"icmp6",
	"arp",
	"ip",
	"ip6",
	"sctp",
	"host 10.0.0.1",
	"src host 10.0.0.1 and dst host 10.0.0.2",
	"not host 10.0.0.1",
	"net 10.0.0.0/8",
	"src net 10.0.0.0/30 and not dst net 10.0.0.2/31",
	"net 10.0.0.0/8 or net 192.0.2.0/24 or net 198.51.100.0/24",
	"host 2001:db8::1",
	"net 2001:db8::/32 and tcp",
	"dst net 2001:db8::2/127",
	"portrange 20-60",
	"src portrange 1000-2000",
	"tcp dst port 443 and src net 10",
	"tcp[tcpflags] & tcp-syn != 0",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src port 80",
	"tcp[13] = 2",
	"(tcp[12:1] & 0xf0) >> 2 > 20",
	"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
	"udp[8:2] = 0x1234",
	"udp[4:2] > 20",
	"icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply",
	"ip[8] < 32",
	"ip[6:2] & 0x1fff != 0",
	"ip[0] & 0xf > 5",
	"ip proto 47 or ip proto 132",
	"ip6 proto 17",
	"ip6[6] = 58",
	"ether broadcast",
	"ether multicast",
	"ip multicast",
	"ether host 02:00:00:00:00:01",
	"ether src 02:00:00:00:00:01 or ether dst 02:00:00:00:00:02",
	"ether proto 0x88cc",
	"ether[0] & 1 = 0 and ip[16] >= 10",
	"ether[10:4] = 0x00020800",
	"ether[11:2] = 0x0208",
	"ether[ether[5]:2] = 0x0800",
	"ether[ether[5] * 4:4] & 0xffff0000 = 0x08000000",
	"ip[2:2] - ip[0] * 3 = 7",
	"ip[8] / ip[9] > 5",
	"ip[8] % (ip[9] - 6) = 1",
	"1 << ip[9] & 0x20040 != 0",
	"ip[2:2] << (ip[8] & 0x3f) > 1000",
	"-ip[9] = 0xfffffffa",
	"(ip[4:2] ^ ip[6:2]) | 1 != 1",
	"len > 100",
	"greater 64 and less 128",
	"len - ip[2:2] = 14",
	"vlan",
	"vlan 5",
	"vlan and port 22",
	"vlan 5 and vlan 6",
	"port 22 or (vlan and port 22)",
	"not vlan and tcp",
	"vlan and ether[14:2] & 0xfff = 5",
	"vlan or ether[13:2] = 0x0045",
	"vlan or ether[ether[5] * 4:4] & 0xffff = 5",
	"vlan and ether[12:4] = 0x81000005",
	"vlan and ether[15:2] & 0xff00 = 0x0500",
	"pppoes",
	"mpls",
	"mpls and host 10.0.0.1",
	"tcp[2:2] & 0xff = 80 and (host 10.0.0.1 or host 10.0.0.2 or host 10.0.0.3) and not (udp or icmp)",
	"ether[590] = 1",
	"ether[40000] = 1 or tcp",
	"not geneve and not ether host 00:00:00:00:20:01",
	NULL,
};

typedef struct {
	GRand *rand;
	guint8 *at, *end;
} Out;

static guint below(GRand *rand, guint n)
{
	return (guint)g_rand_int_range(rand, 0, (gint32)n);
}

static void put(Out *o, guint value, guint n)
{
	while (n-- > 0 && o->at < o->end)
		*o->at++ = (guint8)(value >> n * 8);
}

static void put_random(Out *o, guint n)
{
	while (n-- > 0)
		put(o, below(o->rand, 256), 1);
}

static guint port(Out *o)
{
	static const guint ports[] = { 22, 80, 53, 443, 1234, 0, 65535, 20, 60, 61 };

	return ports[below(o->rand, G_N_ELEMENTS(ports))];
}

static void put_transport(Out *o, guint protocol)
{
	if (protocol == 6) {
		guint words = 5 + below(o->rand, 4);

		put(o, port(o), 2);
		put(o, port(o), 2);
		put_random(o, 8);
		put(o, words << 4, 1);
		put(o, below(o->rand, 64), 1);
		put_random(o, 6 + (words - 5) * 4);
		put(o, below(o->rand, 2) ? 0x47455420 : 0, 4);
	} else if (protocol == 17 || protocol == 132) {
		put(o, port(o), 2);
		put(o, port(o), 2);
		put(o, 8 + below(o->rand, 40), 2);
		put_random(o, 2);
		put(o, below(o->rand, 2) ? 0x1234 : 0, 2);
	} else {
		put(o, below(o->rand, 3) * 4, 1);
	}
	put_random(o, below(o->rand, 60));
}

static guint protocol(Out *o)
{
	static const guint protocols[] = { 6, 6, 6, 17, 17, 1, 58, 132, 47, 0 };

	return protocols[below(o->rand, G_N_ELEMENTS(protocols))];
}

static void put_v4(Out *o)
{
	static const guint nets[] = { 0x0a000000, 0xc0000200, 0xc6336400, 0xe0000000, 0xfffffffc };
	guint words = below(o->rand, 4) ? 5 : 5 + below(o->rand, 4), what = protocol(o);

	put(o, 0x40 | words, 1);
	put_random(o, 1);
	put(o, 40 + below(o->rand, 60), 2);
	put_random(o, 2);
	put(o, below(o->rand, 5) ? 0x4000 : below(o->rand, 65536), 2);
	put(o, below(o->rand, 70), 1);
	put(o, what, 1);
	put_random(o, 2);
	for (guint i = 0; i < 2; i++)
		put(o, nets[below(o->rand, 7) % G_N_ELEMENTS(nets)] | below(o->rand, 4), 4);
	put_random(o, (words - 5) * 4);
	put_transport(o, what);
}

static void put_v6(Out *o)
{
	guint what = protocol(o);

	put(o, 0x60000000 | below(o->rand, 1 << 20), 4);
	put(o, below(o->rand, 200), 2);
	put(o, below(o->rand, 4) ? what : 44, 1);
	put(o, 64, 1);
	for (guint i = 0; i < 2; i++) {
		put(o, below(o->rand, 3) ? 0x20010db8 : 0xfe800000, 4);
		put(o, 0, 4);
		put(o, 0, 4);
		put(o, below(o->rand, 4), 4);
	}
	put_transport(o, what);
}

static void put_link(Out *o)
{
	static const guint tags[] = { 0x8100, 0x88a8, 0x9100 };
	guint n = below(o->rand, 2) ? 0 : below(o->rand, TAGS + 2);

	for (guint i = 0; i < 2; i++) {
		put(o, below(o->rand, 8) ? 0x02000000 : 0xffffffff, 4);
		put(o, below(o->rand, 8) ? below(o->rand, 4) : 0xffff, 2);
	}
	for (guint i = 0; i < n; i++) {
		put(o, tags[below(o->rand, G_N_ELEMENTS(tags))], 2);
		put(o, below(o->rand, 2) << 13 | (4 + below(o->rand, 4)), 2);
	}
}

static void spoil(GRand *rand, guint8 *frame, guint *length, guint least)
{
	if (!below(rand, 6))
		*length = least + below(rand, *length - least + 1);
	if (!below(rand, 6))
		frame[below(rand, *length)] ^= (guint8)(1u << below(rand, 8));
}

guint nfpt_filter_frame(GRand *rand, gboolean ethernet, guint8 frame[NFPT_FRAME_MAX])
{
	Out o = { rand, frame, frame + NFPT_FRAME_MAX - 8 };
	guint kind = below(rand, 10), length;

	if (ethernet)
		put_link(&o);
	if (kind < 5) {
		put(&o, 0x0800, ethernet ? 2 : 0);
		put_v4(&o);
	} else if (kind < 8) {
		put(&o, 0x86dd, ethernet ? 2 : 0);
		put_v6(&o);
	} else if (kind < 9) {
		put(&o, ethernet ? 0x8847 : 0x4500, 2);
		put(&o, 0x00010100 | below(rand, 256), 4);
		put_v4(&o);
	} else {
		put(&o, below(rand, 2) ? 0x0806 : 0x8864, 2);
		put_random(&o, 60);
	}
	if (!below(rand, 20))
		put_random(&o, 500);
	length = (guint)(o.at - frame);
	while (length < 14)
		frame[length++] = 0;
	spoil(rand, frame, &length, 14);
	return length;
}

guint nfpt_filter_strip(guint8 *frame, guint length)
{
	guint tags = 0;

	while (tags < TAGS && length >= 12 + 4 * (tags + 1)) {
		guint type = frame[12 + 4 * tags] << 8 | frame[13 + 4 * tags];

		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
		tags++;
	}
	memmove(frame + 12, frame + 12 + 4 * tags, length - 12 - 4 * tags);
	return length - 4 * tags;
}

guint nfpt_filter_tag(guint8 *frame, guint length, guint16 type, guint16 tci)
{
	memmove(frame + 16, frame + 12, length - 12);
	frame[12] = (guint8)(type >> 8);
	frame[13] = (guint8)type;
	frame[14] = (guint8)(tci >> 8);
	frame[15] = (guint8)tci;
	return length + 4;
}

guint nfpt_filter_run(GBytes *code, const guint8 *frame, guint wire, guint length)
{
	return bpf_filter(g_bytes_get_data(code, NULL), frame, wire, length) != 0;
}
