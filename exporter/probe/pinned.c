/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "probe/pins.h"

/* As /proc tells what a descriptor is of ("anon_inode:bpf_link"): the members of what BPF_OBJ_GET_INFO_BY_FD says of
 * maps and programs may look like those of a link. */
static bool is_link(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd), *kind = g_file_read_link(path, NULL);

	return !kind || (strstr(kind, "bpf") && strstr(kind, "link"));
}

int nfp_pinned_open(const NfpAttachContext *context, const NfpHook *hook, uint32_t type, NfpPinnedInfo *ret_info)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = nfp_pins_get(path);
	NfpPinnedInfo info = { 0 };
	uint32_t size = sizeof(info);

	/* What is no pin holds no link. */
	if (fd < 0)
		return fd == -EISDIR || fd == -ELOOP ? -ENOENT : fd;
	if (!is_link(fd))
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != type || info.ifindex != hook->ifindex)
		return -ENOENT;
	*ret_info = info;
	return nfp_fd_steal(&fd);
}

gboolean nfp_pinned_update(int link, int program, bool *ret_alive, GError **err)
{
	*ret_alive = !bpf_link_update(link, program, NULL);
	if (*ret_alive || errno == ENOLINK)
		return TRUE;
	return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot put the new program in place of the old one");
}

gboolean nfp_pinned_keep(const NfpAttachContext *context, const NfpHook *hook, int link, GError **err)
{
	g_autofree char *path = nfp_attach_pin(context, hook);

	int rc = nfp_pins_unlink(path);

	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot remove the dead %s", path);
	if (bpf_obj_pin(link, path))
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot pin %s", path);
	return TRUE;
}

int nfp_pinned_remove(const NfpAttachContext *context, const NfpHook *hook)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = nfp_pins_get(path);

	if (fd < 0 && fd != -EISDIR && fd != -ELOOP)
		return fd == -ENOENT ? 0 : fd;
	/* -EOPNOTSUPP: no such call for this type of link, closing does it. */
	if (fd >= 0)
		bpf_link_detach(fd);
	return nfp_pins_unlink(path);
}

int nfp_pinned_list(const NfpAttachContext *context,
		    int (*find)(const NfpAttachContext *context, const NfpHook *hook), GArray *hooks)
{
	g_autoptr(GDir) dir = g_dir_open(context->links, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		NfpHook hook;
		int rc;

		if (!nfp_attach_parse(name, &hook))
			continue;
		rc = find(context, &hook);
		if (rc < 0)
			return rc;
		if (rc)
			g_array_append_val(hooks, hook);
	}
	return 0;
}
