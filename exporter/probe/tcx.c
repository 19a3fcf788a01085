/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCX: programs on an interface as BPF links, beside and independent of any qdisc (Linux 6.6,
 * include/uapi/linux/bpf.h). Debian 12's libbpf and headers are older and know nothing of it, but
 * bpf_link_create() and bpf_prog_query() hand an attach type and flags through as they are.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "base/error.h"
#include "probe/pinned.h"

/* linux/bpf.h of 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };
enum { TCX_BEFORE = 1 << 3 }; /* BPF_F_BEFORE; relative to nothing: at the head of the chain */
enum { TCX_LINK_TYPE = 11 };  /* BPF_LINK_TYPE_TCX */

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

static int tcx_open(const NfpAttachContext *context, const NfpHook *hook)
{
	NfpPinnedInfo info;
	NFP_AUTO_FD int fd = nfp_pinned_open(context, hook, TCX_LINK_TYPE, &info);

	if (fd >= 0 && info.attach_type != (uint32_t)attach_type(hook))
		return -ENOENT;
	return fd < 0 ? fd : nfp_fd_steal(&fd);
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
	NFP_AUTO_FD int old = tcx_open(context, hook), link = -1;
	bool alive = false;

	if (old >= 0 && !nfp_pinned_update(old, program, &alive, err))
		return FALSE;
	if (alive)
		return TRUE;
	link = nfp_netns_call(context->netns, tcx_create, &call);
	if (link < 0)
		return nfp_error_errno(err, link == -EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -link,
				       "cannot attach");
	return nfp_pinned_keep(context, hook, link, err);
}

static int tcx_list(const NfpAttachContext *context, GArray *hooks)
{
	return nfp_pinned_list(context, tcx_find, hooks);
}

static void tcx_forget(const NfpAttachContext *context, uint32_t ifindex)
{
	for (int i = 0; i < 2; i++) {
		NfpHook hook = { .ifindex = ifindex, .flags = i ? NFP_KEY_EGRESS : 0 };

		/* The number may have been given to a new interface by now, with a link of its own. */
		if (tcx_find(context, &hook) == 0)
			nfp_pinned_remove(context, &hook);
	}
}

const NfpAttachMethod nfp_attach_tcx = {
	.name = "tcx",
	.usable = tcx_usable,
	.find = tcx_find,
	.attach = tcx_attach,
	.detach = nfp_pinned_remove,
	.list = tcx_list,
	.forget = tcx_forget,
};
