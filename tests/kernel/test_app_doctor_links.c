/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "support/doctor_lines.h"
#include "support/netns.h"
#include "support/xdp_other.h"

Test(app_doctor_links, what_is_metered_and_what_is_left_out, .timeout = 60)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_default();

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link add down0 type veth peer name down1");
	nfpt_run("ip link add br0 type bridge");
	nfpt_run("ip link set a0 master br0");
	nfp_doctor_links(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "interface", "lo is left out: the loopback"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "interface", "a0: ingress by "), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "interface", "br0 is left out: a bridge"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "interface", "down0 is down"), 1);
	cr_assert_eq(nfp_doctor_code(doctor), 0);
}

Test(app_doctor_links, rules_and_who_stands_before_us, .timeout = 60)
{
	static const char text[] = "interfaces:\n"
				   "  - { match: a0, hook: xdp }\n"
				   "  - { match: nope*, direction: both }\n"
				   "  - { match: b0, netns: peer, direction: egress }\n"
				   "  - { match: x0, netns: nfpt-no-such }\n";
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(NfpConf) conf = nfp_conf_parse("f", text, NULL);

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_xdp_other("a0", NFPT_XDP_NATIVE);
	nfp_doctor_links(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "interface", "a0: another XDP program"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "interface", "no interface for match: nope*"), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_OK, "interface", "b0 in namespace peer: egress by "), 1);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_FAIL, "interface", "nfpt-no-such"), 1);
	/* By tc beside it: it works, but that program is first. */
	g_array_index(conf->interfaces, NfpInterfaceOptions, 0).hook = NFP_HOOK_TC;
	g_array_set_size(doctor->lines, 0);
	nfp_doctor_links(doctor, conf);
	cr_assert_eq(nfpt_lines(doctor, NFP_DOCTOR_WARN, "interface", "a0: an XDP program (id "), 1);
}
