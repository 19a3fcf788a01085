/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random tables of prefixes, and the plainest of all longest-prefix matchers. */
#ifndef NFP_TEST_ENRICH_ROWS_H
#define NFP_TEST_ENRICH_ROWS_H

#include "enrich/flatten.h"

NfpAddress nfp_random_address(GRand *random, uint8_t family);
/* n rows (NfpPrefixRow) with facts out of a few: /0 and hosts among them, many in one another and many of one prefix.
 * `near`: addresses are of a small space, so that they meet. */
GArray *nfp_random_rows(GRand *random, uint8_t family, guint n, bool near, NfpFactsPool *pool);
/* An address at the border of a row, or a bit beside it. */
NfpAddress nfp_random_border(GRand *random, const GArray *rows, uint8_t family);
/* What all rows together say of an address: looks at each of them. */
uint32_t nfp_naive_facts(const GArray *rows, NfpAddress address, NfpFactsPool *pool);

#endif
