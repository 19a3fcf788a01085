/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "record/pack_layout.h"
#include "record/templates.h"

/* Every field of every row has its place; members that share octets have one each. */
Test(pack_layout, every_row_is_in)
{
	g_auto(NfpPackLayout) layout;

	nfp_pack_layout_init(&layout);
	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		guint found = 0;

		for (guint f = 0; !field->via && f < layout.fields->len; f++) {
			const NfpPackField *at = &g_array_index(layout.fields, NfpPackField, f);

			found += field->offset >= at->offset && field->offset < at->offset + at->size;
		}
		for (guint p = 0; field->via && p < layout.pointers->len; p++)
			found += g_array_index(layout.pointers, NfpPackPointer, p).offset == field->via;
		cr_assert_geq(found, 1, "%s has no place", field->name);
	}
}

Test(pack_layout, within_its_limits)
{
	g_auto(NfpPackLayout) layout;

	nfp_pack_layout_init(&layout);
	cr_assert_leq(layout.kinds->len, NFP_PACK_KINDS_MAX);
	cr_assert_leq(layout.fields->len + layout.pointers->len, NFP_PACK_MEMBERS_MAX);
	cr_assert_leq(NFP_PACK_IMAGE, NFP_PACK_IMAGE_MAX);
	for (guint i = 0; i < layout.pointers->len; i++)
		cr_assert_neq(g_array_index(layout.pointers, NfpPackPointer, i).need, 0);
}
