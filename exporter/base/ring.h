/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded single-producer single-consumer ring of pointers, without a lock, with an eventfd that is
 * readable while the ring holds something (so that the consumer can poll it beside its sockets).
 */
#ifndef NFP_BASE_RING_H
#define NFP_BASE_RING_H

#include <glib.h>

typedef struct NfpRing NfpRing;

/* capacity: items, rounded up to a power of two. */
NfpRing *nfp_ring_new(guint capacity, GError **err);
/* Producer. FALSE when full (the caller keeps the item). */
gboolean nfp_ring_push(NfpRing *ring, void *item);
/* Consumer. NULL when empty. Clears the eventfd before it looks, so that no wake-up is missed. */
void *nfp_ring_pop(NfpRing *ring);
guint nfp_ring_length(const NfpRing *ring); /* any thread; a snapshot */
guint nfp_ring_capacity(const NfpRing *ring);
int nfp_ring_fd(const NfpRing *ring); /* poll for POLLIN; owned by the ring */
/* Both sides have stopped. Items left inside are the caller's loss: pop them first. */
void nfp_ring_free(NfpRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpRing, nfp_ring_free)

#endif
