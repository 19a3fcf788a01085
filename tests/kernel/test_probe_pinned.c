/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pinned links: found by what they are, not by their name alone. */
#include "probe/pinned.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#include "probe/domain.h"
#include "support/metered.h"
#include "support/netns.h"

static int every_one(const NfpAttachContext *context, const NfpHook *hook)
{
	return 1;
}

Test(probe_pinned, life_of_a_link)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHook));
	NfpAttachContext context;
	NfpPinnedInfo info;
	NfpHook hook = { .flags = NFP_KEY_XDP }, other;
	bool alive = false;
	int link, program;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	context = nfp_probe_context(probe);
	hook.ifindex = nfpt_ifindex(probe, "a0");
	cr_expect_eq(nfp_pinned_open(&context, &hook, BPF_LINK_TYPE_XDP, &info), -ENOENT);
	cr_expect_eq(nfp_pinned_remove(&context, &hook), 0, "nothing to remove");
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error));

	cr_expect_eq(nfp_pinned_open(&context, &hook, BPF_LINK_TYPE_CGROUP, &info), -ENOENT, "another type");
	link = nfp_pinned_open(&context, &hook, BPF_LINK_TYPE_XDP, &info);
	cr_assert_geq(link, 0);
	cr_expect_eq(info.ifindex, hook.ifindex);
	cr_expect_gt(info.prog_id, 0);
	cr_assert_eq(nfp_pinned_list(&context, every_one, hooks), 0);
	cr_assert_eq(hooks->len, 1);
	other = g_array_index(hooks, NfpHook, 0);
	cr_expect(other.ifindex == hook.ifindex && other.flags == hook.flags);

	program = nfp_load_program(&probe->maps, (NfpProgramSettings){ .xdp = true }, &error);
	cr_assert_geq(program, 0, "%s", error ? error->message : "");
	cr_assert(nfp_pinned_update(link, program, &alive, &error), "%s", error ? error->message : "");
	cr_expect(alive);
	nfpt_run("ip link del a0");
	cr_assert(nfp_pinned_update(link, program, &alive, &error), "%s", error ? error->message : "");
	cr_expect_not(alive, "the interface has gone");
	cr_expect_eq(nfp_pinned_open(&context, &hook, BPF_LINK_TYPE_XDP, &info), -ENOENT, "dead");
	cr_assert(nfp_pinned_keep(&context, &hook, link, &error), "in the place of a dead one");
	cr_expect_eq(nfp_pinned_remove(&context, &hook), 0);
	close(program);
	close(link);
}
