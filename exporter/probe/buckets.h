/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buckets of a domain: NfpSource over pinned inner maps.
 *
 * A bucket is one inner map a protocol and one of hook rows, pinned at <directory>/<row>/<name>, and an
 * entry in each HASH_OF_MAPS. Two facts decide what a bucket is, so that a kill between any two system
 * calls leaves a state that the next start understands:
 *
 *   the pin of its hook map     without it the bucket does not exist: what else has its name is rubbish
 *                               of a creation or removal that was cut off, and no packet is in it
 *   the entry in the map hook   packets find it (open); without it no packet can be added (closed)
 *
 * Hence: create = pins, the hook's last; entries, the hook's last. close = the hook's entry. remove = pins, the
 * hook's first; the other entries, which nobody asks for any more (a bucket that waits for its delivery loses them
 * with the next one that is made: their number is limited).
 *
 * A packet asks the map `hook` once and uses that answer's label for its protocol's map, so it is in one
 * bucket as a whole. Updating or deleting an entry of a map of maps returns after an RCU grace period
 * (kernel/bpf/syscall.c, maybe_wait_bpf_programs): no program is left that saw the older state.
 *
 * Spill buckets have the labels {0, 0} and {0, 1}; packets ask for them in this order. One is open at
 * all times, both while they swap.
 */
#ifndef NFP_PROBE_BUCKETS_H
#define NFP_PROBE_BUCKETS_H

#include "probe/load.h"
#include "probe/pins.h"
#include "probe/source.h"
#include "probe/tick.h"

#define NFP_ENTRIES_MIN 64
/* Of TCP and UDP, and of each other protocol: all packets of a long absence of the harvester. 16 octets each, idle. */
#define NFP_SPILL_ENTRIES 32768
#define NFP_SPILL_ENTRIES_OTHER 4096

typedef struct {
	GByteArray *keys, *values;
} NfpReadBuffer;

/* A pinned map, mapped. */
typedef struct {
	void *data; /* NULL: none */
	size_t size;
	uint32_t entries;
	bool borrowed; /* of NfpBuckets.kept: stays mapped */
} NfpMapped;

/* One change of a map of maps. Each waits for a grace period (8 ms idle, 45-220 ms under load); those
 * that run at the same time share it. */
typedef struct {
	int map;
	int inner; /* -1: delete */
	union {    /* the key */
		struct nfp_bucket id;
		uint32_t index;
	};
	int rc;
	GAsyncQueue *done;
} NfpOuterChange;

typedef struct {
	NfpSource source; /* first: the ops get a pointer to it */
	const NfpMaps *maps;
	char *directory; /* <pins>/buckets */
	bool readonly;
	bool tables;         /* buckets have flow tables */
	NfpTick *tick;       /* NULL until first used, and where ticks are not wanted or cannot be had */
	gint64 tick_at;      /* monotonic us: not tried before */
	bool exact;          /* packets read the exact clock: no ticks */
	uint32_t slots[NFP_P_N]; /* what the next tables are made for */
	bool expects;        /* somebody told; else they are what the last bucket has room for */
	guint64 changes;     /* of outer maps, for tables */
	guint64 waits;       /* changes of outer maps in all, each of which waits; harvester's thread */
	GHashTable *kept;    /* kernel's id of a map -> NfpMapped of it: tables that the ring has, read once at least */
	GArray *hidden;      /* struct nfp_bucket: closed, with entries in the protocols' maps of maps */
	NfpMapped hookslot;
	bool repaired;       /* what a predecessor left half-done was finished */
	gint64 clock_moved;  /* monotonic us of the last set_clock without wait; 0: waited since */
	guint cpus;          /* possible ones */
	GThreadPool *pool;   /* NULL until first used */
	NfpReadBuffer entries, rows;
	GHashTable *loads;   /* of the rows of the bucket looked at last: their buffers (sampling.c); harvester's thread */
	uint64_t looked;     /* packet clock ns: when */
	GMutex rates;        /* of the map: the thread that attaches sets them, the harvester's follows traffic */
	GMutex mutex;        /* hooks: the thread that attaches writes, the harvester's reads */
	GArray *hooks;       /* struct nfp_hook_key with cpu 0: get a row in each new bucket */
} NfpBuckets;

/* maps: borrowed. readonly: nothing is made, closed, removed or repaired (-EROFS). */
NfpBuckets *nfp_buckets_new(const NfpMaps *maps, const char *directory, uint32_t domain, bool readonly);
/* Gives its threads back to GLib's pool, where they end when idle; it takes others when it needs some. */
void nfp_buckets_rest(NfpBuckets *buckets);
void nfp_buckets_free(NfpBuckets *buckets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBuckets, nfp_buckets_free)

/* Directories of the pins, and an open spill bucket. */
int nfp_buckets_prepare(NfpBuckets *buckets);
/* From now on the hook has rows in new buckets, in those that are open and in `base`. */
void nfp_buckets_add_hook(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags);
/* No longer. forget: the interface has gone; its rows in `base` go too unless they hold packets. */
void nfp_buckets_remove_hook(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags, bool forget);
/* Forgets all that were not added: what is pinned of hooks whose end nobody noticed. The domain is locked. */
void nfp_buckets_forget_others(NfpBuckets *buckets);
/* A copy of the list. */
GArray *nfp_buckets_hooks(NfpBuckets *buckets);

/* ---- between the files of this room ---- */

/* Runs all changes at once and waits for them. */
void nfp_buckets_change(NfpBuckets *buckets, NfpOuterChange *changes, guint n);

char *nfp_buckets_path(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id);
/* File descriptor of an inner map; -ENOENT when it is not pinned, -EUCLEAN (and others) when what is pinned there is no map
 * of the row's shape: the kernel writes as much as an entry has, not as much as there is room for. */
int nfp_buckets_open(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id);
/* Whether the maps that packets find under the label are those that are pinned for it: 1, 0; -errno: it cannot be told for
 * now (no file descriptor left, no memory, no permission). */
int nfp_buckets_is_whole(const NfpBuckets *buckets, struct nfp_bucket id);
/* Whether the map of maps of this row has the label: 1, 0, -errno. */
int nfp_buckets_visible(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id);
/* Several at a time share their grace periods. ret_rc: of each. Spill buckets: one alone. */
void nfp_buckets_create_all(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n,
			    const uint32_t max_entries[NFP_P_N], int *ret_rc);
void nfp_buckets_close_all(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n, int *ret_rc);
int nfp_buckets_create(NfpBuckets *buckets, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N]);
int nfp_buckets_close(NfpBuckets *buckets, struct nfp_bucket id);
int nfp_buckets_remove(NfpBuckets *buckets, struct nfp_bucket id);
/* Returns when no program runs that was running when it was called. */
int nfp_buckets_wait(NfpBuckets *buckets);

/* Appends the entries of a map to the buffer, each key with its value. */
int nfp_read_map(int fd, size_t key_size, size_t value_size, NfpReadBuffer *buffer);
int nfp_read_entries(NfpSource *source, struct nfp_bucket id, enum nfp_protocol protocol, NfpEntries *ret);
int nfp_read_scan(NfpSource *source, struct nfp_bucket id, enum nfp_protocol protocol, NfpScan **ret);
int nfp_read_hooks(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret);
/* Wire packets seen by all hooks in this bucket. */
int nfp_read_seen(NfpBuckets *buckets, struct nfp_bucket id, uint64_t *ret_seen);

int nfp_list_buckets(NfpSource *source, GArray *ret_buckets);

/* Makes sure that one spill bucket is open. */
int nfp_spill_ensure(NfpBuckets *buckets);
int nfp_spill_swap(NfpSource *source, uint64_t since, uint64_t now, struct nfp_bucket *ret_id);
/* Finishes a swap that was cut off. */
int nfp_spill_finish(NfpBuckets *buckets);

int nfp_totals_get_clock(NfpSource *source, struct nfp_clock *ret_clock);
int nfp_totals_set_clock(NfpSource *source, const struct nfp_clock *clock, bool wait);
int nfp_totals_add_books(NfpSource *source, const struct nfp_books_key *key,
			 const struct nfp_books_value *value);
int nfp_totals_get_books(NfpSource *source, const struct nfp_books_key *key,
			 struct nfp_books_value *ret_value);
int nfp_totals_counter(NfpSource *source, enum nfp_counter counter, uint64_t *ret_value);

#endif
