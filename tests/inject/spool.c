/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a collector does with its spool, in a row, for sweeps of injected failures (tests/support/inject.py). Tells on standard
 * output what it was told: "kept N" (is in the spool, says put()), "gone N" (was removed and flushed), "error TEXT".
 *
 *   inject_spool work FILE     puts 12 blobs, takes and removes some, keeps some, wakes them, flushes, ends
 *   inject_spool list FILE     "has N" for each that is there
 *
 * Exit code 1 and the error as text where the spool cannot be opened.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/spool.h"

#define BLOBS 12
#define BLOB 3000u
#define SIZE (4u * 1024 * 1024)

static void complain(NfpSpool *spool, int r)
{
	if (r < 0)
		printf("error %d %s\n", -r, nfp_spool_error(spool));
}

static void put(NfpSpool *spool, guint8 number)
{
	guint8 blob[BLOB];
	NfpSpoolItem item = { .bucket_start_ns = number, .records = 1, .fresh_records = 1, .fresh_packets = 1 };
	int r;

	memset(blob, number, sizeof(blob));
	item.octets = g_bytes_new(blob, sizeof(blob));
	r = nfp_spool_put(spool, &item, 1);
	if (r == 0)
		printf("kept %u\n", number);
	complain(spool, r);
	g_bytes_unref(item.octets);
}

/* 0: there is none. */
static guint8 next(NfpSpool *spool, int64_t *after)
{
	NfpSpoolItem item;
	const guint8 *octets;
	guint8 number;
	gsize n;
	int r = nfp_spool_next(spool, *after, &item);

	complain(spool, r);
	if (r <= 0)
		return 0;
	octets = g_bytes_get_data(item.octets, &n);
	number = octets[0];
	for (gsize i = 0; i < n; i++)
		if (octets[i] != number || n != BLOB || item.bucket_start_ns != number) {
			printf("wrong %u\n", number);
			break;
		}
	g_bytes_unref(item.octets);
	*after = item.id;
	return number;
}

static void remove_some(NfpSpool *spool, guint count)
{
	guint8 removed[BLOBS];
	int64_t after = 0;
	guint n = 0;
	int r;

	while (n < count && (removed[n] = next(spool, &after))) {
		nfp_spool_remove(spool, after);
		n++;
	}
	/* May be undone by a crash until it is flushed, and is not wanted from here on. */
	for (guint i = 0; i < n; i++)
		printf("maybe %u\n", removed[i]);
	r = nfp_spool_flush(spool);
	complain(spool, r);
	for (guint i = 0; r == 0 && i < n; i++)
		printf("gone %u\n", removed[i]);
}

static void keep_some(NfpSpool *spool, guint count)
{
	int64_t after = 0;

	for (guint i = 0; i < count && next(spool, &after); i++)
		nfp_spool_keep(spool, after);
	complain(spool, nfp_spool_flush(spool));
	complain(spool, nfp_spool_wake(spool));
}

static void tell_news(NfpSpool *spool)
{
	g_autofree char *news = nfp_spool_news(spool);

	if (news)
		printf("news %s\n", news);
}

static void work(NfpSpool *spool)
{
	for (guint8 i = 1; i <= BLOBS / 2; i++)
		put(spool, i);
	remove_some(spool, 2);
	keep_some(spool, 2);
	for (guint8 i = BLOBS / 2 + 1; i <= BLOBS; i++)
		put(spool, i);
	remove_some(spool, 2);
	tell_news(spool);
	printf("dropped %" PRIu64 "\n", nfp_spool_totals(spool)->dropped_records);
}

static void list(NfpSpool *spool)
{
	int64_t after = 0;
	guint8 number;

	while ((number = next(spool, &after)))
		printf("has %u\n", number);
	tell_news(spool);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpSpool) spool = NULL;

	if (argc != 3)
		return 2;
	spool = nfp_spool_open(argv[2], SIZE, &err);
	if (!spool) {
		printf("error %s\n", err->message);
		return 1;
	}
	if (strcmp(argv[1], "work") == 0)
		work(spool);
	else
		list(spool);
	printf("end\n");
	return 0;
}
