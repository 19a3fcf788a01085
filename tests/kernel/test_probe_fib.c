/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets are forwarded to, asked when an entry is made: each answer that the kernel gives. */
#include "probe/fib.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "base/error.h"
#include "probe/domain.h"
#include "support/metered.h"
#include "support/netns.h"

#define FRAME 1400

typedef struct {
	NfpProbe *probe;
	struct nfp_bucket bucket;
	uint32_t in, out;
	int program;
	bool xdp;
	uint16_t port; /* each run is a flow of its own */
} World;

typedef struct {
	const char *what;
	uint8_t dst[4];
	int counter; /* -1: nothing is asked */
	bool found;
	uint8_t hop[4];
	uint8_t dmac;   /* last octet; 1: the interface's own */
	uint8_t group;  /* first octet, or 0 */
	bool tagged;
	uint32_t size;
} Case;

/* a0 comes in, c0 (MTU 1000) goes out. */
static void routes(void)
{
	nfpt_run("ip link add c0 type veth peer name c1 && ip link set c0 mtu 1000 && ip link set c0 up && ip link set c1 up");
	nfpt_run("ip addr add 10.30.0.1/24 dev c0");
	nfpt_run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.a0.forwarding=1 net.ipv4.conf.c0.forwarding=1");
	nfpt_run("ip neigh replace 10.30.0.2 lladdr 02:00:00:00:30:02 dev c0");
	nfpt_run("ip route add 10.31.0.0/16 via 10.30.0.2");
	nfpt_run("ip route add 10.32.0.0/16 via 10.30.0.3");
	nfpt_run("ip route add blackhole 10.33.0.0/16");
	nfpt_run("ip route add unreachable 10.34.0.0/16");
	nfpt_run("ip route add prohibit 10.35.0.0/16");
}

static World world(bool table, bool xdp)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .no_table = !table };
	NfpProgramSettings settings = { .parse = { .routes = true }, .xdp = xdp };
	g_autoptr(GError) error = NULL;
	World w = { .port = 1000, .xdp = xdp };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	routes();
	w.probe = nfp_probe_open(&options, &error);
	cr_assert_not_null(w.probe, "%s", error ? error->message : "");
	settings.table = w.probe->buckets->tables;
	w.bucket = nfpt_meter(w.probe);
	/* Its rows. The hook itself is not in the way: nothing is sent. */
	nfp_probe_set_parse(w.probe, (NfpParseOptions){ .routes = true });
	cr_assert(nfp_probe_attach(w.probe, "a0", NFP_DIRECTION_INGRESS, xdp ? NFP_HOOK_XDP : NFP_HOOK_TC, &error), "%s",
		  error ? error->message : "");
	w.in = nfpt_ifindex(w.probe, "a0");
	w.out = nfpt_ifindex(w.probe, "c0");
	w.program = nfp_load_program(&w.probe->maps, settings, &error);
	cr_assert_geq(w.program, 0, "%s", error ? error->message : "");
	return w;
}

static void world_end(World *w)
{
	nfp_fd_clear(&w->program);
	nfp_probe_free(w->probe);
}

static size_t frame_of(const World *w, const Case *c, uint8_t frame[FRAME])
{
	size_t size = c->size ? c->size : 60, at = 12;
	const uint8_t ip[] = { 0x45, 0, (uint8_t)((size - 18) >> 8), (uint8_t)(size - 18), 0, 1, 0, 0, 64, 17, 0, 0, 10, 9, 0, 2 };
	uint8_t udp[] = { (uint8_t)(w->port >> 8), (uint8_t)w->port, 0, 7, (uint8_t)((size - 38) >> 8), (uint8_t)(size - 38) };

	memset(frame, 0, FRAME);
	memcpy(frame, (uint8_t[]){ c->group ? c->group : 2, 0, 0, 0, 9, c->dmac ? c->dmac : 1, 2, 0, 0, 0, 9, 2 }, 12);
	if (c->tagged) {
		memcpy(frame + at, (uint8_t[]){ 0x81, 0, 0, 5 }, 4);
		at += 4;
	}
	memcpy(frame + at, (uint8_t[]){ 8, 0 }, 2);
	memcpy(frame + at + 2, ip, sizeof(ip));
	memcpy(frame + at + 2 + 16, c->dst, 4);
	memcpy(frame + at + 2 + 20, udp, sizeof(udp));
	return size;
}

static void run(const World *w, const Case *c)
{
	uint8_t frame[FRAME];
	struct __sk_buff skb = { .ifindex = w->in };
	struct xdp_md xdp = { .ingress_ifindex = w->in };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (uint32_t)frame_of(w, c, frame),
		    .ctx_in = w->xdp ? (void *)&xdp : (void *)&skb, .ctx_size_in = w->xdp ? sizeof(xdp) : sizeof(skb));

	int rc;

	xdp.data_end = opts.data_size_in;
	rc = bpf_prog_test_run_opts(w->program, &opts);
	if (w->xdp && rc == -EINVAL)
		cr_skip_test("test runs of XDP have no device before Linux 5.15");
	cr_assert_eq(rc, 0, "%s: %s", c->what, strerror(-rc));
	cr_expect_eq((int)opts.retval, w->xdp ? (int)XDP_PASS : TC_ACT_UNSPEC, "%s: the verdict is %d", c->what, (int)opts.retval);
}

static struct nfp_value entry(const World *w, const Case *c)
{
	NfpSource *source = nfp_probe_source(w->probe);
	NfpEntries entries;

	cr_assert_eq(source->read(source, w->bucket, NFP_P_udp4, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_v4 *key = (const struct nfp_key_v4 *)entries.keys + i;

		if (key->meta.sport == GUINT16_TO_BE(w->port) && !memcmp(&key->daddr, c->dst, 4))
			return entries.values[i];
	}
	cr_assert_fail("%s: no entry", c->what);
	return (struct nfp_value){ 0 };
}

static void expect(World *w, const Case *c)
{
	static const enum nfp_counter all[] = { NFP_C_fib_found, NFP_C_fib_not_forwarded, NFP_C_fib_prohibited,
						NFP_C_fib_unsupported, NFP_C_fib_failed, NFP_C_fib_crowded };
	uint64_t before[NFP_C_N], after[NFP_C_N];
	struct nfp_value v;

	w->port++;
	cr_assert_eq(nfp_probe_counters(w->probe, before), 0);
	for (int i = 0; i < 3; i++)
		run(w, c);
	cr_assert_eq(nfp_probe_counters(w->probe, after), 0);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		cr_expect_eq(after[all[i]] - before[all[i]], c->counter == (int)all[i], "%s: counter %d: %lu", c->what, all[i],
			     (unsigned long)(after[all[i]] - before[all[i]]));
	v = entry(w, c);
	cr_expect_eq(v.packets, 3, "%s", c->what);
	cr_expect_eq(v.ingress_if, w->in, "%s", c->what);
	cr_expect_eq(v.egress_if, c->found ? w->out : 0, "%s: egress interface %u", c->what, v.egress_if);
	cr_expect_eq(memcmp(v.next_hop, c->hop, 4), 0, "%s: next hop %u.%u.%u.%u", c->what, v.next_hop[0], v.next_hop[1],
		     v.next_hop[2], v.next_hop[3]);
}

static void answers(bool table, bool xdp)
{
	const Case cases[] = {
		{ "gateway", { 10, 31, 0, 1 }, NFP_C_fib_found, .found = true, .hop = { 10, 30, 0, 2 } },
		{ "the same gateway again", { 10, 31, 0, 2 }, NFP_C_fib_found, .found = true, .hop = { 10, 30, 0, 2 } },
		{ "gateway whose MAC address is not known", { 10, 32, 0, 1 }, NFP_C_fib_found, .found = true, .hop = { 10, 30, 0, 3 } },
		{ "on the link", { 10, 30, 0, 9 }, NFP_C_fib_found, .found = true },
		{ "longer than the MTU", { 10, 31, 0, 3 }, NFP_C_fib_found, .found = true, .hop = { 10, 30, 0, 2 }, .size = FRAME },
		{ "blackhole", { 10, 33, 0, 1 }, NFP_C_fib_prohibited, .found = false },
		{ "unreachable", { 10, 34, 0, 1 }, NFP_C_fib_prohibited, .found = false },
		{ "prohibit", { 10, 35, 0, 1 }, NFP_C_fib_prohibited, .found = false },
		{ "no route", { 10, 36, 0, 1 }, NFP_C_fib_not_forwarded, .found = false },
		{ "for this host", { 10, 30, 0, 1 }, NFP_C_fib_not_forwarded, .found = false },
		{ "to a group", { 10, 31, 0, 4 }, -1, .group = 1 },
		{ "tagged", { 10, 31, 0, 5 }, -1, .tagged = true },
	};
	const Case other = { "to another host on the link", { 10, 31, 0, 6 }, -1, .dmac = 9 };
	const Case off = { "forwarding is off", { 10, 31, 0, 7 }, NFP_C_fib_not_forwarded, .found = false };
	const Case encap = { "route with a header of its own", { 10, 37, 0, 1 }, NFP_C_fib_unsupported, .found = false };
	World w = world(table, xdp);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(&w, &cases[i]);
	if (!xdp)
		expect(&w, &other);
	if (!nfpt_try("ip route add 10.37.0.0/16 encap ip id 5 dst 192.0.2.1 via 10.30.0.2 dev c0"))
		expect(&w, &encap);
	nfpt_run("sysctl -qw net.ipv4.conf.a0.forwarding=0");
	expect(&w, &off);
	world_end(&w);
}

Test(probe_fib, answers_by_tables)
{
	answers(true, false);
}

Test(probe_fib, answers_by_hash)
{
	answers(false, false);
}

Test(probe_fib, answers_by_xdp)
{
	answers(true, true);
}

Test(probe_fib, flags_are_what_the_kernel_takes)
{
	uint8_t flags;

	nfpt_sandbox();
	flags = nfp_fib_flags();
	cr_expect(flags == 0 || flags == 1 << 2, "%u", flags);
}

/* A port of a bridge has no routes of its own. */
Test(probe_fib, ports_are_not_asked_for)
{
	NfpParseOptions parse = { .routes = true };
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link add br0 type bridge && ip link add c0 type veth peer name c1 && ip link set c0 master br0 && "
		 "ip link set c0 up && ip link set br0 up");
	probe = nfpt_open("default", NULL, false);
	nfp_probe_set_parse(probe, parse);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_attach(probe, "c0", NFP_DIRECTION_INGRESS);
	cr_assert_eq(probe->programs->len, 3);
	cr_expect(g_array_index(probe->programs, NfpProgram, 0).settings.parse.routes);
	cr_expect_not(g_array_index(probe->programs, NfpProgram, 1).settings.parse.routes, "what leaves is not asked for");
	cr_expect_not(g_array_index(probe->programs, NfpProgram, 2).settings.parse.routes, "the bridge is in front");
	nfp_probe_free(probe);
}
