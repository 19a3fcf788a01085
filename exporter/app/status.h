/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books (design section 9), computed from the pins alone: works without a daemon. Collectors are added
 * from the control socket when a daemon answers there.
 *
 *   seen == recorded + open + sum(lost)    per hook, per bucket and in total; exact when traffic rests
 */
#ifndef NFP_APP_STATUS_H
#define NFP_APP_STATUS_H

#include <glib.h>

#include "conf/conf.h"

/* One JSON object on one line with a newline, as `nfprobe status --json` prints it. Caller frees.
 * NULL: nothing of this instance is pinned (NFP_ERROR_FAILED) or BPF cannot be used (NFP_ERROR_CANNOT). */
char *nfp_status_json(const NfpConf *conf, GError **err);
/* The same for people: lines of at most 100 columns. */
char *nfp_status_text(const NfpConf *conf, GError **err);

#endif
