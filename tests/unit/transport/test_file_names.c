/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/file_names.h"

static char *make_folder(void)
{
	char *folder = g_dir_make_tmp("nfprobe-test-XXXXXX", NULL);

	cr_assert_not_null(folder);
	return folder;
}

static void remove_folder(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
}

static guint count(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint n = 0;

	while (g_dir_read_name(dir))
		n++;
	return n;
}

static int make(const char *path, const void *data, size_t length)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, data, length), (ssize_t)length);
	return fd;
}

Test(file_names, finished_and_pruned)
{
	g_autofree char *folder = make_folder();
	g_autofree char *path = g_build_filename(folder, "flows", NULL);
	g_autofree char *other = g_build_filename(folder, "flows.20261122T025240.123456Z.gz", NULL);

	close(make(other, "x", 1));
	for (guint i = 0; i < 5; i++) {
		NFP_AUTO_FD int fd = make(path, "x", 1);

		cr_assert_eq(nfp_file_finish(fd, path), 0);
		cr_assert_eq(access(path, F_OK), -1);
		cr_assert_eq(nfp_file_finish(fd, path), -ESTALE, "it has gone");
	}
	cr_assert_eq(count(folder), 6, "no file replaced another");
	cr_assert_eq(nfp_file_prune(path, 2), 0);
	cr_assert_eq(count(folder), 3);
	cr_assert_eq(access(other, F_OK), 0, "not ours");
	cr_assert_eq(nfp_file_prune(path, 2), 0);
	cr_assert_eq(count(folder), 3);
	remove_folder(folder);
	cr_assert_eq(nfp_file_prune(path, 2), -ENOENT);
}

Test(file_names, another_file_at_the_path)
{
	g_autofree char *folder = make_folder();
	g_autofree char *path = g_build_filename(folder, "flows", NULL);
	NFP_AUTO_FD int fd = make(path, "x", 1);

	cr_assert(nfp_file_is_at(fd, path));
	g_unlink(path);
	cr_assert_not(nfp_file_is_at(fd, path));
	close(make(path, "y", 1));
	cr_assert_not(nfp_file_is_at(fd, path));
	cr_assert_eq(nfp_file_finish(fd, path), -ESTALE);
	cr_assert_eq(count(folder), 1);
	remove_folder(folder);
}

/* Every length that a file of three messages can have been cut to. */
static void check_cuts(NfpFraming framing, const char *data, size_t length, const size_t *ends, guint n)
{
	g_autofree char *folder = make_folder();
	g_autofree char *path = g_build_filename(folder, "flows", NULL);

	for (size_t cut = 0; cut <= length; cut++) {
		NFP_AUTO_FD int fd = make(path, data, cut);
		uint64_t size = 1234;
		size_t expected = 0;

		for (guint i = 0; i < n && ends[i] <= cut; i++)
			expected = ends[i];
		cr_assert_eq(nfp_file_trim(fd, framing, &size), 0);
		cr_assert_eq(size, expected, "cut at %zu: %zu", cut, (size_t)size);
		cr_assert_eq(lseek(fd, 0, SEEK_END), (off_t)expected);
	}
	remove_folder(folder);
}

Test(file_names, the_torn_end_is_cut_off)
{
	static const char lengths[] = "\0\012\0\005a\0\012\0\013bcdefgh\0\012\0\004";
	static const size_t length_ends[] = { 5, 16, 20 };
	static const char lines[] = "{}\n{\"a\":1}\n\n";
	static const size_t line_ends[] = { 3, 11, 12 };

	check_cuts(NFP_FRAMING_LENGTH16, lengths, sizeof(lengths) - 1, length_ends, 3);
	check_cuts(NFP_FRAMING_LINES, lines, sizeof(lines) - 1, line_ends, 3);
}

Test(file_names, a_line_longer_than_a_chunk)
{
	g_autofree char *folder = make_folder();
	g_autofree char *path = g_build_filename(folder, "flows", NULL);
	g_autofree char *text = g_strnfill(200000, 'x');
	uint64_t size;

	text[10] = '\n';
	NFP_AUTO_FD int fd = make(path, text, 200000);
	cr_assert_eq(nfp_file_trim(fd, NFP_FRAMING_LINES, &size), 0);
	cr_assert_eq(size, 11);
	cr_assert_eq(nfp_file_trim(fd, NFP_FRAMING_NONE, &size), 0);
	cr_assert_eq(size, 11);
	remove_folder(folder);
	cr_assert_eq(nfp_file_trim(-1, NFP_FRAMING_NONE, &size), -EBADF);
}
