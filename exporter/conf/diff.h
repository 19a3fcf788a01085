/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations, row by row. Pure. */
#ifndef NFP_CONF_DIFF_H
#define NFP_CONF_DIFF_H

#include "conf/conf.h"
#include "conf/schema.h"

typedef struct {
	NfpConfTable table;
	const NfpConfRow *row; /* NULL: the item came, went, or has another place in its list */
	char *item;            /* of a list: its name; NULL: of the document */
	char *text;            /* for people: "interval: 1m -> 10s", "collector b: added" */
} NfpConfChange;

/* NfpConfChange, in the rows' order; the array frees them. An item of a list is the same item when it has the same name
 * (an interface: the same match and netns). */
GArray *nfp_conf_diff(const NfpConf *from, const NfpConf *to);
/* Whether two items of a list have the same value in every row (in every one of this part). */
gboolean nfp_conf_same_item(NfpConfTable table, const void *a, const void *b);
gboolean nfp_conf_same_part(NfpConfTable table, NfpConfPart part, const void *a, const void *b);
/* Gives `to` the document's values of `from` in all rows of a part. */
void nfp_conf_keep(const NfpConf *from, NfpConf *to, NfpConfPart part);

#endif
