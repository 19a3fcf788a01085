/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/spool.h"

#define MIB (1024u * 1024)
#define BLOB 50000u

static char *folder;
static char *path;

static void set_up(void)
{
	folder = g_dir_make_tmp("nfprobe-spool.XXXXXX", NULL);
	path = g_build_filename(folder, "a.db", NULL);
}

static void tear_down(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	umount2(folder, MNT_DETACH);
	cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_free(path);
	g_free(folder);
}

TestSuite(spool, .init = set_up, .fini = tear_down);

static NfpSpool *spool_open(uint64_t size)
{
	g_autoptr(GError) err = NULL;
	NfpSpool *spool = nfp_spool_open(path, size, &err);

	cr_assert_not_null(spool, "%s", err ? err->message : "");
	return spool;
}

/* The number stands in each octet of the blob, and counts as its records and packets. */
static int put(NfpSpool *spool, guint number, gsize size, gboolean kept)
{
	g_autofree uint8_t *data = g_malloc(size);
	g_autoptr(GBytes) octets = NULL;
	NfpSpoolItem item = { .bucket_start_ns = number * 1000, .records = number, .fresh_records = number,
			      .fresh_packets = 2 * number, .fresh_octets = 100 * number, .kept = kept };
	int r;

	memset(data, (int)number, size);
	octets = item.octets = g_bytes_new(data, size);
	r = nfp_spool_put(spool, &item, 1);
	return r ? r : (int)item.id;
}

static guint next_number(NfpSpool *spool, int64_t *after)
{
	NfpSpoolItem item;
	int r = nfp_spool_next(spool, *after, &item);
	guint number;

	cr_assert_geq(r, 0, "%s", nfp_spool_error(spool));
	if (r == 0)
		return 0;
	number = *(const uint8_t *)g_bytes_get_data(item.octets, NULL);
	cr_assert_eq(number, item.records);
	cr_assert_eq(item.bucket_start_ns, number * 1000);
	*after = item.id;
	g_bytes_unref(item.octets);
	return number;
}

Test(spool, in_order_and_over_a_restart)
{
	NfpSpool *spool = spool_open(8 * MIB);
	int64_t after = 0;

	for (guint i = 1; i <= 5; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	cr_assert_eq(nfp_spool_totals(spool)->records, 15);
	cr_assert_eq(nfp_spool_totals(spool)->oldest_ns, 1000);
	nfp_spool_free(spool);

	spool = spool_open(8 * MIB);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 5);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 15);
	cr_assert_eq(nfp_spool_totals(spool)->oldest_ns, 1000);
	for (guint i = 1; i <= 5; i++) {
		cr_assert_eq(next_number(spool, &after), i);
		nfp_spool_remove(spool, after);
	}
	cr_assert_eq(next_number(spool, &after), 0);
	after = 0;
	cr_assert_eq(next_number(spool, &after), 0, "removed, though not on disk yet");
	cr_assert_eq(nfp_spool_unflushed(spool), 5);
	cr_assert_eq(nfp_spool_flush(spool), 0);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 0);
	cr_assert_eq(nfp_spool_totals(spool)->records, 0);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 0);
	cr_assert_eq(nfp_spool_totals(spool)->octets, 0);
	cr_assert_eq(nfp_spool_totals(spool)->oldest_ns, 0);
	nfp_spool_free(spool);
}

static off_t file_size(const char *name)
{
	struct stat st;

	return stat(name, &st) < 0 ? 0 : st.st_size;
}

Test(spool, oldest_go_when_it_is_full)
{
	g_autoptr(NfpSpool) spool = spool_open(2 * MIB);
	g_autofree char *news = NULL;
	const NfpSpoolTotals *totals = nfp_spool_totals(spool);
	int64_t after = 0;
	guint first;
	uint64_t gone = 0;

	for (guint i = 1; i <= 100; i++) {
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
		cr_assert_leq(file_size(path), 2 * MIB);
	}
	cr_assert_geq(file_size(path), MIB, "it is used");
	news = nfp_spool_news(spool);
	cr_assert_not_null(strstr(news, "full"));
	first = next_number(spool, &after);
	cr_assert_gt(first, 50);
	for (guint i = 1; i < first; i++)
		gone += i;
	cr_assert_eq(totals->dropped_records, gone);
	cr_assert_eq(totals->dropped_packets, 2 * gone);
	cr_assert_eq(totals->dropped_octets, 100 * gone);
	cr_assert_eq(totals->records, 5050 - gone);
	cr_assert_eq(totals->oldest_ns, first * 1000);
	for (guint i = first + 1; i <= 100; i++)
		cr_assert_eq(next_number(spool, &after), i);
	/* What is in no spool at all is refused, and costs nothing that is there. */
	cr_assert_eq(put(spool, 1, 3 * MIB, FALSE), -EFBIG);
	cr_assert_eq(totals->dropped_records, gone);
}

/* What is being sent counts as delivered, so it is not dropped too. */
Test(spool, what_is_being_sent_stays)
{
	g_autoptr(NfpSpool) spool = spool_open(2 * MIB);
	const NfpSpoolTotals *totals = nfp_spool_totals(spool);
	int64_t first = 0;
	int64_t second;
	int64_t after;
	guint rest = 0;

	for (guint i = 1; i <= 10; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	cr_assert_eq(next_number(spool, &first), 1);
	second = first;
	cr_assert_eq(next_number(spool, &second), 2);
	for (guint i = 11; i <= 100; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	cr_assert_leq(file_size(path), 2 * MIB);
	cr_assert_eq(totals->oldest_ns, 1000);
	after = second;
	for (guint n; (n = next_number(spool, &after)) != 0; rest += n)
		cr_assert_gt(n, 50, "the oldest of the others are gone");
	cr_assert_eq(totals->dropped_records, 5050 - 3 - rest);
	/* Delivered: dropped never. */
	nfp_spool_remove(spool, first);
	cr_assert_eq(nfp_spool_flush(spool), 0);
	cr_assert_eq(totals->dropped_records, 5050 - 3 - rest);
	cr_assert_eq(totals->records, 2 + rest);
	/* All that is left is being sent now: there is room for what was delivered, and for no more. */
	cr_assert_gt(put(spool, 101, BLOB, FALSE), 0);
	cr_assert_eq(put(spool, 102, 2 * BLOB, FALSE), -ENOSPC);
	cr_assert_not_null(strstr(nfp_spool_error(spool), "being sent"), "%s", nfp_spool_error(spool));
	cr_assert_eq(totals->dropped_records, 5050 - 3 - rest, "a put that fails drops nothing");
	cr_assert_eq(totals->records, 2 + rest + 101);
	/* In vain: they wait again, and are the oldest again. */
	nfp_spool_give_back(spool, 0);
	cr_assert_gt(put(spool, 102, BLOB, FALSE), 0);
	cr_assert_eq(totals->dropped_records, 5050 - 3 - rest + 2);
	after = 0;
	cr_assert_gt(next_number(spool, &after), 50);
}

Test(spool, disk_gets_back_what_is_delivered)
{
	g_autoptr(NfpSpool) spool = spool_open(8 * MIB);
	int64_t after = 0;

	for (guint i = 1; i <= 50; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	cr_assert_gt(file_size(path), 2 * MIB);
	while (next_number(spool, &after))
		nfp_spool_remove(spool, after);
	cr_assert_eq(nfp_spool_shrink(spool), 0, "nobody knows yet");
	cr_assert_gt(file_size(path), 2 * MIB);
	cr_assert_eq(nfp_spool_flush(spool), 0);
	cr_assert_eq(nfp_spool_shrink(spool), 0);
	cr_assert_lt(file_size(path), MIB / 4);
}

/* With something that is kept for ever: in steps, and what is kept is still there. */
Test(spool, disk_gets_back_what_is_delivered_while_some_is_kept)
{
	NfpSpool *spool = spool_open(64 * MIB);
	int64_t after = 0;
	guint steps = 0;
	off_t before;
	int r;

	for (guint i = 1; i <= 20; i++)
		cr_assert_gt(put(spool, i, MIB, FALSE), 0);
	cr_assert_eq(nfp_spool_shrink(spool), 0, "they wait");
	before = file_size(path);
	cr_assert_gt(before, 20 * (off_t)MIB);
	for (guint i = 1; i <= 20; i++) {
		cr_assert_eq(next_number(spool, &after), i);
		if (i < 20)
			nfp_spool_remove(spool, after);
		else
			nfp_spool_keep(spool, after);
	}
	cr_assert_eq(nfp_spool_flush(spool), 0);
	while ((r = nfp_spool_shrink(spool)) > 0) {
		cr_assert_leq(before - file_size(path), 3 * (off_t)MIB, "a little at a time");
		before = file_size(path);
		steps++;
	}
	cr_assert_eq(r, 0);
	cr_assert_geq(steps, 4);
	cr_assert_lt(file_size(path), 6 * (off_t)MIB);
	cr_assert_eq(nfp_spool_wake(spool), 0);
	after = 0;
	cr_assert_eq(next_number(spool, &after), 20);
	cr_assert_eq(nfp_spool_shrink(spool), 0);
	nfp_spool_free(spool);
}

/* Kept: handed over, and sent again only if that turns out to be in vain. */
Test(spool, kept)
{
	NfpSpool *spool = spool_open(8 * MIB);
	int64_t after = 0;
	int64_t second;

	cr_assert_gt(put(spool, 1, 100, TRUE), 0);
	second = put(spool, 2, 100, FALSE);
	cr_assert_gt(put(spool, 3, 100, FALSE), 0);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 5);
	cr_assert_eq(next_number(spool, &after), 2);
	nfp_spool_keep(spool, second);
	cr_assert_eq(nfp_spool_flush(spool), 0);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 3);
	after = 0;
	cr_assert_eq(next_number(spool, &after), 3);
	cr_assert_eq(nfp_spool_wake(spool), 0);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 6);
	after = 0;
	for (guint i = 1; i <= 3; i++)
		cr_assert_eq(next_number(spool, &after), i);
	nfp_spool_keep(spool, second);
	nfp_spool_free(spool);
	/* A predecessor's session has ended badly, whatever it was. */
	spool = spool_open(8 * MIB);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 6);
	nfp_spool_free(spool);
}

Test(spool, another_process_is_refused)
{
	g_autoptr(NfpSpool) spool = spool_open(8 * MIB);
	int status;
	pid_t pid;

	cr_assert_gt(put(spool, 1, 100, FALSE), 0);
	pid = fork();
	if (pid == 0) {
		g_autoptr(GError) err = NULL;

		_exit(nfp_spool_open(path, MIB, &err) || !g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	cr_assert_gt(put(spool, 2, 100, FALSE), 0);
}

/* Killed at any moment of its writing: what put() has told to be there is there, whole and in order. */
Test(spool, killed_while_it_writes, .timeout = 120)
{
	guint told = 0;

	for (guint life = 0; life < 8; life++) {
		int fds[2];
		uint8_t number;
		guint told_now = 0;
		guint highest = 0;
		int64_t after = 0;
		NfpSpool *spool;
		pid_t pid;

		cr_assert_eq(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			spool = nfp_spool_open(path, 64 * MIB, NULL);
			for (guint i = told + 1; spool && i < 250; i++)
				if (put(spool, i, BLOB, FALSE) <= 0 || write(fds[1], &(uint8_t){ (uint8_t)i }, 1) != 1)
					break;
			_exit(1);
		}
		close(fds[1]);
		for (guint i = 0; i < 3 + life && read(fds[0], &number, 1) == 1; i++)
			told_now = number;
		kill(pid, SIGKILL);
		while (read(fds[0], &number, 1) == 1)
			told_now = number;
		close(fds[0]);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);

		spool = spool_open(64 * MIB);
		for (guint n; (n = next_number(spool, &after)) != 0; highest = n)
			cr_assert_eq(n, highest + 1);
		cr_assert_geq(highest, told_now, "told %u, found %u", told_now, highest);
		cr_assert_leq(highest, told_now + 1);
		told = highest;
		nfp_spool_free(spool);
	}
}

/* A file system of 2 MiB and a spool that may be larger. */
Test(spool, full_disk_and_room_again, .timeout = 60)
{
	g_autoptr(NfpSpool) spool = NULL;
	int64_t after = 0;
	guint held = 0;

	if (mount("tmpfs", folder, "tmpfs", 0, "size=2m") < 0)
		cr_skip_test("cannot mount a tmpfs: %s", g_strerror(errno));
	spool = spool_open(64 * MIB);
	for (guint i = 1; i < 100; i++) {
		int r = put(spool, i, BLOB, FALSE);

		if (r == -ENOSPC)
			break;
		cr_assert_gt(r, 0);
		held = i;
	}
	cr_assert(held > 10 && held < 60, "%u", held);
	cr_assert_not_null(strstr(nfp_spool_error(spool), g_strerror(ENOSPC)));
	cr_assert_geq(nfp_spool_totals(spool)->failures, 1);
	cr_assert_eq(nfp_spool_totals(spool)->records, held * (held + 1) / 2);
	/* What was there stays, can be read, and can be deleted though nothing can be written. */
	for (guint i = 1; i <= held; i++) {
		cr_assert_eq(next_number(spool, &after), i);
		nfp_spool_remove(spool, after);
	}
	cr_assert_eq(nfp_spool_flush(spool), 0, "%s", nfp_spool_error(spool));
	cr_assert_gt(put(spool, 77, BLOB, FALSE), 0);
	cr_assert_eq(next_number(spool, &after), 77);
}

static void scribble(off_t from, gsize length)
{
	g_autofree uint8_t *noise = g_malloc(length);
	int fd = open(path, O_WRONLY);

	memset(noise, 0x5a, length);
	cr_assert_eq(pwrite(fd, noise, length, from), (ssize_t)length);
	close(fd);
}

Test(spool, damaged_file_is_moved_aside)
{
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autofree char *news = NULL;
	g_autoptr(NfpSpool) spool = spool_open(8 * MIB);
	int64_t after = 0;

	for (guint i = 1; i <= 40; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	nfp_spool_free(g_steal_pointer(&spool));
	scribble(100, (gsize)file_size(path) - 100);
	spool = spool_open(8 * MIB);
	news = nfp_spool_news(spool);
	cr_assert_not_null(strstr(news, ".corrupt"), "%s", news);
	cr_assert_gt(file_size(aside), MIB);
	cr_assert_eq(next_number(spool, &after), 0);
	cr_assert_gt(put(spool, 5, BLOB, FALSE), 0);
	cr_assert_eq(next_number(spool, &after), 5);
}

/* In the middle of its life, where only some pages are wrong. */
Test(spool, damage_while_it_runs)
{
	g_autofree char *news = NULL;
	g_autoptr(NfpSpool) spool = spool_open(8 * MIB);
	int64_t after = 0;
	int r = 0;

	for (guint i = 1; i <= 60; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	nfp_spool_free(g_steal_pointer(&spool));
	spool = spool_open(8 * MIB);
	scribble(4096, (gsize)file_size(path) - 4096);
	/* Pages that SQLite has in its memory are right all the same, so this takes several. */
	for (guint i = 0; i < 60 && r >= 0; i++) {
		NfpSpoolItem item;

		r = nfp_spool_next(spool, after, &item);
		if (r > 0) {
			after = item.id;
			g_bytes_unref(item.octets);
		}
	}
	cr_assert_eq(r, -EUCLEAN, "%d", r);
	news = nfp_spool_news(spool);
	cr_assert_not_null(strstr(news, ".corrupt"), "%s", news);
	cr_assert_eq(nfp_spool_totals(spool)->dropped_records, 60 * 61 / 2);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 0);
	cr_assert_gt(put(spool, 5, BLOB, FALSE), 0);
}

/* The page of the oldest row alone, of which a put() learns last: what is not told to be there is not counted. */
Test(spool, damage_that_a_put_meets_last)
{
	g_autoptr(NfpSpool) spool = spool_open(16 * MIB);
	g_autofree char *data = NULL;
	gsize size;
	guint pages = 0;

	for (guint i = 1; i <= 60; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	nfp_spool_free(g_steal_pointer(&spool));
	cr_assert(g_file_get_contents(path, &data, &size, NULL));
	spool = spool_open(16 * MIB);
	/* 13: a leaf of a table (https://www.sqlite.org/fileformat2.html, 1.6). */
	for (gsize at = 4096; at + 4096 <= size; at += 4096)
		if (data[at] == 13 && memmem(data + at, 4096, "\1\1\1\1\1\1\1\1", 8)) {
			scribble((off_t)at, 4096);
			pages++;
		}
	cr_assert_eq(pages, 1);
	/* Larger than SQLite's cache, out of which the page goes. */
	cr_assert_eq(put(spool, 70, 6 * MIB, FALSE), -EUCLEAN);
	cr_assert_eq(nfp_spool_totals(spool)->dropped_records, 60 * 61 / 2);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 0);
	cr_assert_gt(put(spool, 70, 6 * MIB, FALSE), 0);
	cr_assert_eq(nfp_spool_totals(spool)->records, 70);
}

Test(spool, unreadable_batch_is_counted)
{
	g_autoptr(NfpSpool) spool = spool_open(8 * MIB);
	NfpSpoolItem item;

	cr_assert_gt(put(spool, 9, 100, FALSE), 0);
	cr_assert_eq(nfp_spool_next(spool, 0, &item), 1);
	nfp_spool_drop(spool, &item);
	g_bytes_unref(item.octets);
	cr_assert_eq(nfp_spool_flush(spool), 0);
	cr_assert_eq(nfp_spool_totals(spool)->dropped_records, 9);
	cr_assert_eq(nfp_spool_totals(spool)->dropped_packets, 18);
	cr_assert_eq(nfp_spool_totals(spool)->dropped_octets, 900);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 0);
}

Test(spool, moves_to_another_folder_and_not_over_another)
{
	g_autofree char *to = g_build_filename(folder, "sub", "b.db", NULL), *journal = g_strconcat(path, "-journal", NULL);
	g_autoptr(GError) err = NULL;
	NfpSpool *spool = spool_open(MIB);

	cr_assert_gt(put(spool, 7, BLOB, FALSE), 0);
	nfp_spool_free(spool);
	cr_assert(nfp_spool_move(path, to, &err), "%s", err ? err->message : "");
	cr_expect_not(g_file_test(path, G_FILE_TEST_EXISTS));
	cr_expect_not(g_file_test(journal, G_FILE_TEST_EXISTS));
	cr_expect(nfp_spool_move(path, to, &err), "there is nothing to move");
	spool = spool_open(MIB);
	nfp_spool_free(spool);
	cr_expect_not(nfp_spool_move(path, to, &err));
	cr_expect(err && strstr(err->message, "File exists"), "%s", err ? err->message : "");
	spool = nfp_spool_open(to, MIB, NULL);
	cr_assert_not_null(spool);
	cr_expect_eq(nfp_spool_totals(spool)->waiting, 7);
	nfp_spool_free(spool);
}

/* Where it stood, and with what is left of it alone. */
Test(spool, replaced)
{
	NfpSpool *spool = spool_open(8 * MIB);
	g_autofree uint8_t *data = g_malloc0(1000);
	g_autoptr(GBytes) octets = NULL;
	NfpSpoolItem item = { .bucket_start_ns = 7000, .records = 7, .fresh_records = 7 };
	uint64_t before;
	int64_t after = 0;

	memset(data, 7, 1000);
	octets = item.octets = g_bytes_new(data, 1000);
	for (guint i = 11; i <= 13; i++)
		cr_assert_gt(put(spool, i, BLOB, FALSE), 0);
	before = nfp_spool_totals(spool)->octets;
	cr_assert_eq(next_number(spool, &after), 11);
	cr_assert_eq(next_number(spool, &after), 12);
	item.id = after;
	cr_assert_eq(nfp_spool_replace(spool, &item), 0);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 3);
	cr_assert_eq(nfp_spool_totals(spool)->records, 31);
	cr_assert_eq(nfp_spool_totals(spool)->waiting, 31);
	cr_assert_lt(nfp_spool_totals(spool)->octets, before);
	item.id = 1000;
	cr_assert_eq(nfp_spool_replace(spool, &item), 0);
	cr_assert_eq(nfp_spool_totals(spool)->batches, 3, "it was not there");
	nfp_spool_free(spool);

	spool = spool_open(8 * MIB);
	after = 0;
	cr_assert_eq(next_number(spool, &after), 11);
	cr_assert_eq(next_number(spool, &after), 7);
	cr_assert_eq(next_number(spool, &after), 13);
	cr_assert_eq(next_number(spool, &after), 0);
	nfp_spool_free(spool);
}
