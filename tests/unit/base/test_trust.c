/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/trust.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define NOBODY 65534

typedef struct {
	char *path;
	int fd;
} File;

static File file_new(mode_t mode, uid_t owner)
{
	File file = { 0 };

	file.fd = g_file_open_tmp("nfp-trust-XXXXXX", &file.path, NULL);
	cr_assert_geq(file.fd, 0);
	cr_assert_eq(fchown(file.fd, owner, (gid_t)-1), 0);
	cr_assert_eq(fchmod(file.fd, mode), 0);
	return file;
}

static void file_end(File *file)
{
	close(file->fd);
	g_unlink(file->path);
	g_free(file->path);
}

/* NULL: trusted; else what is said. */
static char *judge(mode_t mode, uid_t owner)
{
	g_autoptr(GError) error = NULL;
	File file = file_new(mode, owner);
	gboolean fine = nfp_trust_configuration(file.fd, file.path, &error);
	gboolean named = fine || strstr(error->message, file.path);

	cr_expect(named, "%s", error ? error->message : "");
	cr_expect(fine == !error && (fine || error->code == NFP_ERROR_USAGE));
	file_end(&file);
	return fine ? NULL : g_strdup(error->message);
}

static void expect(mode_t mode, uid_t owner, const char *part)
{
	g_autofree char *said = judge(mode, owner);

	if (!part)
		cr_expect_null(said, "%s", said);
	else
		cr_expect(said && strstr(said, part), "%s", said ? said : "nothing");
}

Test(trust, configuration_of_root)
{
	if (geteuid() != 0)
		cr_skip_test("needs root: it is about root's configuration");
	g_unsetenv("SUDO_UID");
	expect(0600, 0, NULL);
	expect(0664, 0, NULL);
	expect(0666, 0, "chmod o-w");
	expect(0602, 0, "mode 0602");
	expect(0644, NOBODY, "chown root");
	/* Who asked for root's rights has them. */
	g_setenv("SUDO_UID", "65534", TRUE);
	expect(0644, NOBODY, NULL);
	expect(0646, NOBODY, "everybody");
	g_setenv("SUDO_UID", "1000", TRUE);
	expect(0644, NOBODY, "chown root");
	g_setenv("SUDO_UID", "", TRUE);
	expect(0644, NOBODY, "chown root");
}

Test(trust, pipes_are_fine)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_expect(nfp_trust_configuration(ends[0], "/dev/stdin", NULL));
}

Test(trust, a_user_without_privilege_may_read_what_he_likes)
{
	if (geteuid() == 0)
		cr_assert_eq(seteuid(NOBODY), 0);
	expect(0666, geteuid(), NULL);
}

Test(trust, places)
{
	g_autofree char *folder = g_dir_make_tmp("nfp-trust-XXXXXX", NULL);
	g_autofree char *none = g_build_filename(folder, "none", NULL);
	g_autofree char *note = NULL;
	g_autoptr(GError) error = NULL;

	cr_expect(nfp_trust_place("state_dir", none, &note, &error));
	cr_expect_null(note);
	cr_expect(nfp_trust_place("state_dir", folder, &note, &error));
	cr_expect_null(note);
	cr_assert_eq(g_chmod(folder, 0770), 0);
	cr_expect(nfp_trust_place("state_dir", folder, &note, &error));
	cr_assert_eq(g_chmod(folder, 01777), 0);
	cr_expect(nfp_trust_place("state_dir", folder, &note, &error));
	cr_expect(note && g_str_has_prefix(note, "state_dir: everybody can write to "), "%s", note);
	g_clear_pointer(&note, g_free);
	cr_assert_eq(g_chmod(folder, 0777), 0);
	if (geteuid() == 0) {
		cr_expect_not(nfp_trust_place("state_dir", folder, &note, &error));
		cr_assert_not_null(error);
		cr_expect_eq(error->code, NFP_ERROR_USAGE);
		cr_expect(strstr(error->message, "chmod o-w"), "%s", error->message);
		cr_expect_null(note);
	}
	cr_assert_eq(g_chmod(folder, 0700), 0);
	if (geteuid() == 0) {
		cr_assert_eq(chown(folder, NOBODY, (gid_t)-1), 0);
		cr_expect(nfp_trust_place("state_dir", folder, &note, NULL));
		cr_expect(note && strstr(note, "belongs to"), "%s", note);
	}
	g_rmdir(folder);
}
