/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Doing things in another network namespace without ever leaving one's own: a thread that entered it
 * once and runs what it is given. Sockets made there and BPF links attached there stay good everywhere.
 *
 * The thread lives as long as the object, so that interfaces which come later can be attached after
 * CAP_SYS_ADMIN (for setns) was dropped.
 */
#ifndef NFP_PROBE_NETNS_H
#define NFP_PROBE_NETNS_H

#include <glib.h>
#include <stdint.h>

typedef struct NfpNetns NfpNetns;

/* name: of /run/netns (ip-netns(8)). NULL: the caller's own namespace, calls run in the calling thread. */
NfpNetns *nfp_netns_new(const char *name, GError **err);
void nfp_netns_free(NfpNetns *netns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNetns, nfp_netns_free)

/* Runs fn(data) there and returns its result. Any thread; calls are run one after the other. */
int nfp_netns_call(NfpNetns *netns, int (*fn)(void *data), void *data);

/* Number of the namespace that never comes twice while the machine runs (SO_NETNS_COOKIE, Linux 5.14;
 * before that the inode number, which may). 0: cannot be had. */
uint64_t nfp_netns_cookie(NfpNetns *netns);

#endif
