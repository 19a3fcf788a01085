/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <gio/gio.h>

#include "transport/own.h"

Test(own, an_address_that_others_can_use)
{
	g_autofree char *text = nfp_own_address();
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);

	cr_assert_not_null(address, "%s", text);
	cr_assert_not(g_inet_address_get_is_link_local(address));
	cr_assert_not(g_inet_address_get_is_any(address));
}
