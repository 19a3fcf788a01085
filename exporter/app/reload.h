/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the configuration over anew while packets are counted: `nfprobe reload` and SIGHUP (docs/operations.md). What is
 * wrong with it is found before anything is touched. Then the harvester rests for a moment between two buckets, and what
 * differs is exchanged: nothing else notices. Main thread, which is busy for as long as it takes: some seconds at most,
 * for collectors that have to end a session.
 */
#ifndef NFP_APP_RELOAD_H
#define NFP_APP_RELOAD_H

#include "app/daemon.h"

/* The answer to the command "reload": {"reload": {"changed": [...], "restarted": [...], "kept": [...], "needs_restart":
 * [...], "failed": [...], "warnings": [...]}}, texts for people; or {"error": ..., "code": 1 or 2}, and nothing has changed.
 * failed: hooks that are as they were, for the kernel refused the change; the next reload tries again. Says so in the log,
 * too. The caller's. */
JsonNode *nfp_reload(NfpDaemon *daemon);

/* That answer as lines; *ret_code: the command's exit code. Caller frees. */
char *nfp_reload_text(JsonObject *answer, int *ret_code);

#endif
