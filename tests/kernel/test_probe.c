/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain as a whole: capabilities, namespaces, who drains, leaving nothing behind. */
#include "probe/probe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "support/metered.h"
#include "support/netns.h"

static const uint32_t smallest[NFP_P_N];

/* Attaching, restarting, draining, removing: all that the daemon does. */
static void whole_life(bool clsact)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	struct nfp_bucket id, late;
	NfpSource *source;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_three_capabilities();
	probe = nfpt_open("default", NULL, clsact);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, clsact);
	source = nfp_probe_source(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_assert_eq(nfpt_list(probe, NULL), 1);
	cr_assert_eq(source->close(source, id), 0);
	cr_expect_eq(nfpt_seen_all(probe, id), 8);
	cr_expect_eq(nfpt_recorded(probe, id), 8);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_assert_eq(source->swap_spill(source, 100, 200, &late), 1);
	cr_expect_eq(nfpt_recorded(probe, late), 2);
	cr_assert_eq(source->remove(source, id), 0);
	cr_assert_eq(source->remove(source, late), 0);
	cr_assert(nfp_probe_detach_all(probe, &error), "%s", error ? error->message : "");
	cr_expect_neq(access(NFPT_PIN_ROOT "/default", F_OK), 0);
}

Test(probe, three_capabilities_are_enough)
{
	whole_life(false);
}

Test(probe, three_capabilities_are_enough_with_clsact)
{
	whole_life(true);
}

Test(probe, detach_all_leaves_nothing_and_other_instances_alone)
{
	g_autoptr(NfpProbe) probe = NULL, other = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *left = NULL;

	nfpt_sandbox();
	other = nfpt_open("other", NULL, false);
	probe = nfpt_open("default", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "lo", NFP_DIRECTION_BOTH);
	nfpt_attach(other, "lo", NFP_DIRECTION_INGRESS);
	cr_assert(nfp_probe_detach_all(probe, &error), "%s", error ? error->message : "");
	left = nfpt_output("ls %s", NFPT_PIN_ROOT);
	cr_expect_str_eq(left, "other\n");
	g_free(left);
	left = nfpt_hooks(other);
	cr_expect(g_str_has_prefix(left, "lo/in/"), "%s", left);
}

Test(probe, one_process_drains)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	int status;
	pid_t child;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	cr_assert(nfp_probe_claim(probe, &error), "%s", error ? error->message : "");
	cr_expect(nfp_probe_claim(probe, &error), "again, by itself");
	child = fork();
	if (!child) {
		g_autoptr(NfpProbe) second = nfpt_open("default", NULL, false);

		_exit(nfp_probe_claim(second, &error) ? 1 : strstr(error->message, "another nfprobe") ? 0 : 2);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, false);
	cr_expect(nfp_probe_claim(probe, &error), "free again");
}

/* Two namespaces whose interfaces have one number. */
Test(probe, domains_do_not_mix)
{
	g_autoptr(NfpProbe) red = NULL, blue = NULL;
	struct nfp_bucket red_id, blue_id;
	g_autofree char *hooks = NULL;

	nfpt_sandbox();
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "blue.1" : "red";

		nfpt_run("ip netns add %s && ip -n %s link add v0 index 77 type veth peer name v1 index 78 && "
			 "ip -n %s addr add 10.%d.0.1/24 dev v0 && ip -n %s link set v0 up && "
			 "ip -n %s link set v1 up && ip -n %s link set lo up && "
			 "ip -n %s neigh add 10.%d.0.2 lladdr 02:00:00:00:00:02 dev v0",
			 name, name, name, i + 1, name, name, name, name, i + 1);
	}
	red = nfpt_open("default", "red", false);
	blue = nfpt_open("default", "blue.1", false);
	nfpt_run("test -d %s/default@red -a -d %s/default@blue%%2E1", NFPT_PIN_ROOT, NFPT_PIN_ROOT);
	red_id = nfpt_meter(red);
	blue_id = nfpt_meter(blue);
	cr_expect_eq(nfpt_ifindex(red, "v0"), 77);
	cr_expect_eq(nfpt_ifindex(blue, "v0"), 77);
	cr_expect_eq(nfpt_ifindex(red, "a0"), 0, "interfaces of its own namespace only");
	nfpt_attach(red, "v0", NFP_DIRECTION_EGRESS);
	nfpt_attach(blue, "v0", NFP_DIRECTION_EGRESS);
	nfpt_try("nsenter --net=/run/netns/red ping -q -c 3 -i 0.01 -W 0.1 10.1.0.2");
	nfpt_try("nsenter --net=/run/netns/blue.1 ping -q -c 1 -W 0.1 10.2.0.2");
	cr_expect_eq(nfpt_entries(red, red_id, NFP_P_icmp4) > 0, 1);
	cr_expect_geq(nfpt_seen(red, red_id, "v0", NFP_KEY_EGRESS), 3);
	cr_expect_eq(nfpt_recorded(red, red_id), nfpt_seen_all(red, red_id));
	cr_expect_lt(nfpt_seen_all(blue, blue_id), nfpt_seen_all(red, red_id));
	hooks = nfpt_hooks(blue);
	cr_expect(g_str_has_prefix(hooks, "v0/out/"), "%s", hooks);
	hooks = (g_free(hooks), nfpt_output("readlink /proc/self/ns/net /proc/%d/ns/net | uniq | wc -l", getpid()));
	cr_expect_str_eq(hooks, "1\n", "the process never left its own namespace");
}

Test(probe, clsact_in_another_namespace)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	g_autofree char *hooks = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", "peer", true);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "b0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 6);
	hooks = nfpt_hooks(probe);
	cr_expect_str_eq(hooks, "b0/in/clsact b0/out/clsact ");
}

Test(probe, namespace_made_anew_under_the_old_name)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", "peer", false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "b0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 1 10.9.0.2");
	nfp_probe_free(g_steal_pointer(&probe));
	/* Something keeps the old one alive, and its links with it. */
	nfpt_run("nsenter --net=/run/netns/peer sleep 60 >/dev/null 2>&1 & echo $! >/run/netns/.sleep");
	nfpt_run("until test /proc/$(cat /run/netns/.sleep)/ns/net -ef /run/netns/peer; do :; done");
	nfpt_run("umount /run/netns/peer && rm /run/netns/peer && ip netns add peer");
	probe = nfpt_open("default", "peer", false);
	hooks = nfpt_hooks(probe);
	cr_expect_str_eq(hooks, "", "hooks of the old one are not the new one's: %s", hooks);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 2, "and count no more");
	nfpt_run("kill $(cat /run/netns/.sleep)");
}

Test(probe, an_instance_belongs_to_one_namespace)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) second = NULL;
	const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };

	nfpt_sandbox();
	nfp_probe_free(nfpt_open("default", NULL, false));
	/* As by nsenter --net: the host's bpffs, another network namespace. */
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	second = nfp_probe_open(&options, &error);
	cr_assert_null(second);
	cr_expect_not_null(strstr(error->message, "another network namespace"), "%s", error->message);
	nfp_probe_free(nfpt_open("default2", NULL, false));
}

Test(probe, reader_without_the_namespace)
{
	const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .netns = "peer" };
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", "peer", false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "b0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 1 10.9.0.2");
	nfp_probe_free(g_steal_pointer(&probe));
	nfpt_run("ip netns del peer");
	probe = nfp_probe_open_readonly(&options, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
	cr_expect_eq(nfpt_seen_all(probe, id), 2, "counts can still be read");
	cr_expect_eq(nfp_probe_hooks(probe, hooks), -ENOTCONN);
	cr_expect_eq(nfp_probe_watch_fd(probe), -1);
	nfp_probe_watch_drain(probe, NULL);
	g_clear_pointer(&probe, nfp_probe_free);
	cr_assert(nfp_probe_purge(&options, &error), "%s", error ? error->message : "");
	cr_expect_neq(access(NFPT_PIN_ROOT "/default@peer", F_OK), 0);
}

Test(probe, many_buckets_ahead)
{
	g_autoptr(NfpProbe) probe = NULL;
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	for (uint64_t i = 1; i <= 40; i++)
		cr_assert_eq(source->create(source, (struct nfp_bucket){ i * 10, i * 10 + 10 }, smallest), 0);
	cr_expect_eq(nfpt_list(probe, NULL), 40);
	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, false);
	cr_expect_eq(nfpt_list(probe, NULL), 40);
}
