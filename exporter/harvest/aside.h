/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries that may be of one flow, put aside until all are there: parts by a hash of their flowId, each small enough
 * to be merged in the cache. One thread.
 */
#ifndef NFP_HARVEST_ASIDE_H
#define NFP_HARVEST_ASIDE_H

#include <glib.h>

#include "harvest/merge.h"

typedef struct NfpAside NfpAside;

NfpAside *nfp_aside_new(void);
void nfp_aside_free(NfpAside *aside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpAside, nfp_aside_free)

/* Empty, for keys of key_size octets. most: entries, at the most; secret: odd. */
void nfp_aside_begin(NfpAside *aside, size_t key_size, size_t most, uint64_t secret);
/* Copies the entry. */
void nfp_aside_add(NfpAside *aside, uint64_t id, const void *key, const struct nfp_value *value);
/* When all were added: up to max flows, entries of one flow merged; 0: no more. What they point to is valid until the
 * next nfp_aside_begin() or _clear(). */
size_t nfp_aside_flows(NfpAside *aside, NfpFlow *ret, size_t max);
/* Empty; some of the memory stays. */
void nfp_aside_clear(NfpAside *aside);

#endif
