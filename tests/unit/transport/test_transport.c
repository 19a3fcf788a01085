/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "transport/transport.h"

Test(transport, rows)
{
	g_autofree char *forms = nfp_transport_forms();

	cr_assert(strstr(forms, "file:///PATH"), "%s", forms);
	cr_assert_not(nfp_transport_find("udp")->stream);
	cr_assert(nfp_transport_find("TCP")->stream);
	cr_assert_eq(nfp_transport_find("udp")->port, 4739);
	cr_assert_null(nfp_transport_find("sctp"));
	cr_assert(nfp_transport_find("file")->kept);
	cr_assert_not(nfp_transport_find("tcp")->kept);
	nfp_transport_free(NULL);
}
