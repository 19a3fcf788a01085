/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject/inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OBJECTS 128
#define FRAMES 12
#define OWN_FRAMES 3 /* note_stack(), nfpt_inject(), the function that stands in */

typedef struct {
	uintptr_t start, end;
	bool counted, aborts;
	bool passes; /* asks for others: what its caller does with the answer counts */
} Object;

static struct {
	bool armed;
	char function[64];
	int error;
	uint64_t which;
	bool later, list, by_stack;
	char object[64];
	NfptReport *report;
	Object objects[OBJECTS];
	unsigned int n;
	bool counts;
	pthread_mutex_t lock; /* of the counts */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

/*
 * These end the process when memory runs out, by design: there is no way on that one could test. GLib says so in its
 * manual ("Memory Allocation"), ZeroMQ by its alloc_assert(), the loader by a message. libseccomp 2.5 does not mean to: while it
 * generates the filter it writes to what calloc() did not give.
 */
static const char *const aborting[] = { "libglib-2.0", "libgobject-2.0", "libgio-2.0", "libzmq", "libstdc++", "libseccomp",
					"ld-linux" };

static int add_object(struct dl_phdr_info *info, size_t size, void *data)
{
	Object *o = &state.objects[state.n];
	const char *name = info->dlpi_name && *info->dlpi_name ? info->dlpi_name : "nfprobe";

	(void)size;
	(void)data;
	if (state.n == OBJECTS)
		return 1;
	o->start = UINTPTR_MAX;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		o->start = start < o->start ? start : o->start;
		o->end = start + segment->p_memsz > o->end ? start + segment->p_memsz : o->end;
	}
	o->counted = !*state.object || strstr(name, state.object);
	for (size_t i = 0; i < sizeof(aborting) / sizeof(*aborting); i++)
		o->aborts |= strstr(name, aborting[i]) != NULL;
	o->passes = strstr(name, "nfp_inject") || strstr(name, "libc.so");
	state.n++;
	return 0;
}

static const Object *object_of(const void *caller)
{
	for (unsigned int i = 0; i < state.n; i++)
		if ((uintptr_t)caller >= state.objects[i].start && (uintptr_t)caller < state.objects[i].end)
			return &state.objects[i];
	return NULL;
}

static NfptReport *open_report(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *report;

	if (fd < 0 || ftruncate(fd, sizeof(NfptReport)) < 0)
		return NULL;
	report = mmap(NULL, sizeof(NfptReport), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return report == MAP_FAILED ? NULL : report;
}

static void parse_which(const char *which)
{
	char *rest;

	state.list = strcmp(which, "list") == 0;
	state.by_stack = *which == '@';
	state.which = strtoull(which + state.by_stack, &rest, state.by_stack ? 16 : 10);
	state.later = *rest == '+';
}

__attribute__((constructor)) static void arm(void)
{
	const char *orders = getenv("NFPT_INJECT");
	void *frames[FRAMES];
	char which[32] = "";

	if (!orders || sscanf(orders, "%63s %d %31s %63s", state.function, &state.error, which, state.object) < 3)
		return;
	state.report = open_report(getenv("NFPT_INJECT_REPORT"));
	if (!state.report)
		return;
	parse_which(which);
	state.counts = strcmp(state.function, "*") == 0;
	dl_iterate_phdr(add_object, NULL);
	backtrace(frames, FRAMES); /* the first call loads a library */
	state.armed = true;
}

/* The same for equal callers in each run, wherever the libraries are loaded. */
static uint64_t hash_stack(void *const *frames, int n)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (int i = OWN_FRAMES; i < n; i++) {
		const Object *o = object_of(frames[i]);
		uint64_t place = o ? (uint64_t)((uintptr_t)frames[i] - o->start) << 8 | (uint64_t)(o - state.objects) : 0;

		hash = (hash ^ place) * 0x100000001b3;
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

static void note_stack(uint64_t hash)
{
	for (uint64_t i = 0; i < NFPT_STACKS; i++) {
		uint64_t *slot = &state.report->stacks[(hash + i) % NFPT_STACKS];
		uint64_t none = 0;

		if (__atomic_load_n(slot, __ATOMIC_RELAXED) == hash)
			return;
		if (__atomic_compare_exchange_n(slot, &none, hash, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) || none == hash)
			return;
	}
}

static void put_down(void *const *frames, int n)
{
	size_t used = 0;

	for (int i = OWN_FRAMES - 1; i < n && used + 160 < sizeof(state.report->where); i++) {
		Dl_info info = { 0 };
		const char *name;

		if (!dladdr(frames[i], &info) || !info.dli_fname)
			continue;
		name = strrchr(info.dli_fname, '/');
		used += (size_t)snprintf(state.report->where + used, 160, "%.60s+0x%lx %.60s\n", name ? name + 1 : info.dli_fname,
					 (unsigned long)((uintptr_t)frames[i] - (uintptr_t)info.dli_fbase),
					 info.dli_sname ? info.dli_sname : "");
	}
}

static bool is_chosen(uint64_t call, void *const *frames, int n)
{
	uint64_t hash;

	if (state.list) {
		note_stack(hash_stack(frames, n));
		return false;
	}
	if (!state.by_stack)
		return call == state.which || (state.later && call > state.which && state.which);
	hash = hash_stack(frames, n);
	return hash == state.which && !__atomic_load_n(&state.report->failed, __ATOMIC_RELAXED);
}

static void count(const char *function)
{
	pthread_mutex_lock(&state.lock);
	for (int i = 0; i < NFPT_FUNCTIONS; i++) {
		if (!*state.report->counts[i].name)
			strncpy(state.report->counts[i].name, function, sizeof(state.report->counts[i].name) - 1);
		if (strcmp(state.report->counts[i].name, function) == 0) {
			state.report->counts[i].calls++;
			break;
		}
	}
	pthread_mutex_unlock(&state.lock);
}

/* Somebody who aborts has asked, by a function of the C library's: vasprintf(3). */
static bool is_deadly(void *const *frames, int n)
{
	for (int i = 0; i < n; i++) {
		const Object *o = object_of(frames[i]);

		if (o && !o->passes)
			return o->aborts;
	}
	return false;
}

static bool decide(const char *function)
{
	bool stacks = state.list || state.by_stack;
	void *frames[FRAMES];
	int n = stacks ? backtrace(frames, FRAMES) : 0;
	uint64_t call;

	if (strcmp(function, "malloc") == 0 && is_deadly(frames, n))
		return false;
	call = __atomic_add_fetch(&state.report->calls, 1, __ATOMIC_RELAXED);
	if (!is_chosen(call, frames, n))
		return false;
	if (!stacks)
		n = backtrace(frames, FRAMES);
	if (__atomic_fetch_add(&state.report->failed, 1, __ATOMIC_RELAXED) == 0)
		put_down(frames, n);
	return true;
}

bool nfpt_inject(const char *function, const void *caller, int *ret_error)
{
	const Object *o;
	int saved = errno;
	bool fails;

	if (!state.armed || inside || (!state.counts && strcmp(function, state.function) != 0))
		return false;
	o = object_of(caller);
	if (!o ? *state.object != '\0' : !o->counted || (o->aborts && strcmp(function, "malloc") == 0))
		return false;
	inside = true;
	if (state.counts)
		count(function);
	fails = !state.counts && decide(function);
	inside = false;
	errno = saved;
	*ret_error = state.error;
	return fails;
}
