/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

#include "support/live.h"
#include "transport/resolve.h"

Test(resolve, address_is_there_at_once)
{
	g_autoptr(NfpResolve) resolve = nfp_resolve_new("::1", 7, G_SOCKET_FAMILY_INVALID, NULL);
	g_autoptr(GPtrArray) addresses = NULL;

	cr_assert_not(nfp_resolve_finish(resolve, &addresses, NULL));
	nfp_resolve_start(resolve);
	cr_assert(nfp_resolve_finish(resolve, &addresses, NULL));
	cr_assert_eq(addresses->len, 1);
	cr_assert_eq(g_inet_socket_address_get_port(g_ptr_array_index(addresses, 0)), 7);
	cr_assert_not(nfp_resolve_busy(resolve));
}

/* By name or by number, and told when it is not there. */
Test(resolve, address_of_an_interface)
{
	static const char *const hosts[] = { "fe80::1%lo", "fe80::1%7", "fe80::1%nfpt-none", "fe80::1%", "fe80::1" };
	const guint scopes[] = { if_nametoindex("lo"), 7, 0, 0, 0 };

	for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autoptr(NfpResolve) resolve = nfp_resolve_new(hosts[i], 7, G_SOCKET_FAMILY_INVALID, NULL);

		for (guint time = 0; time < 2; time++) {
			g_autoptr(GPtrArray) addresses = NULL;
			g_autoptr(GError) err = NULL;

			nfp_resolve_start(resolve);
			cr_assert(nfp_resolve_finish(resolve, &addresses, &err), "%s", hosts[i]);
			if (scopes[i] == 0 && strchr(hosts[i], '%')) {
				g_autofree char *says = g_strdup_printf("%s: there is no interface %s", hosts[i],
									strchr(hosts[i], '%') + 1);

				cr_assert_str_eq(err->message, says);
				cr_assert_null(addresses);
				continue;
			}
			cr_assert_null(err);
			cr_assert_eq(addresses->len, 1);
			cr_assert_eq(g_inet_socket_address_get_scope_id(g_ptr_array_index(addresses, 0)), scopes[i]);
		}
	}
}

Test(resolve, name_comes_with_the_fd_again_and_again)
{
	g_autoptr(NfpResolve) resolve = nfp_resolve_new("localhost", 7, G_SOCKET_FAMILY_INVALID, NULL);

	for (int i = 0; i < 2; i++) {
		g_autoptr(GPtrArray) addresses = NULL;
		g_autoptr(GError) err = NULL;
		struct pollfd pfd = { .fd = nfp_resolve_fd(resolve), .events = POLLIN };

		nfp_resolve_start(resolve);
		cr_assert(nfp_resolve_busy(resolve));
		nfp_live_wait(nfp_resolve_fd(resolve), POLLIN);
		cr_assert(nfp_resolve_finish(resolve, &addresses, &err));
		cr_assert_null(err);
		cr_assert_geq(addresses->len, 1);
		cr_assert_eq(poll(&pfd, 1, 0), 0);
	}
}

Test(resolve, unknown_name_is_an_error)
{
	g_autoptr(NfpResolve) resolve = nfp_resolve_new("no-such-host.invalid", 7, G_SOCKET_FAMILY_INVALID,
							NULL);
	g_autoptr(GPtrArray) addresses = NULL;
	g_autoptr(GError) err = NULL;

	nfp_resolve_start(resolve);
	nfp_live_wait(nfp_resolve_fd(resolve), POLLIN);
	cr_assert(nfp_resolve_finish(resolve, &addresses, &err));
	cr_assert_not_null(err);
	cr_assert_null(addresses);
}

Test(resolve, family_without_address_is_an_error)
{
	g_autoptr(NfpResolve) resolve = nfp_resolve_new("127.0.0.1", 7, G_SOCKET_FAMILY_IPV6, NULL);
	g_autoptr(GPtrArray) addresses = NULL;
	g_autoptr(GError) err = NULL;

	nfp_resolve_start(resolve);
	cr_assert(nfp_resolve_finish(resolve, &addresses, &err));
	cr_assert_str_eq(err->message, "127.0.0.1 has no IPv6 address, and the source address is one");
}

Test(resolve, freed_while_busy)
{
	NfpResolve *resolve = nfp_resolve_new("no-such-host.invalid", 7, G_SOCKET_FAMILY_INVALID, NULL);

	nfp_resolve_start(resolve);
	nfp_resolve_free(resolve);
	nfp_resolve_free(NULL);
}
