/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libbpf and the verifier say, for the error message of the call that failed.
 *
 *   g_autoptr(NfpBpfLog) log = nfp_bpflog_begin();
 *   ... libbpf calls of this thread ...
 *   nfp_bpflog_explain(log, err) adds the last lines of what was said
 */
#ifndef NFP_PROBE_BPFLOG_H
#define NFP_PROBE_BPFLOG_H

#include <glib.h>

typedef struct NfpBpfLog NfpBpfLog;

/* Takes the messages of this thread until it is freed. Not nested. */
NfpBpfLog *nfp_bpflog_begin(void);
void nfp_bpflog_free(NfpBpfLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBpfLog, nfp_bpflog_free)

/* The last lines, or "" when nothing was said. Owned by the log. */
const char *nfp_bpflog_text(NfpBpfLog *log);
/* Appends them to an error that is set. */
void nfp_bpflog_explain(NfpBpfLog *log, GError **err);

#endif
