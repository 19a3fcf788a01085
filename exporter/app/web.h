/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the HTTP server answers: `/` (a page that draws the rest), /metrics (Prometheus), /status.json (as `nfprobe status
 * --json`), /flows.json (the largest flows of the last bucket), /healthz. The books are read from the pins at most once a
 * second, however many ask.
 */
#ifndef NFP_APP_WEB_H
#define NFP_APP_WEB_H

#include <glib.h>

#include "app/talkers.h"
#include "conf/conf.h"

typedef struct NfpWeb NfpWeb;

/* conf->metrics_listen says where. conf and talkers are borrowed. */
NfpWeb *nfp_web_new(const NfpConf *conf, NfpTalkers *talkers, GError **err);
guint16 nfp_web_port(const NfpWeb *web);
/* An answer that is being made does not wait for the daemon any more. */
void nfp_web_free(NfpWeb *web);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpWeb, nfp_web_free)

#endif
