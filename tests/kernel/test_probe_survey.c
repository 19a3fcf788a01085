/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/survey.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "probe/xdp_features.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/xdp_other.h"

static const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };

static uint32_t index_of(NfpSurvey *survey, const char *name)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));

	cr_assert_eq(nfp_survey_links(survey, links), 0);
	for (guint i = 0; i < links->len; i++)
		if (!strcmp(g_array_index(links, NfpLink, i).name, name))
			return g_array_index(links, NfpLink, i).ifindex;
	cr_assert_fail("no interface %s", name);
	return 0;
}

/* "before:what behind:what " */
static char *foreign(NfpSurvey *survey, uint32_t ifindex, gboolean egress)
{
	g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(NfpForeign));
	GString *text = g_string_new(NULL);

	cr_assert_eq(nfp_survey_foreign(survey, ifindex, egress, all), 0);
	for (guint i = 0; i < all->len; i++) {
		const NfpForeign *f = &g_array_index(all, NfpForeign, i);

		g_string_append_printf(text, "%s:%s ", f->before ? "before" : "behind", f->what);
	}
	return g_string_free(text, FALSE);
}

/* One that lets everything go on; named by others. */
static int program_of_others(void)
{
	const struct bpf_insn code[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1 }, { .code = BPF_JMP | BPF_EXIT } };
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "firewall", "GPL", code, G_N_ELEMENTS(code), NULL);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(probe_survey, filters_of_others, .timeout = 60)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpSurvey) survey = NULL;
	g_autofree char *in = NULL, *out = NULL, *none = NULL;
	gboolean tcx;
	uint32_t a0;
	int program;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	survey = nfp_survey_new(&options, &error);
	cr_assert_not_null(survey, "%s", error ? error->message : "");
	a0 = index_of(survey, "a0");
	tcx = !strcmp(nfp_survey_method(survey, a0), "tcx");
	none = foreign(survey, a0, FALSE);
	cr_assert_str_eq(none, "");
	program = program_of_others();
	cr_assert_eq(bpf_obj_pin(program, "/sys/fs/bpf/firewall"), 0);
	close(program);
	nfpt_run("tc qdisc add dev a0 clsact");
	nfpt_run("tc filter add dev a0 ingress pref 7 bpf da object-pinned /sys/fs/bpf/firewall");
	nfpt_run("tc filter add dev a0 egress pref 9 bpf da object-pinned /sys/fs/bpf/firewall");
	in = foreign(survey, a0, FALSE);
	out = foreign(survey, a0, TRUE);
	cr_assert_str_eq(in, "behind:clsact filter bpf, priority 7 ", "%s", in);
	cr_assert_str_eq(out, tcx ? "behind:clsact filter bpf, priority 9 " : "before:clsact filter bpf, priority 9 ",
			 "%s", out);
}

static void expect_tcx(NfpSurvey *survey, uint32_t ifindex, gboolean egress, const char *place)
{
	g_autofree char *text = foreign(survey, ifindex, egress);
	g_autofree char *start = g_strdup_printf("%s:TCX program firewall (id ", place);

	cr_assert(g_str_has_prefix(text, start), "%s", text);
}

Test(probe_survey, programs_of_others_in_the_chain, .timeout = 60)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpSurvey) survey = NULL;
	LIBBPF_OPTS(bpf_link_create_opts, first, .flags = 1 << 3); /* BPF_F_BEFORE: nothing, hence all */
	int program, links[2], third;
	uint32_t a0;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	survey = nfp_survey_new(&options, NULL);
	a0 = index_of(survey, "a0");
	if (strcmp(nfp_survey_method(survey, a0), "tcx") != 0)
		cr_skip_test("this kernel has no TCX (6.6)");
	program = program_of_others();
	for (guint i = 0; i < 2; i++) {
		links[i] = bpf_link_create(program, (int)a0, (enum bpf_attach_type)(46 + i), NULL);
		cr_assert_geq(links[i], 0);
	}
	/* Where ours would go: to the head on the way in, to the tail on the way out. */
	expect_tcx(survey, a0, FALSE, "behind");
	expect_tcx(survey, a0, TRUE, "before");
	probe = nfpt_open("default", NULL, false);
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, NULL));
	expect_tcx(survey, a0, FALSE, "behind");
	expect_tcx(survey, a0, TRUE, "before");
	/* Somebody went before ours. */
	close(links[0]);
	close(program);
	program = program_of_others();
	third = bpf_link_create(program, (int)a0, (enum bpf_attach_type)46, &first);
	cr_assert_geq(third, 0);
	expect_tcx(survey, a0, FALSE, "before");
	close(third);
	close(links[1]);
	close(program);
}

Test(probe_survey, our_own_are_nobody_else, .timeout = 60)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpSurvey) survey = NULL;
	g_autoptr(GError) error = NULL;
	NfpXdpPlace place = { 0 };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_BOTH, NFP_HOOK_XDP, &error), "%s",
		  error ? error->message : "");
	survey = nfp_survey_new(&options, NULL);
	for (gboolean egress = FALSE; egress <= TRUE; egress++) {
		g_autofree char *text = foreign(survey, index_of(survey, "a0"), egress);

		cr_assert_str_eq(text, "", "%s", text);
	}
	cr_assert_eq(nfp_survey_xdp(survey, index_of(survey, "a0"), &place), 0);
	cr_assert(place.program && place.ours && !place.generic);
}

Test(probe_survey, xdp_of_others_and_of_drivers, .timeout = 60)
{
	g_autoptr(NfpSurvey) survey = NULL;
	NfpXdpPlace wire = { 0 }, loopback = { 0 };
	NfpOffloads offloads = { 0 };

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	survey = nfp_survey_new(&options, NULL);
	nfpt_xdp_other("a0", NFPT_XDP_GENERIC);
	cr_assert_eq(nfp_survey_xdp(survey, index_of(survey, "a0"), &wire), 0);
	cr_assert(wire.program && !wire.ours && wire.generic);
	cr_assert_eq(nfp_survey_xdp(survey, index_of(survey, "lo"), &loopback), 0);
	cr_assert_eq(loopback.program, 0);
	/* Linux 6.3 and later tell. */
	if (nfp_xdp_native(index_of(survey, "lo")) >= 0) {
		cr_assert_eq(wire.native, 1, "veth takes XDP natively");
		cr_assert_eq(loopback.native, 0);
	} else {
		cr_assert(wire.native == -1 && loopback.native == -1);
	}
	cr_assert_lt(nfp_xdp_native(0x7fffffff), 0);
	nfpt_run("ethtool -K a0 gro on");
	cr_assert_eq(nfp_survey_offloads(survey, "a0", &offloads), 0);
	cr_assert(offloads.gro && !offloads.lro);
	cr_assert_lt(nfp_survey_offloads(survey, "nowhere", &offloads), 0);
	nfp_survey_free(NULL);
}

Test(probe_survey, a_namespace_that_is_not_there)
{
	NfpProbeOptions elsewhere = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .netns = "nfpt-no-such" };
	g_autoptr(GError) error = NULL;

	cr_assert_null(nfp_survey_new(&elsewhere, &error));
	cr_assert_not_null(strstr(error->message, "nfpt-no-such"), "%s", error->message);
}
