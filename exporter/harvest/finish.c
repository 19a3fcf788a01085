/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/clock.h"
#include "harvest/shelf_private.h"

#define RETRY_AFTER ((int64_t)NFP_NS_PER_S)
#define BOOKS_TRIES 5 /* then a line is given up: seen and recorded are both missing in the books */

static void learn(NfpShelf *shelf, const NfpBucket *bucket)
{
	for (int row = 0; row < NFP_P_N; row++)
		nfp_sizes_learn(&shelf->sizes, row, bucket->drain.used[row], bucket->room[row]);
}

static void publish_nothing(NfpBatch *batch, void *data)
{
}

void nfp_shelf_drain(NfpShelf *shelf, NfpDrain *drain, int64_t boot)
{
	/* For what a predecessor delivered before it put it into the books: its account alone is wanted. */
	NfpDrain silent = *drain;

	silent.publish = publish_nothing;
	silent.done = NULL;
	for (GList *l = shelf->closed.head; l; l = l->next) {
		NfpBucket *bucket = l->data;
		NfpToken *lent = NULL;
		int r;

		if (bucket->published || boot < bucket->retry_at)
			continue;
		if (!bucket->token) {
			bucket->token = nfp_token_new(shelf->wakeup);
			lent = nfp_token_ref(bucket->token);
		}
		r = nfp_drain(bucket->booking ? &silent : drain, shelf->source, bucket->id, bucket->forced,
			      &bucket->drain, nfp_token_delivered, lent);
		drain->errors = silent.errors = MAX(drain->errors, silent.errors);
		if (r) {
			bucket->retry_at = boot + RETRY_AFTER;
			nfp_shelf_complain(shelf, "read", bucket->id, r);
			continue;
		}
		bucket->retry_at = 0;
		bucket->published = true;
		learn(shelf, bucket);
	}
}

/* A hook that saw nothing needs no line: interfaces that come and go unused leave nothing behind. */
static bool is_empty(const struct nfp_books_value *value)
{
	uint64_t all = value->seen | value->recorded;

	for (int i = 0; i < NFP_LOST_N; i++)
		all |= value->lost[i];
	return !all;
}

/* false: again later. */
static bool add_line(NfpShelf *shelf, NfpBucket *bucket, const struct nfp_books_key *key,
		     const struct nfp_books_value *value, int64_t boot)
{
	int r = is_empty(value) ? 0 : shelf->source->add_books(shelf->source, key, value);

	/* No room, which stays so: more interfaces came and went than the map has lines. */
	if (r == -E2BIG && key->ifindex) {
		nfp_books_add(&bucket->others, value);
		return true;
	}
	if (!r)
		return true;
	nfp_shelf_complain(shelf, "add to the books", bucket->id, r);
	if (++bucket->tries < BOOKS_TRIES) {
		bucket->retry_at = boot + RETRY_AFTER;
		return false;
	}
	bucket->tries = 0;
	return true;
}

/* Lines of the account into the books. false: again later. */
static bool add_books(NfpShelf *shelf, NfpBucket *bucket, int64_t boot)
{
	static const struct nfp_books_key others;
	struct nfp_books_key key;
	struct nfp_books_value value;

	for (; bucket->booked < nfp_account_n(bucket->drain.account); bucket->booked++) {
		nfp_account_get(bucket->drain.account, bucket->booked, &key, &value);
		if (!add_line(shelf, bucket, &key, &value, boot))
			return false;
	}
	bucket->others.last = bucket->id;
	return add_line(shelf, bucket, &others, &bucket->others, boot);
}

void nfp_shelf_reserve_others(NfpShelf *shelf)
{
	static const struct nfp_books_key others;
	static const struct nfp_books_value none;
	struct nfp_books_value there;

	/* Failing costs nothing but this line. */
	if (shelf->source->get_books(shelf->source, &others, &there) == -ENOENT)
		shelf->source->add_books(shelf->source, &others, &none);
}

static bool is_ready(NfpBucket *bucket, int64_t boot)
{
	return bucket->published && boot >= bucket->retry_at && nfp_token_is_delivered(bucket->token);
}

/* The one that is begun, else the first that is delivered, which it makes the one that is begun. The books know only
 * the bucket added last: until it is unpinned no other may come. But a collector that is away may not keep
 * the buckets that wait for nobody, since each takes memory. */
static NfpBucket *next_to_finish(NfpShelf *shelf, int64_t boot)
{
	NfpBucket *head = g_queue_peek_head(&shelf->closed);

	if (head && head->booking)
		return is_ready(head, boot) ? head : NULL;
	for (GList *l = shelf->closed.head; l; l = l->next) {
		NfpBucket *bucket = l->data;

		if (!is_ready(bucket, boot))
			continue;
		g_queue_unlink(&shelf->closed, l);
		g_queue_push_head_link(&shelf->closed, l);
		bucket->booking = true;
		return bucket;
	}
	return NULL;
}

void nfp_shelf_finish(NfpShelf *shelf, int64_t boot)
{
	NfpBucket *bucket;

	while ((bucket = next_to_finish(shelf, boot))) {
		int r;

		if (!add_books(shelf, bucket, boot))
			return;
		r = shelf->source->remove(shelf->source, bucket->id);
		if (r && r != -ENOENT) {
			/* Never given up: what comes after it would make the books forget that it is in
			 * them. Packets of buckets that then find no room are spilled, not lost. */
			bucket->retry_at = boot + RETRY_AFTER;
			nfp_shelf_complain(shelf, "remove", bucket->id, r);
			return;
		}
		nfp_bucket_free(g_queue_pop_head(&shelf->closed));
	}
}
