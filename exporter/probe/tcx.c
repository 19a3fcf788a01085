/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCX: programs on an interface as BPF links, beside and independent of any qdisc (Linux 6.6,
 * include/uapi/linux/bpf.h). Debian 12's libbpf and headers are older and know nothing of it, but
 * bpf_link_create() and bpf_prog_query() hand an attach type and flags through as they are.
 *
 * The pin holds the link, the link the program. Without the interface the link is dead (ifindex 0).
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/attach.h"

/* linux/bpf.h of 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };
enum { TCX_BEFORE = 1 << 3 }; /* BPF_F_BEFORE; relative to nothing: at the head of the chain */
enum { TCX_LINK_TYPE = 11 };  /* BPF_LINK_TYPE_TCX */

/* struct bpf_link_info with the members of 6.6. */
typedef struct {
	uint32_t type, id, prog_id, pad;
	struct {
		uint32_t ifindex; /* 0: the interface has gone */
		uint32_t attach_type;
	} tcx;
	uint8_t room[sizeof(struct bpf_link_info)];
} NfpTcxInfo;

static enum bpf_attach_type attach_type(const NfpHook *hook)
{
	return (enum bpf_attach_type)(hook->flags & NFP_KEY_EGRESS ? TCX_EGRESS : TCX_INGRESS);
}

typedef struct {
	const NfpHook *hook;
	int program;
} NfpTcxCall;

static int tcx_query(void *data)
{
	const NfpTcxCall *call = data;
	uint32_t n = 0;
	int rc = bpf_prog_query((int)call->hook->ifindex, attach_type(call->hook), 0, NULL, NULL, &n);

	return rc ? -errno : 0;
}

static bool tcx_usable(const NfpAttachContext *context, const NfpHook *hook)
{
	NfpTcxCall call = { .hook = hook };
	int rc = nfp_netns_call(context->netns, tcx_query, &call);

	/* -ENOENT: known, and nothing is attached yet. A kernel without TCX says -EINVAL. */
	return rc == 0 || rc == -ENOENT;
}

static int tcx_create(void *data)
{
	const NfpTcxCall *call = data;
	LIBBPF_OPTS(bpf_link_create_opts, options);
	int fd;

	/* Ours shall see what foreign programs would swallow: first of all on the way in; last on the way
	 * out (what is attached without flags is appended), where only what they let through leaves. */
	if (!(call->hook->flags & NFP_KEY_EGRESS))
		options.flags = TCX_BEFORE;
	fd = bpf_link_create(call->program, (int)call->hook->ifindex, attach_type(call->hook), &options);
	return fd < 0 ? -errno : fd;
}

/* Opens the pinned link of a hook. -ENOENT: none, or it is dead. */
static int tcx_open(const NfpAttachContext *context, const NfpHook *hook)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = bpf_obj_get(path);
	NfpTcxInfo info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != TCX_LINK_TYPE || info.tcx.ifindex != hook->ifindex ||
	    info.tcx.attach_type != (uint32_t)attach_type(hook))
		return -ENOENT;
	return nfp_fd_steal(&fd);
}

static int tcx_find(const NfpAttachContext *context, const NfpHook *hook)
{
	NFP_AUTO_FD int fd = tcx_open(context, hook);

	if (fd >= 0)
		return 1;
	return fd == -ENOENT ? 0 : fd;
}

static gboolean tcx_attach(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err)
{
	NfpTcxCall call = { .hook = hook, .program = program };
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = tcx_open(context, hook);

	if (fd >= 0) {
		if (!bpf_link_update(fd, program, NULL))
			return TRUE;
		if (errno != ENOLINK) /* it died in between */
			return nfp_error_errno(err, NFP_ERROR_FAILED, errno,
					       "cannot put the new program in place of the old one");
	}
	nfp_fd_clear(&fd);
	if (unlink(path) < 0 && errno != ENOENT)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot remove the dead %s", path);
	fd = nfp_netns_call(context->netns, tcx_create, &call);
	if (fd < 0)
		return nfp_error_errno(err, fd == -EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -fd,
				       "cannot attach");
	if (bpf_obj_pin(fd, path)) /* the link ends with its descriptor: nothing is left behind */
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot pin %s", path);
	return TRUE;
}

static int tcx_detach(const NfpAttachContext *context, const NfpHook *hook)
{
	g_autofree char *path = nfp_attach_pin(context, hook);
	NFP_AUTO_FD int fd = bpf_obj_get(path);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* At once, whoever else holds the link. -EOPNOTSUPP: no such call for this type, closing does it. */
	bpf_link_detach(fd);
	return unlink(path) < 0 ? -errno : 0;
}

static int tcx_list(const NfpAttachContext *context, GArray *hooks)
{
	g_autoptr(GDir) dir = g_dir_open(context->links, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		NfpHook hook;
		int rc;

		if (!nfp_attach_parse(name, &hook))
			continue;
		rc = tcx_find(context, &hook);
		if (rc < 0)
			return rc;
		if (rc)
			g_array_append_val(hooks, hook);
	}
	return 0;
}

static void tcx_forget(const NfpAttachContext *context, uint32_t ifindex)
{
	for (int i = 0; i < 2; i++) {
		NfpHook hook = { .ifindex = ifindex, .flags = i ? NFP_KEY_EGRESS : 0 };

		/* The number may have been given to a new interface by now, with a link of its own. */
		if (tcx_find(context, &hook) == 0) {
			g_autofree char *path = nfp_attach_pin(context, &hook);

			unlink(path);
		}
	}
}

const NfpAttachMethod nfp_attach_tcx = {
	.name = "tcx",
	.usable = tcx_usable,
	.find = tcx_find,
	.attach = tcx_attach,
	.detach = tcx_detach,
	.list = tcx_list,
	.forget = tcx_forget,
};
