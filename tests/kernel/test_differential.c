// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser natively and the loaded programs on the same bytes: the frames of both tables, mutated. The same
 * sequence at each run; NFP_FUZZ_SEED gives another, NFP_FUZZ_SECONDS more time than 10 s; NFPROBE_FULL=1: 30 s of another
 * sequence each time, which is printed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "nfprobe.skel.h"
#include "support/mutate.h"
#include "support/same.h"

static void run(NfpTestHook hook, guint32 mask, guint32 seed)
{
	double seconds = nfp_test_fuzz_seconds(10) / 2;
	struct nfprobe_bpf *skel = hook == NFP_TEST_TC ? nfp_test_decap_start(mask) : nfp_test_decap_start_xdp(hook, mask);
	g_autoptr(GTimer) timer = g_timer_new();
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	guint64 ran = 0;
	NfpTestFrame frame;

	printf("differential: hook %d, tunnels %#x, seed %u\n", hook, mask, seed);
	while (g_timer_elapsed(timer, NULL) < seconds || ran <= 100) {
		nfp_test_mutated(rand, &frame);
		ran += nfp_test_same_by(skel, hook, frame.bytes, frame.length, mask, frame.name);
	}
	printf("differential: hook %d, tunnels %#x: %lu frames\n", hook, mask, (gulong)ran);
	nfprobe_bpf__destroy(skel);
}

Test(differential, outermost)
{
	run(NFP_TEST_TC, 0, nfp_test_fuzz_seed());
}

Test(differential, inside_tunnels)
{
	run(NFP_TEST_TC, NFP_TEST_DECAP_ALL, nfp_test_fuzz_seed() + 1);
}

/* The program for kernels before 5.18 takes no tunnels off. */
Test(differential, xdp)
{
	run(NFP_TEST_XDP, 0, nfp_test_fuzz_seed() + 2);
}

Test(differential, xdp_with_frags)
{
	if (!nfp_test_has_xdp_frags())
		cr_skip_test("this kernel has no XDP with frames of several buffers");
	run(NFP_TEST_XDP_FRAGS, 0, nfp_test_fuzz_seed() + 4);
}

Test(differential, xdp_with_frags_inside_tunnels)
{
	if (!nfp_test_has_xdp_frags())
		cr_skip_test("this kernel has no XDP with frames of several buffers");
	run(NFP_TEST_XDP_FRAGS, NFP_TEST_DECAP_ALL, nfp_test_fuzz_seed() + 5);
}
