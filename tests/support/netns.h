/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private world for a test that needs the kernel: network namespace, mount namespace, BPF file system.
 * All of it ends with the test's process, however that ends; nothing of the machine is touched.
 *
 *   Test(...) {
 *           nfpt_sandbox();                    skips where BPF or root is missing
 *           nfpt_wire("a0", "peer", "b0");     a0 10.9.0.1 here, b0 10.9.0.2 in netns peer
 *           nfpt_run("ping -q -c 3 10.9.0.2");
 */
#ifndef NFP_TESTS_NETNS_H
#define NFP_TESTS_NETNS_H

#include <glib.h>

#define NFPT_PIN_ROOT "/sys/fs/bpf/nfprobe" /* on the sandbox's own bpffs */

/* Enters new namespaces: lo is up, /sys/fs/bpf and /run/netns are empty and ours. */
void nfpt_sandbox(void);
/* The same without a BPF file system. */
void nfpt_sandbox_without_bpffs(void);
/* veth `here` in the sandbox, `there` in network namespace `netns` (made if it is not there), both up with
 * addresses, without duplicate address detection, MAC addresses known to both: no packet but ours. */
void nfpt_wire(const char *here, const char *netns, const char *there);
/* Runs a shell command quietly; its failure fails the test. */
void nfpt_run(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Its exit code. */
int nfpt_try(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* What it prints; its failure fails the test. Caller frees. */
char *nfpt_output(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Drops every capability but CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; the process stays uid 0. */
void nfpt_three_capabilities(void);

#endif
