/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's privileges: what it checks before it relies on it, and what it gives away (ADR 30, docs/security.md). */
#ifndef NFP_APP_CONFINE_H
#define NFP_APP_CONFINE_H

#include "conf/conf.h"

/* First of all: what this process makes is not for others (umask). */
void nfp_confine_begin(void);

/* Before anything is read or pinned: state, spools and pins that everybody can write to are an error (NFP_ERROR_USAGE);
 * other owners are told in the log. domains: NfpDomain. */
gboolean nfp_confine_check(const NfpConf *conf, const GPtrArray *domains, GError **err);

/*
 * Once namespaces are entered and maps are open, before anything of the network is read: gives away the capabilities that
 * metering does not take, on the calling thread and those of the meters (NfpMeter); others must not be there yet. Then no
 * new privileges, and the list of system calls, for every thread. Main thread only, once, for the process's life. A kernel
 * that cannot confine system calls is a warning; an error only where `security.seccomp: kill` asks for it.
 */
gboolean nfp_confine(const NfpConf *conf, const GPtrArray *meters, GError **err);

#endif
