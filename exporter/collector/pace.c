/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/pace.h"

#define NS_PER_US 1000u
#define S ((gint64)G_USEC_PER_SEC)
#define QUANTUM_S 0.010       /* what leaves at a time: so much of a second, */
#define QUANTUM_RECORDS 32    /* ... and at least about a datagram */
#define QUANTA 2              /* a late wake-up is made good up to so many, or a burst */
#define SHARE_OF_INTERVAL 0.4 /* a little less than the half that is promised */
#define INTERVAL_MAX (3600 * S)
#define LEAST_TIME (S / 50)   /* to send what should be gone already */

void nfp_pace_init(NfpPace *pace, NfpPaceKind kind, uint32_t rate, gint64 now)
{
	*pace = (NfpPace){ .kind = kind, .rate = MAX(rate, 1), .allowance = NFP_PACE_BURST, .at = now };
	if (kind == NFP_PACE_ADAPTIVE)
		pace->rate = NFP_PACE_FLOOR;
}

void nfp_pace_came(NfpPace *pace, uint64_t start, uint64_t end, gint64 now)
{
	gint64 interval = end > start ? (gint64)((end - start) / NS_PER_US) : 0;

	if (end <= pace->bucket && now < pace->due)
		return;
	pace->bucket = MAX(pace->bucket, end);
	pace->due = now + (gint64)((double)MIN(interval, INTERVAL_MAX) * SHARE_OF_INTERVAL);
}

void nfp_pace_hurry(NfpPace *pace, gint64 until)
{
	pace->hurry_until = until;
}

static double quantum(const NfpPace *pace)
{
	return MAX(pace->rate * QUANTUM_S, QUANTUM_RECORDS);
}

static void set_rate(NfpPace *pace, uint64_t backlog, gint64 now)
{
	gint64 due = pace->hurry_until ? pace->hurry_until : pace->due;
	double seconds = (double)MAX(due - now, LEAST_TIME) / (double)S;
	double rate = MAX((double)backlog / seconds, NFP_PACE_FLOOR);

	if (pace->kind == NFP_PACE_ADAPTIVE)
		pace->rate = rate;
	else if (pace->hurry_until)
		pace->rate = MAX(pace->rate, rate);
}

uint32_t nfp_pace_allowed(NfpPace *pace, uint64_t backlog, gint64 now)
{
	double most, least;

	if (backlog == 0)
		return 0;
	if (pace->kind == NFP_PACE_NONE)
		return G_MAXUINT32;
	set_rate(pace, backlog, now);
	most = MAX(QUANTA * quantum(pace), NFP_PACE_BURST);
	pace->allowance = MIN(pace->allowance + (double)(now - pace->at) / (double)S * pace->rate, most);
	pace->at = now;
	/* What has begun goes on to the end of the quantum, message by message: one wake-up for all of it. */
	least = MIN(pace->going ? QUANTUM_RECORDS : quantum(pace), (double)backlog);
	pace->going = pace->allowance >= least;
	if (!pace->going)
		return 0;
	return (uint32_t)pace->allowance;
}

void nfp_pace_spent(NfpPace *pace, uint32_t records)
{
	pace->allowance -= records;
}

gint64 nfp_pace_next(const NfpPace *pace)
{
	double missing = quantum(pace) - pace->allowance;

	if (pace->kind == NFP_PACE_NONE)
		return NFP_PACE_NEVER;
	return pace->at + (gint64)(MAX(missing, 0) / pace->rate * (double)S) + 1;
}
