/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines on stderr: human on a terminal, `<N>` priority prefix and key=value form under journald
 * or when stderr is no terminal. Only app, cli and thread tops log. Thread-safe.
 */
#ifndef NFP_BASE_LOG_H
#define NFP_BASE_LOG_H

#include <glib.h>

typedef enum { NFP_LOG_ERROR, NFP_LOG_WARNING, NFP_LOG_NOTICE, NFP_LOG_INFO, NFP_LOG_DEBUG } NfpLogLevel;

void nfp_log_init(NfpLogLevel least);
gboolean nfp_log_enabled(NfpLogLevel level);
#define NFP_LOG_STORM 100 /* lines of the same room and format that are printed ... */
#define NFP_LOG_STORM_S 10 /* ... in so many seconds */

/* room: "harvest", "collector nfdump", ... Equal messages (same room and text) within a second are
 * folded: the first is printed, then one line with the number left out. So are more than NFP_LOG_STORM of one format,
 * whatever they are about. */
void nfp_log(NfpLogLevel level, const char *room, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Prints the numbers left out whose second is over, which otherwise wait for the next message: call it about
 * once a second, and with `all` at the end of the process. */
void nfp_log_flush(gboolean all);

#endif
