/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket <run_dir>/<instance>.sock: a client sends one line {"command": "status"}, gets one
 * line of JSON, and the connection ends. Mode 0600. At most 16 clients at a time, 4 KiB of request
 * within 5 s, 10 s for all of it.
 * Main thread.
 */
#ifndef NFP_APP_CONTROL_H
#define NFP_APP_CONTROL_H

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "conf/conf.h"

/* Returns the answer (a JSON object; the control room takes it), or NULL with err set. */
typedef JsonNode *(*NfpControlAnswer)(const char *command, void *data, GError **err);

typedef struct NfpControl NfpControl;

/* Claims the instance: fails with NFP_ERROR_FAILED when another daemon holds it (*ret_taken is set), or
 * when the socket cannot be made. */
NfpControl *nfp_control_new(const NfpConf *conf, NfpControlAnswer answer, void *data, gboolean *ret_taken,
			    GError **err);
void nfp_control_free(NfpControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpControl, nfp_control_free)

/* Asks the daemon of this instance. NULL: there is none, or it does not answer within 5 s. */
JsonObject *nfp_control_ask(const NfpConf *conf, const char *command, GError **err);
/* The same for a command that takes longer, and until somebody cancels it, on any thread. cancel: or NULL. */
JsonObject *nfp_control_ask_within(const NfpConf *conf, const char *command, guint seconds, GCancellable *cancel,
				   GError **err);

#endif
