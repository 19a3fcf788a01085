/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations of filters, run without a kernel, say what bpf_filter() of libpcap says (in the kernel: kernel/test_probe_translate). */
#include <criterion/criterion.h>
#include <linux/bpf.h>

#include "filter/filter.h"
#include "probe/translate.h"
#include "support/filter_native.h"
#include "support/filter_world.h"

#define FRAMES 100

static void try_all(gboolean ethernet)
{
	for (guint i = 0; nfpt_filters[i]; i++) {
		g_autoptr(NfpFilter) filter = nfp_filter_new(nfpt_filters[i], NULL);
		GBytes *code = nfp_filter_code(filter, ethernet ? NFP_FILTER_ETHERNET : NFP_FILTER_RAW);
		g_autoptr(GRand) rand = g_rand_new_with_seed(i);

		for (guint frame = 0; code && frame < FRAMES; frame++) {
			guint8 octets[NFPT_FRAME_MAX];
			guint length = nfpt_filter_frame(rand, ethernet, octets);
			g_autofree char *refused = NULL, *complaint = NULL;

			complaint = nfpt_filter_differs_anyhow(code, ethernet, nfp_filter_has_tags(filter), octets, length, &refused);
			cr_assert_null(complaint, "\"%s\", frame %u: %s", nfpt_filters[i], frame, complaint);
			cr_assert_null(refused, "\"%s\": %s", nfpt_filters[i], refused);
		}
	}
}

Test(translate, ethernet)
{
	try_all(TRUE);
}

Test(translate, bare_ip)
{
	try_all(FALSE);
}

/* A translation with another register and number somewhere: the machine sees it, or the frames do, unless they come nowhere near. */
Test(translate, a_wrong_instruction_is_noticed)
{
	g_autoptr(NfpFilter) filter = nfp_filter_new("tcp dst port 443 and src net 10 or ip[8] < 32", NULL);
	GBytes *code = nfp_filter_code(filter, NFP_FILTER_ETHERNET);
	NfpTranslateOptions options = { .context = NFP_CONTEXT_SKB, .ethernet = true };
	gsize size;
	const void *classic = g_bytes_get_data(code, &size);
	g_autoptr(GArray) insns = nfp_translate(classic, size / sizeof(struct sock_filter), options, NULL);
	guint noticed = 0;

	for (guint i = 0; i < insns->len; i++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(i);
		struct bpf_insn *insn = &g_array_index(insns, struct bpf_insn, i), was = *insn;
		gboolean differs = FALSE;

		insn->imm ^= 1;
		insn->dst_reg ^= 1;
		for (guint frame = 0; frame < FRAMES && !differs; frame++) {
			guint8 octets[NFPT_FRAME_MAX];
			guint length = nfpt_filter_frame(rand, TRUE, octets);
			NfptEbpfFrame on = { .frame = octets, .length = length, .linear = frame % 2 ? length : MIN(length, 18) };
			g_autofree char *complaint = nfpt_filter_differs(code, insns, &options, &on);

			differs = complaint != NULL;
		}
		noticed += differs;
		*insn = was;
	}
	cr_expect_gt(noticed, insns->len / 3, "%u of %u", noticed, insns->len);
}
