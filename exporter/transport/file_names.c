/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/file_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define STAMP_LENGTH 23
#define NAME_TRIES 1000 /* names of other finished files that are stepped over */
#define CHUNK 65536u

/* ".20261122T025240.123456Z" */
static char *finished_name(const char *path, gint64 real_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(real_us / G_USEC_PER_SEC);
	g_autofree char *text = g_date_time_format(time, "%Y%m%dT%H%M%S");

	return g_strdup_printf("%s.%s.%06dZ", path, text, (int)(real_us % G_USEC_PER_SEC));
}

static gboolean is_stamp(const char *text)
{
	static const char shape[] = "ddddddddTdddddd.ddddddZ";

	for (guint i = 0; i < STAMP_LENGTH; i++)
		if (shape[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != shape[i])
			return FALSE;
	return text[STAMP_LENGTH] == '\0';
}

gboolean nfp_file_is_at(int fd, const char *path)
{
	struct stat open_one, at_path;

	return fstat(fd, &open_one) == 0 && stat(path, &at_path) == 0 && open_one.st_dev == at_path.st_dev &&
	       open_one.st_ino == at_path.st_ino;
}

static int sync_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	NFP_AUTO_FD int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A folder that may be written and not read: the rename lasts as long as the system runs. */
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* -EEXIST: the name is taken. */
static int move(const char *path, const char *name)
{
	if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* NFS and some others know no flags. */
	if (errno != EINVAL || link(path, name) < 0)
		return -errno;
	return unlink(path) < 0 ? -errno : 0;
}

int nfp_file_finish(int fd, const char *path)
{
	gint64 now = g_get_real_time();
	int ret = -EEXIST;

	if (fsync(fd) < 0)
		return -errno;
	if (!nfp_file_is_at(fd, path))
		return -ESTALE;
	for (guint i = 0; i < NAME_TRIES && ret == -EEXIST; i++) {
		g_autofree char *name = finished_name(path, now + i);

		ret = move(path, name);
	}
	return ret < 0 ? ret : sync_folder(path);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int nfp_file_prune(const char *path, uint32_t keep)
{
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	gsize length = strlen(base);
	const char *name;
	int ret = 0;

	if (!dir)
		return -errno;
	while ((name = g_dir_read_name(dir)))
		if (strncmp(name, base, length) == 0 && name[length] == '.' && is_stamp(name + length + 1))
			g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i + keep < names->len; i++)
		if (unlink(g_ptr_array_index(names, i)) < 0 && errno != ENOENT)
			ret = -errno;
	return ret;
}

/* Where the last newline ends; 0 when there is none. Or -errno. */
static int64_t end_of_lines(int fd, int64_t size)
{
	char chunk[CHUNK];

	while (size > 0) {
		int64_t from = MAX(size - (int64_t)sizeof(chunk), 0);
		ssize_t n = pread(fd, chunk, (size_t)(size - from), from);
		const char *newline;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		newline = memrchr(chunk, '\n', (size_t)n);
		if (newline)
			return from + (newline - chunk) + 1;
		if (n == 0)
			break;
		size = from;
	}
	return 0;
}

static int64_t end_of_lengths(int fd, int64_t size)
{
	int64_t end = 0;

	for (;;) {
		uint8_t head[4];
		ssize_t n = pread(fd, head, sizeof(head), end);
		guint length;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		length = n == sizeof(head) ? (guint)head[2] << 8 | head[3] : 0;
		if (length < sizeof(head) || end + length > size)
			return end;
		end += length;
	}
}

int nfp_file_trim(int fd, NfpFraming framing, uint64_t *ret_size)
{
	struct stat status;
	int64_t end;

	if (fstat(fd, &status) < 0)
		return -errno;
	end = framing == NFP_FRAMING_LINES     ? end_of_lines(fd, status.st_size)
	      : framing == NFP_FRAMING_LENGTH16 ? end_of_lengths(fd, status.st_size)
						: status.st_size;
	if (end < 0)
		return (int)end;
	if (end < status.st_size && ftruncate(fd, end) < 0)
		return -errno;
	*ret_size = (uint64_t)end;
	return 0;
}
