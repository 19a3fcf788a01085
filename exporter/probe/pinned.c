/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/error.h"

int nfp_pinned_open(const NfpAttachContext *context, const NfpHook *hook, uint32_t type, NfpPinnedInfo *ret_info)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = bpf_obj_get(path);
	NfpPinnedInfo info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0)
		return -errno;
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

	if (unlink(path) < 0 && errno != ENOENT)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot remove the dead %s", path);
	if (bpf_obj_pin(link, path))
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot pin %s", path);
	return TRUE;
}

int nfp_pinned_remove(const NfpAttachContext *context, const NfpHook *hook)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = bpf_obj_get(path);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* -EOPNOTSUPP: no such call for this type of link, closing does it. */
	bpf_link_detach(fd);
	return unlink(path) < 0 ? -errno : 0;
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
