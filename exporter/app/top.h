/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nfprobe top`: the picture of app/top_view.h on a terminal, renewed until somebody ends it. */
#ifndef NFP_APP_TOP_H
#define NFP_APP_TOP_H

#include "app/top_view.h"
#include "conf/conf.h"

/* Until q, Ctrl-C, SIGTERM or SIGHUP, or the terminal goes; it is left as it was found. Draws what has changed and no more.
 * Main thread. FALSE: there is no terminal (NFP_ERROR_CANNOT), it is not known, or the first look failed. */
gboolean nfp_top_run(const NfpConf *conf, NfpTopView *view, GError **err);
/* One picture, width columns wide, appended to out: two looks, view->every seconds apart. */
gboolean nfp_top_once(const NfpConf *conf, const NfpTopView *view, guint width, GString *out, GError **err);

#endif
