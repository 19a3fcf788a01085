/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collectors of another configuration in the place of those that run. Main thread. */
#ifndef NFP_APP_RELOAD_COLLECTORS_H
#define NFP_APP_RELOAD_COLLECTORS_H

#include "app/daemon.h"

typedef struct NfpExchange NfpExchange;

/* Which ones stay, change, come and go; reads their templates and tries the new ones. Changes nothing. conf is borrowed.
 * Errors: what is wrong with a collector. */
NfpExchange *nfp_exchange_new(NfpDaemon *daemon, NfpConf *conf, GError **err);
void nfp_exchange_free(NfpExchange *exchange);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpExchange, nfp_exchange_free)
/* All stay. */
gboolean nfp_exchange_is_empty(const NfpExchange *exchange);
/* While the harvester is held: the daemon has the collectors of `conf` then, in its order, and the fanout has to be told.
 * FALSE: a new one could not be made; the daemon has those it had, and what they had to send. */
gboolean nfp_exchange_do(NfpExchange *exchange, GError **err);
/* What was done, and what was not touched (char *, for people), after that. */
const GPtrArray *nfp_exchange_restarted(const NfpExchange *exchange);
const GPtrArray *nfp_exchange_kept(const NfpExchange *exchange);

/* What waits where nobody reads it (char *). */
const GPtrArray *nfp_exchange_warnings(const NfpExchange *exchange);

#endif
