/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/netns.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/probe.h"

static char *G_GNUC_PRINTF(1, 0) format_command(const char *format, va_list args)
{
	return g_strdup_vprintf(format, args);
}

int nfpt_try(const char *format, ...)
{
	g_autofree char *command = NULL, *quiet = NULL;
	va_list args;
	int status;

	va_start(args, format);
	command = format_command(format, args);
	va_end(args);
	quiet = g_strconcat("{ ", command, "\n} >/dev/null 2>&1", NULL);
	status = system(quiet);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *nfpt_output(const char *format, ...)
{
	g_autofree char *command = NULL;
	const char *argv[] = { "/bin/sh", "-c", NULL, NULL };
	g_autoptr(GError) error = NULL;
	char *output = NULL, *errors = NULL;
	va_list args;
	int status = -1;

	va_start(args, format);
	command = format_command(format, args);
	va_end(args);
	argv[2] = command;
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status, &error);
	cr_assert(!error && status == 0, "%s: %s%s", command, error ? error->message : "",
		  errors ? errors : "");
	g_free(errors);
	return output;
}

void nfpt_run(const char *format, ...)
{
	g_autofree char *command = NULL, *output = NULL;
	va_list args;

	va_start(args, format);
	command = format_command(format, args);
	va_end(args);
	output = nfpt_output("%s", command);
}

static void enter(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		cr_skip_test("cannot make namespaces: %s", strerror(errno));
	cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	g_mkdir_with_parents("/run/netns", 0755);
	cr_assert(mount("tmpfs", "/run/netns", "tmpfs", 0, NULL) == 0);
	/* This namespace's sysfs: the old one shows the interfaces of the one that we left. */
	cr_assert(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0);
	nfpt_run("ip link set lo up");
}

void nfpt_sandbox_without_bpffs(void)
{
	enter();
}

void nfpt_sandbox(void)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "try" };
	g_autofree char *why = NULL;

	enter();
	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0)
		cr_skip_test("cannot mount a BPF file system: %s", strerror(errno));
	why = nfp_probe_obstacle(&options);
	if (why)
		cr_skip_test("%s", why);
}

void nfpt_wire(const char *here, const char *netns, const char *there)
{
	g_autofree char *path = g_build_filename("/run/netns", netns, NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		nfpt_run("ip netns add %s", netns);
		nfpt_run("ip -n %s link set lo up", netns);
	}
	nfpt_run("ip link add %s type veth peer name %s netns %s", here, there, netns);
	nfpt_run("ip link set %s address 02:00:00:00:09:01", here);
	nfpt_run("ip -n %s link set %s address 02:00:00:00:09:02", netns, there);
	/* No router solicitations, no MLD reports: the first packet is the test's. */
	nfpt_run("echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6", here);
	nfpt_run("nsenter --net=%s sh -c 'echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6'", path, there);
	nfpt_run("ip addr add 10.9.0.1/24 dev %s", here);
	nfpt_run("ip -n %s addr add 10.9.0.2/24 dev %s", netns, there);
	nfpt_run("ip link set %s up", here);
	nfpt_run("ip -n %s link set %s up", netns, there);
	nfpt_run("ip neigh replace 10.9.0.2 lladdr 02:00:00:00:09:02 dev %s", here);
	nfpt_run("ip -n %s neigh replace 10.9.0.1 lladdr 02:00:00:00:09:01 dev %s", netns, there);
}

void nfpt_three_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	const int kept[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };

	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		data[CAP_TO_INDEX(kept[i])].effective |= CAP_TO_MASK(kept[i]);
		data[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	}
	cr_assert(syscall(SYS_capset, &header, data) == 0, "capset: %s", strerror(errno));
}
