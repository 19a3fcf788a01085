/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/xdp_features.h"

#include <criterion/criterion.h>
#include <net/if.h>

#include "support/netns.h"

Test(probe_xdp_features, as_the_driver_says)
{
	int loopback, wire;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	loopback = nfp_xdp_native(if_nametoindex("lo"));
	wire = nfp_xdp_native(if_nametoindex("a0"));
	cr_assert_lt(nfp_xdp_native(0x7fffffff), 0);
	if (loopback < 0)
		cr_skip_test("this kernel does not tell (6.3)");
	cr_assert_eq(loopback, 0);
	cr_assert_eq(wire, 1);
}
