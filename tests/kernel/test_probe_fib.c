/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets are forwarded to, asked when an entry is made: each answer that the kernel gives, IPv4 and IPv6. What it
 * answers is asked by a program of the test's own, too: a case stands for the code that it names. */
#include "probe/fib.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "ebpf/table.h"
#include "nfprobe.skel.h"
#include "probe/domain.h"
#include "support/metered.h"
#include "support/netns.h"

#define FRAME 1400 /* the longest; MTU of c0: 1300, what IPv6 takes at least is 1280 */
#define ASK 0x80   /* of knob_fib */
#define NEIGHBOUR 0x100 /* code: NO_NEIGH where neighbours are asked for, else success */

typedef struct {
	NfpProbe *probe;
	struct nfprobe_bpf *skeleton; /* or NULL: what nfp_load_program() makes */
	struct nfp_bucket bucket;
	uint32_t in, out;
	int program;
	uint8_t flags; /* of bpf_fib_lookup() */
	bool xdp;
	uint16_t port; /* each run is a flow of its own */
} World;

typedef struct {
	const char *what;
	const char *dst;
	int code;       /* BPF_FIB_LKUP_RET_*, or NEIGHBOUR; -1: nothing is asked */
	int counter;    /* -1: nothing is asked */
	bool found;
	const char *hop;
	uint8_t dmac;   /* last octet; 1: the interface's own */
	uint8_t group;  /* first octet, or 0 */
	bool tagged;
	uint32_t size;
} Case;

#define FOUND NFP_C_fib_found, .found = true
#define NOT_FORWARDED NFP_C_fib_not_forwarded, .found = false
#define PROHIBITED NFP_C_fib_prohibited, .found = false
#define UNSUPPORTED NFP_C_fib_unsupported, .found = false
#define RET(code) BPF_FIB_LKUP_RET_##code

static const Case cases[] = {
	{ "gateway", "10.31.0.1", RET(SUCCESS), FOUND, .hop = "10.30.0.2" },
	{ "the same gateway again", "10.31.0.2", RET(SUCCESS), FOUND, .hop = "10.30.0.2" },
	{ "gateway whose MAC address is not known", "10.32.0.1", NEIGHBOUR, FOUND, .hop = "10.30.0.3" },
	{ "on the link", "10.30.0.9", NEIGHBOUR, FOUND },
	{ "longer than the MTU", "10.31.0.3", RET(FRAG_NEEDED), FOUND, .hop = "10.30.0.2", .size = FRAME },
	/* The route's own MTU is compared with a length that is given alone (net/core/filter.c); we give none. */
	{ "longer than the route's MTU", "10.38.0.1", RET(SUCCESS), FOUND, .hop = "10.30.0.2", .size = 1000 },
	{ "blackhole", "10.33.0.1", RET(BLACKHOLE), PROHIBITED },
	{ "unreachable", "10.34.0.1", RET(UNREACHABLE), PROHIBITED },
	{ "prohibit", "10.35.0.1", RET(PROHIBIT), PROHIBITED },
	{ "throw", "10.39.0.1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "no route", "10.36.0.1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "for this host", "10.30.0.1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "to all of the link", "10.30.0.255", RET(NOT_FWDED), NOT_FORWARDED },
	{ "to a group", "10.31.0.4", -1, -1, .group = 1 },
	{ "tagged", "10.31.0.5", -1, -1, .tagged = true },

	{ "gateway", "fd31::1", RET(SUCCESS), FOUND, .hop = "fd30::2" },
	{ "the same gateway again", "fd31::2", RET(SUCCESS), FOUND, .hop = "fd30::2" },
	{ "gateway whose MAC address is not known", "fd32::1", NEIGHBOUR, FOUND, .hop = "fd30::3" },
	{ "on the link", "fd30::9", NEIGHBOUR, FOUND },
	{ "longer than the MTU", "fd31::3", RET(FRAG_NEEDED), FOUND, .hop = "fd30::2", .size = FRAME },
	{ "longer than the route's MTU", "fd38::1", RET(SUCCESS), FOUND, .hop = "fd30::2", .size = 1310 },
	{ "blackhole", "fd33::1", RET(BLACKHOLE), PROHIBITED },
	{ "unreachable", "fd34::1", RET(UNREACHABLE), PROHIBITED },
	{ "prohibit", "fd35::1", RET(PROHIBIT), PROHIBITED },
	{ "throw", "fd39::1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "no route", "fd36::1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "for this host", "fd30::1", RET(NOT_FWDED), NOT_FORWARDED },
	{ "to a group", "fd31::4", -1, -1, .group = 0x33 },
	{ "tagged", "fd31::5", -1, -1, .tagged = true },
};

/* What not every kernel has: the route first. */
static const struct {
	const char *route;
	Case c;
} encaps[] = {
	{ "10.40.0.0/16 encap ip id 5 dst 192.0.2.1 via 10.30.0.2 dev c0",
	  { "IP in IP", "10.40.0.1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "10.41.0.0/16 encap ip6 id 5 dst fd99::1 via 10.30.0.2 dev c0",
	  { "IPv4 in IPv6", "10.41.0.1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "10.42.0.0/16 encap seg6 mode encap segs fd99::1 dev c0",
	  { "SRv6", "10.42.0.1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "10.43.0.0/16 encap mpls 100 via 10.30.0.2",
	  { "MPLS", "10.43.0.1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "fd40::/16 encap ip6 id 5 dst fd99::1 via fd30::2 dev c0",
	  { "IPv6 in IPv6", "fd40::1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "fd42::/16 encap seg6 mode encap segs fd99::1 dev c0",
	  { "SRv6", "fd42::1", RET(UNSUPP_LWT), UNSUPPORTED } },
	{ "fd43::/16 encap mpls 100 via fd30::2",
	  { "MPLS", "fd43::1", RET(UNSUPP_LWT), UNSUPPORTED } },
};

/* a0 comes in, c0 goes out. */
static void routes(void)
{
	nfpt_run("ip link add c0 type veth peer name c1 && ip link set c0 mtu 1300 && ip link set c0 up && ip link set c1 up");
	nfpt_run("sysctl -qw net.ipv6.conf.a0.disable_ipv6=0 net.ipv6.conf.c0.disable_ipv6=0");
	nfpt_run("ip addr add 10.30.0.1/24 brd 10.30.0.255 dev c0 && ip addr add fd30::1/64 dev c0 nodad");
	nfpt_run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.a0.forwarding=1 net.ipv4.conf.c0.forwarding=1 "
		 "net.ipv6.conf.all.forwarding=1");
	nfpt_run("ip neigh replace 10.30.0.2 lladdr 02:00:00:00:30:02 dev c0");
	nfpt_run("ip neigh replace fd30::2 lladdr 02:00:00:00:30:02 dev c0");
	for (guint i = 0; i < 2; i++) {
		const char *net = i ? "fd" : "10.", *rest = i ? "::/16" : ".0.0/16", *via = i ? "fd30::" : "10.30.0.";

		nfpt_run("ip route add %s31%s via %s2", net, rest, via);
		nfpt_run("ip route add %s32%s via %s3", net, rest, via);
		nfpt_run("ip route add blackhole %s33%s", net, rest);
		nfpt_run("ip route add unreachable %s34%s", net, rest);
		nfpt_run("ip route add prohibit %s35%s", net, rest);
		nfpt_run("ip route add throw %s39%s", net, rest);
		nfpt_run("ip route add %s38%s via %s2 mtu %u", net, rest, via, i ? 1280 : 600);
	}
}

/* The program with flags that nfp_load_program() does not choose on this kernel. */
static void load_with_flags(World *w, bool table)
{
	struct bpf_map *map;

	w->skeleton = nfp_load_open();
	cr_assert_not_null(w->skeleton);
	bpf_object__for_each_map(map, w->skeleton->obj) {
		g_autofree char *pin = g_build_filename(w->probe->directory, bpf_map__name(map), NULL);
		NFP_AUTO_FD int fd = bpf_obj_get(pin);

		if (fd >= 0)
			cr_assert_eq(bpf_map__reuse_fd(map, fd), 0);
	}
	bpf_program__set_autoload(w->skeleton->progs.nfprobe_tc, true);
	w->skeleton->rodata->knob_table = table;
	w->skeleton->rodata->knob_fib = ASK | w->flags;
	cr_assert_eq(nfprobe_bpf__load(w->skeleton), 0);
	w->program = bpf_program__fd(w->skeleton->progs.nfprobe_tc);
}

/* flags: NULL: what suits this kernel. */
static World world(bool table, bool xdp, const uint8_t *flags)
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
	w.flags = flags ? *flags : nfp_fib_flags();
	if (flags) {
		load_with_flags(&w, settings.table);
		return w;
	}
	w.program = nfp_load_program(&w.probe->maps, settings, &error);
	cr_assert_geq(w.program, 0, "%s", error ? error->message : "");
	return w;
}

static void world_end(World *w)
{
	if (!w->skeleton)
		nfp_fd_clear(&w->program);
	nfprobe_bpf__destroy(w->skeleton);
	nfp_probe_free(w->probe);
}

static bool is_six(const Case *c)
{
	return strchr(c->dst, ':') != NULL;
}

static void address_of(const char *text, uint8_t ret[16])
{
	memset(ret, 0, 16);
	if (text)
		cr_assert_eq(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, ret), 1);
}

static size_t frame_of(const World *w, const Case *c, uint8_t frame[FRAME])
{
	size_t header = is_six(c) ? 40 : 20, at = c->tagged ? 18 : 14, size = c->size ? c->size : at + header + 8;
	uint16_t payload = (uint16_t)(size - at - header), whole = (uint16_t)(size - at);
	const uint8_t four[] = { 0x45, 0, (uint8_t)(whole >> 8), (uint8_t)whole, 0, 1, 0, 0, 64, 17, 0, 0, 10, 9, 0, 2 };
	const uint8_t six[] = { 0x60, 0, 0, 0, (uint8_t)(payload >> 8), (uint8_t)payload, 17, 64, 0xfd, 9 };
	const uint8_t udp[] = { (uint8_t)(w->port >> 8), (uint8_t)w->port, 0, 7, (uint8_t)(payload >> 8), (uint8_t)payload };
	uint8_t dst[16];

	address_of(c->dst, dst);
	memset(frame, 0, FRAME);
	memcpy(frame, (uint8_t[]){ c->group ? c->group : 2, 0, 0, 0, 9, c->dmac ? c->dmac : 1, 2, 0, 0, 0, 9, 2 }, 12);
	if (c->tagged)
		memcpy(frame + 12, (uint8_t[]){ 0x81, 0, 0, 5 }, 4);
	memcpy(frame + at - 2, is_six(c) ? (uint8_t[]){ 0x86, 0xdd } : (uint8_t[]){ 8, 0 }, 2);
	memcpy(frame + at, is_six(c) ? six : four, is_six(c) ? sizeof(six) : sizeof(four));
	memcpy(frame + at + (is_six(c) ? 24 : 16), dst, is_six(c) ? 16 : 4);
	memcpy(frame + at + header, udp, sizeof(udp));
	return size;
}

static int run_program(const World *w, const Case *c, int program, bool xdp, int *ret_verdict)
{
	uint8_t frame[FRAME];
	struct __sk_buff skb = { .ifindex = w->in };
	struct xdp_md md = { .ingress_ifindex = w->in };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (uint32_t)frame_of(w, c, frame),
		    .ctx_in = xdp ? (void *)&md : (void *)&skb, .ctx_size_in = xdp ? sizeof(md) : sizeof(skb));
	int rc;

	md.data_end = opts.data_size_in;
	rc = bpf_prog_test_run_opts(program, &opts);
	*ret_verdict = (int)opts.retval;
	return rc;
}

static void run(const World *w, const Case *c)
{
	int verdict, rc = run_program(w, c, w->program, w->xdp, &verdict);

	if (w->xdp && rc == -EINVAL)
		cr_skip_test("test runs of XDP have no device before Linux 5.15");
	cr_assert_eq(rc, 0, "%s, %s: %s", c->what, c->dst, strerror(-rc));
	cr_expect_eq(verdict, w->xdp ? (int)XDP_PASS : TC_ACT_UNSPEC, "%s, %s: the verdict is %d", c->what, c->dst, verdict);
}

/* What bpf_fib_lookup() answers for the case's packet: the parameters word by word on the stack, and the call. */
static int kernels_answer(const World *w, const Case *c)
{
	struct bpf_fib_lookup fib = { .family = is_six(c) ? AF_INET6 : AF_INET, .l4_protocol = 17, .sport = GUINT16_TO_BE(w->port),
				      .dport = GUINT16_TO_BE(7), .ifindex = w->in };
	struct bpf_insn insns[sizeof(fib) / 4 + 6] = { 0 }, *next = insns;
	uint32_t words[sizeof(fib) / 4];
	NFP_AUTO_FD int program = -1;
	int answer;

	address_of(is_six(c) ? "fd09::" : "10.9.0.2", (uint8_t *)fib.ipv6_src);
	address_of(c->dst, (uint8_t *)fib.ipv6_dst);
	memcpy(words, &fib, sizeof(fib));
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		*next++ = (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10,
					     .off = (int16_t)(4 * i - sizeof(fib)), .imm = (int32_t)words[i] };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -(int32_t)sizeof(fib) };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = sizeof(fib) };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = w->flags };
	*next++ = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_fib_lookup };
	*next++ = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nfpt_fib", "GPL", insns, G_N_ELEMENTS(insns), NULL);
	cr_assert_geq(program, 0, "%s", strerror(errno));
	cr_assert_eq(run_program(w, c, program, false, &answer), 0);
	return answer;
}

static struct nfp_value entry(const World *w, const Case *c)
{
	NfpSource *source = nfp_probe_source(w->probe);
	NfpEntries entries;
	uint8_t dst[16];

	address_of(c->dst, dst);
	cr_assert_eq(source->read(source, w->bucket, is_six(c) ? NFP_P_udp6 : NFP_P_udp4, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_v4 *four = (const struct nfp_key_v4 *)entries.keys + i;
		const struct nfp_key_v6 *six = (const struct nfp_key_v6 *)entries.keys + i;
		__be16 port = is_six(c) ? six->meta.sport : four->meta.sport;

		if (port == GUINT16_TO_BE(w->port) &&
		    !memcmp(is_six(c) ? (const void *)six->daddr : &four->daddr, dst, is_six(c) ? 16 : 4))
			return entries.values[i];
	}
	cr_assert_fail("%s, %s: no entry", c->what, c->dst);
	return (struct nfp_value){ 0 };
}

/* What three packets of a flow of their own come to. also: another counter that the entry adds to, or -1. */
static void expect_also(World *w, const Case *c, int also)
{
	static const enum nfp_counter all[] = { NFP_C_fib_found, NFP_C_fib_not_forwarded, NFP_C_fib_prohibited,
						NFP_C_fib_unsupported, NFP_C_fib_failed, NFP_C_fib_crowded };
	int code = c->code != NEIGHBOUR ? c->code : w->flags ? RET(SUCCESS) : RET(NO_NEIGH);
	uint64_t before[NFP_C_N], after[NFP_C_N];
	uint8_t hop[16];
	struct nfp_value v;

	w->port++;
	if (code >= 0 && !w->xdp)
		cr_expect_eq(kernels_answer(w, c), code, "%s, %s: the kernel answers %d", c->what, c->dst, kernels_answer(w, c));
	address_of(c->hop, hop);
	cr_assert_eq(nfp_probe_counters(w->probe, before), 0);
	for (int i = 0; i < 3; i++)
		run(w, c);
	cr_assert_eq(nfp_probe_counters(w->probe, after), 0);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		cr_expect_eq(after[all[i]] - before[all[i]], c->counter == (int)all[i] || also == (int)all[i],
			     "%s, %s: counter %d: %lu", c->what, c->dst, all[i], (unsigned long)(after[all[i]] - before[all[i]]));
	v = entry(w, c);
	cr_expect_eq(v.packets, 3, "%s, %s", c->what, c->dst);
	cr_expect_eq(v.ingress_if, w->in, "%s, %s", c->what, c->dst);
	cr_expect_eq(v.egress_if, c->found ? w->out : 0, "%s, %s: egress interface %u", c->what, c->dst, v.egress_if);
	cr_expect_eq(memcmp(v.next_hop, hop, 16), 0, "%s, %s: the next hop begins with %u.%u.%u.%u", c->what, c->dst,
		     v.next_hop[0], v.next_hop[1], v.next_hop[2], v.next_hop[3]);
}

static void expect(World *w, const Case *c)
{
	expect_also(w, c, -1);
}

static void answers(bool table, bool xdp, const uint8_t *flags)
{
	static const Case other = { "to another host on the link", "10.31.0.6", -1, -1, .dmac = 9 };
	static const Case off[] = { { "forwarding is off", "10.31.0.7", RET(FWD_DISABLED), NOT_FORWARDED },
				    { "forwarding is off", "fd31::7", RET(FWD_DISABLED), NOT_FORWARDED } };
	World w = world(table, xdp, flags);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		expect(&w, &cases[i]);
	if (!xdp)
		expect(&w, &other);
	for (guint i = 0; i < G_N_ELEMENTS(encaps); i++)
		if (!nfpt_try("ip route add %s 2>/dev/null", encaps[i].route))
			expect(&w, &encaps[i].c);
	nfpt_run("sysctl -qw net.ipv4.conf.a0.forwarding=0 net.ipv6.conf.a0.forwarding=0");
	expect(&w, &off[0]);
	expect(&w, &off[1]);
	world_end(&w);
}

Test(probe_fib, answers_by_tables)
{
	answers(true, false, NULL);
}

Test(probe_fib, answers_by_hash)
{
	answers(false, false, NULL);
}

Test(probe_fib, answers_by_xdp)
{
	answers(true, true, NULL);
}

/* As before Linux 6.3, where neighbours cannot be left out: NO_NEIGH is an answer then. */
Test(probe_fib, answers_with_neighbours)
{
	answers(true, false, &(uint8_t){ 0 });
}

/* An error: flags that no kernel takes. */
Test(probe_fib, a_failure_is_counted)
{
	static const Case failed[] = { { "error", "10.31.0.1", -EINVAL, NFP_C_fib_failed, .found = false },
				       { "error", "fd31::1", -EINVAL, NFP_C_fib_failed, .found = false } };
	World w = world(true, false, &(uint8_t){ 0x40 });

	for (guint i = 0; i < G_N_ELEMENTS(failed); i++) {
		cr_expect_eq(kernels_answer(&w, &failed[i]), -EINVAL);
		expect(&w, &failed[i]);
	}
	world_end(&w);
}

/* When there are as many pairs of interface and gateway as there is room for, entries keep the interface. */
Test(probe_fib, crowded)
{
	static const Case known = { "known before", "10.31.0.1", RET(SUCCESS), FOUND, .hop = "10.30.0.2" };
	static const Case late[] = { { "late", "10.32.0.1", NEIGHBOUR, FOUND }, { "late", "fd31::1", RET(SUCCESS), FOUND } };
	static const Case none = { "without a gateway", "10.30.0.9", NEIGHBOUR, FOUND };
	const struct nfp_way other = { .egress_if = 7, .next_hop = { 192, 0, 2, 1 } };
	World w = world(true, false, NULL);
	guint n = 0;

	if (!w.probe->buckets->tables)
		cr_skip_test("no flow tables on this kernel");
	expect(&w, &known);
	/* From the other end than hashes: whatever number is tried is one of these, or does not fit. */
	for (uint32_t number = G_MAXUINT32; !bpf_map_update_elem(w.probe->maps.ways, &number, &other, BPF_ANY); number--)
		n++;
	cr_expect_eq(n, NFP_WAYS_MAX - 1);
	for (guint i = 0; i < G_N_ELEMENTS(late); i++)
		expect_also(&w, &late[i], NFP_C_fib_crowded);
	expect(&w, &known);
	expect(&w, &none);
	world_end(&w);
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
