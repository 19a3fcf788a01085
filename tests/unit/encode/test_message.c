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

	cr_assert(nfp_message_begin(&message, 3, out, sizeof(out)));
	cr_assert(nfp_message_empty(&message));
	cr_assert_eq(nfp_message_room(&message), sizeof(out) - 3);
	cr_assert(nfp_message_append(&message, 2, TRUE, octets));
	cr_assert(nfp_message_append(&message, 2, TRUE, octets));
	cr_assert(nfp_message_append(&message, 3, FALSE, octets));
	cr_assert(nfp_message_append(&message, 3, FALSE, octets));
	cr_assert_eq(nfp_message_end(&message), sizeof(want));
	out[0] = out[1] = out[2] = 0;
	cr_assert(memcmp(out, want, sizeof(want)) == 0);
}

Test(message, without_a_set_there_is_none)
{
	uint8_t out[20];
	NfpMessage message;

	cr_assert_not(nfp_message_begin(&message, 16, out, 15));
	cr_assert(nfp_message_begin(&message, 16, out, 16));
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
	cr_assert(nfp_message_begin(&message, 16, out, 70000));
	cr_assert(nfp_message_append(&message, 256, TRUE, octets));
	cr_assert_eq(nfp_message_room(&message), 0);
	cr_assert_eq(nfp_message_end(&message), 65535);
	cr_assert(nfp_message_begin(&message, 16, out, 65534));
	cr_assert_not(nfp_message_append(&message, 256, TRUE, octets));
	cr_assert(nfp_message_empty(&message));
	cr_assert_eq(nfp_message_end(&message), 0);
}
