/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clsact: a cls_bpf filter in direct-action mode on the clsact qdisc (Linux 4.5), for kernels without
 * TCX. Ours is known by its handle and by its name, which holds the directory of the domain's pins, so
 * that two instances on one interface do not take each other's. It goes to a priority that nobody uses:
 * the lowest number on the way in (first), the highest on the way out (last).
 *
 * The qdisc is made where there is none, and noted by a directory <links>/<ifindex>-clsact; only such a
 * one is removed again, and only when no filter is left in it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/attach.h"

#define HANDLE 0x6e66 /* "nf" */
#define PRIORITY_LAST 0xffff

typedef struct {
	const NfpAttachContext *context;
	uint8_t taken[PRIORITY_LAST / 8 + 1]; /* bitmap of priorities in use */
	guint filters;                        /* of anybody */
	uint16_t ours;                        /* priority of our filter; 0: none */
	uint8_t tag[BPF_TAG_SIZE];            /* of our program; all 0: not asked for */
	uint16_t copy;                        /* priority of a foreign filter with that program; 0: none */
} NfpFilters;

static uint32_t parent_of(const NfpHook *hook)
{
	return TC_H_MAKE(TC_H_CLSACT, hook->flags & NFP_KEY_EGRESS ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

/* CLS_BPF_NAME_LEN of net/sched/cls_bpf.c, with the NUL. */
static void filter_name(const NfpAttachContext *context, char ret[256])
{
	g_snprintf(ret, 256, "nfprobe:%s", context->directory);
}

static void filters_take(const struct nlmsghdr *message, void *data)
{
	NfpFilters *filters = data;
	NfpNetlinkAttr attrs[TCA_MAX + 1], options[TCA_BPF_MAX + 1];
	const struct tcmsg *header = NLMSG_DATA(message);
	uint16_t priority = header->tcm_info >> 16;
	char kind[16], name[256], own[256];

	if (message->nlmsg_type != RTM_NEWTFILTER)
		return;
	filters->filters++;
	filters->taken[priority / 8] |= 1 << priority % 8;
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[TCA_OPTIONS], options, G_N_ELEMENTS(options));
	nfp_netlink_string(attrs[TCA_KIND], kind, sizeof(kind));
	nfp_netlink_string(options[TCA_BPF_NAME], name, sizeof(name));
	filter_name(filters->context, own);
	if (header->tcm_handle == HANDLE && !strcmp(kind, "bpf") && !strcmp(name, own))
		filters->ours = priority;
	else if (!g_str_has_prefix(name, "nfprobe:") && /* of another instance: has maps of its own */
		 options[TCA_BPF_TAG].size == BPF_TAG_SIZE &&
		 !memcmp(options[TCA_BPF_TAG].data, filters->tag, BPF_TAG_SIZE))
		filters->copy = priority;
}

static void filters_again(void *data)
{
	NfpFilters *filters = data;

	memset(filters->taken, 0, sizeof(filters->taken));
	filters->filters = 0;
	filters->ours = filters->copy = 0;
}

static int filters_dump(const NfpAttachContext *context, const NfpHook *hook, NfpFilters *filters)
{
	NfpNetlinkRequest request;
	struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)hook->ifindex,
				.tcm_parent = parent_of(hook) };

	filters->context = context;
	filters_again(filters);
	nfp_netlink_begin(&request, RTM_GETTFILTER, 0, &header, sizeof(header));
	return nfp_netlink_dump(context->netlink, &request, filters_take, filters_again, filters);
}

static int filters_read(const NfpAttachContext *context, const NfpHook *hook, NfpFilters *ret)
{
	memset(ret->tag, 0, sizeof(ret->tag));
	return filters_dump(context, hook, ret);
}

int nfp_clsact_find_copy(const NfpAttachContext *context, const NfpHook *hook, int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	NfpFilters filters;
	int rc;

	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return -errno;
	memcpy(filters.tag, info.tag, sizeof(filters.tag));
	rc = filters_dump(context, hook, &filters);
	return rc ? rc : filters.copy;
}

static bool clsact_usable(const NfpAttachContext *context, const NfpHook *hook)
{
	/* Every kernel that we run on can have it; attaching tells if this one was built without. */
	return true;
}

static int clsact_find(const NfpAttachContext *context, const NfpHook *hook)
{
	NfpFilters filters;
	int rc = filters_read(context, hook, &filters);

	return rc ? rc : filters.ours != 0;
}

static char *note_path(const NfpAttachContext *context, uint32_t ifindex)
{
	return g_strdup_printf("%s/%u-clsact", context->links, ifindex);
}

static int qdisc_do(const NfpAttachContext *context, uint32_t ifindex, uint16_t type, uint16_t flags,
		    char **ret_words)
{
	NfpNetlinkRequest request;
	struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex,
				.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0), .tcm_parent = TC_H_CLSACT };

	nfp_netlink_begin(&request, type, flags, &header, sizeof(header));
	nfp_netlink_put(&request, TCA_KIND, "clsact", sizeof("clsact"));
	return nfp_netlink_do(context->netlink, &request, NULL, NULL, ret_words);
}

/* A refusal with the kernel's words, if it has any. */
static gboolean refused(int rc, const char *what, const char *words, GError **err)
{
	nfp_error_errno(err, rc == -EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, -rc, "%s%s%s", what,
			words ? ", " : "", words ? words : "");
	return FALSE;
}

static gboolean qdisc_ensure(const NfpAttachContext *context, const NfpHook *hook, bool ours_inside,
			     GError **err)
{
	g_autofree char *note = note_path(context, hook->ifindex);
	g_autofree char *words = NULL;
	int rc = qdisc_do(context, hook->ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &words);

	if (rc == -EEXIST) {
		/* There before us. A note without a filter of ours is of an interface that had this number
		 * before, or of an attempt that was cut off: not proof enough to remove it some day. */
		if (!ours_inside)
			rmdir(note);
		return TRUE;
	}
	if (rc)
		return refused(rc, "cannot add the clsact qdisc", words, err);
	if (mkdir(note, 0700) < 0 && errno != EEXIST)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make %s", note);
	return TRUE;
}

static uint16_t priority_free(const NfpFilters *filters, const NfpHook *hook)
{
	for (guint i = 1; i <= PRIORITY_LAST; i++) {
		guint priority = hook->flags & NFP_KEY_EGRESS ? PRIORITY_LAST + 1 - i : i;

		if (!(filters->taken[priority / 8] & 1 << priority % 8))
			return (uint16_t)priority;
	}
	return 0;
}

static void filter_begin(NfpNetlinkRequest *request, uint16_t type, uint16_t flags, const NfpHook *hook,
			 uint16_t priority)
{
	struct tcmsg header = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)hook->ifindex,
		.tcm_handle = HANDLE,
		.tcm_parent = parent_of(hook),
		.tcm_info = (uint32_t)priority << 16 | g_htons(ETH_P_ALL),
	};

	nfp_netlink_begin(request, type, flags, &header, sizeof(header));
	nfp_netlink_put(request, TCA_KIND, "bpf", sizeof("bpf"));
}

static gboolean clsact_attach(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err)
{
	NfpHook other = { hook->ifindex, hook->flags ^ NFP_KEY_EGRESS };
	NfpNetlinkRequest request;
	NfpFilters filters;
	g_autofree char *words = NULL;
	uint32_t fd = (uint32_t)program, flags = TCA_BPF_FLAG_ACT_DIRECT;
	uint16_t priority;
	char name[256];
	size_t nest;
	int rc = filters_read(context, hook, &filters);

	if (rc)
		return refused(rc, "cannot list the filters", NULL, err);
	if (!qdisc_ensure(context, hook, filters.ours || clsact_find(context, &other) == 1, err))
		return FALSE;
	priority = filters.ours ? filters.ours : priority_free(&filters, hook);
	if (!priority)
		return refused(-EBUSY, "no priority is free", NULL, err);
	filter_name(context, name);
	/* An existing filter of this handle gets the new program in one step (cls_bpf replaces under RCU). */
	filter_begin(&request, RTM_NEWTFILTER, NLM_F_CREATE | (filters.ours ? 0 : NLM_F_EXCL), hook, priority);
	nest = nfp_netlink_nest(&request, TCA_OPTIONS);
	nfp_netlink_put(&request, TCA_BPF_FD, &fd, sizeof(fd));
	nfp_netlink_put(&request, TCA_BPF_NAME, name, strlen(name) + 1);
	nfp_netlink_put(&request, TCA_BPF_FLAGS, &flags, sizeof(flags));
	nfp_netlink_unnest(&request, nest);
	rc = nfp_netlink_do(context->netlink, &request, NULL, NULL, &words);
	return rc ? refused(rc, "cannot add the filter", words, err) : TRUE;
}

/* Removes the qdisc if it is ours and empty. Between looking and removing somebody may add a filter:
 * netlink has no "remove if empty". */
static int qdisc_release(const NfpAttachContext *context, uint32_t ifindex)
{
	g_autofree char *note = note_path(context, ifindex);
	NfpFilters filters;
	int rc;

	if (access(note, F_OK) < 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		NfpHook hook = { ifindex, i ? NFP_KEY_EGRESS : 0 };

		rc = filters_read(context, &hook, &filters);
		if (rc || filters.filters)
			return rc;
	}
	rc = qdisc_do(context, ifindex, RTM_DELQDISC, 0, NULL);
	if (rmdir(note) < 0 && !rc)
		rc = -errno;
	return rc;
}

static int clsact_detach(const NfpAttachContext *context, const NfpHook *hook)
{
	NfpFilters filters;
	NfpNetlinkRequest request;
	int rc = filters_read(context, hook, &filters);

	if (rc)
		return rc;
	if (filters.ours) {
		filter_begin(&request, RTM_DELTFILTER, 0, hook, filters.ours);
		rc = nfp_netlink_do(context->netlink, &request, NULL, NULL, NULL);
		if (rc)
			return rc;
	}
	return qdisc_release(context, hook->ifindex);
}

static void qdiscs_take(const struct nlmsghdr *message, void *data)
{
	NfpNetlinkAttr attrs[TCA_MAX + 1];
	const struct tcmsg *header = NLMSG_DATA(message);
	uint32_t ifindex = (uint32_t)header->tcm_ifindex;
	char kind[16];

	if (message->nlmsg_type != RTM_NEWQDISC)
		return;
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_string(attrs[TCA_KIND], kind, sizeof(kind));
	if (!strcmp(kind, "clsact") || !strcmp(kind, "ingress"))
		g_array_append_val((GArray *)data, ifindex);
}

static void qdiscs_again(void *data)
{
	g_array_set_size(data, 0);
}

static int clsact_list(const NfpAttachContext *context, GArray *hooks)
{
	g_autoptr(GArray) with_qdisc = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	NfpNetlinkRequest request;
	struct tcmsg header = { .tcm_family = AF_UNSPEC };
	int rc;

	nfp_netlink_begin(&request, RTM_GETQDISC, 0, &header, sizeof(header));
	rc = nfp_netlink_dump(context->netlink, &request, qdiscs_take, qdiscs_again, with_qdisc);
	for (guint i = 0; !rc && i < 2 * with_qdisc->len; i++) {
		NfpHook hook = { g_array_index(with_qdisc, uint32_t, i / 2), i % 2 ? NFP_KEY_EGRESS : 0 };
		int found = clsact_find(context, &hook);

		if (found < 0)
			rc = found;
		else if (found)
			g_array_append_val(hooks, hook);
	}
	return rc;
}

static void clsact_forget(const NfpAttachContext *context, uint32_t ifindex)
{
	g_autofree char *note = note_path(context, ifindex);
	NfpHook in = { ifindex, 0 }, out = { ifindex, NFP_KEY_EGRESS };

	/* The number may have been given to a new interface by now. */
	if (access(note, F_OK) == 0 && clsact_find(context, &in) != 1 && clsact_find(context, &out) != 1)
		rmdir(note);
}

const NfpAttachMethod nfp_attach_clsact = {
	.name = "clsact",
	.usable = clsact_usable,
	.find = clsact_find,
	.attach = clsact_attach,
	.detach = clsact_detach,
	.list = clsact_list,
	.forget = clsact_forget,
};
