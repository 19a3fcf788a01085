/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "base/error.h"
#include "base/listen.h"

static gboolean parse(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
	g_autoptr(GError) error = NULL;
	gboolean ok = nfp_listen_parse(text, address, length, &error);

	cr_assert_eq(ok, error == NULL);
	if (error)
		cr_expect_eq(error->code, NFP_ERROR_USAGE);
	return ok;
}

Test(listen, address_and_port)
{
	struct sockaddr_storage a;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;
	char text[INET6_ADDRSTRLEN];
	socklen_t length;

	cr_assert(parse("192.0.2.1:80", &a, &length));
	cr_expect_eq(length, sizeof(*v4));
	cr_expect_eq(v4->sin_port, htons(80));
	cr_expect_str_eq(inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)), "192.0.2.1");
	cr_expect_not(nfp_listen_is_loopback(&a));

	cr_assert(parse("[2001:db8::1]:9469", &a, &length));
	cr_expect_eq(length, sizeof(*v6));
	cr_expect_eq(v6->sin6_port, htons(9469));
	cr_expect_str_eq(inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)), "2001:db8::1");
	cr_expect_not(nfp_listen_is_loopback(&a));
}

Test(listen, loopback)
{
	static const char *const here[] = { "9469", "0", "127.0.0.1:65535", "127.8.9.10:1", "[::1]:1" };
	struct sockaddr_storage a;
	socklen_t length;

	for (guint i = 0; i < G_N_ELEMENTS(here); i++) {
		cr_assert(parse(here[i], &a, &length), "%s", here[i]);
		cr_expect(nfp_listen_is_loopback(&a), "%s", here[i]);
	}
	cr_assert(parse("0.0.0.0:1", &a, &length));
	cr_expect_not(nfp_listen_is_loopback(&a));
	cr_assert(parse("[::]:1", &a, &length));
	cr_expect_not(nfp_listen_is_loopback(&a));
}

Test(listen, what_is_no_place)
{
	static const char *const bad[] = { "",	  ":",	      ":80",	   "localhost:80", "192.0.2.1:65536", "192.0.2.1:-1",
					   "::1:80", "[::1]",  "[192.0.2.1]:80", "[:80",	"192.0.2.1",	   "192.0.2.1: 80",
					   "[]:80", "192.0.2.256:80", "80x", "+80" };
	struct sockaddr_storage a = { .ss_family = 77 };
	socklen_t length = 99;

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		cr_expect_not(parse(bad[i], &a, &length), "%s", bad[i]);
		cr_expect(a.ss_family == 77 && length == 99, "%s: untouched", bad[i]);
	}
}
