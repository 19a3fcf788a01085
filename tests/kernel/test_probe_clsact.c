/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is particular to the clsact method: the qdisc's end, priorities, copies of our program. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "probe/domain.h"
#include "support/metered.h"
#include "support/netns.h"

Test(probe_clsact, a_clsact_of_ours_that_others_use_stays)
{
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autofree char *qdiscs = NULL, *hooks = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, true);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	other = nfpt_open("other", NULL, true);
	nfpt_attach(other, "a0", NFP_DIRECTION_EGRESS);
	cr_assert(nfp_probe_detach(probe, "a0", &error), "%s", error ? error->message : "");
	qdiscs = nfpt_output("tc qdisc show dev a0");
	cr_expect_not_null(strstr(qdiscs, "clsact"), "%s", qdiscs);
	hooks = nfpt_hooks(other);
	cr_expect_str_eq(hooks, "a0/out/clsact ");
}

Test(probe_clsact, first_on_the_way_in_and_last_on_the_way_out)
{
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autofree char *in = NULL, *out = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, true);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	other = nfpt_open("other", NULL, true);
	nfpt_attach(other, "a0", NFP_DIRECTION_BOTH);
	in = nfpt_output("tc filter show dev a0 ingress | grep -o 'pref [0-9]* bpf.*handle.*direct'");
	out = nfpt_output("tc filter show dev a0 egress | grep -o 'pref [0-9]* bpf.*handle.*direct'");
	cr_expect(g_str_has_prefix(in, "pref 1 "), "%s", in);
	cr_expect_not_null(strstr(in, "\npref 2 "), "the next that is free: %s", in);
	cr_expect_not_null(strstr(out, "pref 65535 "), "%s", out);
	cr_expect_not_null(strstr(out, "pref 65534 "), "%s", out);
	cr_expect_not_null(strstr(in, "nfprobe:" NFPT_PIN_ROOT "/default"), "%s", in);
}

Test(probe_clsact, attaching_again_replaces)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *before = NULL, *after = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, true);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	before = nfpt_output("tc filter show dev a0 ingress");
	nfp_probe_free(g_steal_pointer(&probe));
	/* Not forced: what holds the hook keeps it, where there is TCX, too. */
	probe = nfpt_open("default", NULL, false);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	after = nfpt_output("tc filter show dev a0 ingress");
	cr_expect_str_neq(after, before, "another program");
	g_free(after);
	after = nfpt_output("tc filter show dev a0 ingress | grep -c handle");
	cr_expect_str_eq(after, "1\n", "and one only: %s", after);
}

Test(probe_clsact, copies_are_told_from_other_instances)
{
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int program = -1;
	NfpAttachContext context;
	NfpHook hook = { 0 };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	other = nfpt_open("other", NULL, true);
	nfpt_attach(other, "a0", NFP_DIRECTION_INGRESS);
	probe = nfpt_open("default", NULL, true);
	context = nfp_probe_context(probe);
	hook.ifindex = nfpt_ifindex(probe, "a0");
	program = nfp_load_program(&probe->maps, (NfpProgramSettings){ 0 }, &error);
	cr_assert_geq(program, 0, "%s", error ? error->message : "");
	cr_expect_eq(nfp_clsact_find_copy(&context, &hook, program), 0, "another instance has maps of its own");
	cr_assert_eq(bpf_obj_pin(program, "/sys/fs/bpf/copy"), 0);
	nfpt_run("tc filter add dev a0 ingress pref 9 bpf da object-pinned /sys/fs/bpf/copy");
	cr_expect_eq(nfp_clsact_find_copy(&context, &hook, program), 9);
	cr_expect_lt(nfp_clsact_find_copy(&context, &hook, -1), 0);
}
