/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"

#define BPFFS "/sys/fs/bpf"
#define NETNS_DIRECTORY "/run/netns"

char *nfp_pins_escape(const char *name)
{
	GString *escaped = g_string_new(NULL);

	for (; *name; name++) {
		if (g_ascii_isalnum(*name) || *name == '_' || *name == '-')
			g_string_append_c(escaped, *name);
		else
			g_string_append_printf(escaped, "%%%02X", (unsigned char)*name);
	}
	return g_string_free(escaped, FALSE);
}

char *nfp_pins_directory(const NfpProbeOptions *options)
{
	g_autofree char *instance = nfp_pins_escape(options->instance);
	g_autofree char *netns = options->netns ? nfp_pins_escape(options->netns) : NULL;

	return g_strconcat(options->pin_root, "/", instance, netns ? "@" : NULL, netns, NULL);
}

bool nfp_pins_is_bpffs(const char *path)
{
	g_autofree char *at = g_strdup(path);
	struct statfs fs;

	while (statfs(at, &fs) < 0) {
		char *parent;

		if ((errno != ENOENT && errno != ENOTDIR) || !strcmp(at, "/") || !strcmp(at, "."))
			return false;
		parent = g_path_get_dirname(at);
		g_free(at);
		at = parent;
	}
	return fs.f_type == BPF_FS_MAGIC;
}

static bool is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return !strncmp(path, directory, n) && (!path[n] || path[n] == '/');
}

static const char *mount_point(const char *pin_root)
{
	return is_below(pin_root, BPFFS) ? BPFFS : pin_root;
}

/* Source of the sysfs at /sys. `ip netns exec NAME` mounts one of its own, with NAME as the source
 * (iproute2, lib/namespace.c). NULL: not found. */
static char *sysfs_source(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	char *source = NULL;

	if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (int i = 0; lines[i]; i++) { /* the last mount at a place hides the others */
		g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
		guint n = g_strv_length(words), dash = 5;

		while (dash < n && strcmp(words[dash], "-") != 0)
			dash++;
		if (dash + 2 >= n || strcmp(words[4], "/sys") != 0 || strcmp(words[dash + 1], "sysfs") != 0)
			continue;
		g_free(source);
		source = g_strdup(words[dash + 2]);
	}
	return source;
}

/*
 * A bpffs that is mounted inside a mount namespace of our own dies with it, and with it the pins: the
 * flows would stop being counted when we stop, which is what pins are there to prevent. So it is
 * refused. `nsenter --net` changes the network namespace alone and sees the host's bpffs.
 */
static char *private_mount_obstacle(const char *pin_root)
{
	g_autofree char *source = sysfs_source();
	g_autofree char *netns = source ? g_build_filename(NETNS_DIRECTORY, source, NULL) : NULL;
	g_autofree char *own = NULL, *init = NULL;

	if (source && strcmp(source, "sysfs") != 0 && g_file_test(netns, G_FILE_TEST_EXISTS))
		return g_strdup_printf("\"ip netns exec\" hides the host's BPF file system, and one mounted "
				       "here would be gone at its end: meter the namespace from the host "
				       "(netns: %s beside the interface's match), or start it by "
				       "\"nsenter --net=%s\"", source, netns);
	own = g_file_read_link("/proc/self/ns/mnt", NULL);
	init = g_file_read_link("/proc/1/ns/mnt", NULL); /* may need more than we have: then not known */
	if (own && init && strcmp(own, init) != 0)
		return g_strdup_printf("no BPF file system at %s, and one mounted here would be gone with "
				       "this mount namespace: mount it from outside (mount -t bpf bpf %s), "
				       "or bring the host's in (docker: -v %s:%s)",
				       pin_root, mount_point(pin_root), BPFFS, BPFFS);
	return NULL;
}

static gboolean can_mount(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/thread-self/status", &text, NULL, NULL))
		return FALSE;
	line = strstr(text, "\nCapEff:\t");
	return line && g_ascii_strtoull(line + 9, NULL, 16) >> 21 & 1; /* CAP_SYS_ADMIN */
}

char *nfp_pins_obstacle(const char *pin_root)
{
	char *why;

	if (nfp_pins_is_bpffs(pin_root))
		return NULL;
	why = private_mount_obstacle(pin_root);
	if (why)
		return why;
	if (!can_mount())
		return g_strdup_printf("no BPF file system at %s, and mounting it takes CAP_SYS_ADMIN: as root, "
				       "run \"mount -t bpf bpf %s\"", pin_root, mount_point(pin_root));
	return NULL;
}

int nfp_pins_mkdir(const char *path)
{
	return g_mkdir_with_parents(path, 0700) < 0 ? -errno : 0;
}

gboolean nfp_pins_prepare(const char *pin_root, GError **err)
{
	const char *point = mount_point(pin_root);
	int rc;

	if (!nfp_pins_is_bpffs(pin_root)) {
		g_autofree char *why = nfp_pins_obstacle(pin_root);

		if (why) {
			g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT, "%s", why);
			return FALSE;
		}
		rc = nfp_pins_mkdir(point);
		if (rc)
			return nfp_error_errno(err, NFP_ERROR_CANNOT, -rc, "cannot make %s", point);
		/* As systemd mounts it. */
		if (mount("bpf", point, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, "mode=700") < 0)
			return nfp_error_errno(err, NFP_ERROR_CANNOT, errno,
					       "cannot mount a BPF file system at %s", point);
	}
	rc = nfp_pins_mkdir(pin_root);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_CANNOT, -rc, "cannot make %s", pin_root);
	return TRUE;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* Goes on after a failure: what can be removed shall be. The caller looks whether all is gone. */
	remove(path);
	return 0;
}

int nfp_pins_remove_tree(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return -errno;
	return access(path, F_OK) == 0 ? -ENOTEMPTY : 0;
}

int nfp_pins_get(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int nfp_pins_unlink(const char *path)
{
	/* remove(3) takes an empty folder, too. */
	return remove(path) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST ? -errno : 0;
}

void nfp_pins_bucket_name(struct nfp_bucket id, char ret[NFP_PIN_NAME_MAX])
{
	if (!id.start_ts)
		snprintf(ret, NFP_PIN_NAME_MAX, "spill%" PRIu64, (uint64_t)id.end_ts);
	else
		snprintf(ret, NFP_PIN_NAME_MAX, "%" PRIu64 "-%" PRIu64, (uint64_t)id.start_ts,
			 (uint64_t)id.end_ts);
}

bool nfp_pins_bucket_parse(const char *name, struct nfp_bucket *ret_id)
{
	struct nfp_bucket id = { 0 };
	char again[NFP_PIN_NAME_MAX];

	if (!strncmp(name, "spill", 5)) {
		id.end_ts = g_ascii_strtoull(name + 5, NULL, 10);
	} else {
		char *dash;

		id.start_ts = g_ascii_strtoull(name, &dash, 10);
		if (*dash == '-')
			id.end_ts = g_ascii_strtoull(dash + 1, NULL, 10);
		if (!id.start_ts || id.end_ts <= id.start_ts)
			return false;
	}
	nfp_pins_bucket_name(id, again);
	if (strcmp(again, name) != 0) /* the one spelling that we write, and nothing else */
		return false;
	*ret_id = id;
	return true;
}

bool nfp_pins_table_parse(const char *name, struct nfp_bucket *ret_id)
{
	g_autofree char *bucket = NULL;

	if (!g_str_has_suffix(name, NFP_PIN_TABLE))
		return false;
	bucket = g_strndup(name, strlen(name) - strlen(NFP_PIN_TABLE));
	return nfp_pins_bucket_parse(bucket, ret_id);
}
