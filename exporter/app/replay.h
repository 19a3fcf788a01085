/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture through the programs, maps, buckets and encoders that meter interfaces, on the capture's own
 * clock. Works on an instance of its own ("replay-<pid>"), so it never disturbs one that runs.
 */
#ifndef NFP_APP_REPLAY_H
#define NFP_APP_REPLAY_H

#include <glib.h>

#include "conf/conf.h"

typedef struct {
	const char *path; /* "-": standard input */
	gboolean json;    /* JSON lines on stdout; else a table, when there is no collector */
} NfpReplayOptions;

/* conf: interval, sizes, hostname, collectors; its instance is not touched. Blocks until all is delivered. What
 * went wrong is logged. Returns the exit code: 1 also when the capture is damaged (what came before is exported) or
 * a collector did not take everything. */
int nfp_app_replay(const NfpConf *conf, const NfpReplayOptions *options);

#endif
