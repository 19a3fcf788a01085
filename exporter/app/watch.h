/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows again and again, of an interface that is metered already or for as long as somebody looks. */
#ifndef NFP_APP_WATCH_H
#define NFP_APP_WATCH_H

#include "app/flows.h"

/* The kind of hook that an option says; ingress where none is said. */
typedef struct {
	NfpFlowsOptions flows;
	guint every;   /* s between two pictures; 0: a second on a terminal, else one picture, at the end */
	guint seconds; /* then it ends; 0 = when it is told to (SIGINT, SIGTERM, SIGHUP) */
} NfpWatchOptions;

/* Whether the instance meters what the options name (an interface, a kind of hook). */
gboolean nfp_watch_is_metered(const NfpConf *conf, const NfpFlowsOptions *flows);

/* Prints to stdout: on a terminal a table that is renewed, else (and with flows.json) one picture behind the other. What is not metered yet (flows.ifname is needed then) gets a hook for the time of the call, in an
 * instance of its own, and is left as it was. Main thread. Returns the exit code, after logging an error. */
int nfp_watch_run(const NfpConf *conf, const NfpWatchOptions *options);

#endif
