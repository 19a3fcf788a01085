/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The object without the atomics that kernels before 5.12 refuse. */
#include "probe/oldkernel.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <string.h>

#include "probe/load.h"

static void *copy(size_t *ret_size)
{
	const void *object = nfp_load_object(ret_size);

	return g_memdup2(object, *ret_size);
}

Test(oldkernel, atomics_but_the_plain_add_go)
{
	const struct bpf_insn jump = { .code = BPF_JMP | BPF_JA };
	size_t size, changed = 0;
	g_autofree uint8_t *object = copy(&size);
	const uint8_t *original = nfp_load_object(&size);
	int n = nfp_oldkernel_patch(object, size);

	cr_expect_gt(n, 0, "the programs have compare-and-swaps");
	for (size_t i = 0; i + 8 <= size; i += 8) {
		if (!memcmp(object + i, original + i, 8))
			continue;
		changed++;
		cr_assert_arr_eq(object + i, &jump, 8);
		cr_assert_eq(original[i] & ~0x18, BPF_STX | 0xc0, "it was an atomic");
	}
	cr_expect_eq(changed, (size_t)n, "nothing else is changed");
	cr_expect_eq(nfp_oldkernel_patch(object, size), 0, "none is left");
}

Test(oldkernel, what_is_no_object_is_refused)
{
	size_t size;
	g_autofree uint8_t *object = copy(&size);

	cr_expect_eq(nfp_oldkernel_patch(object, 10), -EINVAL);
	cr_expect_eq(nfp_oldkernel_patch(object, size - 1), -EINVAL, "a section table that is cut off");
	object[1] ^= 1;
	cr_expect_eq(nfp_oldkernel_patch(object, size), -EINVAL);
}
