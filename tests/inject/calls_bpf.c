/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall(2), by which libbpf and we ask for what the C library has no function for. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject/inject.h"

typedef long Syscall(long number, ...);

static const char *const commands[] = {
	[BPF_MAP_CREATE] = "bpf_map_create",
	[BPF_MAP_LOOKUP_ELEM] = "bpf_map_lookup",
	[BPF_MAP_UPDATE_ELEM] = "bpf_map_update",
	[BPF_MAP_DELETE_ELEM] = "bpf_map_delete",
	[BPF_MAP_GET_NEXT_KEY] = "bpf_next_key",
	[BPF_PROG_LOAD] = "bpf_prog_load",
	[BPF_OBJ_PIN] = "bpf_obj_pin",
	[BPF_OBJ_GET] = "bpf_obj_get",
	[BPF_PROG_TEST_RUN] = "bpf_test_run",
	[BPF_OBJ_GET_INFO_BY_FD] = "bpf_info",
	[BPF_BTF_LOAD] = "bpf_btf_load",
	[BPF_MAP_FREEZE] = "bpf_freeze",
	[BPF_LINK_CREATE] = "bpf_link_create",
	[BPF_LINK_UPDATE] = "bpf_link_update",
	[BPF_PROG_QUERY] = "bpf_prog_query",
	[BPF_MAP_LOOKUP_BATCH] = "bpf_lookup_batch",
	[BPF_MAP_UPDATE_BATCH] = "bpf_update_batch",
};

static const char *name_of(long number, long command)
{
	if (number == SYS_perf_event_open)
		return "perf_event_open";
	if (number != SYS_bpf)
		return NULL;
	if (command >= 0 && command < (long)(sizeof(commands) / sizeof(*commands)) && commands[command])
		return commands[command];
	return "bpf_other";
}

long syscall(long number, ...)
{
	static Syscall *real;
	const char *name;
	va_list rest;
	long a[6];
	int error;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(rest, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	name = name_of(number, a[0]);
	if (name && nfpt_inject(name, __builtin_return_address(0), &error)) {
		errno = error;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
