/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an instance remembers of itself over restarts and reboots: a small text file, replaced as a whole, so that any
 * command reads it while the daemon writes it (ADR 16). It is a comfort: without it metering goes on.
 */
#ifndef NFP_STORE_STATE_H
#define NFP_STORE_STATE_H

#include <glib.h>
#include <stdint.h>

typedef struct NfpState NfpState;

/* Never NULL. A file that is missing is an empty one; one that cannot be read is told by *ret_news (a sentence, the
 * caller's), and moved aside if it is damaged and `mend`. A number of a namespace that is malformed is told too, and
 * forgotten. */
NfpState *nfp_state_load(const char *path, gboolean mend, char **ret_news);
/* FALSE: it could not be written; the file is as before. */
gboolean nfp_state_save(const NfpState *state, GError **err);
void nfp_state_free(NfpState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpState, nfp_state_free)

/* Number of a network namespace; the lowest free one when it has none yet. From 1 to 1023. When these are all
 * taken it is 1024, and not remembered: the encoders refuse such records, counted. */
uint32_t nfp_state_domain(NfpState *state, const char *netns);
/* 0 when there is none. */
uint64_t nfp_state_get(const NfpState *state, const char *key);
void nfp_state_set(NfpState *state, const char *key, uint64_t value);

#endif
