/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NfpSource over plain memory: buckets, spill bucket, clock and books live here as they live pinned in
 * the kernel, whatever becomes of the harvester; packets are counted as the packet path counts them.
 * One thread.
 */
#ifndef NFP_TEST_FAKE_SOURCE_H
#define NFP_TEST_FAKE_SOURCE_H

#include "probe/source.h"

typedef enum {
	NFP_FAKE_CREATE,
	NFP_FAKE_CLOSE,
	NFP_FAKE_READ,
	NFP_FAKE_READ_HOOKS,
	NFP_FAKE_REMOVE,
	NFP_FAKE_LIST,
	NFP_FAKE_SWAP_SPILL,
	NFP_FAKE_GET_CLOCK,
	NFP_FAKE_SET_CLOCK,
	NFP_FAKE_ADD_BOOKS,
	NFP_FAKE_GET_BOOKS,
	NFP_FAKE_COUNTER,
	NFP_FAKE_OPS,
} NfpFakeOp;

typedef struct {
	NfpSource source; /* first: pass &fake->source */
	GPtrArray *buckets;
	GHashTable *books;
	struct nfp_clock clock;
	uint64_t spilled;
	uint32_t slots[NFP_P_N];     /* expected last */
	uint32_t room[NFP_P_N];      /* of the bucket that was made last */
	/* what happened */
	uint64_t injected;           /* wire packets */
	uint64_t calls[NFP_FAKE_OPS];
	uint64_t steps;              /* calls of all kinds and nfp_fake_source_tick() */
	/* faults */
	uint64_t die_at;             /* from this step on every call fails and does nothing: killed. 0 = never */
	struct {
		int error;           /* -errno; 0 = works */
		guint times;         /* calls that fail */
	} fail[NFP_FAKE_OPS];
	int fail_row;                /* NFP_FAKE_READ fails for this row only; -1 = any */
	bool unwaited;               /* NFP_FAKE_SET_CLOCK fails when packets have the clock already */
	guint omit;                  /* reads that leave out the last entry they have */
} NfpFakeSource;

NfpFakeSource *nfp_fake_source_new(void);
void nfp_fake_source_free(NfpFakeSource *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFakeSource, nfp_fake_source_free)

/* One more thing the harvester's process did. false: it was killed before. */
bool nfp_fake_source_tick(NfpFakeSource *fake);

typedef struct {
	enum nfp_protocol row; /* NFP_P_hook: the last resort */
	uint32_t ifindex;
	uint16_t cpu;
	uint8_t flags;     /* enum nfp_key_flags */
	uint32_t flow;     /* becomes the addresses */
	uint64_t packets;  /* wire packets in one skb */
	bool lost;         /* filtered: seen, and in no record */
} NfpFakePacket;

/* At boot time `boot`, ns; 100 IP octets a packet. */
void nfp_fake_source_packet(NfpFakeSource *fake, int64_t boot, const NfpFakePacket *packet);
guint nfp_fake_source_buckets(const NfpFakeSource *fake, NfpBucketState state); /* the spill bucket is none */
/* Sum of all hooks. */
void nfp_fake_source_books(const NfpFakeSource *fake, struct nfp_books_value *ret_sum);

#endif
