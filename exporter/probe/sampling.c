/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/sampling.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define LOOK 500000000ull  /* ns between two looks at the traffic, at least: shorter ones say little */
#define CLOSE 100000000ull /* ns before a boundary of buckets N is left alone: packets may be there before us */
#define NS_PER_S 1000000000ull

static uint64_t packet_time(const struct nfp_clock *clock)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec + (uint64_t)clock->offset;
}

/* length 0: nobody has written a clock yet. */
static int clock_of(const NfpMaps *maps, struct nfp_clock *ret_clock, uint64_t *ret_now)
{
	struct nfp_config config;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(maps->config, &zero, &config))
		return -errno;
	*ret_clock = config.clock[config.active & 1];
	*ret_now = packet_time(ret_clock);
	return 0;
}

static uint32_t rate_at(const struct nfp_rate *rate, uint64_t now)
{
	return MAX(now >= rate->from ? rate->after : rate->before, 1);
}

/* What the hook's row is to be. Returns the mode that its program needs: none, and no row is wanted; -1. The lock is held. */
static int plan(const NfpMaps *maps, const struct nfp_books_key *hook, const NfpSampling *want, bool attached,
		struct nfp_rate *ret_next, GError **err)
{
	uint32_t rate = want->mode == NFP_SAMPLE_NONE ? 1 : want->rate;
	struct nfp_rate known = { .before = 1, .after = 1 }, next;
	struct nfp_clock clock;
	uint64_t now;
	bool sampled;
	int rc = clock_of(maps, &clock, &now);

	if (rc) {
		nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot read the clock");
		return -1;
	}
	sampled = attached && !bpf_map_lookup_elem(maps->rates, hook, &known);
	if (want->mode == NFP_SAMPLE_NONE && (!sampled || (known.before == 1 && known.after == 1)))
		return NFP_SAMPLE_NONE;
	next = (struct nfp_rate){
		.before = rate_at(&known, now),
		.budget = want->mode == NFP_SAMPLE_NONE ? 0 : want->budget,
		.mode = want->mode == NFP_SAMPLE_NONE ? known.mode : want->mode,
	};
	/* One that follows the traffic goes on from where it is. */
	next.after = next.budget ? next.before : rate;
	if (!attached)
		next.before = next.after;
	else if (clock.length)
		next.from = now - now % clock.length + clock.length;
	*ret_next = next;
	return (int)next.mode;
}

int nfp_sampling_mode(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSampling *want, bool attached,
		      GError **err)
{
	struct nfp_rate next;

	return plan(buckets->maps, hook, want, attached, &next, err);
}

int nfp_sampling_set(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSampling *want, bool attached,
		     GError **err)
{
	struct nfp_rate next;
	int mode, rc = 0;

	g_mutex_lock(&buckets->rates);
	mode = plan(buckets->maps, hook, want, attached, &next, err);
	if (mode == NFP_SAMPLE_NONE)
		bpf_map_delete_elem(buckets->maps->rates, hook);
	else if (mode > 0 && bpf_map_update_elem(buckets->maps->rates, hook, &next, BPF_ANY))
		rc = errno;
	g_mutex_unlock(&buckets->rates);
	if (!rc)
		return mode;
	nfp_error_errno(err, NFP_ERROR_FAILED, rc, "cannot set the sampling rate");
	return -1;
}

void nfp_sampling_keep(NfpBuckets *buckets, const struct nfp_books_key *hook, NfpSamplingKept *ret_kept)
{
	ret_kept->there = !bpf_map_lookup_elem(buckets->maps->rates, hook, &ret_kept->rate);
}

void nfp_sampling_restore(NfpBuckets *buckets, const struct nfp_books_key *hook, const NfpSamplingKept *kept)
{
	g_mutex_lock(&buckets->rates);
	if (kept->there)
		bpf_map_update_elem(buckets->maps->rates, hook, &kept->rate, BPF_ANY);
	else
		bpf_map_delete_elem(buckets->maps->rates, hook);
	g_mutex_unlock(&buckets->rates);
}

void nfp_sampling_forget(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags)
{
	struct nfp_books_key hook = { .ifindex = ifindex, .flags = flags };

	g_mutex_lock(&buckets->rates);
	bpf_map_delete_elem(buckets->maps->rates, &hook);
	g_mutex_unlock(&buckets->rates);
}

uint32_t nfp_sampling_rate(const NfpMaps *maps, uint32_t ifindex, uint8_t flags, uint64_t *ret_budget)
{
	struct nfp_books_key hook = { .ifindex = ifindex, .flags = flags };
	struct nfp_clock clock;
	struct nfp_rate rate;
	uint64_t now;

	*ret_budget = 0;
	if (bpf_map_lookup_elem(maps->rates, &hook, &rate) || clock_of(maps, &clock, &now))
		return 1;
	*ret_budget = rate.budget;
	return rate_at(&rate, now);
}

/* ---- auto ---------------------------------------------------------------------------------------- */

uint32_t nfp_sampling_next(uint32_t rate, uint64_t per_second, uint32_t budget)
{
	uint64_t wanted = (per_second + budget - 1) / MAX(budget, 1);

	return (uint32_t)CLAMP(wanted, MAX(rate / 2, 1), NFP_SAMPLE_MAX);
}

/* What a row of a hook had when it was looked at last; 0 at first. */
static uint64_t *load_of(GHashTable *loads, const struct nfp_hook_key *key)
{
	gint64 which = (gint64)key->ifindex << 24 | (gint64)key->cpu << 8 | key->flags;
	uint64_t *load = g_hash_table_lookup(loads, &which);

	if (!load) {
		load = g_new0(uint64_t, 1);
		g_hash_table_insert(loads, g_memdup2(&which, sizeof(which)), load);
	}
	return load;
}

/* Buffers of the busiest CPU of each hook since the last look; `fresh`: that was in another bucket. */
static GHashTable *busiest(NfpBuckets *buckets, const NfpHookRows *rows, bool fresh)
{
	GHashTable *all = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);

	if (fresh)
		g_hash_table_remove_all(buckets->loads);
	for (size_t i = 0; i < rows->n; i++) {
		uint64_t *load = load_of(buckets->loads, &rows->keys[i]);
		gint64 key = (gint64)rows->keys[i].ifindex << 8 | rows->keys[i].flags;
		uint64_t skbs = rows->rows[i].seen_skbs, more = skbs - MIN(*load, skbs);
		uint64_t *most = g_hash_table_lookup(all, &key);

		*load = skbs;
		if (!most)
			g_hash_table_insert(all, g_memdup2(&key, sizeof(key)), g_memdup2(&more, sizeof(more)));
		else
			*most = MAX(*most, more);
	}
	return all;
}

/* Until when a rate of the next bucket can be set: its packets of all CPUs are to find the same one. */
typedef struct {
	uint64_t now, boundary; /* ns of the packets' clock */
	gint64 begun;           /* us of the monotonic clock: it was `now` then */
} Term;

/* Making buckets and reading rows takes time, and the machine may have given us none. */
static bool is_over(const Term *term)
{
	return term->now + (uint64_t)(g_get_monotonic_time() - term->begun) * 1000 >= term->boundary;
}

/* Unless somebody has set another one since it was read, or it is too late: the one there is stands, and is looked at next
 * time. */
static bool replace(NfpBuckets *buckets, const struct nfp_books_key *hook, const struct nfp_rate *rate,
		    const struct nfp_rate *next, const Term *term)
{
	int rates = buckets->maps->rates;
	struct nfp_rate there;
	bool done;

	g_mutex_lock(&buckets->rates);
	done = !bpf_map_lookup_elem(rates, hook, &there) && !memcmp(&there, rate, sizeof(there)) && !is_over(term) &&
	       !bpf_map_update_elem(rates, hook, next, BPF_EXIST);
	if (done && is_over(term))
		done = bpf_map_update_elem(rates, hook, rate, BPF_EXIST) != 0;
	g_mutex_unlock(&buckets->rates);
	return done;
}

static void adapt_one(NfpBuckets *buckets, const struct nfp_books_key *hook, const struct nfp_rate *rate, uint64_t buffers,
		      uint64_t elapsed, const Term *term)
{
	struct nfp_rate next = *rate;

	next.before = rate_at(rate, term->now);
	next.from = term->boundary;
	next.after = nfp_sampling_next(next.before, buffers * NS_PER_S / elapsed, rate->budget);
	if (next.after == next.before && rate->before == rate->after)
		return;
	replace(buckets, hook, rate, &next, term);
}

/* No rate is set for later than the next boundary: the clock was set back since, or buckets were longer. */
static void pull(NfpBuckets *buckets, const struct nfp_books_key *hook, struct nfp_rate *rate, const Term *term)
{
	struct nfp_rate next = *rate;

	next.from = term->boundary;
	if (rate->from > next.from && replace(buckets, hook, rate, &next, term))
		*rate = next;
}

/* Whether there is a rate that follows. The map is small: only hooks that are sampled are in it. */
static bool read_rates(NfpBuckets *buckets, const Term *term, NfpReadBuffer *buffer)
{
	bool follows = false;

	if (nfp_read_map(buckets->maps->rates, sizeof(struct nfp_books_key), sizeof(struct nfp_rate), buffer))
		return false;
	for (size_t i = 0; i < buffer->values->len / sizeof(struct nfp_rate); i++) {
		struct nfp_rate *rate = &((struct nfp_rate *)buffer->values->data)[i];

		pull(buckets, &((const struct nfp_books_key *)buffer->keys->data)[i], rate, term);
		follows |= rate->budget != 0;
	}
	return follows;
}

/* ns until the traffic is worth a look again: not in the last moment of a bucket, and some time behind the start. */
static uint64_t next_look(const NfpBuckets *buckets, const struct nfp_clock *clock, uint64_t now)
{
	uint64_t start = now - now % clock->length, end = start + clock->length;
	uint64_t pause = MIN(LOOK, clock->length / 2), due = MAX(buckets->looked, start) + pause;

	if (due + CLOSE > end || now + CLOSE > end)
		due = end + pause;
	return due > now ? due - now : 0;
}

uint64_t nfp_sampling_adapt(NfpSource *source, uint64_t now)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	g_autoptr(GByteArray) keys = g_byte_array_new(), values = g_byte_array_new();
	NfpReadBuffer buffer = { keys, values };
	g_autoptr(GHashTable) most = NULL;
	struct nfp_clock clock;
	NfpHookRows rows;
	struct nfp_bucket id;
	uint64_t start, since, wait;
	Term term = { .now = now, .begun = g_get_monotonic_time() };

	if (buckets->readonly || nfp_totals_get_clock(source, &clock) || !clock.length)
		return UINT64_MAX;
	start = now - now % clock.length;
	term.boundary = start + clock.length;
	if (!read_rates(buckets, &term, &buffer))
		return UINT64_MAX;
	/* The clock was set back: what the last look found is of other buckets. */
	if (buckets->looked > now) {
		buckets->looked = 0;
		g_hash_table_remove_all(buckets->loads);
	}
	wait = next_look(buckets, &clock, now);
	if (wait)
		return wait;
	since = MAX(buckets->looked, start);
	id = (struct nfp_bucket){ start + clock.step, start + clock.step + clock.length };
	if (nfp_read_hooks(source, id, &rows)) /* there is none yet: soon there will be */
		return LOOK;
	most = busiest(buckets, &rows, buckets->looked < start);
	buckets->looked = now;
	for (size_t i = 0; i < values->len / sizeof(struct nfp_rate); i++) {
		const struct nfp_books_key *hook = &((const struct nfp_books_key *)keys->data)[i];
		const struct nfp_rate *rate = &((const struct nfp_rate *)values->data)[i];
		gint64 key = (gint64)hook->ifindex << 8 | hook->flags;
		const uint64_t *buffers = g_hash_table_lookup(most, &key);

		if (rate->budget)
			adapt_one(buckets, hook, rate, buffers ? *buffers : 0, now - since, &term);
	}
	return next_look(buckets, &clock, now);
}
