/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many records may leave now. A bucket is drained at once, and sent at once it overruns the socket buffer of a
 * collector that reads datagrams: it is spread instead, over at most half of the interval, so that it is gone long before the
 * next one comes. Times: us, monotonic.
 */
#ifndef NFP_COLLECTOR_PACE_H
#define NFP_COLLECTOR_PACE_H

#include <glib.h>
#include <stdint.h>

#define NFP_PACE_FLOOR 10000u    /* records/s: adaptive is never slower; about 700 datagrams */
#define NFP_PACE_BURST 512u      /* records that go at once after a pause: 40 datagrams, half of a usual buffer */
#define NFP_PACE_NEVER G_MAXINT64

typedef enum {
	NFP_PACE_NONE,     /* as fast as it is taken */
	NFP_PACE_FIXED,
	NFP_PACE_ADAPTIVE,
} NfpPaceKind;

typedef struct {
	NfpPaceKind kind;
	double rate;        /* records/s, now */
	double allowance;   /* records */
	gboolean going;     /* a quantum is being spent */
	gint64 at;          /* when it was worked out */
	gint64 due;         /* adaptive: by when all should be gone */
	uint64_t bucket;    /* end of the newest bucket seen */
	gint64 hurry_until; /* 0: no hurry */
} NfpPace;

/* rate: of NFP_PACE_FIXED. */
void nfp_pace_init(NfpPace *pace, NfpPaceKind kind, uint32_t rate, gint64 now);
/* Records of a bucket came to be sent. start, end: ns, of the bucket. */
void nfp_pace_came(NfpPace *pace, uint64_t start, uint64_t end, gint64 now);
/* We are to stop: all should be gone by then, whatever the rate. */
void nfp_pace_hurry(NfpPace *pace, gint64 until);
/* How many of `backlog` records may leave now. 0 also when it is not worth a message yet. */
uint32_t nfp_pace_allowed(NfpPace *pace, uint64_t backlog, gint64 now);
void nfp_pace_spent(NfpPace *pace, uint32_t records);
/* When allowed() will be more than 0, after it was not. */
gint64 nfp_pace_next(const NfpPace *pace);

#endif
