/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each in a process of its own: a list stays. */
#include "base/syscalls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "support/sanitized.h"

#define FINE 40   /* the call worked */
#define FAILED 41 /* errno follows in the next exit codes */
#define UNCONFINED 200

typedef long (*Call)(void);

/* Exit code of a child that is confined and then calls, or 1000 + the signal that ended it. */
static int outcome(NfpSyscalls mode, Call call)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		long r;

		close(STDERR_FILENO);
		if (!nfp_syscalls_confine(mode, NULL))
			_exit(UNCONFINED);
		errno = 0;
		r = call();
		_exit(r >= 0 ? FINE : FAILED + errno);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static long do_exec(void)
{
	char *const arguments[] = { (char *)"/bin/true", NULL };

	return execv(arguments[0], arguments);
}

static long do_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0); /* PTRACE_TRACEME */
}

static long do_init_module(void)
{
	return syscall(SYS_init_module, NULL, 0, "");
}

static long do_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long do_unshare(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long do_setuid(void)
{
	return syscall(SYS_setuid, getuid());
}

static const Call deadly[] = { do_exec, do_ptrace, do_init_module, do_io_uring, do_unshare, do_setuid };

static long do_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

/* Code that was just written. */
static long do_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long do_make_executable(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static long do_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long do_type_for_the_user(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static long do_signal_another(void)
{
	return kill(getppid(), 0);
}

static long do_dump_others(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long do_unlisted(void)
{
	return syscall(SYS_sysfs, 3); /* a call that nobody has made for twenty years */
}

static const Call unlisted[] = { do_fork, do_executable_memory, do_make_executable, do_packet_socket,
				 do_type_for_the_user, do_signal_another, do_dump_others, do_unlisted };

static long do_setns(void)
{
	return syscall(SYS_setns, -1, CLONE_NEWNET);
}

static gpointer do_nothing(gpointer data)
{
	return data;
}

/* A thread, a socket pair, a file and a look-up: what a daemon does all day. */
static long do_ordinary_things(void)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	GList *addresses = g_resolver_lookup_by_name(resolver, "localhost", NULL, NULL);
	g_autofree char *path = NULL;
	int pair[2] = { -1, -1 }, fd;

	if (!addresses || g_thread_join(g_thread_new("listed", do_nothing, &fd)) != &fd)
		return -1;
	g_resolver_free_addresses(addresses);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(pair[0], "x", 1) != 1 || kill(getpid(), 0))
		return -1;
	fd = g_file_open_tmp("nfp-syscalls-XXXXXX", &path, NULL);
	return fd < 0 || fsync(fd) || g_unlink(path) ? -1 : 0;
}

/* With a sanitizer the list is another one. */
static gboolean has_seccomp(void)
{
	return !NFPT_SANITIZED && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

Test(syscalls, what_only_foreign_code_asks_for_ends_the_process)
{
	if (!has_seccomp())
		cr_skip_test("this kernel lacks seccomp, or this is a build for sanitizers");
	for (gsize i = 0; i < G_N_ELEMENTS(deadly); i++) {
		cr_expect_eq(outcome(NFP_SYSCALLS_REFUSE, deadly[i]), 1000 + SIGSYS, "%zu", i);
		cr_expect_eq(outcome(NFP_SYSCALLS_KILL, deadly[i]), 1000 + SIGSYS, "%zu", i);
	}
	cr_expect_neq(outcome(NFP_SYSCALLS_ANY, do_setuid), 1000 + SIGSYS);
}

Test(syscalls, what_the_list_lacks_is_refused_or_kills)
{
	if (!has_seccomp())
		cr_skip_test("this kernel lacks seccomp, or this is a build for sanitizers");
	for (gsize i = 0; i < G_N_ELEMENTS(unlisted); i++) {
		cr_expect_eq(outcome(NFP_SYSCALLS_REFUSE, unlisted[i]), FAILED + ENOSYS, "%zu", i);
		cr_expect_eq(outcome(NFP_SYSCALLS_KILL, unlisted[i]), 1000 + SIGSYS, "%zu", i);
	}
}

Test(syscalls, what_a_reload_may_ask_for_fails_like_a_lack_of_privilege)
{
	if (!has_seccomp())
		cr_skip_test("this kernel lacks seccomp, or this is a build for sanitizers");
	cr_expect_eq(outcome(NFP_SYSCALLS_REFUSE, do_setns), FAILED + EPERM);
	cr_expect_eq(outcome(NFP_SYSCALLS_KILL, do_setns), FAILED + EPERM);
}

Test(syscalls, ordinary_things_work)
{
	if (!has_seccomp())
		cr_skip_test("this kernel lacks seccomp, or this is a build for sanitizers");
	cr_expect_eq(outcome(NFP_SYSCALLS_REFUSE, do_ordinary_things), FINE);
	cr_expect_eq(outcome(NFP_SYSCALLS_KILL, do_ordinary_things), FINE);
	cr_expect_eq(outcome(NFP_SYSCALLS_LOG, do_ordinary_things), FINE);
	cr_expect_eq(outcome(NFP_SYSCALLS_LOG, do_fork), FINE);
}

static gpointer wait_and_call(gpointer data)
{
	g_async_queue_pop(data);
	do_setuid();
	return NULL;
}

Test(syscalls, threads_that_were_there_are_confined_too)
{
	int status = 0;
	pid_t child;

	if (!has_seccomp())
		cr_skip_test("this kernel lacks seccomp, or this is a build for sanitizers");
	child = fork();
	if (child == 0) {
		GAsyncQueue *queue = g_async_queue_new();
		GThread *thread = g_thread_new("before", wait_and_call, queue);

		if (!nfp_syscalls_confine(NFP_SYSCALLS_REFUSE, NULL))
			_exit(UNCONFINED);
		g_async_queue_push(queue, queue);
		g_thread_join(thread);
		_exit(FINE);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%x", (unsigned int)status);
}

/* A name that is spelled wrong would be taken for one of another architecture. */
Test(syscalls, every_row_is_a_system_call)
{
	static const char *const names[] = {
#define NFP_SYSCALL(name) #name,
#define NFP_SYSCALL_REFUSED(name) #name,
#define NFP_SYSCALL_DEADLY(name) #name,
#include "base/syscalls.def"
	};
	/* Newer than Debian 12's libseccomp. */
	static const char *const newer[] = { "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "mseal" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		gboolean is_newer = FALSE;

		for (gsize j = 0; j < G_N_ELEMENTS(newer); j++)
			is_newer |= g_str_equal(names[i], newer[j]);
		cr_expect(is_newer || seccomp_syscall_resolve_name(names[i]) != __NR_SCMP_ERROR, "%s", names[i]);
		cr_expect(!i || strcmp(names[i - 1], names[i]), "%s stands twice", names[i]);
	}
}
