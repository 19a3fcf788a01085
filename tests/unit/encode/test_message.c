// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "encode/message.h"

Test(message, sets_follow_one_another)
{
	static const uint8_t want[] = { 0, 0, 0,	    /* header */
					0, 2, 0, 8, 'a', 'b', 'a', 'b', 0, 3, 0, 6,
					'a', 'b', 0, 3, 0, 6, 'a', 'b' };
	g_autoptr(GBytes) octets = g_bytes_new_static("ab", 2);
	uint8_t out[64] = { 0 };
	NfpMessage message;

	cr_assert(nfp_message_begin(&message, 3, 1, out, sizeof(out)));
	cr_assert(nfp_message_empty(&message));
	cr_assert_eq(nfp_message_room(&message), sizeof(out) - 3);
	cr_assert(nfp_message_append(&message, 2, TRUE, octets));
	cr_assert(nfp_message_append(&message, 2, TRUE, octets));
	cr_assert(nfp_message_append(&message, 3, FALSE, octets));
	cr_assert(nfp_message_append(&message, 3, FALSE, octets));
	cr_assert_eq(message.records, 4);
	cr_assert_eq(nfp_message_end(&message), sizeof(want));
	out[0] = out[1] = out[2] = 0;
	cr_assert(memcmp(out, want, sizeof(want)) == 0);
}

Test(message, without_a_set_there_is_none)
{
	uint8_t out[20];
	NfpMessage message;

	cr_assert_not(nfp_message_begin(&message, 16, 1, out, 15));
	cr_assert(nfp_message_begin(&message, 16, 1, out, 16));
	cr_assert_eq(nfp_message_room(&message), 0);
	cr_assert_eq(nfp_message_end(&message), 0);
}

Test(message, never_grows_over_its_size)
{
	g_autofree uint8_t *big = g_malloc0(65536);
	g_autoptr(GBytes) octets = g_bytes_new_static(big, 65515);
	g_autofree uint8_t *out = g_malloc0(70000);
	NfpMessage message;

	/* Header 16, Set header 4, 65515 octets: 65535. */
	cr_assert(nfp_message_begin(&message, 16, 1, out, 70000));
	cr_assert(nfp_message_append(&message, 256, TRUE, octets));
	cr_assert_eq(nfp_message_room(&message), 0);
	cr_assert_eq(nfp_message_end(&message), 65535);
	cr_assert(nfp_message_begin(&message, 16, 1, out, 65534));
	cr_assert_not(nfp_message_append(&message, 256, TRUE, octets));
	cr_assert(nfp_message_empty(&message));
	cr_assert_eq(nfp_message_end(&message), 0);
}

/* Every Set ends at the fourth octet, the last too, and room tells what fits with that. */
Test(message, sets_are_padded)
{
	for (gsize size = 20; size < 120; size++) {
		for (gsize length = 1; length < 9; length++) {
			g_autoptr(GBytes) octets = g_bytes_new_static("abcdefgh", length);
			uint8_t out[120];
			NfpMessage message;
			guint n = 0;

			memset(out, 0xa5, sizeof(out));
			cr_assert(nfp_message_begin(&message, 20, 4, out, size));
			for (;;) {
				gboolean room = nfp_message_room_in_set(&message) >= length;

				cr_assert_eq(nfp_message_append(&message, (uint16_t)(256 + n), FALSE, octets), room);
				if (!room)
					break;
				n++;
			}

			gsize want = n == 0 ? 0 : 20 + n * ((4 + length + 3) / 4 * 4);

			cr_assert_eq((gsize)nfp_message_end(&message), want);
			cr_assert_leq(want, size);
			for (gsize i = 24 + length; n > 0 && i < 20 + (4 + length + 3) / 4 * 4; i++)
				cr_assert_eq(out[i], 0);
			for (gsize i = MAX(want, 20); i < sizeof(out); i++)
				cr_assert_eq(out[i], 0xa5);
		}
	}
}
