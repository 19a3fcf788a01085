// SPDX-License-Identifier: GPL-2.0-or-later
/* A filter in the object: the program loads with it, what is no object is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

#include "nfprobe.skel.h"
#include "probe/load.h"
#include "probe/translate.h"

static GArray *insns_new(guint n)
{
	GArray *insns = g_array_new(FALSE, TRUE, sizeof(struct bpf_insn));

	g_array_set_size(insns, n);
	return insns;
}

Test(probe_splice, has_room_for_the_longest)
{
	g_autoptr(GArray) longest = insns_new(NFP_TRANSLATE_ROOM - 3), longer = insns_new(NFP_TRANSLATE_ROOM + 3);
	size_t size;
	const void *original = nfp_load_object(&size);
	g_autofree void *object = g_memdup2(original, size);

	cr_expect_eq(nfp_translate_splice(object, size, longest), 0);
	cr_expect_neq(memcmp(object, original, size), 0);
	cr_expect_eq(nfp_translate_splice(object, size, longer), -E2BIG);
}

Test(probe_splice, what_is_no_object_is_refused)
{
	g_autoptr(GArray) insns = insns_new(1);
	size_t size;
	const void *original = nfp_load_object(&size);
	g_autofree guint8 *object = g_memdup2(original, size);

	for (size_t i = 0; i < 64; i++) { /* cut anywhere, or another header */
		size_t cut = size * i / 64;
		g_autofree guint8 *part = g_memdup2(original, MAX(cut, 1));

		cr_expect_eq(nfp_translate_splice(part, cut, insns), -EINVAL, "%zu octets", cut);
	}
	memset(object, 0, 16);
	cr_expect_eq(nfp_translate_splice(object, size, insns), -EINVAL);
}

Test(probe_splice, random_octets_do_no_harm)
{
	g_autoptr(GArray) insns = insns_new(8);
	size_t size;
	const void *original = nfp_load_object(&size);
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	for (guint i = 0; i < 300; i++) {
		g_autofree guint8 *object = g_memdup2(original, size);

		for (guint j = 0; j < 20; j++)
			object[i % 2 ? g_rand_int_range(rand, 0, (gint32)size) : g_rand_int_range(rand, 16, 64)] ^=
				(guint8)g_rand_int_range(rand, 1, 256);
		nfp_translate_splice(object, size, insns);
	}
}
