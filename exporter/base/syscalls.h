/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of the system calls that this process may make from here on (seccomp(2), by libseccomp; ADR 30). */
#ifndef NFP_BASE_SYSCALLS_H
#define NFP_BASE_SYSCALLS_H

#include <glib.h>

typedef enum {
	NFP_SYSCALLS_REFUSE, /* what the list lacks fails with ENOSYS, as on an old kernel, and is told to the audit log */
	NFP_SYSCALLS_KILL,   /* ... ends the process by SIGSYS, with its number on standard error */
	NFP_SYSCALLS_LOG,    /* ... works, and is told to the audit log: for making the list */
	NFP_SYSCALLS_ANY,    /* no list */
} NfpSyscalls;

/*
 * For all threads there are and will be, for good; sets no_new_privs too. Calls of the list's last part (exec, ptrace,
 * modules, ...) end the process whatever the mode, but for LOG and ANY. FALSE: nothing has changed (NFP_ERROR_CANNOT: the
 * kernel lacks seccomp).
 */
gboolean nfp_syscalls_confine(NfpSyscalls mode, GError **err);

#endif
