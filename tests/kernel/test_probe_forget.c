/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks that end unnoticed leave nothing behind that others want: fast rows, rows in `base`, rates. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ebpf/table.h"
#include "probe/domain.h"
#include "probe/sampling.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

static const NfpSampling tenth = { .mode = NFP_SAMPLE_RANDOM, .rate = 10 };

static guint slots_of(NfpProbe *probe, uint32_t ifindex)
{
	struct nfp_hook_slots slots;
	guint n = 0;

	cr_assert_eq(bpf_map_lookup_elem(probe->maps.hookslot, &ifindex, &slots), 0);
	for (guint i = 0; i < G_N_ELEMENTS(slots.row); i++)
		n += slots.row[i] != 0;
	return n;
}

static guint base_of(NfpProbe *probe, uint32_t ifindex)
{
	NfpHookRows rows;
	guint n = 0;

	cr_assert_eq(nfp_probe_base(probe, &rows), 0);
	for (size_t i = 0; i < rows.n; i++)
		n += rows.keys[i].ifindex == ifindex;
	return n;
}

static guint rates_of(NfpProbe *probe, uint32_t ifindex)
{
	guint n = 0;

	for (guint i = 0; i < NFP_HOOKS_N; i++) {
		struct nfp_books_key key = { .ifindex = ifindex, .flags = nfp_probe_hook_flags[i] };
		struct nfp_rate rate;

		n += bpf_map_lookup_elem(probe->maps.rates, &key, &rate) == 0;
	}
	return n;
}

static void expect_rows(NfpProbe *probe, uint32_t ifindex, guint hooks)
{
	cr_expect_eq(slots_of(probe, ifindex), nfp_table_usable() ? hooks : 0);
	cr_expect_eq(base_of(probe, ifindex), hooks * probe->buckets->cpus);
	cr_expect_eq(rates_of(probe, ifindex), hooks);
}

/* A sampled interface. clsact: in a qdisc that was there before, so that no pin tells of it. */
static NfpProbe *metered(bool clsact, uint32_t *ifindex)
{
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	if (clsact)
		nfpt_run("tc qdisc add dev a0 clsact");
	probe = nfpt_open("default", NULL, clsact);
	nfp_probe_set_parse(probe, (NfpParseOptions){ .sampling = tenth });
	nfpt_meter(probe);
	*ifindex = nfpt_ifindex(probe, "a0");
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	expect_rows(probe, *ifindex, 2);
	return probe;
}

static void while_nobody_looked(bool clsact)
{
	uint32_t ifindex;
	g_autoptr(NfpProbe) probe = metered(clsact, &ifindex);

	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, clsact);
	expect_rows(probe, ifindex, 2);
	nfp_probe_free(g_steal_pointer(&probe));
	nfpt_run("ip link del a0");
	probe = nfpt_open("default", NULL, clsact);
	expect_rows(probe, ifindex, 0);
}

Test(probe_forget, an_interface_that_went_while_nobody_looked)
{
	while_nobody_looked(false);
}

Test(probe_forget, an_interface_that_went_while_nobody_looked_with_clsact)
{
	while_nobody_looked(true);
}

/* The kernel drops what the socket has no room for, the end of the interface among it. */
static void news_that_are_lost(bool clsact)
{
	uint32_t ifindex;
	g_autoptr(NfpProbe) probe = metered(clsact, &ifindex);
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	int octets = 1;

	nfp_probe_watch_drain(probe, NULL);
	cr_assert_eq(setsockopt(nfp_probe_watch_fd(probe), SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets)), 0);
	nfpt_run("for i in 1 2 3 4 5 6 7 8; do ip link set lo alias $i; done; ip link del a0");
	nfp_probe_watch_drain(probe, gone);
	cr_expect_eq(gone->len, 1, "%u", gone->len);
	cr_expect(gone->len && g_array_index(gone, uint32_t, 0) == ifindex);
	cr_expect_eq(probe->buckets->hooks->len, 0);
	expect_rows(probe, ifindex, 0);
}

Test(probe_forget, news_that_are_lost)
{
	news_that_are_lost(false);
}

Test(probe_forget, news_that_are_lost_with_clsact)
{
	news_that_are_lost(true);
}

/* Killed between its rows and its link, or after the link's end: nothing is attached that they are for. */
Test(probe_forget, rows_of_no_hook)
{
	const struct nfp_books_key hook = { .ifindex = 9999, .flags = NFP_KEY_EGRESS };
	struct nfp_hook_key counted = { .ifindex = 9998 };
	struct nfp_hook_row row = { .seen = 1 };
	struct nfp_hook_slots before, after;
	uint32_t ifindex;
	g_autoptr(NfpProbe) probe = metered(false, &ifindex);

	cr_assert_eq(nfp_sampling_set(probe->buckets, &hook, &tenth, false, NULL), NFP_SAMPLE_RANDOM);
	nfp_buckets_add_hook(probe->buckets, hook.ifindex, hook.flags);
	expect_rows(probe, hook.ifindex, 1);
	cr_assert_eq(bpf_map_update_elem(probe->maps.base, &counted, &row, BPF_NOEXIST), 0);
	cr_assert_eq(bpf_map_lookup_elem(probe->maps.hookslot, &ifindex, &before), 0);
	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, false);
	expect_rows(probe, hook.ifindex, 0);
	cr_expect_eq(base_of(probe, counted.ifindex), 1, "it holds a packet");
	expect_rows(probe, ifindex, 2);
	cr_assert_eq(bpf_map_lookup_elem(probe->maps.hookslot, &ifindex, &after), 0);
	cr_expect_arr_eq(&before, &after, sizeof(before), "its rows are where they were");
}

/* A command opens the domain while the daemon attaches: its rows are there before its link is. */
Test(probe_forget, hooks_that_come_meanwhile_stay)
{
	uint32_t ifindex;
	g_autoptr(NfpProbe) probe = metered(false, &ifindex);
	int status;
	pid_t child;

	child = fork();
	if (!child) {
		for (;;)
			nfp_probe_free(nfpt_open("default", NULL, false));
	}
	for (guint i = 0; i < 40; i++) {
		cr_assert(nfp_probe_detach(probe, "a0", NULL));
		nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
		expect_rows(probe, ifindex, 2);
	}
	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status), "it ended before: %x", status);
}
