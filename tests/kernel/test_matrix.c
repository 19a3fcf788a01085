/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel has of what nfprobe makes use of, and which programs its verifier takes: found out, not looked up. Lines
 * "fact: topic<TAB>how it is here" go to docs/kernels.md (tests/support/kernels.py); a program that is refused without a
 * sentence that tells what to do is a failure, and so is one that is refused where it is promised.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "filter/filter.h"
#include "probe/fib.h"
#include "probe/filter.h"
#include "probe/load.h"
#include "probe/table.h"
#include "probe/tick.h"
#include "probe/xdp_features.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/tunnels.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static void fact(const char *topic, const char *how)
{
	printf("fact: %s\t%s\n", topic, how);
	fflush(stdout);
}

/* major << 8 | minor */
static guint version(void)
{
	struct utsname name;
	guint major = 0, minor = 0;

	cr_assert_eq(uname(&name), 0);
	cr_assert_eq(sscanf(name.release, "%u.%u", &major, &minor), 2, "%s", name.release);
	return major << 8 | MIN(minor, 255);
}

/* How a hook is attached: the last word of what nfpt_hooks() says. */
static char *method_of(NfpProbe *probe)
{
	g_autofree char *hooks = nfpt_hooks(probe);

	g_strchomp(hooks);
	cr_assert_not_null(strrchr(hooks, '/'), "%s", hooks);
	return g_strdup(strrchr(hooks, '/') + 1);
}

Test(matrix, hooks)
{
	static const struct {
		const char *topic, *ifname;
		NfpDirection direction;
		NfpHookKind hook;
	} rows[] = {
		{ "tc, what comes in", "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_TC },
		{ "tc, what leaves", "a0", NFP_DIRECTION_EGRESS, NFP_HOOK_TC },
		{ "XDP on veth", "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP },
		{ "XDP on the loopback", "lo", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP },
	};

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(NfpProbe) probe = nfpt_open("default", NULL, false);
		g_autoptr(GError) error = NULL;
		g_autofree char *method = NULL;

		nfpt_meter(probe);
		cr_assert(nfp_probe_attach(probe, rows[i].ifname, rows[i].direction, rows[i].hook, &error), "%s: %s",
			  rows[i].topic, error ? error->message : "");
		method = method_of(probe);
		fact(rows[i].topic, method);
		cr_assert(nfp_probe_detach_all(probe, &error), "%s", error ? error->message : "");
	}
}

static bool has_helper(enum bpf_prog_type type, enum bpf_func_id id)
{
	return libbpf_probe_bpf_helper(type, id, NULL) == 1;
}

static bool has_netns_cookie(void)
{
	NFP_AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	guint64 cookie;
	socklen_t size = sizeof(cookie);

	return fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
}

/* Measured, and more than once, as the daemon does: an emulated machine may get its ticks late, whatever its kernel. */
static bool has_ticks(void)
{
	for (int i = 0; i < 30; i++) {
		NfpTick *tick = nfp_tick_new();
		bool fits = tick && nfp_tick_get(tick).length;

		nfp_tick_free(tick);
		if (fits)
			return true;
	}
	return false;
}

Test(matrix, features)
{
	nfpt_sandbox();
	fact("where packets are counted", nfp_table_usable() ? "flow tables before the hash maps" : "hash maps alone");
	fact("time of plain packets", has_ticks() ? "ticks" : "exact clock for each");
	fact("XDP frames of several buffers",
	     has_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len) ? "counted" : "not taken by native hooks");
	fact("routes (bpf_fib_lookup)", nfp_fib_flags() ? "without the neighbour" : "with the neighbour");
	fact("memory of maps counts", has_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_ktime_get_coarse_ns)
					      ? "in the control group" : "as locked memory (RLIMIT_MEMLOCK)");
	fact("a driver tells whether it has XDP", nfp_xdp_native(1) >= 0 ? "yes" : "no, attaching tells");
	fact("network namespaces are told apart by", has_netns_cookie() ? "cookie" : "inode number");
}

typedef struct {
	const char *name;
	NfpProgramSettings settings;
} Row;

enum { SAMPLED = 1, FILTERED = 2, DECAPSULATED = 4, FRAGMENTS = 8, ROUTES = 16, ALL = 31 };

static const struct {
	const char *name;
	NfpProgramSettings settings;
	bool more; /* than the least and the most that can be asked */
} programs[] = {
	{ "tc in", { .table = true }, true },
	{ "tc out", { .table = true, .egress = true }, false },
	{ "tc in, no link header", { .table = true, .l3 = true }, false },
	{ "tc in, hash maps alone", { .exact = true }, false },
	{ "XDP", { .table = true, .xdp = true }, true },
};

/* What is asked of them. Those behind the second are tried where there is more to try, or where the second is refused; the
 * last ones in the latter case alone. */
static const struct {
	const char *name;
	guint with;
} asked[] = {
	{ "plain", 0 },
	{ "all of it", ALL },
	{ "decapsulate", DECAPSULATED },
	{ "all but decapsulate", ALL & ~DECAPSULATED },
	{ "sampling", SAMPLED },
	{ "filter", FILTERED },
	{ "fragments", FRAGMENTS },
	{ "routes", ROUTES },
};
enum { FIRST_MORE = 2, FIRST_PART = 4 };

static NfpProgramSettings settings_of(NfpProgramSettings settings, guint with, const NfpPacketFilter *filter)
{
	settings.table = settings.table && nfp_table_usable();
	settings.sample = with & SAMPLED ? NFP_SAMPLE_RANDOM : NFP_SAMPLE_NONE;
	settings.parse.decapsulate = with & DECAPSULATED ? NFP_TEST_DECAP_ALL : 0;
	settings.parse.fragments = with & FRAGMENTS;
	settings.parse.routes = with & ROUTES && !settings.egress;
	if (with & FILTERED)
		settings.parse.filter = *filter;
	return settings;
}

/* What docs/tunnels.md and docs/xdp.md promise. */
static bool is_promised(const NfpProgramSettings *settings, guint kernel)
{
	if (settings->parse.decapsulate)
		return kernel >= (settings->xdp ? 0x512 : 0x50f);
	return true;
}

static bool try_program(const NfpMaps *maps, const char *topic, NfpProgramSettings settings, guint kernel)
{
	static const char *const sentences[] = { "leave out", "use hook: tc", "make it shorter" };
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int fd = nfp_load_program(maps, settings, &error);
	bool told = fd >= 0;

	for (size_t i = 0; i < G_N_ELEMENTS(sentences) && !told; i++)
		told = strstr(error->message, sentences[i]);
	fact(topic, fd >= 0 ? "taken" : told ? error->message : "refused");
	cr_expect(told, "%s: %s", topic, error ? error->message : "");
	cr_expect(fd >= 0 || !is_promised(&settings, kernel), "%s is promised: %s", topic, error ? error->message : "");
	return fd >= 0;
}

Test(matrix, programs)
{
	NfpMaps maps = NFP_MAPS_NONE;
	bool other;
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpFilter) filter = NULL;
	NfpPacketFilter packets;
	guint kernel = version();

	nfpt_sandbox();
	g_mkdir_with_parents(NFPT_PIN_ROOT "/x", 0700);
	cr_assert(nfp_load_maps(NFPT_PIN_ROOT "/x", true, &maps, &other, &error), "%s", error ? error->message : "");
	filter = nfp_filter_new("tcp port 443 or net 192.0.2.0/24 or ip6 host 2001:db8::1", &error);
	cr_assert(filter, "%s", error ? error->message : "");
	packets = (NfpPacketFilter){ .ethernet = nfp_filter_code(filter, NFP_FILTER_ETHERNET),
				     .raw = nfp_filter_code(filter, NFP_FILTER_RAW),
				     .tags = nfp_filter_has_tags(filter) };
	for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
		bool whole = true; /* taken, as far as it was tried */

		for (size_t j = 0; j < G_N_ELEMENTS(asked); j++) {
			g_autofree char *topic = g_strdup_printf("program\t%s\t%s", programs[i].name, asked[j].name);

			if (whole && (j >= FIRST_PART || (j >= FIRST_MORE && !programs[i].more)))
				break;
			whole &= try_program(&maps, topic, settings_of(programs[i].settings, asked[j].with, &packets), kernel);
		}
	}
	nfp_load_maps_close(&maps);
}
