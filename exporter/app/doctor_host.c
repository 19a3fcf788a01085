/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/app.h"
#include "app/doctor.h"
#include "probe/pins.h"
#include "probe/table.h"
#include "probe/tick.h"

#define MIB (1024.0 * 1024)
#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

#define OK(topic, ...) nfp_doctor_add(doctor, NFP_DOCTOR_OK, topic, NULL, __VA_ARGS__)
#define WARN(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_WARN, topic, advice, __VA_ARGS__)
#define FAIL(topic, advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_FAIL, topic, advice, __VA_ARGS__)

/* major << 8 | minor; 0: not known. */
static guint kernel_version(const struct utsname *name)
{
	guint major, minor;

	return sscanf(name->release, "%u.%u", &major, &minor) == 2 ? major << 8 | MIN(minor, 255) : 0;
}

static guint check_kernel(NfpDoctor *doctor)
{
	struct utsname name = { 0 };
	guint version;

	uname(&name);
	version = kernel_version(&name);
	if (version < 0x50a)
		FAIL("kernel", "run Linux 5.10 or later", "Linux %s", name.release);
	else if (version < 0x50c)
		WARN("kernel", "Linux 5.12 or later has what they take", "Linux %s: no flow tables, every packet costs more",
		     name.release);
	else if (version < 0x606)
		OK("kernel", "Linux %s (TCX, which costs less than clsact, came with 6.6)", name.release);
	else
		OK("kernel", "Linux %s", name.release);
	if (strstr(name.version, "PREEMPT_RT"))
		WARN("kernel", NULL, "PREEMPT_RT: counts are added atomically and without flow tables, which costs more");
	return version;
}

static gboolean check_privileges(NfpDoctor *doctor, const NfpConf *conf)
{
	const NfpProbeOptions options = { .pin_root = conf->pin_root, .instance = conf->instance };
	g_autofree char *why = nfp_probe_obstacle(&options);

	if (why) {
		FAIL("privileges", NULL, "%s", why);
		doctor->cannot = TRUE;
		return FALSE;
	}
	OK("privileges", "BPF can be used by this user");
	return TRUE;
}

static void check_bpf(NfpDoctor *doctor, const NfpConf *conf, gboolean may)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		OK("BTF", "the kernel describes its types");
	else
		WARN("BTF", "a kernel with CONFIG_DEBUG_INFO_BTF",
		     "the kernel does not describe its types: metering does without, bpftool shows less");
	if (nfp_pins_is_bpffs(conf->pin_root))
		OK("bpffs", "%s is on a BPF file system", conf->pin_root);
	else if (access("/sys/fs/bpf", F_OK) == 0)
		WARN("bpffs", "mount -t bpf bpf /sys/fs/bpf",
		     "no BPF file system at %s: nfprobe mounts one if it may", conf->pin_root);
	else
		FAIL("bpffs", "a kernel with CONFIG_BPF_SYSCALL, /sys mounted", "no place for a BPF file system");
	if (!may)
		return;
	if (!conf->maps_table)
		WARN("flow tables", "maps: { table: true }", "switched off: packets are counted in the kernel's hash maps");
	else if (nfp_table_usable())
		OK("flow tables", "the kernel has what they take");
	else
		WARN("flow tables", "Linux 5.12 or later", "the kernel has no compare-and-swap in BPF: hash maps alone, slower");
}

static gboolean is_jit_off(void)
{
	g_autofree char *text = NULL;

	return g_file_get_contents("/proc/sys/net/core/bpf_jit_enable", &text, NULL, NULL) && *text == '0';
}

static void check_ticks(NfpDoctor *doctor, const NfpConf *conf)
{
	NfpTick *tick;
	struct nfp_tick is = { 0 };

	if (conf->clock_exact) {
		OK("clock", "exact: read for every packet");
		return;
	}
	tick = nfp_tick_new();
	if (tick)
		is = nfp_tick_get(tick);
	nfp_tick_free(tick);
	if (is.length)
		OK("clock", "ticks of %.1f ms tell the time of plain packets", (double)is.length / 1e6);
	else
		WARN("clock", NULL, "the kernel's ticks cannot be measured: the exact clock is read for every packet");
}

static void check_clock(NfpDoctor *doctor)
{
	struct timex t = { 0 };
	g_autofree char *source = NULL;

	if (g_file_get_contents(CLOCK_SOURCE, &source, NULL, NULL)) {
		g_strchomp(source);
		if (g_str_equal(source, "hpet") || g_str_equal(source, "acpi_pm"))
			WARN("clock", "find out why the kernel gave up the TSC (dmesg | grep -i tsc)",
			     "source %s: each reading takes microseconds", source);
		else
			OK("clock", "source %s", source);
	}
	if (adjtimex(&t) == TIME_ERROR || t.status & STA_UNSYNC)
		WARN("clock", "run a time service (systemd-timesyncd, chrony)",
		     "nobody keeps this clock right, or it is not told: times in records are the machine's own");
	else
		OK("clock", "synchronised");
}

/* Octets behind a name of /proc/meminfo; 0: not there. */
static double meminfo(const char *name)
{
	g_autofree char *text = NULL;
	const char *at;

	if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL) || !(at = strstr(text, name)))
		return 0;
	return g_ascii_strtod(at + strlen(name), NULL) * 1024;
}

/* The limit of our control group; 0: none. */
static double cgroup_limit(void)
{
	g_autofree char *membership = NULL, *path = NULL, *text = NULL;
	char *own;

	if (!g_file_get_contents("/proc/self/cgroup", &membership, NULL, NULL) || !(own = strstr(membership, "0::")))
		return 0;
	own += 3;
	own[strcspn(own, "\n")] = '\0';
	path = g_build_filename("/sys/fs/cgroup", own, "memory.max", NULL);
	return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtod(text, NULL) : 0;
}

static void check_memory(NfpDoctor *doctor, const NfpConf *conf, guint version)
{
	double available = meminfo("MemAvailable:"), limit = cgroup_limit(), wanted = (double)conf->maps_memory;
	struct rlimit locked;
	gboolean biflow = FALSE;

	for (guint i = 0; i < conf->collectors->len; i++)
		biflow |= g_array_index(conf->collectors, NfpCollectorOptions, i).biflow;
	if (biflow)
		wanted += (double)conf->biflow_memory;
	if (limit && (!available || limit < available))
		available = limit;
	if (available && wanted > available)
		WARN("memory", "lower maps.memory (or biflow_memory)",
		     "up to %.0f MiB by the configuration, %.0f MiB are to be had: under full load the system gets short",
		     wanted / MIB, available / MIB);
	else
		OK("memory", "up to %.0f MiB by the configuration, %.0f MiB are to be had", wanted / MIB, available / MIB);
	if (version && version < 0x50b && !getrlimit(RLIMIT_MEMLOCK, &locked) && locked.rlim_cur != RLIM_INFINITY &&
	    (double)locked.rlim_cur < wanted)
		FAIL("memory", "ulimit -l unlimited", "before Linux 5.11 maps count as locked memory: %.0f MiB are allowed",
		     (double)locked.rlim_cur / MIB);
}

void nfp_doctor_host(NfpDoctor *doctor, const NfpConf *conf)
{
	guint version = check_kernel(doctor);
	gboolean may = check_privileges(doctor, conf);

	check_bpf(doctor, conf, may);
	if (is_jit_off())
		WARN("BPF JIT", "sysctl net.core.bpf_jit_enable=1", "off: programs are interpreted, many times slower");
	if (may)
		check_ticks(doctor, conf);
	check_clock(doctor);
	check_memory(doctor, conf, version);
}
