/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/syscalls.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* linux/prctl.h, 5.17 */
#endif
#define ALL_BITS 0xffffffffu /* the kernel looks at 32 bits of these arguments, whatever is above them */

/* The sanitizers' libraries, at the end: a process of their own stops all threads and looks for leaks. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
	__has_feature(thread_sanitizer)
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

typedef enum { ALLOWED, REFUSED, DEADLY } Kind;

typedef struct {
	const char *name;
	Kind kind;
} Row;

static const Row rows[] = {
#define NFP_SYSCALL(name) { #name, ALLOWED },
#define NFP_SYSCALL_REFUSED(name) { #name, REFUSED },
#define NFP_SYSCALL_DEADLY(name) { #name, DEADLY },
#include "base/syscalls.def"
#undef NFP_SYSCALL
#undef NFP_SYSCALL_REFUSED
#undef NFP_SYSCALL_DEADLY
};

static const char *const sanitizer_rows[] = { "clone", "ioctl", "kill", "mmap", "mprotect", "personality", "prctl",
					      "prlimit64", "ptrace", "setrlimit", "tgkill", "wait4" };

/* Of a call's arguments: allowed if `mask` of argument `n` is `value`. */
typedef struct {
	const char *name;
	unsigned int n;
	guint64 mask, value;
} ArgumentRow;

static const ArgumentRow argument_rows[] = {
	{ "socket", 0, ALL_BITS, AF_UNIX },
	{ "socket", 0, ALL_BITS, AF_INET },
	{ "socket", 0, ALL_BITS, AF_INET6 },
	{ "socket", 0, ALL_BITS, AF_NETLINK },
	{ "socketpair", 0, ALL_BITS, AF_UNIX },
	/* Threads, and no processes. What clone3 is for cannot be seen by a filter: it is refused, and C libraries then
	 * take clone. */
	{ "clone", 0, CLONE_THREAD, CLONE_THREAD },
	/* Nothing that can be written becomes code. */
	{ "mmap", 2, PROT_EXEC, 0 },
	{ "mmap", 2, PROT_WRITE, 0 },
	{ "mprotect", 2, PROT_EXEC, 0 },
	/* Our own limits and priority. */
	{ "prlimit64", 0, ALL_BITS, 0 },
	{ "setpriority", 0, ALL_BITS, PRIO_PROCESS },
	{ "prctl", 0, ALL_BITS, PR_SET_NAME },
	{ "prctl", 0, ALL_BITS, PR_GET_NAME },
	{ "prctl", 0, ALL_BITS, PR_SET_VMA },
	{ "prctl", 0, ALL_BITS, PR_GET_DUMPABLE },
	{ "prctl", 0, ALL_BITS, PR_CAPBSET_READ },
	/* Streams, sockets, devices, perf buffers: not TIOCSTI, which types for the user. */
	{ "ioctl", 1, ALL_BITS, TCGETS },
	{ "ioctl", 1, ALL_BITS, TIOCGWINSZ },
	{ "ioctl", 1, ALL_BITS, FIONREAD },
	{ "ioctl", 1, ALL_BITS, FIONBIO },
	{ "ioctl", 1, ALL_BITS, SIOCOUTQ },
	{ "ioctl", 1, ALL_BITS, SIOCETHTOOL },
	{ "ioctl", 1, ALL_BITS, SIOCGIFCONF },
	{ "ioctl", 1, ALL_BITS, SIOCGIFFLAGS },
	{ "ioctl", 1, ALL_BITS, SIOCGIFINDEX },
	{ "ioctl", 1, ALL_BITS, SIOCGIFNAME },
	{ "ioctl", 1, ALL_BITS, PERF_EVENT_IOC_ENABLE },
	{ "ioctl", 1, ALL_BITS, PERF_EVENT_IOC_DISABLE },
};

static gboolean is_sanitizers(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sanitizer_rows); i++)
		if (g_str_equal(sanitizer_rows[i], name))
			return SANITIZED;
	return FALSE;
}

static int add_names(scmp_filter_ctx filter, NfpSyscalls mode)
{
	static const guint32 actions[] = { [ALLOWED] = SCMP_ACT_ALLOW, [REFUSED] = SCMP_ACT_ERRNO(EPERM),
					   [DEADLY] = SCMP_ACT_KILL_PROCESS };
	int r = 0;

	for (gsize i = 0; !r && i < G_N_ELEMENTS(rows); i++) {
		int number = seccomp_syscall_resolve_name(rows[i].name);

		/* Not of this architecture, or newer than libseccomp. */
		if (number < 0 || is_sanitizers(rows[i].name) || (rows[i].kind == DEADLY && mode == NFP_SYSCALLS_LOG))
			continue;
		r = seccomp_rule_add(filter, actions[rows[i].kind], number, 0);
	}
	return r;
}

static int add_arguments(scmp_filter_ctx filter)
{
	int r = 0;

	for (gsize i = 0; !r && i < G_N_ELEMENTS(argument_rows); i++) {
		const ArgumentRow *row = &argument_rows[i];
		int number = seccomp_syscall_resolve_name(row->name);

		if (number >= 0)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					     SCMP_CMP64(row->n, SCMP_CMP_MASKED_EQ, row->mask, row->value));
	}
	return r;
}

/* Signals to ourselves: abort() sends one. */
static int add_signals(scmp_filter_ctx filter)
{
	static const char *const names[] = { "kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo" };
	int r = 0;

	for (gsize i = 0; !r && i < G_N_ELEMENTS(names); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(names[i]), 1,
				     SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, ALL_BITS, (guint64)getpid()));
	return r;
}

static int add_sanitizers(scmp_filter_ctx filter)
{
	int r = 0;

	for (gsize i = 0; SANITIZED && !r && i < G_N_ELEMENTS(sanitizer_rows); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(sanitizer_rows[i]), 0);
	return r;
}

static int set_up(scmp_filter_ctx filter, NfpSyscalls mode)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* No code of others runs here that could look at our memory by speculation: its price (5.10) buys nothing. */
	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	if (!r && mode == NFP_SYSCALLS_REFUSE)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	if (!r)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!r)
		r = add_names(filter, mode);
	if (!r)
		r = add_arguments(filter);
	if (!r)
		r = add_signals(filter);
	if (!r && mode == NFP_SYSCALLS_KILL) /* the other modes do so anyway, or allow it */
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r ? r : add_sanitizers(filter);
}

/* In the thread that called; what it was doing may hold any lock. */
static void on_forbidden(int sig, siginfo_t *info, void *context)
{
	static const char before[] = "nfprobe: system call number ", after[] = " is not in the list (security.seccomp)\n";
	char digits[16];
	unsigned int number = (unsigned int)info->si_syscall, n = sizeof(digits);
	ssize_t written;

	do
		digits[--n] = (char)('0' + number % 10);
	while (number /= 10);
	written = write(STDERR_FILENO, before, sizeof(before) - 1);
	written += write(STDERR_FILENO, digits + n, sizeof(digits) - n);
	written += write(STDERR_FILENO, after, sizeof(after) - 1);
	(void)written; /* nobody listens: we end all the same */
	signal(SIGSYS, SIG_DFL);
	raise(SIGSYS);
}

static guint32 action_of(NfpSyscalls mode)
{
	if (mode == NFP_SYSCALLS_LOG)
		return SCMP_ACT_LOG;
	return mode == NFP_SYSCALLS_KILL ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(ENOSYS);
}

gboolean nfp_syscalls_confine(NfpSyscalls mode, GError **err)
{
	/* SA_NODEFER: the second one, which ends the process, comes while the first is handled. */
	const struct sigaction tell = { .sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO | SA_NODEFER };
	scmp_filter_ctx filter;
	int r;

	if (mode == NFP_SYSCALLS_ANY)
		return TRUE;
	filter = seccomp_init(action_of(mode));
	r = filter ? set_up(filter, mode) : -ENOMEM;
	if (!r && mode == NFP_SYSCALLS_KILL && sigaction(SIGSYS, &tell, NULL))
		r = -errno;
	if (!r)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return !r || nfp_error_errno(err, NFP_ERROR_CANNOT, -r, "system calls cannot be confined (seccomp)");
}
