/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture of `nfprobe top`: what somebody sees, lines made of it, and what keys change. Pure: knows no terminal. */
#ifndef NFP_APP_TOP_VIEW_H
#define NFP_APP_TOP_VIEW_H

#include "app/top_look.h"

#define NFP_TOP_FILTER_MAX 120 /* octets */
#define NFP_TOP_EVERY_MAX 60   /* s */

typedef struct {
	NfpTopOrder order;
	gboolean reverse, paused, help;
	gboolean typing;     /* keys go into the filter */
	GString *filter;     /* words, each of which has to be in the flow's line; owned */
	guint scroll;        /* flows left out above */
	guint every;         /* s between two looks */
	guint limit;         /* flows, at most; 0: as many as fit */
	const NfpFilter *passing; /* only flows that pass it are looked at; NULL: all; borrowed */
	const char *trouble; /* why the last look failed, or NULL; borrowed */
} NfpTopView;

void nfp_top_view_init(NfpTopView *view);
void nfp_top_view_clear(NfpTopView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpTopView, nfp_top_view_clear)

/* Keys that are no characters. */
typedef enum {
	NFP_TOP_UP = 256,
	NFP_TOP_DOWN,
	NFP_TOP_PAGE_UP,
	NFP_TOP_PAGE_DOWN,
	NFP_TOP_HOME,
	NFP_TOP_ERASE,
	NFP_TOP_ENTER,
	NFP_TOP_ESCAPE,
	NFP_TOP_OTHER,
} NfpTopKey;

typedef enum { NFP_TOP_STAY, NFP_TOP_LOOK, NFP_TOP_QUIT } NfpTopDo;

/* page: flows that fit. What to do then: draw again, look at once (another filter, another time between looks), or end. */
NfpTopDo nfp_top_key(NfpTopView *view, int key, guint page);

typedef enum { NFP_TOP_PLAIN, NFP_TOP_TITLE, NFP_TOP_HEAD, NFP_TOP_ALARM, NFP_TOP_FAINT } NfpTopStyle;

typedef struct {
	NfpTopStyle style;
	char *text; /* ASCII, at most as wide as asked for */
} NfpTopLine;

/* Whether all words of the filter are in what a flow's line says, whatever the case. ifname: NULL: not known. */
gboolean nfp_top_matches(const NfpRecord *record, const char *ifname, const char *filter);

/* Lines (NfpTopLine, freed with the array) of a picture so wide and so high; height 0: as high as it gets. look: NULL
 * before the first one. It sorts look->flows. *ret_page (may be NULL): flows that fit. */
GPtrArray *nfp_top_frame(const NfpTopLook *look, const NfpTopView *view, guint width, guint height, guint *ret_page);

#endif
