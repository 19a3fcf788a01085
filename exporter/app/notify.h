/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the service manager how the daemon is: datagrams to the socket that $NOTIFY_SOCKET names, as sd_notify(3) documents
 * them. Without that variable nothing is sent. Main thread.
 */
#ifndef NFP_APP_NOTIFY_H
#define NFP_APP_NOTIFY_H

#include <glib.h>
#include <stdint.h>

typedef struct NfpNotify NfpNotify;

/* path: $NOTIFY_SOCKET: an absolute path, "@name" in the abstract namespace, or NULL. Never fails: what cannot be reached is
 * told by the verbs. */
NfpNotify *nfp_notify_new(const char *path);
/* Sends assignments with newlines between ("READY=1\nSTATUS=..."), and waits for room. 0, or -errno; 0 where nobody
 * listens. READY=1 that did not get through goes with the next nfp_notify_alive(). */
int nfp_notify_send(NfpNotify *notify, const char *assignments);
/* The line that `systemctl status` shows; sent when it is another than the last one. Newlines become blanks. */
int nfp_notify_status(NfpNotify *notify, const char *text);
/* Feeds the watchdog if progress is another than at the last call. Does not wait: one that is lost is followed by the next. */
int nfp_notify_alive(NfpNotify *notify, uint64_t progress);
void nfp_notify_free(NfpNotify *notify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNotify, nfp_notify_free)

#endif
