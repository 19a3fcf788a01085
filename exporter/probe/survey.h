/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an interface has to offer, and who else is there: read for `nfprobe doctor`. Nothing is attached or changed.
 */
#ifndef NFP_PROBE_SURVEY_H
#define NFP_PROBE_SURVEY_H

#include "probe/links.h"
#include "probe/probe.h"

typedef struct NfpSurvey NfpSurvey;

/* Of a domain: whether or not anything is pinned. Errors: no such namespace, no privilege to enter it. */
NfpSurvey *nfp_survey_new(const NfpProbeOptions *options, GError **err);
void nfp_survey_free(NfpSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSurvey, nfp_survey_free)

int nfp_survey_links(NfpSurvey *survey, GArray *ret_links); /* NfpLink */

/* As nfp_probe_link_speed(). */
uint32_t nfp_survey_speed(NfpSurvey *survey, const char *ifname);

/* How a tc hook is attached here: "tcx" or "clsact". */
const char *nfp_survey_method(NfpSurvey *survey, uint32_t ifindex);

/* A program or filter of somebody else. */
typedef struct {
	char what[64];     /* "TCX program filter (id 7)", "clsact filter bpf, priority 1" */
	gboolean before;   /* it runs before ours, or before where ours would go */
} NfpForeign;
/* Appends those of a tc hook. 0 or -errno. */
int nfp_survey_foreign(NfpSurvey *survey, uint32_t ifindex, gboolean egress, GArray *ret_foreign);

typedef struct {
	uint32_t program; /* id of the XDP program that is there, 0 = none */
	gboolean ours;
	gboolean generic; /* it runs in generic mode */
	int native;       /* the driver has native XDP: 1 yes, 0 no, -1 it does not tell (before Linux 6.3) */
} NfpXdpPlace;
int nfp_survey_xdp(NfpSurvey *survey, uint32_t ifindex, NfpXdpPlace *ret);

typedef struct {
	gboolean gro, lro, strips_tags;
} NfpOffloads;
int nfp_survey_offloads(NfpSurvey *survey, const char *ifname, NfpOffloads *ret);

#endif
