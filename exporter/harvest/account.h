/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of one bucket, per hook: what was seen (the hooks' rows) beside what was recorded (the
 * entries themselves, summed). Never makes the one fit the other. One thread. */
#ifndef NFP_HARVEST_ACCOUNT_H
#define NFP_HARVEST_ACCOUNT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ebpf/abi.h"

typedef struct NfpAccount NfpAccount;

NfpAccount *nfp_account_new(struct nfp_bucket id);
void nfp_account_free(NfpAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpAccount, nfp_account_free)

/* flags: of any key; only those that name a hook count. */
void nfp_account_recorded(NfpAccount *account, uint32_t ifindex, uint8_t flags, uint64_t packets);
/* A hook's row: seen and lost, and its own packets as recorded. */
void nfp_account_hook(NfpAccount *account, const struct nfp_hook_key *key, const struct nfp_hook_row *row);
/* 1-in-N of the hook in this bucket, once all its rows are there; where they had several: the one that was reached. */
uint32_t nfp_account_rate(NfpAccount *account, uint32_t ifindex, uint8_t flags);
/* Whether some hook had a rate above 1. */
bool nfp_account_sampled(const NfpAccount *account);
/* Some entries could not be read back: what is missing for the identity is lost, reason unreadable. */
void nfp_account_unreadable(NfpAccount *account);

guint nfp_account_n(const NfpAccount *account);
void nfp_account_get(const NfpAccount *account, guint i, struct nfp_books_key *ret_key,
		     struct nfp_books_value *ret_value);

/* Adds everything but `last`. */
void nfp_books_add(struct nfp_books_value *to, const struct nfp_books_value *from);
/* seen - recorded - sum(lost): 0 when the books close. */
int64_t nfp_books_difference(const struct nfp_books_value *value);

#endif
