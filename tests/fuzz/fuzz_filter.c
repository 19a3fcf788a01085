/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text is a filter or an error; a filter's translation, if there is one, says of any frame what libpcap says. First octets:
 * 0 the text as it stands, 1 one that is made from what follows; then four that the frames are made from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "filter/filter.h"
#include "fuzz/no_names.h"
#include "support/filter_native.h"
#include "support/filter_world.h"

#define TEXT_MAX 400 /* octets: libpcap takes long for long ones */
#define DEPTH 4
#define FRAMES 6

/* ---- input: zeros behind its end ---------------------------------------------------------------- */

typedef struct {
	const uint8_t *at, *end;
	GString *out;
} Input;

static guint next(Input *in, guint below)
{
	return in->at < in->end ? *in->at++ % below : 0;
}

static guint next32(Input *in)
{
	guint n = 0;

	for (guint i = 0; i < 4; i++)
		n = n << 8 | next(in, 256);
	return n;
}

/* Words of a list that is spaced by commas. */
static void word(Input *in, const char *list)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	g_string_append(in->out, words[next(in, g_strv_length(words))]);
}

/* ---- expressions ----------------------------------------------------------------------------------- */

static void number(Input *in)
{
	static const guint known[] = { 0, 1, 2, 4, 6, 8, 12, 13, 14, 16, 17, 20, 40, 0x0f, 0xf0, 0xff, 0x800, 0x1fff, 0x8100, 0xffff };
	guint which = next(in, 32);

	g_string_append_printf(in->out, "%u", which < G_N_ELEMENTS(known) ? known[which] : which < 28 ? next(in, 256) : next32(in));
}

static void address(Input *in)
{
	static const char *const known[] = { "10.0.0.1", "192.0.2.1", "2001:db8::1", "fe80::1", "::ffff:10.0.0.1", "224.0.0.1", "localhost" };
	guint which = next(in, 10);

	if (which < G_N_ELEMENTS(known))
		g_string_append(in->out, known[which]);
	else
		g_string_append_printf(in->out, "%u.%u.%u.%u", next(in, 256), next(in, 256), next(in, 256), next(in, 256));
}

static void arithmetic(Input *in, guint depth)
{
	switch (depth ? next(in, 6) : next(in, 2)) {
	case 0:
		number(in);
		return;
	case 1:
		word(in, "len,tcpflags,icmptype,icmpcode,tcp-syn,icmp-echo,icmp6-echo,tcp-ack");
		return;
	case 2:
		g_string_append_c(in->out, '-');
		arithmetic(in, depth - 1);
		return;
	case 3:
		g_string_append_c(in->out, '(');
		arithmetic(in, depth - 1);
		word(in, " + , - , * , / , % , & , | , ^ , << , >> ");
		arithmetic(in, depth - 1);
		g_string_append_c(in->out, ')');
		return;
	default:
		word(in, "ether,ip,ip6,tcp,udp,icmp,icmp6,arp,sctp,rarp,igmp,link,vrrp,radio");
		g_string_append_c(in->out, '[');
		arithmetic(in, depth - 1);
		word(in, "],:1],:2],:4],:3]");
	}
}

static void primitive(Input *in, guint depth)
{
	guint kind = next(in, 12);

	if (kind < 4) {
		word(in, ",ip ,ip6 ,arp ,tcp ,udp ,sctp ,ether ");
		word(in, ",src ,dst ,src or dst ,src and dst ");
	}
	switch (kind) {
	case 0:
		word(in, "host ,net ,gateway ,");
		address(in);
		break;
	case 1:
		g_string_append(in->out, "net ");
		address(in);
		g_string_append_printf(in->out, "/%u", next(in, 140));
		break;
	case 2:
		word(in, "port ,portrange ");
		number(in);
		word(in, ",-100,-65535,-http");
		break;
	case 3:
		g_string_append_printf(in->out, "host %02x:00:00:00:%02x:01", next(in, 4) * 2, next(in, 256));
		break;
	case 4:
	case 5:
		word(in, "ip,ip6,arp,rarp,tcp,udp,icmp,icmp6,igmp,sctp,ah,esp,pim,vrrp,carp,ether broadcast,ether multicast,ip multicast,"
			 "ip6 multicast,ip broadcast,vlan,mpls,pppoes,pppoed,geneve,stp,ipx,netbeui,aarp,lat,decnet,iso,clnp,isis,llc,"
			 "inbound,outbound,atalk,moprc,mopdl,port http,port domain,proto tcp");
		break;
	case 6:
		word(in, "vlan ,mpls ,pppoes ,geneve ,ip proto ,ip6 proto ,proto ,ether proto ,less ,greater ,ip protochain ,"
			 "ip6 protochain ,protochain ,iso proto ,ifindex ,llc u,vlan 5 and vlan ");
		number(in);
		break;
	default:
		arithmetic(in, depth);
		word(in, " = , != , > , < , >= , <= ,==");
		arithmetic(in, depth);
	}
}

static void expression(Input *in, guint depth)
{
	guint kind = depth ? next(in, 8) : 0;

	if (in->out->len > TEXT_MAX)
		return;
	switch (kind) {
	default:
		primitive(in, 2);
		return;
	case 4:
		word(in, "not ,! ");
		expression(in, depth - 1);
		return;
	case 5:
		g_string_append_c(in->out, '(');
		expression(in, depth - 1);
		g_string_append_c(in->out, ')');
		return;
	case 6:
	case 7:
		expression(in, depth - 1);
		word(in, " and , or , && , || ,, and not ");
		expression(in, depth - 1);
	}
}

/* ---- what must hold -------------------------------------------------------------------------------- */

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

static void check_link(const NfpFilter *filter, NfpFilterLink link, guint seed, const char *text)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	GBytes *code = nfp_filter_code(filter, link);

	for (guint i = 0; code && i < FRAMES; i++) {
		g_autofree char *refused = NULL, *complaint = NULL;
		guint8 frame[NFPT_FRAME_MAX];
		guint length = nfpt_filter_frame(rand, link == NFP_FILTER_ETHERNET, frame);

		complaint = nfpt_filter_differs_anyhow(code, link == NFP_FILTER_ETHERNET, nfp_filter_has_tags(filter), frame, length,
						       &refused);
		if (complaint) {
			printf("\"%s\", frame %u: %s\n", text, i, complaint);
			fflush(stdout);
			abort();
		}
		if (refused)
			break;
	}
}

static void check_records(const NfpFilter *filter, const uint8_t *data, size_t size)
{
	static const uint32_t have[] = { NFP_HAVE_IPV4 | NFP_HAVE_PORTS, NFP_HAVE_IPV6 | NFP_HAVE_PORTS, NFP_HAVE_IPV4 | NFP_HAVE_ICMP4,
					 NFP_HAVE_ETHERTYPE, UINT32_MAX, 0 };

	for (guint i = 0; i < G_N_ELEMENTS(have); i++) {
		NfpRecord record = { 0 };

		memcpy(&record, data, MIN(size, sizeof(record)));
		record.have = have[i];
		nfp_filter_record(filter, &record);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpFilter) filter = NULL;
	Input in = { data, data + size, text };
	guint made = next(&in, 2), seed = next32(&in);

	if (made)
		expression(&in, DEPTH);
	else
		g_string_append_len(text, (const char *)in.at, MIN(in.end - in.at, TEXT_MAX));
	if (text->len > TEXT_MAX)
		g_string_truncate(text, TEXT_MAX);
	filter = nfp_filter_new(text->str, &err);
	check((filter == NULL) == (err != NULL));
	check(!err || (g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE) && *err->message));
	if (!filter)
		return 0;
	check_link(filter, NFP_FILTER_ETHERNET, seed, text->str);
	check_link(filter, NFP_FILTER_RAW, seed, text->str);
	check_records(filter, data, size);
	return 0;
}
