/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attachments by each method, among other people's, over restarts, and on interfaces that go. */
#include "probe/attach.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include "support/metered.h"
#include "support/netns.h"

static const char *const methods[] = { "tcx", "clsact" };

static bool has_tcx(void)
{
	return nfpt_try("test $(uname -r | cut -d. -f1) -ge 7 || "
			"{ test $(uname -r | cut -d. -f1) -eq 6 && test $(uname -r | cut -d. -f2) -ge 6; }") == 0;
}

static void counts(bool clsact)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL, *expected = NULL, *qdiscs = NULL, *after = NULL;
	const char *method = clsact || !has_tcx() ? "clsact" : "tcx";
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	qdiscs = nfpt_output("tc qdisc show dev a0");
	probe = nfpt_open("default", NULL, clsact);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 5);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_EGRESS), 5);
	cr_expect_eq(nfpt_recorded(probe, id), 10);
	cr_expect_gt(nfpt_entries(probe, id, NFP_P_icmp4), 0);

	hooks = nfpt_hooks(probe);
	expected = g_strdup_printf("a0/in/%s a0/out/%s ", method, method);
	cr_expect_str_eq(hooks, expected, "%s", hooks);
	cr_assert(nfp_probe_detach(probe, "a0", &error), "%s", error ? error->message : "");
	g_free(hooks);
	hooks = nfpt_hooks(probe);
	cr_expect_str_eq(hooks, "");
	after = nfpt_output("tc qdisc show dev a0");
	cr_expect_str_eq(after, qdiscs, "the qdisc that we made is gone");
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 10, "detached");
}

Test(probe_attach, counts_by_the_best_method)
{
	counts(false);
}

Test(probe_attach, counts_by_clsact)
{
	counts(true);
}

Test(probe_attach, one_direction_only)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_EGRESS), 3);
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 0);
}

/* Filters, qdiscs and programs of others: the same before, between and after. */
static void foreign(bool clsact)
{
	static const char show[] = "tc qdisc show dev a0; tc filter show dev a0 ingress pref 1;"
				   "tc filter show dev a0 egress pref 7";
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autofree char *before = NULL, *between = NULL, *after = NULL, *hooks = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id, other_id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	/* They match SCTP only: a filter that ends the chain would hide packets from those behind it. */
	if (nfpt_try("tc qdisc add dev a0 clsact && tc qdisc add dev a0 root handle 5: pfifo limit 77 && "
		     "tc filter add dev a0 ingress pref 1 protocol ip u32 match ip protocol 132 0xff "
		     "classid 1:1 && tc filter add dev a0 egress pref 7 protocol ip u32 match ip protocol 132 "
		     "0xff classid 1:1"))
		cr_skip_test("this kernel has no u32 classifier to stand for a foreign filter");
	before = nfpt_output("%s", show);
	cr_assert_not_null(strstr(before, "u32"), "%s", before);

	other = nfpt_open("other", NULL, clsact);
	other_id = nfpt_meter(other);
	nfpt_attach(other, "a0", NFP_DIRECTION_BOTH);
	probe = nfpt_open("default", NULL, clsact);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 8);
	cr_expect_eq(nfpt_seen_all(other, other_id), 8, "two instances beside each other");
	between = nfpt_output("%s", show);
	cr_expect_str_eq(between, before);

	cr_assert(nfp_probe_detach_all(probe, &error), "%s", error ? error->message : "");
	after = nfpt_output("%s", show);
	cr_expect_str_eq(after, before);
	hooks = nfpt_hooks(other);
	cr_expect(strstr(hooks, "a0/in/") && strstr(hooks, "a0/out/"), "%s", hooks);
	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(other, other_id), 16, "the other instance goes on");
	cr_assert(nfp_probe_detach_all(other, &error), "%s", error ? error->message : "");
	g_free(after);
	after = nfpt_output("%s", show);
	cr_expect_str_eq(after, before, "a clsact that we did not make stays");
}

Test(probe_attach, foreign_filters_and_instances_with_the_best_method)
{
	foreign(false);
}

Test(probe_attach, foreign_filters_and_instances_with_clsact)
{
	foreign(true);
}

/* Restart after restart under load; the interface's own counters are the judge. */
static void restarts(bool clsact)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *received = NULL, *sent = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, clsact);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -f -w 60 -c 20000 10.9.0.2 >/dev/null 2>&1 & echo $! >/run/netns/.ping");
	for (int i = 0; i < 6; i++) {
		nfp_probe_free(g_steal_pointer(&probe));
		probe = nfpt_open("default", NULL, clsact);
		nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	}
	nfpt_run("tail --pid=$(cat /run/netns/.ping) -f /dev/null");
	received = nfpt_output("cat /sys/class/net/a0/statistics/rx_packets");
	sent = nfpt_output("cat /sys/class/net/a0/statistics/tx_packets");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), g_ascii_strtoull(received, NULL, 10), "%s", received);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_EGRESS), g_ascii_strtoull(sent, NULL, 10), "%s", sent);
	cr_expect_geq(nfpt_seen_all(probe, id), 40000);
	cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id));
}

Test(probe_attach, restarts_count_every_packet_with_the_best_method)
{
	restarts(false);
}

Test(probe_attach, restarts_count_every_packet_with_clsact)
{
	restarts(true);
}

static void wait_for_news(NfpProbe *probe)
{
	struct pollfd poll_fd = { nfp_probe_watch_fd(probe), POLLIN, 0 };

	cr_assert_eq(poll(&poll_fd, 1, 20000), 1, "no news of the interface");
	nfp_probe_watch_drain(probe, NULL);
}

static void goes_and_comes(bool clsact)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL, *pins = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, clsact);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 1 10.9.0.2");
	nfp_probe_watch_drain(probe, NULL);

	nfpt_run("ip link del a0");
	wait_for_news(probe);
	hooks = nfpt_hooks(probe);
	cr_expect_str_eq(hooks, "");
	pins = nfpt_output("ls %s/default/links", NFPT_PIN_ROOT);
	cr_expect_str_eq(pins, "", "nothing is left of it: %s", pins);
	cr_expect_not(nfp_probe_attach(probe, "a0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &error));
	cr_expect_str_eq(error->message, "there is no interface \"a0\"");
	g_clear_error(&error);
	cr_expect_eq(nfpt_seen_all(probe, id), 2, "what it counted is still there");

	nfpt_wire("a0", "peer", "b1");
	wait_for_news(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 4);
}

Test(probe_attach, interface_that_goes_and_comes_back_with_the_best_method)
{
	goes_and_comes(false);
}

Test(probe_attach, interface_that_goes_and_comes_back_with_clsact)
{
	goes_and_comes(true);
}

Test(probe_attach, interface_that_went_while_nobody_looked)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *pins = NULL;

	nfpt_sandbox();
	for (int i = 0; i < 2; i++) {
		nfpt_wire("a0", "peer", "b0");
		probe = nfpt_open("default", NULL, i);
		nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
		nfp_probe_free(g_steal_pointer(&probe));
		nfpt_run("ip link del a0");
		probe = nfpt_open("default", NULL, i);
		pins = nfpt_output("ls %s/default/links", NFPT_PIN_ROOT);
		cr_expect_str_eq(pins, "", "%s: %s", methods[i], pins);
		g_clear_pointer(&pins, g_free);
		nfp_probe_free(g_steal_pointer(&probe));
	}
}

Test(probe_attach, a_device_without_link_header)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip addr add 10.8.0.1/24 dev t0 && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "t0", NFP_DIRECTION_EGRESS);
	/* Nobody reads the device; what is sent there passes the hook before it is dropped. */
	nfpt_try("ping -q -c 2 -i 0.01 -W 0.1 10.8.0.2");
	cr_expect_geq(nfpt_seen(probe, id, "t0", NFP_KEY_EGRESS), 2);
	cr_expect_gt(nfpt_entries(probe, id, NFP_P_icmp4), 0, "parsed without a link header");
}

Test(probe_attach, names_of_pins)
{
	static const char *const wrong[] = { "", "a0-ingress-tc", "0-ingress-tc", "7-ingress-tcx",
					     "7-clsact", "07-egress-tc", "7--tc" };
	NfpHook hook;

	cr_assert(nfp_attach_parse("7-ingress-tc", &hook));
	cr_expect(hook.ifindex == 7 && hook.flags == 0);
	cr_assert(nfp_attach_parse("4294967295-egress-tc", &hook));
	cr_expect(hook.ifindex == 4294967295u && hook.flags == NFP_KEY_EGRESS);
	cr_assert(nfp_attach_parse("4-ingress-xdp", &hook));
	cr_expect(hook.ifindex == 4 && hook.flags == NFP_KEY_XDP);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		cr_expect_not(nfp_attach_parse(wrong[i], &hook), "%s", wrong[i]);
}
