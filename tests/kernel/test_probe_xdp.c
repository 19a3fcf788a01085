/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XDP hooks: native, generic, taken by somebody else, over restarts, in the place of tc and back. */
#include "probe/attach.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include "support/metered.h"
#include "support/netns.h"
#include "support/xdp_other.h"

static NfpProbe *start(struct nfp_bucket *ret_id)
{
	NfpProbe *probe = nfpt_open("default", NULL, false);

	*ret_id = nfpt_meter(probe);
	return probe;
}

static void attach_xdp(NfpProbe *probe, const char *ifname, NfpDirection direction)
{
	g_autoptr(GError) error = NULL;

	cr_assert(nfp_probe_attach(probe, ifname, direction, NFP_HOOK_XDP, &error), "%s",
		  error ? error->message : "");
}

static void expect_hooks(NfpProbe *probe, const char *expected)
{
	g_autofree char *hooks = nfpt_hooks(probe);

	cr_expect_str_eq(hooks, expected, "%s", hooks);
}

static uint8_t limits(NfpProbe *probe, const char *ifname)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));

	cr_assert_eq(nfp_probe_hooks(probe, hooks), 0);
	for (guint i = 0; i < hooks->len; i++) {
		const NfpHookInfo *hook = &g_array_index(hooks, NfpHookInfo, i);

		if (!strcmp(hook->ifname, ifname) && hook->flags & NFP_KEY_XDP)
			return hook->limits;
	}
	cr_assert(false, "no XDP hook at %s", ifname);
	return 0;
}

Test(probe_xdp, native)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *shown = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	attach_xdp(probe, "a0", NFP_DIRECTION_INGRESS);
	cr_assert_not_null(nfp_probe_note(probe));
	cr_expect_not_null(strstr(nfp_probe_note(probe), "reset the link"), "%s", nfp_probe_note(probe));
	expect_hooks(probe, "a0/in/xdp-native ");
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_XDP), 5);
	cr_expect_eq(nfpt_recorded(probe, id), 5);
	cr_expect_gt(nfpt_entries(probe, id, NFP_P_icmp4), 0);
	/* A veth takes tags into metadata. */
	cr_expect_eq(limits(probe, "a0"), NFP_LIMIT_VLAN);

	cr_assert(nfp_probe_detach(probe, "a0", &error), "%s", error ? error->message : "");
	expect_hooks(probe, "");
	shown = nfpt_output("ip -d link show a0; ls " NFPT_PIN_ROOT "/default/links");
	cr_expect_null(strstr(shown, "xdp"), "%s", shown);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 5, "detached");
}

Test(probe_xdp, generic_where_the_driver_has_no_native_mode)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip link add br0 type bridge && ip link set br0 up"))
		cr_skip_test("this kernel has no bridge");
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip addr flush dev a0 && ip link set a0 master br0 && ip addr add 10.9.0.1/24 dev br0 && "
		 "ip neigh add 10.9.0.2 dev br0 nud permanent lladdr "
		 "$(ip -n peer -br link show b0 | awk '{ print $3 }') && ip -n peer neigh replace 10.9.0.1 dev b0 "
		 "nud permanent lladdr $(ip -br link show br0 | awk '{ print $3 }')");
	probe = start(&id);
	attach_xdp(probe, "br0", NFP_DIRECTION_INGRESS);
	cr_expect_not_null(strstr(nfp_probe_note(probe), "generic"), "%s", nfp_probe_note(probe));
	expect_hooks(probe, "br0/in/xdp-generic ");
	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	cr_expect_geq(nfpt_seen(probe, id, "br0", NFP_KEY_XDP), 4);
	cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id));
	cr_expect(limits(probe, "br0") & NFP_LIMIT_GSO);
}

Test(probe_xdp, a_device_without_link_header)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip addr add 10.8.0.1/24 dev t0 && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	probe = start(&id);
	attach_xdp(probe, "t0", NFP_DIRECTION_INGRESS);
	expect_hooks(probe, "t0/in/xdp-generic ");
	/* An ICMP echo request of 28 octets from 10.8.0.2, without a link header. */
	nfpt_run("python3 -c '\n"
		 "import fcntl, os, struct\n"
		 "f = os.open(\"/dev/net/tun\", os.O_RDWR)\n"
		 "fcntl.ioctl(f, 0x400454ca, struct.pack(\"16sH22x\", b\"t0\", 0x1001))\n"
		 "p = bytes.fromhex(\"4500001c00000000400100000a0800020a0800010800f7ff00000000\")\n"
		 "for i in range(3): os.write(f, p)\n'");
	cr_expect_eq(nfpt_seen(probe, id, "t0", NFP_KEY_XDP), 3);
	cr_expect_eq(nfpt_entries(probe, id, NFP_P_icmp4), 1, "parsed without a link header");
}

Test(probe_xdp, an_occupied_hook_is_left_alone)
{
	static const NfptXdpMode modes[] = { NFPT_XDP_NATIVE, NFPT_XDP_GENERIC };
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *before = NULL, *after = NULL;

		nfpt_xdp_other("a0", modes[i]);
		before = nfpt_output("ip -d link show a0 | grep prog/xdp");
		cr_expect_not(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error));
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, "another program") && strstr(error->message, "use tc"), "%s",
			  error->message);
		after = nfpt_output("ip -d link show a0 | grep prog/xdp");
		cr_expect_str_eq(after, before);
		expect_hooks(probe, "");
		/* As the error says. */
		nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
		g_clear_error(&error);
		cr_assert(nfp_probe_detach(probe, "a0", &error));
		g_free(after);
		after = nfpt_output("ip -d link show a0 | grep prog/xdp");
		cr_expect_str_eq(after, before);
		nfpt_run("ip link set dev a0 xdp%s off", modes[i] == NFPT_XDP_GENERIC ? "generic" : "");
	}
}

/* Another instance is somebody else, too. */
Test(probe_xdp, instances_do_not_take_each_others)
{
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	attach_xdp(probe, "a0", NFP_DIRECTION_INGRESS);
	other = nfpt_open("other", NULL, false);
	cr_expect_not(nfp_probe_attach(other, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error));
	expect_hooks(probe, "a0/in/xdp-native ");
	expect_hooks(other, "");
}

/* Restart after restart under load; the interface's own counters are the judge. */
Test(probe_xdp, restarts_count_every_packet)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *received = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	attach_xdp(probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_run("cat /sys/class/net/a0/statistics/rx_packets >/run/netns/.before;"
		 "ping -q -f -w 60 -c 20000 10.9.0.2 >/dev/null 2>&1 & echo $! >/run/netns/.ping");
	for (int i = 0; i < 6; i++) {
		nfp_probe_free(g_steal_pointer(&probe));
		probe = nfpt_open("default", NULL, false);
		attach_xdp(probe, "a0", NFP_DIRECTION_INGRESS);
		cr_expect_null(nfp_probe_note(probe), "the program only changed: %s", nfp_probe_note(probe));
	}
	nfpt_run("tail --pid=$(cat /run/netns/.ping) -f /dev/null");
	received = nfpt_output("echo $(($(cat /sys/class/net/a0/statistics/rx_packets) - $(cat /run/netns/.before)))");
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_XDP), g_ascii_strtoull(received, NULL, 10), "%s", received);
	cr_expect_geq(nfpt_seen_all(probe, id), 20000);
	cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id));
}

Test(probe_xdp, takes_the_place_of_tc_and_back)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	attach_xdp(probe, "a0", NFP_DIRECTION_BOTH);
	hooks = nfpt_hooks(probe);
	cr_expect(g_str_has_prefix(hooks, "a0/in/xdp-native a0/out/"), "%s", hooks);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 2);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_XDP), 3);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_EGRESS), 5);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 6);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_XDP), 3);
	cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id));
}

Test(probe_xdp, egress_is_refused_with_a_sentence)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	cr_expect_not(nfp_probe_attach(probe, "lo", NFP_DIRECTION_EGRESS, NFP_HOOK_XDP, &error));
	cr_expect_not_null(strstr(error->message, "hook: tc"), "%s", error->message);
}

Test(probe_xdp, an_interface_that_goes)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *pins = NULL;
	struct nfp_bucket id;
	struct pollfd news = { .events = POLLIN };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = start(&id);
	attach_xdp(probe, "a0", NFP_DIRECTION_INGRESS);
	nfp_probe_watch_drain(probe, NULL);
	nfpt_run("ip link del a0");
	news.fd = nfp_probe_watch_fd(probe);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(poll(&news, 1, 20000), 1, "no news of the interface");
		nfp_probe_watch_drain(probe, NULL);
		g_free(pins);
		pins = nfpt_output("ls " NFPT_PIN_ROOT "/default/links");
		if (!*pins)
			break;
	}
	cr_expect_str_eq(pins, "");
	expect_hooks(probe, "");
}

Test(probe_xdp, of_another_namespace_with_three_capabilities)
{
	g_autoptr(NfpProbe) probe = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", "peer", false);
	nfpt_three_capabilities();
	attach_xdp(probe, "b0", NFP_DIRECTION_INGRESS);
	expect_hooks(probe, "b0/in/xdp-native ");
}
