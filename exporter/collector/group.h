/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several collectors that records go to as one: all of them (mirror), each flow to one of them (balance), or to the
 * first that is there (failover). A member stays a collector of its own, with its own session and templates.
 *
 * What a member gets is a batch of its own that holds a reference to the harvester's, so that a bucket is delivered
 * when every member has delivered, spooled or refused its part. A collector is in one group at most: the group is
 * then the only one that publishes to it.
 */
#ifndef NFP_COLLECTOR_GROUP_H
#define NFP_COLLECTOR_GROUP_H

#include <glib.h>

#include "record/batch.h"

#define NFP_GROUP_MEMBERS 64

typedef enum { NFP_GROUP_MIRROR, NFP_GROUP_BALANCE, NFP_GROUP_FAILOVER } NfpGroupPolicy;

/* One entry of `groups:`; strings owned by the configuration. */
typedef struct {
	char *name;
	int policy;          /* NfpGroupPolicy */
	char *members;       /* names with commas between, the most wanted first */
	uint64_t down_after; /* ns: failover: so long away, and another one is taken */
	uint64_t back_after; /* ns: ... so long there, and it is taken again */
} NfpGroupOptions;

/* A collector, or a test's. publish: as nfp_collector_publish; up: any thread. */
typedef struct {
	void *data;
	const char *name; /* copied */
	void (*publish)(void *data, NfpBatch *batch);
	gboolean (*up)(void *data);
} NfpGroupMember;

typedef struct {
	guint active;          /* failover: place of the member that records go to */
	uint64_t switches;     /* failover: changes of it */
	guint pending;         /* failover: batches that no member has delivered yet */
	uint64_t moved;        /* failover: batches that another member got too, for the first had not delivered them */
	uint64_t lost_records, lost_packets; /* failover: refused by every member */
} NfpGroupStatus;

typedef struct NfpGroup NfpGroup;

/* members: at least one, at most NFP_GROUP_MEMBERS; they outlive every batch, and their data the group's use. */
NfpGroup *nfp_group_new(const NfpGroupOptions *options, const NfpGroupMember *members, guint n, gint64 now);
/* Harvester's thread. now: us, monotonic. */
void nfp_group_publish(NfpGroup *group, NfpBatch *batch, gint64 now);
/* Failover: looks who is there, moves what was not delivered. To be called each second; any thread. */
void nfp_group_step(NfpGroup *group, gint64 now);
/* Before the members stop: what they refuse from now on goes nowhere. */
void nfp_group_close(NfpGroup *group);
/* Of one that is closed: what a member had refused before, and no other was asked to take yet. It is given back to the
 * harvester unless `take` gives it to somebody. */
void nfp_group_take_missed(NfpGroup *group, void (*take)(NfpBatch *batch, void *data), void *data);
/* While nobody publishes: another collector in a member's place, by the same name. What the first one has still counts as
 * the member's. */
void nfp_group_replace(NfpGroup *group, guint member, void *data);
void nfp_group_status(NfpGroup *group, NfpGroupStatus *ret_status); /* any thread */
/* The members have given up all their batches. */
void nfp_group_free(NfpGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpGroup, nfp_group_free)

/* ---- group_hash.c: who gets a flow ------------------------------------------------------------------------- */

/* Of a record's two addresses (MAC addresses without; else of the interface), the same whichever way round: both
 * directions of a flow, its fragments, its ICMP errors' own pair, and its coarser records have one. */
uint64_t nfp_group_hash(const NfpRecord *record);
/* Of a member, by its name alone: neither order nor restarts matter. */
uint64_t nfp_group_seed(const char *name);
/* Which of n members a hash belongs to: one more member takes its share and moves nothing between the others. */
guint nfp_group_choose(uint64_t hash, const uint64_t *seeds, guint n);

#endif
