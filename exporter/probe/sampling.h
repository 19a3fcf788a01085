/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 1-in-N of each hook: map "rates" (struct nfp_rate). N changes at boundaries of buckets only, so that the counts of a
 * bucket have one. It stands in the kernel and goes on with it: a daemon that is started again finds N as it was.
 */
#ifndef NFP_PROBE_SAMPLING_H
#define NFP_PROBE_SAMPLING_H

#include "probe/buckets.h"
#include "probe/probe.h"

/* What a hook is to have from the next bucket on; from now on, if it was not attached. Returns the mode that its
 * program needs (enum nfp_sample_mode; a hook that is not to be sampled any more still is until its bucket ends), or -1.
 * The thread that attaches. */
int nfp_sampling_set(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSampling *want, bool attached,
		     GError **err);
/* That mode, without setting anything. */
int nfp_sampling_mode(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSampling *want, bool attached,
		      GError **err);
/* What is set, to be put back if what it is changed for fails. The thread that attaches. */
typedef struct {
	bool there;
	struct nfp_rate rate;
} NfpSamplingKept;
void nfp_sampling_keep(NfpBuckets *buckets, const struct nfp_books_key *hook, NfpSamplingKept *ret_kept);
void nfp_sampling_restore(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSamplingKept *kept);
/* The hook has gone. */
void nfp_sampling_forget(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags);
/* N now; 1: every packet. *ret_budget: of a rate that follows the traffic, else 0. */
uint32_t nfp_sampling_rate(const NfpMaps *maps, uint32_t ifindex, uint8_t flags, uint64_t *ret_budget);
/* NfpSource.adapt */
uint64_t nfp_sampling_adapt(NfpSource *source, uint64_t now);
/* N that keeps a CPU with so many buffers a second within its budget, where it was `rate`: up at once, down by half
 * a bucket, never beyond NFP_SAMPLE_MAX. */
uint32_t nfp_sampling_next(uint32_t rate, uint64_t per_second, uint32_t budget);

#endif
