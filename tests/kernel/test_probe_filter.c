// SPDX-License-Identifier: GPL-2.0-or-later
/* Metering with a filter: what it leaves out is in the books and in no record, on every path. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "filter/filter.h"
#include "probe/filter.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpParseOptions parse_with(const NfpFilter *filter)
{
	return (NfpParseOptions){ .filter = { .ethernet = nfp_filter_code(filter, NFP_FILTER_ETHERNET),
					      .raw = nfp_filter_code(filter, NFP_FILTER_RAW),
					      .tags = nfp_filter_has_tags(filter) } };
}

static NfpFilter *filter_new(const char *text)
{
	g_autoptr(GError) error = NULL;
	NfpFilter *filter = nfp_filter_new(text, &error);

	cr_assert(filter, "%s", error ? error->message : "");
	return filter;
}

static NfpProbe *meter(const char *text, bool no_table, const char *ifname, NfpDirection direction, NfpHookKind hook,
		       struct nfp_bucket *ret_id)
{
	g_autoptr(NfpFilter) filter = filter_new(text);
	g_autoptr(GError) error = NULL;
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .no_table = no_table };
	NfpProbe *probe;

	probe = nfp_probe_open(&options, &error);
	cr_assert(probe, "%s", error ? error->message : "");
	*ret_id = nfpt_meter(probe);
	nfp_probe_set_parse(probe, parse_with(filter));
	g_clear_pointer(&filter, nfp_filter_free); /* the probe has its own references */
	cr_assert(nfp_probe_attach(probe, ifname, direction, hook, &error), "%s", error ? error->message : "");
	return probe;
}

/* Over all hooks: packets that were left out. */
static uint64_t left_out(NfpProbe *probe, struct nfp_bucket id)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpHookRows rows;
	uint64_t n = 0;

	cr_assert_eq(source->read_hooks(source, id, &rows), 0);
	for (size_t i = 0; i < rows.n; i++)
		n += rows.rows[i].lost[NFP_LOST_filtered];
	return n;
}

static uint64_t counter(NfpProbe *probe, enum nfp_counter which)
{
	uint64_t values[NFP_C_N];

	cr_assert_eq(nfp_probe_counters(probe, values), 0);
	return values[which];
}

/* 5 echo requests with replies; 3 datagrams. */
static void traffic(void)
{
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	nfpt_run("for i in 1 2 3; do echo x | timeout 5 bash -c 'cat >/dev/udp/10.9.0.2/9'; done");
}

static void check(NfpProbe *probe, struct nfp_bucket id, uint8_t flags, uint64_t seen, uint64_t recorded)
{
	cr_expect_eq(nfpt_seen(probe, id, "a0", flags), seen);
	cr_expect_eq(nfpt_recorded(probe, id), recorded);
	cr_expect_eq(left_out(probe, id), seen - recorded);
	cr_expect_eq(counter(probe, NFP_C_filtered), seen - recorded);
	cr_expect_eq(counter(probe, NFP_C_seen), seen);
}

static void leaves_icmp_out(bool no_table)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = meter("not icmp", no_table, "a0", NFP_DIRECTION_EGRESS, NFP_HOOK_TC, &id);
	traffic();
	check(probe, id, NFP_KEY_EGRESS, 8, 3);
	cr_expect_eq(nfpt_entries(probe, id, NFP_P_icmp4), 0);
}

Test(probe_filter, by_the_fast_path)
{
	leaves_icmp_out(false);
}

Test(probe_filter, by_the_general_path)
{
	leaves_icmp_out(true);
}

Test(probe_filter, by_xdp)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = meter("icmp[icmptype] != icmp-echoreply", false, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &id);
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	nfpt_run("ip netns exec peer ping -q -c 4 -i 0.01 10.9.0.1");
	check(probe, id, NFP_KEY_XDP, 9, 4);
}

/* A GSO buffer that is left out is as many packets as one that is not. */
Test(probe_filter, segments_are_counted)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	uint64_t seen, skbs;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = meter("not tcp", false, "a0", NFP_DIRECTION_EGRESS, NFP_HOOK_TC, &id);
	nfpt_run("ip netns exec peer timeout 60 python3 -c 'import socket; s = socket.create_server((\"10.9.0.2\", 5001))\n"
		 "c, a = s.accept()\nwhile c.recv(1 << 16): pass' & for i in $(seq 100); do "
		 "timeout 20 python3 -c 'import socket; s = socket.create_connection((\"10.9.0.2\", 5001), 5); "
		 "s.sendall(b\"x\" * 1000000); s.shutdown(1); s.recv(1)' && break; sleep 0.1; done; wait");
	seen = counter(probe, NFP_C_seen);
	skbs = counter(probe, NFP_C_seen_skbs);
	cr_expect_geq(seen, 1000000 / 1460, "%" G_GUINT64_FORMAT, (guint64)seen);
	cr_expect_lt(skbs, seen, "no GSO here?");
	check(probe, id, NFP_KEY_EGRESS, seen, 0);
}

/* Links without an Ethernet header have a program of their own; tags are part of the frame where the filter says so. */
Test(probe_filter, other_links)
{
	g_autoptr(NfpFilter) filter = filter_new("ether host 02:00:00:00:00:01");
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip addr add 10.8.0.1/24 dev t0 && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	probe = meter("udp port 53", false, "t0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &id);
	cr_expect_null(nfp_filter_code(filter, NFP_FILTER_RAW));
	nfp_probe_set_parse(probe, parse_with(filter));
	cr_expect_not(nfp_probe_attach(probe, "t0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &error));
	cr_expect(error && strstr(error->message, "Ethernet header"), "%s", error ? error->message : "no error");
}

Test(probe_filter, equal_filters_share_a_program)
{
	g_autoptr(NfpFilter) one = filter_new("port 22"), same = filter_new("port  22"), other = filter_new("port 23");
	g_autoptr(NfpFilter) tags = filter_new("port 22 or (vlan and port 22)");
	NfpPacketFilter none = { 0 }, a = parse_with(one).filter, b = parse_with(same).filter, c = parse_with(other).filter,
			d = parse_with(tags).filter;

	cr_expect(nfp_packet_filter_is_set(&a) && !nfp_packet_filter_is_set(&none));
	cr_expect(nfp_packet_filter_same(&a, &b) && nfp_packet_filter_same(&none, &none));
	cr_expect_not(nfp_packet_filter_same(&a, &c) || nfp_packet_filter_same(&a, &none));
	cr_expect(d.tags && !a.tags);
}
