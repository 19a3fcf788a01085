/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/survey.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "probe/pinned.h"
#include "probe/pins.h"
#include "probe/xdp_features.h"

/* linux/bpf.h of 6.6 */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47, TCX_LINK_TYPE = 11 };
#define PROGRAMS_MAX 64 /* of a TCX chain (BPF_MPROG_MAX) */

struct NfpSurvey {
	NfpNetns *netns;
	NfpNetlink *netlink;
	char *directory, *links;
	NfpAttachContext context;
};

static int make_netlink(void *data)
{
	NfpSurvey *survey = data;

	survey->netlink = nfp_netlink_new(0, NULL);
	return survey->netlink ? 0 : -errno;
}

NfpSurvey *nfp_survey_new(const NfpProbeOptions *options, GError **err)
{
	g_autoptr(NfpSurvey) survey = g_new0(NfpSurvey, 1);
	int rc;

	survey->netns = nfp_netns_new(options->netns, err);
	if (!survey->netns)
		return NULL;
	rc = nfp_netns_call(survey->netns, make_netlink, survey);
	if (rc) {
		nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot make a netlink socket");
		return NULL;
	}
	survey->directory = nfp_pins_directory(options);
	survey->links = g_build_filename(survey->directory, "links", NULL);
	survey->context = (NfpAttachContext){ .netns = survey->netns, .netlink = survey->netlink,
					      .directory = survey->directory, .links = survey->links };
	return g_steal_pointer(&survey);
}

void nfp_survey_free(NfpSurvey *survey)
{
	if (!survey)
		return;
	nfp_netlink_free(survey->netlink);
	nfp_netns_free(survey->netns);
	g_free(survey->directory);
	g_free(survey->links);
	g_free(survey);
}

int nfp_survey_links(NfpSurvey *survey, GArray *ret_links)
{
	return nfp_links_list(survey->netlink, ret_links);
}

uint32_t nfp_survey_speed(NfpSurvey *survey, const char *ifname)
{
	return nfp_links_speed(survey->netlink, ifname);
}

const char *nfp_survey_method(NfpSurvey *survey, uint32_t ifindex)
{
	NfpHook hook = { .ifindex = ifindex };

	return nfp_attach_tcx.usable(&survey->context, &hook) ? nfp_attach_tcx.name : nfp_attach_clsact.name;
}

/* ---- TCX ----------------------------------------------------------------------------------------- */

typedef struct {
	uint32_t ifindex;
	enum bpf_attach_type type;
	uint32_t ids[PROGRAMS_MAX], n;
} Chain;

static int chain_read(void *data)
{
	Chain *chain = data;

	chain->n = PROGRAMS_MAX;
	return bpf_prog_query((int)chain->ifindex, chain->type, 0, NULL, chain->ids, &chain->n) ? -errno : 0;
}

/* "" without CAP_SYS_ADMIN, which asking by id takes. */
static void program_name(uint32_t id, char ret[BPF_OBJ_NAME_LEN])
{
	NFP_AUTO_FD int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	ret[0] = '\0';
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		memcpy(ret, info.name, BPF_OBJ_NAME_LEN);
}

/* The verdict of every instance is to go on. */
static gboolean is_nfprobe(const char *name)
{
	return g_str_has_prefix(name, "nfprobe_");
}

static int tcx_foreign(NfpSurvey *survey, const NfpHook *hook, gboolean egress, GArray *ret)
{
	Chain chain = { .ifindex = hook->ifindex, .type = (enum bpf_attach_type)(egress ? TCX_EGRESS : TCX_INGRESS) };
	NfpPinnedInfo info = { 0 };
	NFP_AUTO_FD int ours = nfp_pinned_open(&survey->context, hook, TCX_LINK_TYPE, &info);
	int rc = nfp_netns_call(survey->netns, chain_read, &chain);
	gboolean passed = FALSE;

	if (rc == -ENOENT || rc == -EINVAL)
		return 0;
	for (uint32_t i = 0; !rc && i < chain.n; i++) {
		char name[BPF_OBJ_NAME_LEN];
		NfpForeign foreign = { 0 };

		if (ours >= 0 && chain.ids[i] == info.prog_id) {
			passed = TRUE;
			continue;
		}
		program_name(chain.ids[i], name);
		if (is_nfprobe(name))
			continue;
		/* Ours goes to the head on the way in, to the tail on the way out. */
		foreign.before = ours >= 0 ? !passed : egress;
		g_snprintf(foreign.what, sizeof(foreign.what), "TCX program %s (id %u)", *name ? name : "without a name",
			   chain.ids[i]);
		g_array_append_val(ret, foreign);
	}
	return rc;
}

/* ---- clsact -------------------------------------------------------------------------------------- */

typedef struct {
	GArray *foreign;   /* NfpForeign */
	GArray *priorities; /* uint16_t, one each */
	uint16_t ours;     /* 0: not there */
	char own[256];
} Filters;

static void filters_take(const struct nlmsghdr *message, void *data)
{
	Filters *filters = data;
	NfpNetlinkAttr attrs[TCA_MAX + 1], options[TCA_BPF_MAX + 1];
	const struct tcmsg *header = NLMSG_DATA(message);
	uint16_t priority = header->tcm_info >> 16;
	NfpForeign foreign = { 0 };
	char kind[16], name[256];

	/* A filter's chain is told by a message of its own, without a handle. */
	if (message->nlmsg_type != RTM_NEWTFILTER || !header->tcm_handle)
		return;
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[TCA_OPTIONS], options, G_N_ELEMENTS(options));
	nfp_netlink_string(attrs[TCA_KIND], kind, sizeof(kind));
	nfp_netlink_string(options[TCA_BPF_NAME], name, sizeof(name));
	if (g_str_has_prefix(name, "nfprobe:")) {
		if (g_str_equal(name, filters->own))
			filters->ours = priority;
		return;
	}
	g_snprintf(foreign.what, sizeof(foreign.what), "clsact filter %s, priority %u", kind, priority);
	g_array_append_val(filters->foreign, foreign);
	g_array_append_val(filters->priorities, priority);
}

static void filters_again(void *data)
{
	Filters *filters = data;

	g_array_set_size(filters->foreign, 0);
	g_array_set_size(filters->priorities, 0);
	filters->ours = 0;
}

/* tcx: ours is in the chain that runs before all filters. */
static int clsact_foreign(NfpSurvey *survey, const NfpHook *hook, gboolean egress, gboolean tcx, GArray *ret)
{
	struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)hook->ifindex,
				.tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS) };
	g_autoptr(GArray) foreign = g_array_new(FALSE, FALSE, sizeof(NfpForeign));
	g_autoptr(GArray) priorities = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	Filters filters = { .foreign = foreign, .priorities = priorities };
	NfpNetlinkRequest request;
	int rc;

	g_snprintf(filters.own, sizeof(filters.own), "nfprobe:%s", survey->directory);
	nfp_netlink_begin(&request, RTM_GETTFILTER, 0, &header, sizeof(header));
	rc = nfp_netlink_dump(survey->netlink, &request, filters_take, filters_again, &filters);
	for (guint i = 0; !rc && i < foreign->len; i++) {
		NfpForeign *f = &g_array_index(foreign, NfpForeign, i);

		/* Ours takes the lowest free priority on the way in, the highest on the way out. */
		f->before = !tcx && (filters.ours ? g_array_index(priorities, uint16_t, i) < filters.ours : egress);
		g_array_append_val(ret, *f);
	}
	return rc == -EINVAL || rc == -ENOENT ? 0 : rc; /* no such qdisc */
}

int nfp_survey_foreign(NfpSurvey *survey, uint32_t ifindex, gboolean egress, GArray *ret_foreign)
{
	NfpHook hook = { .ifindex = ifindex, .flags = egress ? NFP_KEY_EGRESS : 0 };
	gboolean tcx = nfp_attach_tcx.usable(&survey->context, &hook);
	int rc = tcx ? tcx_foreign(survey, &hook, egress, ret_foreign) : 0;

	return rc ? rc : clsact_foreign(survey, &hook, egress, tcx, ret_foreign);
}

/* ---- XDP and offloads ---------------------------------------------------------------------------- */

typedef struct {
	uint32_t native, generic, offloaded;
} Programs;

static void programs_take(const struct nlmsghdr *message, void *data)
{
	Programs *programs = data;
	NfpNetlinkAttr attrs[IFLA_MAX + 1], xdp[IFLA_XDP_MAX + 1];

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	nfp_netlink_attrs(message, sizeof(struct ifinfomsg), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[IFLA_XDP], xdp, G_N_ELEMENTS(xdp));
	programs->native = nfp_netlink_u32(xdp[IFLA_XDP_DRV_PROG_ID]);
	programs->generic = nfp_netlink_u32(xdp[IFLA_XDP_SKB_PROG_ID]);
	programs->offloaded = nfp_netlink_u32(xdp[IFLA_XDP_HW_PROG_ID]);
}

typedef struct {
	uint32_t ifindex;
} Features;

static int features_read(void *data)
{
	return nfp_xdp_native(((const Features *)data)->ifindex);
}

int nfp_survey_xdp(NfpSurvey *survey, uint32_t ifindex, NfpXdpPlace *ret)
{
	NfpHook hook = { .ifindex = ifindex, .flags = NFP_KEY_XDP };
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };
	Features features = { ifindex };
	Programs programs = { 0 };
	NfpNetlinkRequest request;
	char name[BPF_OBJ_NAME_LEN];
	int rc;

	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	rc = nfp_netlink_do(survey->netlink, &request, programs_take, &programs, NULL);
	if (rc)
		return rc;
	ret->program = programs.native	? programs.native :
		       programs.generic ? programs.generic :
					  programs.offloaded;
	ret->generic = !programs.native && programs.generic;
	program_name(ret->program, name);
	ret->ours = ret->program && (is_nfprobe(name) || nfp_attach_xdp_native.find(&survey->context, &hook) == 1 ||
				     nfp_attach_xdp_generic.find(&survey->context, &hook) == 1);
	rc = nfp_netns_call(survey->netns, features_read, &features);
	ret->native = rc < 0 ? -1 : rc;
	return 0;
}

static int ethtool(int fd, const char *ifname, uint32_t command, uint32_t *ret)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq request = { .ifr_data = (void *)&value };

	g_strlcpy(request.ifr_name, ifname, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCETHTOOL, &request))
		return -errno;
	*ret = value.data;
	return 0;
}

int nfp_survey_offloads(NfpSurvey *survey, const char *ifname, NfpOffloads *ret)
{
	int fd = nfp_netlink_fd(survey->netlink);
	uint32_t gro = 0, flags = 0;
	int rc = ethtool(fd, ifname, ETHTOOL_GFLAGS, &flags);

	if (!rc)
		rc = ethtool(fd, ifname, ETHTOOL_GGRO, &gro);
	if (rc)
		return rc;
	ret->gro = gro != 0;
	ret->lro = (flags & ETH_FLAG_LRO) != 0;
	ret->strips_tags = (flags & ETH_FLAG_RXVLAN) != 0;
	return 0;
}
