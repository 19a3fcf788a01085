/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps that are not per bucket: the clock that packets use, the books, the counters. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "ebpf/table.h"
#include "probe/buckets.h"
#include "probe/domain.h"

/* A packet takes microseconds, so a slot that was left this long ago is read by nobody but a program
 * whose virtual CPU was stopped since; sooner than that the wait is made sure of. */
#define CLOCK_SETTLED_US 500000
#define TICK_AGAIN_US 60000000 /* after there was none: to look for it takes up to a quarter of a second */

int nfp_totals_get_clock(NfpSource *source, struct nfp_clock *ret_clock)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	struct nfp_config config;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(buckets->maps->config, &zero, &config))
		return -errno;
	*ret_clock = config.clock[config.active & 1];
	return 0;
}

static struct nfp_tick tick_of(NfpBuckets *buckets, const struct nfp_clock *clock)
{
	struct nfp_tick tick = { 0 };

	if (buckets->exact)
		return tick;
	if (!buckets->tick && g_get_monotonic_time() >= buckets->tick_at) {
		buckets->tick = nfp_tick_new();
		buckets->tick_at = g_get_monotonic_time() + TICK_AGAIN_US;
	}
	if (buckets->tick)
		tick = nfp_tick_get(buckets->tick);
	tick.base += (uint64_t)clock->offset;
	return tick;
}

int nfp_totals_set_clock(NfpSource *source, const struct nfp_clock *clock, bool wait)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	struct nfp_config config;
	uint32_t zero = 0;
	int rc;

	if (buckets->readonly)
		return -EROFS;
	/* The other slot must have no reader left from before the last change. */
	if (buckets->clock_moved && g_get_monotonic_time() - buckets->clock_moved < CLOCK_SETTLED_US) {
		rc = nfp_buckets_wait(buckets);
		if (rc)
			return rc;
	}
	if (bpf_map_lookup_elem(buckets->maps->config, &zero, &config))
		return -errno;
	config.clock[!(config.active & 1)] = *clock;
	config.tick[!(config.active & 1)] = tick_of(buckets, clock);
	/* Two writes: what packets read now is written with the bytes it has. */
	if (bpf_map_update_elem(buckets->maps->config, &zero, &config, BPF_ANY))
		return -errno;
	config.active = !(config.active & 1);
	if (bpf_map_update_elem(buckets->maps->config, &zero, &config, BPF_ANY))
		return -errno;
	buckets->clock_moved = g_get_monotonic_time();
	if (!wait)
		return 0;
	rc = nfp_buckets_wait(buckets);
	if (!rc)
		buckets->clock_moved = 0;
	return rc;
}

int nfp_totals_get_books(NfpSource *source, const struct nfp_books_key *key,
			 struct nfp_books_value *ret_value)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	struct nfp_books_value value;

	if (bpf_map_lookup_elem(buckets->maps->books, key, &value))
		return -errno;
	*ret_value = value;
	return 0;
}

int nfp_totals_add_books(NfpSource *source, const struct nfp_books_key *key,
			 const struct nfp_books_value *value)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	struct nfp_books_value sum = { 0 };
	int rc;

	if (buckets->readonly)
		return -EROFS;
	rc = nfp_totals_get_books(source, key, &sum);
	if (rc && rc != -ENOENT)
		return rc;
	if (!rc && !memcmp(&sum.last, &value->last, sizeof(sum.last)))
		return 0;
	sum.seen += value->seen;
	sum.seen_skbs += value->seen_skbs;
	sum.seen_skb_bytes += value->seen_skb_bytes;
	sum.recorded += value->recorded;
	sum.coarsened += value->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		sum.lost[i] += value->lost[i];
	sum.last = value->last;
	/* One call, one whole new element: a reader sees all of it or nothing. */
	return bpf_map_update_elem(buckets->maps->books, key, &sum, BPF_ANY) ? -errno : 0;
}

/* What the fast path counts once for several rows of the status map. */
static int add_lanes(const NfpBuckets *buckets, enum nfp_counter counter, uint64_t *sum)
{
	g_autofree struct nfp_lane *lanes = g_new0(struct nfp_lane, buckets->cpus);
	uint32_t zero = 0;

	if (counter != NFP_C_seen && counter != NFP_C_seen_skbs && counter != NFP_C_recorded &&
	    counter != NFP_C_outcome_ok)
		return 0;
	if (bpf_map_lookup_elem(buckets->maps->lane, &zero, lanes))
		return -errno;
	for (guint i = 0; i < buckets->cpus; i++)
		*sum += lanes[i].skbs + (counter == NFP_C_seen_skbs ? 0 : lanes[i].segments);
	return 0;
}

int nfp_totals_counter(NfpSource *source, enum nfp_counter counter, uint64_t *ret_value)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	g_autofree uint64_t *values = g_new0(uint64_t, buckets->cpus);
	uint32_t key = counter;
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(buckets->maps->status, &key, values))
		return -errno;
	for (guint i = 0; i < buckets->cpus; i++)
		sum += values[i];
	*ret_value = sum;
	return add_lanes(buckets, counter, ret_value);
}

int nfp_probe_counters(NfpProbe *probe, uint64_t values[NFP_C_N])
{
	int rc = 0;

	for (int i = 0; i < NFP_C_N && !rc; i++)
		rc = nfp_totals_counter(nfp_probe_source(probe), i, &values[i]);
	return rc;
}

int nfp_probe_books(NfpProbe *probe, NfpBooksFn fn, void *data)
{
	g_autoptr(GByteArray) keys = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	NfpReadBuffer buffer = { keys, values };
	int rc = nfp_read_map(probe->maps.books, sizeof(struct nfp_books_key), sizeof(struct nfp_books_value),
			      &buffer);

	for (size_t i = 0; !rc && i < keys->len / sizeof(struct nfp_books_key); i++)
		fn(&((const struct nfp_books_key *)keys->data)[i],
		   &((const struct nfp_books_value *)values->data)[i], data);
	return rc;
}

int nfp_probe_base(NfpProbe *probe, NfpHookRows *ret_rows)
{
	NfpReadBuffer *buffer = &probe->base;
	int rc;

	g_byte_array_set_size(buffer->keys, 0);
	g_byte_array_set_size(buffer->values, 0);
	rc = nfp_read_map(probe->maps.base, sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row), buffer);
	if (rc)
		return rc;
	*ret_rows = (NfpHookRows){
		.keys = (const struct nfp_hook_key *)buffer->keys->data,
		.rows = (const struct nfp_hook_row *)buffer->values->data,
		.n = buffer->keys->len / sizeof(struct nfp_hook_key),
	};
	return 0;
}
