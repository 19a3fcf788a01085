/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts, each kept once, for as long as the object lives. One thread until sealed, then any. */
#ifndef NFP_ENRICH_TEXTS_H
#define NFP_ENRICH_TEXTS_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define NFP_TEXT_MAX 255 /* octets of a text, so that the one-octet length of RFC 7011 section 7 does */

typedef struct NfpTexts NfpTexts;

NfpTexts *nfp_texts_new(void);
/* The id of a text: 0 is the empty one. length <= NFP_TEXT_MAX; a NUL need not follow. */
uint32_t nfp_texts_add(NfpTexts *texts, const char *text, size_t length);
/* Never NULL. The address stays. */
NfpText nfp_texts_get(const NfpTexts *texts, uint32_t id);
/* Nothing is added any more: gives back what only adding needs. */
void nfp_texts_seal(NfpTexts *texts);
size_t nfp_texts_memory(const NfpTexts *texts); /* octets */
void nfp_texts_free(NfpTexts *texts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTexts, nfp_texts_free)

#endif
