/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The spill bucket's swap. The full one becomes a closed bucket with a real label, while packets go on
 * into the other:
 *
 *   1. the other spill bucket is created, if it is not there        both open, either is right
 *   2. a note is left: <buckets>/swap -> "<which>-<since>-<now>"    the label is decided
 *   3. the full one is closed                                       no packet in it any more
 *   4. its pins are renamed                                         it has its label
 *   5. the note is removed
 *
 * After a kill between 2 and 5 the note tells what to do, and each step does nothing where it was done:
 * the bucket gets the label decided in 2, once. Before 2 there are two open spill buckets: nothing is
 * lost, and a later swap takes whichever holds packets. One update of {0, 0} instead of two labels would
 * do the same with fewer steps, but a packet that found the old hook map could then count itself in the
 * new protocol map, and the books of neither bucket would close.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/buckets.h"
#include "probe/domain.h"

static char *note_path(const NfpBuckets *buckets)
{
	return g_build_filename(buckets->directory, "swap", NULL);
}

bool nfp_probe_spill_moves(const NfpProbe *probe)
{
	g_autofree char *note = note_path(probe->buckets);
	struct stat st;

	return lstat(note, &st) == 0;
}

static int spill_create(NfpBuckets *buckets, struct nfp_bucket spill)
{
	uint32_t entries[NFP_P_N];
	int rc;

	for (int row = 0; row < NFP_P_N; row++)
		entries[row] = row >= NFP_P_tcp4 && row <= NFP_P_udp6 ? NFP_SPILL_ENTRIES : NFP_SPILL_ENTRIES_OTHER;
	rc = nfp_buckets_visible(buckets, NFP_P_hook, spill);
	if (rc)
		return MIN(rc, 0);
	/* Pinned and not visible: a creation that was cut off, so it is empty. */
	rc = nfp_buckets_close(buckets, spill);
	if (!rc)
		rc = nfp_buckets_remove(buckets, spill);
	return rc ? rc : nfp_buckets_create(buckets, spill, entries);
}

/* 1: it is open, 0: it is not. One whose pins are not the maps that packets find cannot be read: it goes. */
static int spill_check(NfpBuckets *buckets, struct nfp_bucket spill)
{
	int rc = nfp_buckets_visible(buckets, NFP_P_hook, spill);

	if (rc <= 0)
		return rc;
	/* What cannot be told for now removes nothing: it may hold all that was counted while nobody ran. */
	rc = nfp_buckets_is_whole(buckets, spill);
	if (rc)
		return rc;
	rc = nfp_buckets_close(buckets, spill);
	return rc ? rc : nfp_buckets_remove(buckets, spill);
}

int nfp_spill_ensure(NfpBuckets *buckets)
{
	int first = spill_check(buckets, (struct nfp_bucket){ 0, 0 });
	int second = first < 0 ? 0 : spill_check(buckets, (struct nfp_bucket){ 0, 1 });

	if (first || second)
		return MIN(MIN(first, second), 0);
	return spill_create(buckets, (struct nfp_bucket){ 0, 0 });
}

static int spill_rename(NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket spill,
			struct nfp_bucket id)
{
	g_autofree char *from = nfp_buckets_path(buckets, row, spill);
	g_autofree char *to = nfp_buckets_path(buckets, row, id);

	/* -ENOENT: renamed before the kill, or the protocol had found no memory. */
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* Steps 3 to 5. */
static int spill_relabel(NfpBuckets *buckets, struct nfp_bucket spill, struct nfp_bucket id)
{
	g_autofree char *note = note_path(buckets);
	int rc = nfp_buckets_close(buckets, spill);

	for (int row = 0; row <= NFP_P_N && !rc; row++)
		rc = spill_rename(buckets, row, spill, id);
	if (!rc && unlink(note) < 0)
		rc = -errno;
	return rc;
}

static bool is_pinned(const NfpBuckets *buckets, struct nfp_bucket id)
{
	g_autofree char *path = nfp_buckets_path(buckets, NFP_P_hook, id);

	return access(path, F_OK) == 0;
}

int nfp_spill_finish(NfpBuckets *buckets)
{
	g_autofree char *note = note_path(buckets);
	g_autofree char *text = g_file_read_link(note, NULL);
	struct nfp_bucket spill = { 0 }, id;

	/* Something else in its place would be in the way of all notes to come. */
	if (!text)
		return nfp_pins_unlink(note);
	/* Not ours. A bucket of that label that is not this spill bucket would be overwritten. */
	if (sscanf(text, "%" SCNu64 "-%" SCNu64 "-%" SCNu64, (uint64_t *)&spill.end_ts, (uint64_t *)&id.start_ts,
		   (uint64_t *)&id.end_ts) != 3 || spill.end_ts > 1 || !id.start_ts || id.end_ts <= id.start_ts ||
	    (is_pinned(buckets, spill) && is_pinned(buckets, id)))
		return nfp_pins_unlink(note);
	return spill_relabel(buckets, spill, id);
}

int nfp_spill_swap(NfpSource *source, uint64_t since, uint64_t now, struct nfp_bucket *ret_id)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	struct nfp_bucket id = { since, now }, spill = { 0, 0 };
	g_autofree char *note = note_path(buckets);
	g_autofree char *text = NULL;
	NFP_AUTO_FD int there = -1;
	int rc;

	if (buckets->readonly)
		return -EROFS;
	if (!since || now <= since)
		return -EINVAL;
	rc = nfp_spill_finish(buckets);
	if (rc)
		return rc;
	there = nfp_buckets_open(buckets, NFP_P_hook, id);
	if (there >= 0)
		return -EEXIST;
	for (; spill.end_ts < 2; spill.end_ts++) {
		uint64_t seen = 0;

		if (nfp_buckets_visible(buckets, NFP_P_hook, spill) != 1)
			continue;
		rc = nfp_read_seen(buckets, spill, &seen);
		if (rc)
			return rc;
		if (seen)
			break;
	}
	if (spill.end_ts == 2)
		return 0;
	rc = spill_create(buckets, (struct nfp_bucket){ 0, !spill.end_ts });
	if (rc)
		return rc;
	text = g_strdup_printf("%" PRIu64 "-%" PRIu64 "-%" PRIu64, (uint64_t)spill.end_ts, since, now);
	if (symlink(text, note) < 0)
		return -errno;
	rc = spill_relabel(buckets, spill, id);
	if (rc)
		return rc;
	*ret_id = id;
	return 1;
}
