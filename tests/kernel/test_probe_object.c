/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects for tc(8): what it installs counts into the instance's maps. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/load.h"
#include "support/metered.h"
#include "support/netns.h"

#define OBJECT "/run/netns/.object.o" /* in the sandbox's tmpfs */

Test(probe_object, tc_installs_it_and_packets_count)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *shared = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("edge.1", NULL, false);
	id = nfpt_meter(probe);
	nfpt_run("tc qdisc add dev a0 clsact");
	cr_assert(nfp_probe_write_object(probe, "a0", NFP_DIRECTION_INGRESS, OBJECT, &error), "%s",
		  error ? error->message : "");
	nfpt_run("tc filter add dev a0 ingress bpf da obj " OBJECT " sec tc");
	cr_assert(nfp_probe_write_object(probe, "a0", NFP_DIRECTION_EGRESS, OBJECT, &error), "%s",
		  error ? error->message : "");
	nfpt_run("tc filter add dev a0 egress bpf da obj " OBJECT " sec tc");
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen(probe, id, "a0", 0), 5);
	cr_expect_eq(nfpt_seen(probe, id, "a0", NFP_KEY_EGRESS), 5, "its direction is in the object");
	cr_expect_eq(nfpt_recorded(probe, id), 10);

	cr_expect_not(nfp_probe_attach(probe, "a0", NFP_DIRECTION_BOTH, NFP_HOOK_TC, &error),
		      "or packets would count twice");
	cr_expect_not_null(strstr(error->message, "tc filter del"), "%s", error->message);
	g_clear_error(&error);
	nfpt_run("tc filter del dev a0 ingress; tc filter del dev a0 egress");
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);

	cr_assert(nfp_probe_detach_all(probe, &error), "%s", error ? error->message : "");
	shared = nfpt_output("ls /sys/fs/bpf/tc/globals");
	cr_expect_str_eq(shared, "", "shared pins: %s", shared);
}

Test(probe_object, a_device_without_link_header_has_its_own)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip tuntap add dev t0 mode tun && ip addr add 10.8.0.1/24 dev t0 && ip link set t0 up"))
		cr_skip_test("this kernel has no tun devices");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	cr_assert(nfp_probe_write_object(probe, "t0", NFP_DIRECTION_EGRESS, OBJECT, &error), "%s",
		  error ? error->message : "");
	nfpt_run("tc qdisc add dev t0 clsact && tc filter add dev t0 egress bpf da obj " OBJECT " sec tc");
	nfpt_try("ping -q -c 2 -i 0.01 -W 0.1 10.8.0.2");
	cr_expect_gt(nfpt_entries(probe, id, NFP_P_icmp4), 0);
}

Test(probe_object, refusals)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	cr_expect_not(nfp_probe_write_object(probe, "lo", NFP_DIRECTION_BOTH, OBJECT, &error));
	cr_expect(g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE));
	g_clear_error(&error);
	cr_expect_not(nfp_probe_write_object(probe, "none", NFP_DIRECTION_INGRESS, OBJECT, &error));
	cr_expect_not_null(strstr(error->message, "no interface \"none\""), "%s", error->message);
	g_clear_error(&error);
	cr_expect_not(nfp_probe_write_object(probe, "lo", NFP_DIRECTION_INGRESS, "/no/such/dir/x.o", &error));
	cr_expect_not_null(strstr(error->message, "/no/such/dir/x.o"), "%s", error->message);
	cr_expect_neq(access(OBJECT, F_OK), 0);
}

Test(probe_object, a_full_disk_leaves_no_object)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	nfpt_run("mkdir /run/netns/.small && mount -t tmpfs -o size=64k tmpfs /run/netns/.small");
	cr_expect_not(nfp_probe_write_object(probe, "lo", NFP_DIRECTION_INGRESS, "/run/netns/.small/x.o", &error));
	cr_expect_not_null(strstr(error->message, "No space left"), "%s", error->message);
	nfpt_run("test -z \"$(ls -A /run/netns/.small)\"");
}
