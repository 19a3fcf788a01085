/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why this machine, or this user, cannot run it: found out before anything is changed. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/bpflog.h"
#include "probe/pins.h"

#define NETNS_DIRECTORY "/run/netns"

static const struct {
	int capability;
	const char *name;
} needed[] = {
	{ CAP_BPF, "CAP_BPF" },             /* maps, programs (5.8) */
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" }, /* programs of interfaces */
	{ CAP_PERFMON, "CAP_PERFMON" },     /* pointers in programs, perf events (5.8) */
};

static bool has(const struct __user_cap_data_struct data[2], int capability)
{
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool capabilities(struct __user_cap_data_struct ret[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	memset(ret, 0, 2 * sizeof(*ret));
	return syscall(SYS_capget, &header, ret) == 0;
}

static char *missing_capabilities(const struct __user_cap_data_struct data[2])
{
	g_autoptr(GString) missing = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
		/* Before 5.8, and since then too, CAP_SYS_ADMIN stands for the two new ones. */
		if (has(data, needed[i].capability) ||
		    (needed[i].capability != CAP_NET_ADMIN && has(data, CAP_SYS_ADMIN)))
			continue;
		g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", needed[i].name);
	}
	if (!missing->len)
		return NULL;
	return g_strdup_printf("metering takes root, or the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON "
			       "(%s missing): run it with sudo", missing->str);
}

/* The smallest map: seccomp, lockdown or a kernel without BPF show themselves. */
static char *bpf_obstacle(void)
{
	G_GNUC_UNUSED g_autoptr(NfpBpfLog) log = nfp_bpflog_begin(); /* nothing on stderr */
	NFP_AUTO_FD int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nfprobe_try", 4, 4, 1, NULL);

	if (fd >= 0)
		return NULL;
	if (errno == ENOSYS)
		return g_strdup("this kernel was built without BPF (CONFIG_BPF_SYSCALL)");
	return g_strdup_printf("the kernel refuses to make a BPF map (%s): in a container, allow the bpf() system "
			       "call; before Linux 5.11, raise RLIMIT_MEMLOCK (ulimit -l unlimited)",
			       g_strerror(errno));
}

static char *netns_obstacle(const char *name, const struct __user_cap_data_struct data[2])
{
	g_autofree char *path = g_build_filename(NETNS_DIRECTORY, name, NULL);

	if (access(path, F_OK) < 0)
		return g_strdup_printf("there is no network namespace \"%s\" in " NETNS_DIRECTORY
				       " (ip netns list shows those that are)", name);
	if (!has(data, CAP_SYS_ADMIN))
		return g_strdup_printf("entering network namespace \"%s\" takes CAP_SYS_ADMIN: run it with sudo",
				       name);
	return NULL;
}

void nfp_probe_take_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	bool changed = false;

	if (!capabilities(data))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
		struct __user_cap_data_struct *word = &data[CAP_TO_INDEX(needed[i].capability)];
		uint32_t mask = CAP_TO_MASK(needed[i].capability);

		changed |= word->permitted & ~word->effective & mask;
		word->effective |= word->permitted & mask;
	}
	if (changed)
		syscall(SYS_capset, &header, data); /* refused: nfp_probe_obstacle() names what is missing */
}

char *nfp_probe_obstacle(const NfpProbeOptions *options)
{
	struct __user_cap_data_struct data[2];
	char *why;

	if (!capabilities(data))
		return g_strdup_printf("cannot read this process's capabilities: %s", g_strerror(errno));
	why = missing_capabilities(data);
	if (!why)
		why = bpf_obstacle();
	if (!why && options->netns)
		why = netns_obstacle(options->netns, data);
	if (!why)
		why = nfp_pins_obstacle(options->pin_root);
	return why;
}
