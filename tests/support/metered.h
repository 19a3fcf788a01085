/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A probe in the sandbox of support/netns.h, and what it counted. Failures fail the test. */
#ifndef NFP_TESTS_METERED_H
#define NFP_TESTS_METERED_H

#include "probe/probe.h"

/* Buckets of 36 years: no test crosses a boundary. */
#define NFPT_LENGTH (1ull << 60)

NfpProbe *nfpt_open(const char *instance, const char *netns, bool force_clsact);
/* Sets the packet clock. Returns the label of the present; creates it unless there is such a bucket. */
struct nfp_bucket nfpt_meter(NfpProbe *probe);
void nfpt_attach(NfpProbe *probe, const char *ifname, NfpDirection direction);
uint32_t nfpt_ifindex(NfpProbe *probe, const char *ifname);

/* The instance's pinned maps are as of another build from now on. */
void nfpt_other_abi(const char *instance);

/* Wire packets that a hook saw in a bucket; {0, 0}: in the spill bucket. */
uint64_t nfpt_seen(NfpProbe *probe, struct nfp_bucket id, const char *ifname, uint8_t flags);
/* Sum over all hooks. */
uint64_t nfpt_seen_all(NfpProbe *probe, struct nfp_bucket id);
/* Packets in the entries of all protocols and in the hooks' own rows. */
uint64_t nfpt_recorded(NfpProbe *probe, struct nfp_bucket id);
/* Entries of one protocol. */
size_t nfpt_entries(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol protocol);
/* "ifname/in|out/method " for each hook, sorted. Caller frees. */
char *nfpt_hooks(NfpProbe *probe);
/* Number of buckets in the list; the first one's description in *ret_first unless NULL. */
guint nfpt_list(NfpProbe *probe, NfpBucketInfo *ret_first);
/* What the kernel says that the maps pinned below a directory take. */
guint64 nfpt_octets_below(const char *directory);

#endif
