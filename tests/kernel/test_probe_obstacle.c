/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each reason why it cannot run here has a sentence that says what to do. */
#include <criterion/criterion.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/probe.h"
#include "support/netns.h"

static const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	cr_assert_eq(syscall(SYS_capget, &header, data), 0);
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* What the obstacle says must be in the error of opening, too, when nobody asked before. */
static void says(const char *words, const NfpProbeOptions *of, bool open_too)
{
	g_autofree char *why = nfp_probe_obstacle(of);
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;

	cr_assert_not_null(why, "no obstacle, expected: %s", words);
	cr_expect_not_null(strstr(why, words), "%s", why);
	if (!open_too)
		return;
	probe = nfp_probe_open(of, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, words), "%s", error->message);
	cr_expect_eq(nfp_error_exit_code(error), 77);
}

static void drop(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	const int kept[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };

	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		if (kept[i] == capability)
			continue;
		data[CAP_TO_INDEX(kept[i])].effective |= CAP_TO_MASK(kept[i]);
		data[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	}
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

Test(probe_obstacle, none_in_the_sandbox)
{
	g_autofree char *why = NULL;

	nfpt_sandbox();
	why = nfp_probe_obstacle(&options);
	cr_expect_null(why, "%s", why);
	nfpt_three_capabilities();
	why = nfp_probe_obstacle(&options);
	cr_expect_null(why, "%s", why);
}

Test(probe_obstacle, no_root)
{
	nfpt_sandbox();
	cr_assert_eq(setuid(65534), 0);
	says("CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing", &options, false);
}

Test(probe_obstacle, cap_bpf_missing)
{
	nfpt_sandbox();
	drop(CAP_BPF);
	says("(CAP_BPF missing)", &options, false);
}

Test(probe_obstacle, cap_net_admin_missing)
{
	nfpt_sandbox();
	drop(CAP_NET_ADMIN);
	says("(CAP_NET_ADMIN missing)", &options, false);
}

Test(probe_obstacle, cap_perfmon_missing)
{
	nfpt_sandbox();
	drop(CAP_PERFMON);
	says("(CAP_PERFMON missing)", &options, false);
}

/* As a binary with file capabilities "=p" begins. */
Test(probe_obstacle, what_is_permitted_is_taken)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	nfpt_sandbox();
	data[CAP_TO_INDEX(CAP_SYS_TIME)].permitted |= CAP_TO_MASK(CAP_SYS_TIME);
	data[CAP_TO_INDEX(CAP_NET_ADMIN)].permitted |= CAP_TO_MASK(CAP_NET_ADMIN);
	data[CAP_TO_INDEX(CAP_PERFMON)].permitted |= CAP_TO_MASK(CAP_PERFMON);
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
	says("CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing", &options, false);
	nfp_probe_take_capabilities();
	/* No more than what metering takes. */
	cr_expect_eq(effective(), 1ull << CAP_NET_ADMIN | 1ull << CAP_PERFMON);
	says("(CAP_BPF missing)", &options, false);
}

Test(probe_obstacle, no_bpffs_and_no_right_to_mount_one)
{
	nfpt_sandbox_without_bpffs();
	if (g_file_test("/sys/fs/bpf", G_FILE_TEST_IS_DIR) == FALSE)
		cr_skip_test("no BPF here");
	nfpt_three_capabilities();
	says("mount -t bpf bpf /sys/fs/bpf", &options, true);
}

Test(probe_obstacle, a_bpffs_is_mounted_where_it_may_be)
{
	NfpProbeOptions elsewhere = { .pin_root = "/run/netns/.pins", .instance = "default" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *own = NULL, *init = NULL, *why = NULL;

	nfpt_sandbox_without_bpffs();
	own = g_file_read_link("/proc/self/ns/mnt", NULL);
	init = g_file_read_link("/proc/1/ns/mnt", NULL);
	if (init && strcmp(own, init)) {
		/* The sandbox's mount namespace is known for what it is: private. */
		says("gone with this mount namespace", &elsewhere, true);
		return;
	}
	why = nfp_probe_obstacle(&elsewhere);
	cr_assert_null(why, "%s", why);
	probe = nfp_probe_open(&elsewhere, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
	nfpt_run("grep -q ' /run/netns/.pins bpf ' /proc/self/mounts");
}

Test(probe_obstacle, ip_netns_exec_hides_the_bpffs)
{
	nfpt_sandbox();
	nfpt_run("ip netns add blue");
	/* What "ip netns exec blue" does (iproute2, lib/namespace.c). */
	cr_assert_eq(unshare(CLONE_NEWNS | CLONE_NEWNET), 0);
	cr_assert_eq(umount2("/sys", MNT_DETACH), 0);
	cr_assert_eq(mount("blue", "/sys", "sysfs", 0, NULL), 0);
	says("nsenter --net=/run/netns/blue", &options, true);
	says("netns: blue", &options, true);
}

Test(probe_obstacle, the_real_ip_netns_exec)
{
	g_autofree char *source = NULL;

	nfpt_sandbox();
	nfpt_run("ip netns add blue");
	source = nfpt_output("ip netns exec blue sh -c 'grep \" /sys \" /proc/self/mountinfo | tail -n 1 | "
			     "sed s/.*-.//'");
	cr_expect_str_eq(source, "sysfs blue rw\n", "the sign that pins.c goes by: %s", source);
}

Test(probe_obstacle, nsenter_sees_the_bpffs)
{
	NfpProbeOptions inside = { .pin_root = NFPT_PIN_ROOT, .instance = "blue" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;

	nfpt_sandbox();
	cr_assert_eq(unshare(CLONE_NEWNET), 0); /* what nsenter --net changes, and nothing else */
	probe = nfp_probe_open(&inside, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
}

Test(probe_obstacle, no_such_namespace)
{
	NfpProbeOptions blue = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .netns = "blue" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;

	nfpt_sandbox();
	says("no network namespace \"blue\"", &blue, false);
	probe = nfp_probe_open(&blue, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "/run/netns/blue"), "%s", error->message);
	nfpt_run("ip netns add blue");
	nfpt_three_capabilities();
	says("CAP_SYS_ADMIN", &blue, true);
}

Test(probe_obstacle, pins_that_cannot_be_made)
{
	NfpProbeOptions nowhere = { .pin_root = "/proc/nfprobe", .instance = "default" };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;

	nfpt_sandbox_without_bpffs();
	probe = nfp_probe_open(&nowhere, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "/proc/nfprobe"), "%s", error->message);
	cr_expect_eq(nfp_error_exit_code(error), 77);
}
