/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "app/app.h"
#include "app/doctor.h"
#include "probe/survey.h"

#define TOPIC "interface"
#define LEFT_OUT_TOLD 40

#define OK(...) nfp_doctor_add(doctor, NFP_DOCTOR_OK, TOPIC, NULL, __VA_ARGS__)
#define WARN(advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_WARN, TOPIC, advice, __VA_ARGS__)
#define FAIL(advice, ...) nfp_doctor_add(doctor, NFP_DOCTOR_FAIL, TOPIC, advice, __VA_ARGS__)

static const char *const ways[] = { "ingress", "egress" };

/* "eth0", "eth0 in namespace blue" */
static char *where(const NfpDomain *domain, const char *ifname)
{
	return domain->netns ? g_strdup_printf("%s in namespace %s", ifname, domain->netns) : g_strdup(ifname);
}

static void check_foreign(NfpDoctor *doctor, NfpSurvey *survey, const NfpLink *link, const char *name, gboolean egress)
{
	g_autoptr(GArray) foreign = g_array_new(FALSE, TRUE, sizeof(NfpForeign));
	int rc = nfp_survey_foreign(survey, link->ifindex, egress, foreign);

	if (rc)
		WARN(NULL, "%s, %s: who else is there cannot be read (%s)", name, ways[egress], g_strerror(-rc));
	for (guint i = 0; i < foreign->len; i++) {
		const NfpForeign *f = &g_array_index(foreign, NfpForeign, i);

		if (f->before)
			WARN("what it drops or takes out of the chain is not counted; compare with the interface's counters",
			     "%s, %s: %s runs before nfprobe", name, ways[egress], f->what);
		else
			OK("%s, %s: %s runs behind nfprobe", name, ways[egress], f->what);
	}
}

static void check_xdp(NfpDoctor *doctor, NfpSurvey *survey, const NfpLink *link, const char *name, gboolean wanted)
{
	NfpXdpPlace place = { .native = -1 };
	int rc = nfp_survey_xdp(survey, link->ifindex, &place);

	if (rc) {
		WARN(NULL, "%s: its XDP hook cannot be read (%s)", name, g_strerror(-rc));
		return;
	}
	if (place.program && !place.ours && wanted) {
		FAIL("hook: tc shares the interface with others", "%s: another XDP program (id %u) has the hook and keeps it",
		     name, place.program);
		return;
	}
	if (place.program && !place.ours)
		WARN("compare with what its program counts", "%s: an XDP program (id %u, %s) runs before every tc hook: what it "
		     "drops or sends elsewhere is not counted", name, place.program, place.generic ? "generic" : "native");
	if (!wanted)
		return;
	if (place.native > 0)
		WARN("attach when a short break does no harm", "%s: XDP native: many drivers reset the link for it and switch "
		     "offloads off", name);
	else if (place.native == 0)
		WARN("hook: tc costs little more and counts exactly", "%s: XDP generic, for the driver has none: GSO buffers "
		     "count as one packet", name);
	else
		OK("%s: XDP, natively if the driver takes it (which it tells from Linux 6.3 on), else generic", name);
}

static void check_offloads(NfpDoctor *doctor, NfpSurvey *survey, const NfpLink *link, const char *name, gboolean xdp)
{
	NfpOffloads offloads = { 0 };
	g_autofree char *advice = NULL;

	if (nfp_survey_offloads(survey, link->name, &offloads))
		return;
	if (offloads.lro) {
		advice = g_strdup_printf("ethtool -K %s lro off (a router must anyway)", link->name);
		WARN(advice, "%s: LRO is on: the NIC joins packets and keeps neither their number nor their headers exactly",
		     name);
	}
	if (xdp && offloads.strips_tags)
		WARN("rx-vlan-offload off, or hook: tc", "%s: the NIC takes VLAN tags out of frames before XDP sees them", name);
	if (!xdp && (offloads.gro || offloads.strips_tags))
		OK("%s:%s%s%s: counted as on the wire", name, offloads.gro ? " GRO" : "",
		   offloads.gro && offloads.strips_tags ? "," : "", offloads.strips_tags ? " VLAN tags taken by the NIC" : "");
}

static void check_link(NfpDoctor *doctor, NfpSurvey *survey, const NfpDomain *domain, const NfpLink *link,
		       NfpDirection direction, NfpHookKind hook)
{
	static const char *const directions[] = { "ingress", "egress", "ingress and egress" };
	g_autofree char *name = where(domain, link->name);
	gboolean xdp = hook == NFP_HOOK_XDP && direction != NFP_DIRECTION_EGRESS;

	if (link->foreign) {
		WARN("meter the interfaces that its packets are forwarded to or come from", "%s is not metered: " NFP_LINK_FOREIGN, name);
		return;
	}
	OK("%s%s: %s by %s%s", name, link->up ? "" : " (down)", directions[direction],
	   xdp ? "XDP" : nfp_survey_method(survey, link->ifindex), xdp && direction == NFP_DIRECTION_BOTH ? " and tc" : "");
	check_xdp(doctor, survey, link, name, xdp);
	for (gboolean egress = FALSE; egress <= TRUE; egress++)
		if (direction == NFP_DIRECTION_BOTH || (direction == NFP_DIRECTION_EGRESS) == egress)
			if (egress || !xdp)
				check_foreign(doctor, survey, link, name, egress);
	check_offloads(doctor, survey, link, name, xdp);
}

/* The first entry that matches, as `run` has it. */
static const NfpInterfaceOptions *rule_of(const NfpConf *conf, const NfpDomain *domain, const NfpLink *link)
{
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const NfpInterfaceOptions *o = &g_array_index(conf->interfaces, NfpInterfaceOptions, i);

		if (!g_strcmp0(o->netns, domain->netns) && !fnmatch(o->match, link->name, 0))
			return o;
	}
	return NULL;
}

static void check_rules(NfpDoctor *doctor, const NfpConf *conf, NfpSurvey *survey, const NfpDomain *domain,
			const GArray *links)
{
	g_autofree gboolean *used = g_new0(gboolean, conf->interfaces->len + 1);

	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		const NfpInterfaceOptions *rule = rule_of(conf, domain, link);

		if (!rule)
			continue;
		used[rule - &g_array_index(conf->interfaces, NfpInterfaceOptions, 0)] = TRUE;
		check_link(doctor, survey, domain, link, rule->direction, rule->hook);
	}
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const NfpInterfaceOptions *o = &g_array_index(conf->interfaces, NfpInterfaceOptions, i);
		g_autofree char *name = where(domain, o->match);

		if (!g_strcmp0(o->netns, domain->netns) && !used[i])
			WARN("ip link shows those that are there; one that comes later is taken then",
			     "no interface for match: %s, or an earlier rule has all of them", name);
	}
}

static void check_nearest(NfpDoctor *doctor, const NfpConf *conf, NfpSurvey *survey, const NfpDomain *domain,
			  const GArray *links)
{
	guint told = 0, metered = 0;

	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		const char *why = link->loopback	     ? "the loopback" :
				  link->foreign		     ? NFP_LINK_FOREIGN :
				  conf->stacked		     ? NULL :
							       nfp_links_left_out(links, link);

		if (why) {
			if (++told <= LEFT_OUT_TOLD)
				OK("%s is left out: %s", link->name, why);
		} else if (!link->up) {
			OK("%s is down: taken when it comes up", link->name);
		} else {
			metered++;
			check_link(doctor, survey, domain, link, conf->direction, conf->hook);
		}
	}
	if (told > LEFT_OUT_TOLD)
		OK("%u more are left out", told - LEFT_OUT_TOLD);
	if (!metered)
		WARN("ip link set IFACE up", "no interface to meter yet");
}

static void check_domain(NfpDoctor *doctor, const NfpConf *conf, const NfpDomain *domain)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpSurvey) survey = nfp_survey_new(&options, &error);
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	int rc;

	if (!survey) {
		FAIL(NULL, "%s%s%s", domain->netns ? domain->netns : "", domain->netns ? ": " : "", error->message);
		return;
	}
	rc = nfp_survey_links(survey, links);
	if (rc)
		FAIL(NULL, "interfaces cannot be listed: %s", g_strerror(-rc));
	else if (conf->interfaces->len)
		check_rules(doctor, conf, survey, domain, links);
	else if (!domain->netns)
		check_nearest(doctor, conf, survey, domain, links);
}

void nfp_doctor_links(NfpDoctor *doctor, const NfpConf *conf)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);

	for (guint i = 0; i < domains->len; i++)
		check_domain(doctor, conf, g_ptr_array_index(domains, i));
}
