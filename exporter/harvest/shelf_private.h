/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the shelf: buckets that take packets (shelf.c), what a predecessor left
 * (adopt.c), buckets that are closed (finish.c). */
#ifndef NFP_HARVEST_SHELF_PRIVATE_H
#define NFP_HARVEST_SHELF_PRIVATE_H

#include "harvest/shelf.h"

NfpBucket *nfp_bucket_new(struct nfp_bucket id);
void nfp_bucket_free(NfpBucket *bucket);
/* The books' line of ifindex 0, made before the others take all room. */
void nfp_shelf_reserve_others(NfpShelf *shelf);
/* Counts an error and keeps "cannot <what> bucket ...". r: -errno. */
void nfp_shelf_complain(NfpShelf *shelf, const char *what, struct nfp_bucket id, int r);

#endif
