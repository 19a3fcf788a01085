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

void nfp_shelf_drain(NfpShelf *shelf, NfpDrain *drain, int64_t boot)
{
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
		r = nfp_drain(drain, shelf->source, bucket->id, bucket->forced, &bucket->drain,
			      nfp_token_delivered, lent);
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

/* Lines of the account into the books. false: again later. */
static bool add_books(NfpShelf *shelf, NfpBucket *bucket, int64_t boot)
{
	for (; bucket->booked < nfp_account_n(bucket->drain.account); bucket->booked++) {
		struct nfp_books_key key;
		struct nfp_books_value value;
		int r;

		nfp_account_get(bucket->drain.account, bucket->booked, &key, &value);
		r = shelf->source->add_books(shelf->source, &key, &value);
		if (!r)
			continue;
		nfp_shelf_complain(shelf, "add to the books", bucket->id, r);
		if (++bucket->tries < BOOKS_TRIES) {
			bucket->retry_at = boot + RETRY_AFTER;
			return false;
		}
		bucket->tries = 0;
	}
	return true;
}

void nfp_shelf_finish(NfpShelf *shelf, int64_t boot)
{
	NfpBucket *bucket;

	while ((bucket = g_queue_peek_head(&shelf->closed))) {
		int r;

		if (!bucket->published || boot < bucket->retry_at || !nfp_token_is_delivered(bucket->token))
			return;
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
