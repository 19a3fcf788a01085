/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/error.h"
#include "harvest/shelf_private.h"

/* A predecessor was killed after it had put (some hooks of) this bucket into the books and before it
 * had unpinned it. It has to be finished before any other: add_books() knows only the last bucket. */
static bool in_books(NfpSource *source, struct nfp_bucket id)
{
	static const struct nfp_books_key others;
	struct nfp_books_value sum;
	NfpHookRows rows = { 0 };

	if (!source->get_books(source, &others, &sum) && sum.last.start_ts == id.start_ts &&
	    sum.last.end_ts == id.end_ts)
		return true;
	if (source->read_hooks(source, id, &rows))
		return false;
	for (size_t i = 0; i < rows.n; i++) {
		struct nfp_books_key key = {
			.ifindex = rows.keys[i].ifindex,
			.flags = rows.keys[i].flags & (NFP_KEY_EGRESS | NFP_KEY_XDP),
		};
		struct nfp_books_value value;

		if (!source->get_books(source, &key, &value) && value.last.start_ts == id.start_ts &&
		    value.last.end_ts == id.end_ts)
			return true;
	}
	return false;
}

static void adopt(NfpShelf *shelf, const NfpBucketInfo *info, uint64_t now)
{
	NfpBucket *bucket = nfp_bucket_new(info->id);

	bucket->spill = info->spill;
	/* Since when the spill bucket may hold something: packets go there when the last bucket ended. */
	if (info->id.end_ts <= now)
		shelf->spill_since = MAX(shelf->spill_since, info->id.end_ts);
	if (info->state == NFP_BUCKET_OPEN) {
		g_ptr_array_add(shelf->open, bucket);
		return;
	}
	bucket->forced = now < info->id.end_ts;
	bucket->booking = in_books(shelf->source, info->id);
	if (bucket->booking)
		g_queue_push_head(&shelf->closed, bucket);
	else
		g_queue_push_tail(&shelf->closed, bucket);
}

NfpShelf *nfp_shelf_new(NfpSource *source, const NfpHarvestOptions *options, NfpWakeup *wakeup, int64_t boot,
			GError **err)
{
	g_autoptr(GArray) pinned = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	struct nfp_clock clock = { 0 };
	NfpShelf *shelf;
	int r;

	r = source->get_clock(source, &clock);
	if (r) {
		nfp_error_errno(err, NFP_ERROR_FAILED, -r, "cannot read the pinned clock");
		return NULL;
	}
	r = source->list(source, pinned);
	if (r) {
		nfp_error_errno(err, NFP_ERROR_FAILED, -r, "cannot list the pinned buckets");
		return NULL;
	}
	shelf = g_new0(NfpShelf, 1);
	shelf->source = source;
	shelf->options = options;
	shelf->wakeup = nfp_wakeup_ref(wakeup);
	if (nfp_plan_is_clock(&clock))
		shelf->clock = clock;
	else
		shelf->complaint = g_strdup("the pinned clock is none: a new one is begun, and labels with it");
	if (!shelf->clock.length)
		shelf->clock = (struct nfp_clock){ .step = options->first_step };
	shelf->open = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_bucket_free);
	g_queue_init(&shelf->closed);
	nfp_sizes_init(&shelf->sizes, options->flows, options->first_flows);
	shelf->spill_check = true;
	shelf->spill_since = MAX(shelf->clock.offset, 1); /* boot, when nothing better is known */
	for (guint i = 0; i < pinned->len; i++)
		adopt(shelf, &g_array_index(pinned, NfpBucketInfo, i), boot + shelf->clock.offset);
	nfp_shelf_reserve_others(shelf);
	return shelf;
}

void nfp_shelf_free(NfpShelf *shelf)
{
	if (!shelf)
		return;
	g_ptr_array_unref(shelf->open);
	g_queue_clear_full(&shelf->closed, (GDestroyNotify)nfp_bucket_free);
	nfp_wakeup_unref(shelf->wakeup);
	g_free(shelf->complaint);
	g_free(shelf);
}
