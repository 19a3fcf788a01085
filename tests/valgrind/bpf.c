/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells valgrind what it does not know of bpf(2), in the place of syscall(2). libbpf fills in the part of the attributes that
 * a command has and passes its size: valgrind 3.19 looks at what is behind it, so the kernel gets a copy that ends in zeros.
 * And it does not know the commands that read many entries at once: what those wrote is told to be written, no octet more.
 */
#include <dlfcn.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

typedef long Syscall(long number, ...);

static void told(uint64_t at, uint64_t octets)
{
	if (at)
		(void)VALGRIND_MAKE_MEM_DEFINED(at, octets);
}

/* The kernel writes whole rows, of eight octets' multiples where there is one a CPU; ours have one row each. */
static void tell_batch(Syscall *real, const union bpf_attr *done)
{
	struct bpf_map_info info;
	union bpf_attr ask;

	memset(&ask, 0, sizeof(ask));
	memset(&info, 0, sizeof(info));
	ask.info.bpf_fd = done->batch.map_fd;
	ask.info.info_len = sizeof(info);
	ask.info.info = (uintptr_t)&info;
	if (real(SYS_bpf, (long)BPF_OBJ_GET_INFO_BY_FD, (long)&ask, (long)sizeof(ask), 0l, 0l, 0l))
		return;
	told(done->batch.out_batch, info.type == BPF_MAP_TYPE_HASH ? sizeof(uint32_t) : info.key_size);
	told(done->batch.keys, (uint64_t)done->batch.count * info.key_size);
	told(done->batch.values, (uint64_t)done->batch.count * info.value_size);
}

long syscall(long number, ...)
{
	static Syscall *real;
	union bpf_attr copy;
	va_list rest;
	size_t size;
	long a[6];
	long result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(rest, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(rest, long);
	va_end(rest);
	if (number != SYS_bpf)
		return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	size = (size_t)a[2] < sizeof(copy) ? (size_t)a[2] : sizeof(copy);
	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, (const void *)a[1], size);
	result = real(number, a[0], (long)&copy, a[2], a[3], a[4], a[5]);
	memcpy((void *)a[1], &copy, size);
	if (a[0] == BPF_MAP_LOOKUP_BATCH || a[0] == BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		tell_batch(real, &copy);
	return result;
}
