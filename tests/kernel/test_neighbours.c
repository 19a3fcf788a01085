/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Among programs that have opinions: they accept, drop, redirect, mirror and hand on, before and behind ours, by TCX links
 * and as clsact filters. What ours sees, what arrives, what they see; and that they stay when ours goes. docs/safety.md
 * has the table.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "neighbour.skel.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/raw.h"

#define N 20

/* linux/bpf.h of 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47, TCX_BEFORE = 1 << 3 };

typedef struct {
	struct neighbour_bpf *skeleton;
	int link; /* TCX; -1 */
} Neighbour;

/* target: the interface that it redirects to; NULL: it has a verdict. */
static Neighbour load(int verdict, const char *target)
{
	Neighbour n = { neighbour_bpf__open(), -1 };

	cr_assert_not_null(n.skeleton);
	n.skeleton->rodata->verdict = verdict;
	n.skeleton->rodata->target = target ? if_nametoindex(target) : 0;
	cr_assert_eq(neighbour_bpf__load(n.skeleton), 0);
	return n;
}

/* Behind all others, or ahead of them. Skips where the kernel has no TCX. */
static void attach_tcx(Neighbour *n, const char *ifname, bool egress, bool ahead)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = ahead ? TCX_BEFORE : 0);

	n->link = bpf_link_create(bpf_program__fd(n->skeleton->progs.neighbour), (int)if_nametoindex(ifname),
				  (enum bpf_attach_type)(egress ? TCX_EGRESS : TCX_INGRESS), &options);
	if (n->link < 0 && errno == EINVAL)
		cr_skip_test("this kernel has no TCX");
	cr_assert_geq(n->link, 0, "%s", strerror(errno));
}

static void attach_clsact(Neighbour *n, const char *ifname, bool egress, guint pref)
{
	g_autofree char *pin = g_strdup_printf("/sys/fs/bpf/neighbour%u", pref);

	nfpt_run("tc qdisc show dev %s | grep -q clsact || tc qdisc add dev %s clsact", ifname, ifname);
	cr_assert_eq(bpf_obj_pin(bpf_program__fd(n->skeleton->progs.neighbour), pin), 0, "%s", strerror(errno));
	nfpt_run("tc filter add dev %s %s pref %u bpf da object-pinned %s", ifname, egress ? "egress" : "ingress", pref, pin);
	cr_assert_eq(unlink(pin), 0);
}

static void leave(Neighbour *n)
{
	nfp_fd_clear(&n->link);
	neighbour_bpf__destroy(n->skeleton);
}

typedef struct {
	NfpProbe *probe;
	struct nfp_bucket id;
	int sender, receiver;
	bool egress;
} World;

/* a0 is metered; its other end is b0. c0 and d0 are a pair to redirect to. egress: frames leave by a0. */
static void begin(World *w, bool egress, bool clsact)
{
	nfpt_sandbox();
	nfpt_raw_wire("a0", "b0", 1500);
	nfpt_raw_wire("c0", "d0", 1500);
	w->egress = egress;
	w->probe = nfpt_open("default", NULL, clsact);
	w->id = nfpt_meter(w->probe);
	w->sender = nfpt_raw_sender(egress ? "a0" : "b0");
	w->receiver = nfpt_raw_receiver(egress ? "b0" : "a0");
}

static void end(World *w)
{
	nfp_fd_clear(&w->sender);
	nfp_fd_clear(&w->receiver);
	nfp_probe_free(w->probe);
}

static void send_all(const World *w)
{
	guint8 frame[200];
	gsize length = nfpt_raw_udp(frame, NULL, 1, 100);

	for (guint i = 0; i < N; i++)
		nfpt_raw_send(w->sender, frame, length);
}

static uint64_t seen(const World *w, const char *ifname, bool egress)
{
	return nfpt_seen(w->probe, w->id, ifname, egress ? NFP_KEY_EGRESS : 0);
}

/* Sent frames have gone all the way: their last stop is known to be one of these. */
static void wait_met(const Neighbour *n, guint64 wanted)
{
	const volatile __u64 *met = &n->skeleton->bss->met;

	for (int i = 0; *met < wanted && i < 60000; i++)
		g_usleep(1000);
	cr_expect_eq(*met, wanted);
}

typedef struct {
	const char *what;
	int ahead, behind;      /* verdicts */
	guint ours, theirs, arrive; /* packets that ours sees, that the one behind sees, that pass the hook */
} Case;

/* In a chain: one ahead of ours, ours, one behind it. */
static const Case cases[] = {
	{ "all hand on", TC_ACT_UNSPEC, TC_ACT_UNSPEC, N, N, N },
	{ "the one behind accepts", TC_ACT_UNSPEC, TC_ACT_OK, N, N, N },
	{ "the one behind drops", TC_ACT_UNSPEC, TC_ACT_SHOT, N, N, 0 },
	{ "the one ahead accepts: the end of the chain", TC_ACT_OK, TC_ACT_UNSPEC, 0, 0, N },
	{ "the one ahead drops", TC_ACT_SHOT, TC_ACT_UNSPEC, 0, 0, 0 },
};

static void chain(bool clsact, bool egress, const Case *c)
{
	Neighbour ahead, behind;
	World w;

	begin(&w, egress, clsact);
	ahead = load(c->ahead, NULL);
	behind = load(c->behind, NULL);
	if (clsact) {
		/* Ours takes the first free priority on the way in, the last on the way out. */
		attach_clsact(&ahead, "a0", egress, egress ? 5 : 1);
		attach_clsact(&behind, "a0", egress, egress ? 65535 : 7);
		nfpt_attach(w.probe, "a0", egress ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS);
	} else {
		nfpt_attach(w.probe, "a0", egress ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS);
		attach_tcx(&ahead, "a0", egress, true);
		attach_tcx(&behind, "a0", egress, false);
	}
	send_all(&w);
	wait_met(&ahead, N);
	wait_met(&behind, c->theirs);
	cr_expect_eq(nfpt_raw_received(w.receiver, c->arrive), c->arrive, "%s: arrive", c->what);
	cr_expect_eq(seen(&w, "a0", egress), c->ours, "%s: ours", c->what);
	cr_expect_eq(nfpt_recorded(w.probe, w.id), c->ours, "%s: recorded", c->what);

	/* Ours goes, theirs stay, in force. */
	cr_assert(nfp_probe_detach(w.probe, "a0", NULL));
	send_all(&w);
	wait_met(&ahead, 2 * N);
	wait_met(&behind, 2 * c->theirs);
	cr_expect_eq(nfpt_raw_received(w.receiver, c->arrive), c->arrive, "%s: arrive without ours", c->what);
	cr_expect_eq(seen(&w, "a0", egress), c->ours, "%s: detached", c->what);
	leave(&ahead);
	leave(&behind);
	end(&w);
}

#define CASE(i) \
	Test(neighbours, tcx_in_##i) { chain(false, false, &cases[i]); } \
	Test(neighbours, tcx_out_##i) { chain(false, true, &cases[i]); } \
	Test(neighbours, clsact_in_##i) { chain(true, false, &cases[i]); } \
	Test(neighbours, clsact_out_##i) { chain(true, true, &cases[i]); }
CASE(0)
CASE(1)
CASE(2)
CASE(3)
CASE(4)

/* As a container network does it: several programs, the last of which sends packets out of another interface. */
static void redirects(bool clsact)
{
	Neighbour first, second, last;
	World w;
	int other;

	begin(&w, false, clsact);
	other = nfpt_raw_receiver("d0");
	nfpt_attach(w.probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_attach(w.probe, "c0", NFP_DIRECTION_BOTH);
	first = load(TC_ACT_UNSPEC, NULL);
	second = load(TC_ACT_UNSPEC, NULL);
	last = load(0, "c0");
	if (clsact) {
		attach_clsact(&first, "a0", false, 11);
		attach_clsact(&second, "a0", false, 12);
		attach_clsact(&last, "a0", false, 13);
	} else {
		attach_tcx(&first, "a0", false, false);
		attach_tcx(&second, "a0", false, false);
		attach_tcx(&last, "a0", false, false);
	}
	send_all(&w);
	cr_expect_eq(nfpt_raw_received(other, N), N);
	wait_met(&last, N);
	cr_expect_eq(nfpt_raw_received(w.receiver, 0), 0, "they went elsewhere");
	cr_expect_eq(seen(&w, "a0", false), N);
	cr_expect_eq(seen(&w, "c0", true), N, "once on each hook that they pass");
	cr_expect_eq(seen(&w, "c0", false), 0);
	cr_expect_eq(nfpt_recorded(w.probe, w.id), 2 * N);
	leave(&first);
	leave(&second);
	leave(&last);
	nfp_fd_clear(&other);
	end(&w);
}

Test(neighbours, redirect_behind_tcx)
{
	redirects(false);
}

Test(neighbours, redirect_behind_clsact)
{
	redirects(true);
}

/* Their chain by clsact, ours by TCX, which the kernel runs first. */
Test(neighbours, clsact_filters_beside_our_link)
{
	g_autofree char *hooks = NULL;
	Neighbour their;
	World w;

	begin(&w, false, false);
	their = load(TC_ACT_SHOT, NULL);
	attach_clsact(&their, "a0", false, 1);
	nfpt_attach(w.probe, "a0", NFP_DIRECTION_INGRESS);
	hooks = nfpt_hooks(w.probe);
	send_all(&w);
	wait_met(&their, N);
	cr_expect_eq(nfpt_raw_received(w.receiver, 0), 0);
	cr_expect_eq(seen(&w, "a0", false), strstr(hooks, "tcx") ? N : 0);
	leave(&their);
	end(&w);
}

#define EVERYTHING "protocol all u32 match u32 0 0"

/* act_mirred copies: each copy is a packet of the interface it leaves by, and of no other. */
Test(neighbours, mirrored)
{
	World w;
	int other;

	begin(&w, false, false);
	other = nfpt_raw_receiver("d0");
	if (nfpt_try("tc qdisc add dev a0 clsact && tc filter add dev a0 ingress pref 9 " EVERYTHING
		     " action mirred egress mirror dev c0"))
		cr_skip_test("this kernel has no u32 classifier or no act_mirred");
	nfpt_attach(w.probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_attach(w.probe, "c0", NFP_DIRECTION_BOTH);
	send_all(&w);
	cr_expect_eq(nfpt_raw_received(w.receiver, N), N);
	cr_expect_eq(nfpt_raw_received(other, N), N);
	cr_expect_eq(seen(&w, "a0", false), N, "not twice");
	cr_expect_eq(seen(&w, "a0", true), 0);
	cr_expect_eq(seen(&w, "c0", true), N, "the copies");
	cr_expect_eq(nfpt_seen_all(w.probe, w.id), 2 * N);
	nfp_fd_clear(&other);
	end(&w);
}

/* The way to shape what comes in: ifb hands packets back behind the hook that they came from. */
Test(neighbours, redirected_to_an_ifb)
{
	World w;

	begin(&w, false, false);
	if (nfpt_try("ip link add ifb9 type ifb && ip link set ifb9 up && tc qdisc add dev a0 clsact && tc filter add dev a0 "
		     "ingress pref 9 " EVERYTHING " action mirred egress redirect dev ifb9"))
		cr_skip_test("this kernel has no ifb, u32 classifier or act_mirred");
	nfpt_attach(w.probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_attach(w.probe, "ifb9", NFP_DIRECTION_EGRESS);
	send_all(&w);
	cr_expect_eq(nfpt_raw_received(w.receiver, N), N, "through the ifb");
	cr_expect_eq(seen(&w, "a0", false), N, "though they come by twice");
	cr_expect_eq(seen(&w, "ifb9", true), N);
	cr_expect_eq(nfpt_seen_all(w.probe, w.id), 2 * N);
	end(&w);
}

/* Actions that mark packets, follow connections, put tags on them: as many as the kernel has. */
Test(neighbours, actions)
{
	static const char *const actions[] = { "skbedit priority 7 mark 9", "ct", "vlan push id 7", "csum ip4h", "pass" };
	g_autoptr(GString) had = g_string_new(NULL);
	guint tried = 0;
	World w;

	begin(&w, false, false);
	nfpt_attach(w.probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_run("tc qdisc show dev a0 | grep -q clsact || tc qdisc add dev a0 clsact");
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (nfpt_try("tc filter add dev a0 ingress pref 9 " EVERYTHING " action %s", actions[i]))
			continue;
		send_all(&w);
		g_string_append_printf(had, "%s; ", actions[i]);
		cr_expect_eq(seen(&w, "a0", false), ++tried * N, "%s", actions[i]);
		nfpt_run("tc filter del dev a0 ingress pref 9");
	}
	cr_expect_eq(nfpt_recorded(w.probe, w.id), tried * N);
	end(&w);
	if (!tried)
		cr_skip_test("this kernel has none of these actions");
	cr_log_info("%s\n", had->str);
}
