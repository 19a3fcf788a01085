/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XDP: a program of the driver (native), or one that the stack runs in its place (generic), as a BPF link
 * (Linux 5.9). An interface takes one program at a time: a hook that somebody else has is left alone.
 *
 * Native first. A driver that has none, or not for this MTU or number of queues, refuses; then generic.
 * Which of the two a link became is not in the link, but in what rtnetlink tells of the interface.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sys/socket.h>

#include "base/error.h"
#include "probe/links.h"
#include "probe/pinned.h"

/* Ids of the programs that are attached to an interface, by mode; 0: none. */
typedef struct {
	uint32_t native, generic, offloaded;
} NfpXdpPrograms;

static void programs_take(const struct nlmsghdr *message, void *data)
{
	NfpXdpPrograms *programs = data;
	NfpNetlinkAttr attrs[IFLA_MAX + 1], xdp[IFLA_XDP_MAX + 1];

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	nfp_netlink_attrs(message, sizeof(struct ifinfomsg), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[IFLA_XDP], xdp, G_N_ELEMENTS(xdp));
	programs->native = nfp_netlink_u32(xdp[IFLA_XDP_DRV_PROG_ID]);
	programs->generic = nfp_netlink_u32(xdp[IFLA_XDP_SKB_PROG_ID]);
	programs->offloaded = nfp_netlink_u32(xdp[IFLA_XDP_HW_PROG_ID]);
}

static int programs_read(const NfpAttachContext *context, uint32_t ifindex, NfpXdpPrograms *ret)
{
	NfpNetlinkRequest request;
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };

	*ret = (NfpXdpPrograms){ 0 };
	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	return nfp_netlink_do(context->netlink, &request, programs_take, ret, NULL);
}

/* 1: our link is there in this mode. */
static int find(const NfpAttachContext *context, const NfpHook *hook, bool generic)
{
	NfpPinnedInfo info;
	NFP_AUTO_FD int fd = nfp_pinned_open(context, hook, BPF_LINK_TYPE_XDP, &info);
	NfpXdpPrograms programs;
	int rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = programs_read(context, hook->ifindex, &programs);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	return info.prog_id == (generic ? programs.generic : programs.native);
}

static int native_find(const NfpAttachContext *context, const NfpHook *hook)
{
	return find(context, hook, false);
}

static int generic_find(const NfpAttachContext *context, const NfpHook *hook)
{
	return find(context, hook, true);
}

/* Attaching tells. */
static bool usable(const NfpAttachContext *context, const NfpHook *hook)
{
	return true;
}

typedef struct {
	uint32_t ifindex, flags;
	int program;
} NfpXdpCall;

static int create(void *data)
{
	const NfpXdpCall *call = data;
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = call->flags);
	int fd = bpf_link_create(call->program, (int)call->ifindex, BPF_XDP, &options);

	return fd < 0 ? -errno : fd;
}

static gboolean taken(const NfpXdpPrograms *p, GError **err)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "another program has the hook (id %u, %s mode) and keeps it: use tc (hook: tc), which "
		    "shares the interface with others", p->native | p->generic | p->offloaded,
		    p->native ? "native" : p->generic ? "generic" : "offload");
	return FALSE;
}

/* An offloaded program leaves room for one of the driver. */
gboolean nfp_xdp_is_free(const NfpAttachContext *context, const NfpHook *hook, GError **err)
{
	NfpPinnedInfo info;
	NFP_AUTO_FD int fd = nfp_pinned_open(context, hook, BPF_LINK_TYPE_XDP, &info);
	NfpXdpPrograms p;

	if (programs_read(context, hook->ifindex, &p) || (!p.native && !p.generic))
		return TRUE;
	return (fd >= 0 && (info.prog_id == p.native || info.prog_id == p.generic)) || taken(&p, err);
}

static gboolean refused(const NfpAttachContext *context, const NfpHook *hook, int rc, GError **err)
{
	NfpXdpPrograms p;

	if ((rc == -EBUSY || rc == -EEXIST) && !programs_read(context, hook->ifindex, &p) &&
	    (p.native || p.generic || p.offloaded))
		return taken(&p, err);
	if (rc == -EEXIST) { /* net/core/dev.c, dev_xdp_attach() */
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "a device above this one (its bond) has an XDP program: use tc (hook: tc), or meter that "
			    "device");
		return FALSE;
	}
	return nfp_error_errno(err, rc == -EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -rc, "cannot attach");
}

/* No question of the mode: the other one would be refused, too. */
static bool is_final(int rc)
{
	return rc == -EBUSY || rc == -EEXIST || rc == -EPERM || rc == -ENODEV;
}

static void note(const NfpAttachContext *context, char *text)
{
	if (context->note) {
		g_free(*context->note);
		*context->note = text;
	} else {
		g_free(text);
	}
}

static gboolean attach(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err)
{
	NfpXdpCall call = { hook->ifindex, XDP_FLAGS_DRV_MODE, program };
	NfpPinnedInfo info;
	NFP_AUTO_FD int old = nfp_pinned_open(context, hook, BPF_LINK_TYPE_XDP, &info), link = -1;
	bool alive = false;
	int why;

	if (old >= 0 && !nfp_pinned_update(old, program, &alive, err))
		return FALSE;
	if (alive)
		return TRUE;
	link = why = nfp_netns_call(context->netns, create, &call);
	if (link < 0 && !is_final(link)) {
		call.flags = XDP_FLAGS_SKB_MODE;
		link = nfp_netns_call(context->netns, create, &call);
	}
	if (link < 0)
		return refused(context, hook, link, err);
	if (!nfp_pinned_keep(context, hook, link, err))
		return FALSE;
	if (why >= 0)
		note(context, g_strdup("XDP in native mode: many drivers reset the link for it and switch offloads off "
				       "(compare ethtool -k)"));
	else
		note(context, g_strdup_printf("XDP in generic mode, as the driver refuses native mode (%s): slower, and "
					      "not exact for everything (nfprobe status tells)", g_strerror(-why)));
	return TRUE;
}

static int native_list(const NfpAttachContext *context, GArray *hooks)
{
	return nfp_pinned_list(context, native_find, hooks);
}

static int generic_list(const NfpAttachContext *context, GArray *hooks)
{
	return nfp_pinned_list(context, generic_find, hooks);
}

static void forget(const NfpAttachContext *context, uint32_t ifindex)
{
	const NfpHook hook = { .ifindex = ifindex, .flags = NFP_KEY_XDP };
	NfpPinnedInfo info;
	NFP_AUTO_FD int fd = nfp_pinned_open(context, &hook, BPF_LINK_TYPE_XDP, &info);

	/* The number may have been given to a new interface by now, with a link of its own. */
	if (fd == -ENOENT)
		nfp_pinned_remove(context, &hook);
}

const NfpAttachMethod nfp_attach_xdp_native = {
	.name = "xdp-native",
	.xdp = true,
	.usable = usable,
	.find = native_find,
	.attach = attach,
	.detach = nfp_pinned_remove,
	.list = native_list,
	.forget = forget,
};

const NfpAttachMethod nfp_attach_xdp_generic = {
	.name = "xdp-generic",
	.xdp = true,
	.usable = usable,
	.find = generic_find,
	.attach = attach,
	.detach = nfp_pinned_remove,
	.list = generic_list,
	.forget = forget,
};
