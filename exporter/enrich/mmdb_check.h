/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a MaxMind DB says of itself, before libmaxminddb believes it: 1.7.1 multiplies the number of nodes by their size in
 * 32 bits, and reads beyond the file when that is wrong. MaxMind DB format specification 2.0.
 */
#ifndef NFP_ENRICH_MMDB_CHECK_H
#define NFP_ENRICH_MMDB_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* NULL: its tree lies inside of the file. Else half a sentence (static). */
const char *nfp_mmdb_check(const uint8_t *data, size_t size);

#endif
