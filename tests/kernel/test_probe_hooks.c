/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks that get another program, and those where that is refused: they stay what they were. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "filter/filter.h"
#include "probe/domain.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/xdp_other.h"

static const NfpSampling tenth = { .mode = NFP_SAMPLE_DETERMINISTIC, .rate = 10 };

/* 1-in-N of the hook now; 0: it is not attached. */
static uint64_t rate_of(NfpProbe *probe, uint8_t flags)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, TRUE, sizeof(NfpHookInfo));

	cr_assert_eq(nfp_probe_hooks(probe, hooks), 0);
	for (guint i = 0; i < hooks->len; i++)
		if (g_array_index(hooks, NfpHookInfo, i).flags == flags)
			return g_array_index(hooks, NfpHookInfo, i).sampling;
	return 0;
}

static void expect_refused(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind kind, const char *want)
{
	g_autoptr(GError) error = NULL;

	cr_assert_not(nfp_probe_attach(probe, ifname, direction, kind, &error));
	cr_expect(strstr(error->message, want), "%s", error->message);
}

/* On a device whose frames have no link header. */
Test(probe_hooks, a_filter_that_is_refused_leaves_all_as_it_was)
{
	g_autoptr(NfpFilter) filter = nfp_filter_new("ether host 02:00:00:00:00:01", NULL);
	NfpParseOptions parse = { .sampling = tenth };
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip addr add 10.8.0.1/24 dev t0 && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "t0", NFP_DIRECTION_BOTH);
	parse.filter = (NfpPacketFilter){ .ethernet = nfp_filter_code(filter, NFP_FILTER_ETHERNET),
					  .raw = nfp_filter_code(filter, NFP_FILTER_RAW) };
	nfp_probe_set_parse(probe, parse);
	cr_expect_not(nfp_probe_try(probe, "t0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &error));
	cr_expect(error && strstr(error->message, "t0: "));
	expect_refused(probe, "t0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, "t0: ");
	/* A rate that nobody samples by. */
	cr_expect_eq(rate_of(probe, 0), 1);
	cr_expect_eq(rate_of(probe, NFP_KEY_EGRESS), 1);
	nfpt_run("python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\"x\", (\"10.8.0.2\", 9))' "
		 "|| true");
	cr_expect_eq(nfpt_recorded(probe, id), nfpt_seen_all(probe, id), "nothing is left out");
}

/* XDP is for one program alone. */
Test(probe_hooks, a_hook_that_is_taken_leaves_the_other_kind)
{
	NfpParseOptions parse = { .sampling = tenth };
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfp_probe_set_parse(probe, parse);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	before = nfpt_hooks(probe);
	nfpt_xdp_other("a0", NFPT_XDP_NATIVE);
	cr_expect(nfp_probe_try(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error), "its program is fine");
	expect_refused(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, "another program");
	after = nfpt_hooks(probe);
	cr_expect_str_eq(after, before);
	cr_expect_eq(rate_of(probe, 0), 10);
	cr_expect_eq(rate_of(probe, NFP_KEY_XDP), 0);
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 5, "it has its rows");
}

/* Link and program of what comes in by TCX, as "link 3 program 7"; "": there is no such link (clsact). */
static char *link_of(NfpProbe *probe, const char *ifname)
{
	g_autofree char *pin = g_strdup_printf("%s/default/links/%u-ingress-tc", NFPT_PIN_ROOT, nfpt_ifindex(probe, ifname));
	NFP_AUTO_FD int fd = bpf_obj_get(pin);
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0)
		return g_strdup("");
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	return g_strdup_printf("link %u program %u", info.id, info.prog_id);
}

/* However often it is asked for: the other kind goes on with its link, its program and its rate. */
Test(probe_hooks, a_hook_that_is_taken_leaves_no_gap)
{
	const int packets = 500;
	g_autofree char *over = g_strdup_printf("%s/nfpt-taken-%d", g_get_tmp_dir(), (int)getpid());
	NfpParseOptions parse = { .sampling = tenth };
	g_autofree char *before = NULL, *after = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	before = link_of(probe, "a0");
	nfpt_xdp_other("a0", NFPT_XDP_GENERIC);
	nfp_probe_set_parse(probe, parse);
	nfpt_run("(timeout 50 ping -q -c %d -i 0.002 10.9.0.2; touch %s) >/dev/null 2>&1 &", packets, over);
	do {
		expect_refused(probe, "a0", NFP_DIRECTION_BOTH, NFP_HOOK_XDP, "a0: XDP: another program has the hook");
	} while (!g_file_test(over, G_FILE_TEST_EXISTS));
	nfpt_run("rm %s", over);
	after = link_of(probe, "a0");
	cr_expect_str_eq(after, before);
	cr_expect_eq(rate_of(probe, 0), 1);
	cr_expect_eq(rate_of(probe, NFP_KEY_EGRESS), 0, "nothing of the new rule");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), (uint64_t)packets);
}

/* While packets come in, from tc to XDP and back: some may go by uncounted, none is counted twice. */
Test(probe_hooks, no_packet_is_counted_by_both_kinds)
{
	const int packets = 1500; /* 2 ms apart: ping takes less than one for no pause at all */
	g_autofree char *over = g_strdup_printf("%s/nfpt-hooks-%d", g_get_tmp_dir(), (int)getpid());
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;
	guint changes = 0;
	uint64_t seen;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	/* Both programs: what is loaded already is not loaded again. */
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, NULL));
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	nfpt_run("(timeout 50 ping -q -c %d -i 0.002 10.9.0.2; touch %s) >/dev/null 2>&1 &", packets, over);
	do {
		cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, ++changes % 2 ? NFP_HOOK_XDP : NFP_HOOK_TC, &error),
			  "%s", error ? error->message : "");
	} while (!g_file_test(over, G_FILE_TEST_EXISTS));
	nfpt_run("rm %s", over);
	seen = nfpt_seen(probe, id, "a0", 0) + nfpt_seen(probe, id, "a0", NFP_KEY_XDP);
	cr_expect(seen > 0 && seen <= (uint64_t)packets, "%lu of %d packets in %u changes", (unsigned long)seen, packets, changes);
}

/* On a kernel whose HZ is not known: the way that is quick is taken, by the exact clock. */
Test(probe_hooks, a_clock_without_ticks)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_config config;
	struct nfp_bucket id;
	uint32_t zero = 0;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	cr_assert_eq(bpf_map_lookup_elem(probe->maps.config, &zero, &config), 0);
	config.tick[0].length = config.tick[1].length = 0;
	cr_assert_eq(bpf_map_update_elem(probe->maps.config, &zero, &config, BPF_ANY), 0);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	cr_assert_eq(probe->programs->len, 1);
	cr_expect(g_array_index(probe->programs, NfpProgram, 0).settings.exact);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_recorded(probe, id), 1);
}
