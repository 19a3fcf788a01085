/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/transports.h"

#define LENGTH 100u /* octets of a test message, its newline included */

typedef struct {
	char *folder, *path;
	NfpTransportOptions options;
	NfpTransport *file;
	gint64 now;
	guint sent; /* messages taken so far: each holds its number */
} World;

static void world_init(World *world)
{
	memset(world, 0, sizeof(*world));
	world->folder = g_dir_make_tmp("nfprobe-test-XXXXXX", NULL);
	world->path = g_build_filename(world->folder, "flows.json", NULL);
	world->options.path = world->path;
	world->options.framing = NFP_FRAMING_LINES;
	world->now = G_USEC_PER_SEC;
}

static void world_open(World *world)
{
	if (!world->file)
		world->file = nfp_transport_file.create(&world->options, NULL);
	nfp_transport_file.open(world->file, world->now);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *files(const World *world)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(world->folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_build_filename(world->folder, name, NULL));
	g_ptr_array_sort(names, by_name);
	return names;
}

static void world_clear(World *world)
{
	g_autoptr(GPtrArray) names = files(world);

	nfp_transport_free(world->file);
	for (guint i = 0; i < names->len; i++)
		g_unlink(g_ptr_array_index(names, i));
	g_rmdir(world->folder);
	g_free(world->folder);
	g_free(world->path);
}

/* Sends n messages in one go; returns how many were taken. */
static guint put(World *world, guint n)
{
	g_autofree char *data = g_malloc(n * LENGTH + 1);
	g_autofree uint32_t *lengths = g_new(uint32_t, n);
	NfpMessages messages = { .data = (uint8_t *)data, .lengths = lengths, .n = n };
	guint taken;

	for (guint i = 0; i < n; i++) {
		g_snprintf(data + i * LENGTH, LENGTH + 1, "%0*u\n", (int)LENGTH - 1, world->sent + i);
		lengths[i] = LENGTH;
	}
	taken = nfp_transport_file.send(world->file, &messages, world->now);
	world->sent += taken;
	return taken;
}

/* All messages, in order of the files' names with the one at the path last; each once and in order. */
static guint check_messages(const World *world)
{
	g_autoptr(GPtrArray) names = files(world);
	guint expected = 0;

	for (guint pass = 0; pass < 2; pass++) {
		for (guint i = 0; i < names->len; i++) {
			const char *name = g_ptr_array_index(names, i);
			g_autofree char *text = NULL;
			gsize length;

			if ((strcmp(name, world->path) == 0) != (pass == 1))
				continue;
			cr_assert(g_file_get_contents(name, &text, &length, NULL));
			cr_assert_eq(length % LENGTH, 0, "%s ends in half a message", name);
			for (gsize at = 0; at < length; at += LENGTH)
				cr_assert_eq(strtoul(text + at, NULL, 10), expected++);
		}
	}
	return expected;
}

Test(file, one_file_is_one_session)
{
	World world;
	struct stat status;

	world_init(&world);
	world_open(&world);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_UP);
	cr_assert_eq(world.file->session, 1);
	cr_assert_eq(put(&world, 50), 50);
	cr_assert_eq(put(&world, 7), 7);
	cr_assert_eq(nfp_transport_file.unacked(world.file), 0);
	cr_assert_eq(nfp_transport_file.deadline(world.file), NFP_TRANSPORT_NEVER);
	nfp_transport_file.shutdown(world.file);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_DOWN);
	cr_assert_eq(check_messages(&world), 57);
	cr_assert_eq(stat(world.path, &status), 0, "without rotation it stays where it is");
	cr_assert_eq(status.st_mode & 07, 0, "flows are nobody else's affair");

	/* What is there is neither added to nor lost. */
	world_open(&world);
	cr_assert_eq(world.file->session, 2);
	cr_assert_eq(put(&world, 3), 3);
	cr_assert_eq(check_messages(&world), 60);
	world_clear(&world);
}

Test(file, rotation_by_size)
{
	World world;

	world_init(&world);
	world.options.rotation = (NfpRotation){ .size = 10 * LENGTH + 5 };
	world_open(&world);
	cr_assert_eq(put(&world, 4), 4);
	cr_assert_eq(put(&world, 25), 6, "the rest belongs to the next session");
	cr_assert_eq(world.file->session, 2);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_UP);
	cr_assert_eq(put(&world, 25), 10);
	cr_assert_eq(world.file->session, 3);
	cr_assert_eq(put(&world, 10), 10);
	cr_assert_eq(world.file->session, 3, "full, and not yet over it");
	cr_assert_eq(put(&world, 1), 0);
	cr_assert_eq(put(&world, 1), 1);
	nfp_transport_file.shutdown(world.file);
	cr_assert_eq(access(world.path, F_OK), -1, "at the end the last file is finished too");
	cr_assert_eq(check_messages(&world), 31);
	cr_assert_eq(world.file->errors, 0);
	world_clear(&world);
}

Test(file, a_message_larger_than_a_file)
{
	World world;

	world_init(&world);
	world.options.rotation = (NfpRotation){ .size = LENGTH / 2 };
	world_open(&world);
	for (guint i = 0; i < 3; i++) {
		cr_assert_eq(put(&world, 3), 1);
		cr_assert_eq(world.file->session, i + 2);
	}
	cr_assert_eq(check_messages(&world), 3);
	world_clear(&world);
}

Test(file, rotation_by_time_and_keep)
{
	World world;
	g_autoptr(GPtrArray) names = NULL;

	world_init(&world);
	world.options.rotation = (NfpRotation){ .interval = 10 * G_USEC_PER_SEC, .keep = 2 };
	world_open(&world);
	for (guint i = 0; i < 5; i++) {
		gint64 due = nfp_transport_file.deadline(world.file);

		cr_assert_eq(due, world.now + 10 * G_USEC_PER_SEC);
		cr_assert_eq(put(&world, 2), 2);
		world.now = due - 1;
		nfp_transport_file.step(world.file, world.now);
		cr_assert_eq(world.file->session, i + 1);
		world.now = due;
		nfp_transport_file.step(world.file, world.now);
		cr_assert_eq(world.file->session, i + 2);
	}
	world.now += 10 * G_USEC_PER_SEC;
	nfp_transport_file.step(world.file, world.now);
	cr_assert_eq(world.file->session, 6, "an empty file goes on");
	names = files(&world);
	cr_assert_eq(names->len, 3, "two finished ones and the one that is written");
	nfp_transport_file.shutdown(world.file);
	cr_assert_eq(access(world.path, F_OK), -1, "an empty one is none");
	world_clear(&world);
}

Test(file, what_a_crash_left_is_mended)
{
	World world;

	world_init(&world);
	world_open(&world);
	put(&world, 4);
	cr_assert_eq(truncate(world.path, 3 * LENGTH + 17), 0);
	world.sent = 3;
	nfp_transport_free(g_steal_pointer(&world.file)); /* without a shutdown */
	world_open(&world);
	put(&world, 2);
	cr_assert_eq(check_messages(&world), 5);
	world_clear(&world);
}

Test(file, removed_moved_and_no_folder)
{
	World world;
	g_autofree char *away = NULL;

	world_init(&world);
	world_open(&world);
	put(&world, 1);
	away = g_build_filename(world.folder, "elsewhere", NULL);
	cr_assert_eq(g_rename(world.path, away), 0);
	cr_assert_eq(put(&world, 1), 0);
	cr_assert_eq(world.file->session, 2, "as logrotate does it");
	cr_assert(strstr(world.file->error, "moved or removed"), "%s", world.file->error);
	cr_assert_eq(put(&world, 1), 1);

	g_unlink(away);
	g_unlink(world.path);
	cr_assert_eq(g_rmdir(world.folder), 0);
	cr_assert_eq(put(&world, 1), 0);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(world.file->error, "No such file or directory"), "%s", world.file->error);
	world_open(&world);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_DOWN);
	cr_assert_eq(g_mkdir(world.folder, 0700), 0);
	world_open(&world);
	cr_assert_eq(put(&world, 1), 1);
	world_clear(&world);
}

Test(file, what_is_no_place_for_it)
{
	World world;
	NfpTransport *second;

	world_init(&world);
	cr_assert_eq(g_mkdir(world.path, 0700), 0);
	world_open(&world);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(world.file->error, "Is a directory"), "%s", world.file->error);
	g_rmdir(world.path);
	cr_assert_eq(mkfifo(world.path, 0600), 0);
	world_open(&world);
	cr_assert_str_eq(world.file->error, "is no plain file");
	g_unlink(world.path);
	cr_assert_eq(symlink("/dev/null", world.path), 0);
	world_open(&world);
	cr_assert_str_eq(world.file->error, "is a symbolic link");
	g_unlink(world.path);
	world_open(&world);
	cr_assert_eq(world.file->state, NFP_TRANSPORT_UP);

	second = nfp_transport_file.create(&world.options, NULL);
	nfp_transport_file.open(second, world.now);
	cr_assert_eq(second->state, NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(second->error, "another process writes it");
	nfp_transport_free(second);
	world_clear(&world);
}

/* A limit on the size of files stands for the full disk: the write that hits it is cut short, the next one fails. */
Test(file, disk_full)
{
	struct rlimit limit = { 5 * LENGTH + 30, RLIM_INFINITY };
	World world;

	signal(SIGXFSZ, SIG_IGN);
	world_init(&world);
	world_open(&world);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(put(&world, 3), 3);
	cr_assert_eq(put(&world, 10), 2, "whole ones only");
	cr_assert_eq(world.file->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(world.file->error, "cannot be written: File too large"), "%s", world.file->error);
	cr_assert_eq(world.file->errors, 1);
	cr_assert_eq(check_messages(&world), 5, "nothing of the sixth is left behind");
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	world_open(&world);
	cr_assert_eq(put(&world, 8), 8);
	cr_assert_eq(check_messages(&world), 13);
	world_clear(&world);
}
