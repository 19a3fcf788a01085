/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for the NFP_HAVE_* bits: what templates write under `need`. */
#ifndef NFP_RECORD_HAVE_H
#define NFP_RECORD_HAVE_H

#include <glib.h>

#include "record/record.h"

/* 0 when the word is unknown; then *ret_suggestion is the nearest word or NULL. */
uint32_t nfp_have_find(const char *word, const char **ret_suggestion);

#endif
