/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the instance is and was: numbers of namespaces, labels of buckets, how often it started. Main thread. */
#ifndef NFP_APP_IDENTITY_H
#define NFP_APP_IDENTITY_H

#include "conf/conf.h"
#include "store/state.h"

typedef struct NfpIdentity NfpIdentity;

#define NFP_IDENTITY_RENEW_S 600

/* The state as commands read it: never NULL, and says nothing. NULL without conf->state_dir. */
NfpState *nfp_identity_read(const NfpConf *conf);

/* Of the running daemon. domains: NfpDomain, whose numbers it keeps. now: ns since 1970. Never NULL: what cannot be
 * kept is logged, and done without. */
NfpIdentity *nfp_identity_new(const NfpConf *conf, const GPtrArray *domains, uint64_t now);
/* Step of labels for pins that are new: one whose labels were never given out, as far as the state reaches. */
uint64_t nfp_identity_step(NfpIdentity *identity);
/* A namespace that came by a reload gets its number, and keeps it; a label may reach as far as another interval does. */
uint32_t nfp_identity_domain(NfpIdentity *identity, const char *netns, const GPtrArray *domains);
void nfp_identity_set_interval(NfpIdentity *identity, uint64_t interval, uint64_t now);
/* At least every NFP_IDENTITY_RENEW_S. */
void nfp_identity_renew(NfpIdentity *identity, uint64_t now);
/* First start (s since 1970) and number of starts that the state knows of, this one included. */
void nfp_identity_starts(const NfpIdentity *identity, uint64_t *ret_first, uint64_t *ret_starts);
void nfp_identity_free(NfpIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpIdentity, nfp_identity_free)

#endif
