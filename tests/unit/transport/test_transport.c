/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "transport/transport.h"

Test(transport, rows)
{
	g_autofree char *schemes = nfp_transport_schemes();

	cr_assert_str_eq(schemes, "udp, tcp");
	cr_assert_not(nfp_transport_find("udp")->stream);
	cr_assert(nfp_transport_find("TCP")->stream);
	cr_assert_eq(nfp_transport_find("udp")->port, 4739);
	cr_assert_null(nfp_transport_find("sctp"));
	nfp_transport_free(NULL);
}
