/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/trust.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static char *name_of(uid_t uid)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) || !found)
		return g_strdup_printf("user %u", (guint)uid);
	return g_strdup_printf("user %s", found->pw_name);
}

static gboolean is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* Who may become root at will loses nothing by it. */
static gboolean is_callers(uid_t owner)
{
	const char *caller = g_getenv("SUDO_UID");
	guint64 uid;

	return caller && g_ascii_string_to_unsigned(caller, 10, 0, G_MAXUINT32 - 1, &uid, NULL) && uid == owner;
}

gboolean nfp_trust_configuration(int fd, const char *path, GError **err)
{
	g_autofree char *owner = NULL;
	struct stat st;

	if (geteuid() != 0)
		return TRUE;
	if (fstat(fd, &st) < 0)
		return nfp_error_errno(err, NFP_ERROR_USAGE, errno, "configuration %s", path);
	if (!S_ISREG(st.st_mode))
		return TRUE;
	if (st.st_mode & S_IWOTH) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "configuration %s: everybody can change it (mode %04o), and it is read by root: chmod o-w %s",
			    path, (guint)st.st_mode & 07777u, path);
		return FALSE;
	}
	if (is_ours(st.st_uid) || is_callers(st.st_uid))
		return TRUE;
	owner = name_of(st.st_uid);
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "configuration %s belongs to %s, who could have root write files by it: chown root %s, or run nfprobe "
		    "as that user", path, owner, path);
	return FALSE;
}

gboolean nfp_trust_place(const char *what, const char *path, char **ret_note, GError **err)
{
	g_autofree char *owner = NULL, *open = NULL;
	struct stat st;

	*ret_note = NULL;
	if (stat(path, &st) < 0)
		return TRUE; /* who makes or opens it has a better reason to give */
	if (st.st_mode & S_IWOTH) {
		open = g_strdup_printf("%s: everybody can write to %s (mode %04o), and what lies there is believed: "
				       "chmod o-w %s%s", what, path, (guint)st.st_mode & 07777u, path,
				       S_ISDIR(st.st_mode) ? ", or choose a folder of its own" : "");
		if (geteuid() != 0 || st.st_mode & S_ISVTX) {
			*ret_note = g_steal_pointer(&open);
			return TRUE;
		}
		g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, open);
		return FALSE;
	}
	if (is_ours(st.st_uid))
		return TRUE;
	owner = name_of(st.st_uid);
	*ret_note = g_strdup_printf("%s: %s belongs to %s, who can change what lies there", what, path, owner);
	return TRUE;
}
