/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host name -> addresses without blocking: one thread for the time of one look-up, which can take as
 * long as the resolver's timeouts (tens of seconds). Addresses are taken at once, without a thread; the interface of
 * one like fe80::1%eth0 is looked for each time.
 */
#ifndef NFP_TRANSPORT_RESOLVE_H
#define NFP_TRANSPORT_RESOLVE_H

#include <gio/gio.h>

#define NFP_RESOLVE_ADDRESSES 16 /* taken of an answer, in the order of RFC 6724 */

typedef struct NfpResolve NfpResolve;

/* family: only addresses of that family are of use; G_SOCKET_FAMILY_INVALID = any. */
NfpResolve *nfp_resolve_new(const char *host, guint16 port, GSocketFamily family, GError **err);
/* Nothing happens while a look-up is under way. */
void nfp_resolve_start(NfpResolve *resolve);
gboolean nfp_resolve_busy(const NfpResolve *resolve);
/* Readable when a look-up has ended. */
int nfp_resolve_fd(const NfpResolve *resolve);
/* TRUE when a look-up has ended: either *ret_addresses (GInetSocketAddress, at least one; the caller's) or
 * *err is set. FALSE while it is still under way or none was started. */
gboolean nfp_resolve_finish(NfpResolve *resolve, GPtrArray **ret_addresses, GError **err);
void nfp_resolve_free(NfpResolve *resolve); /* gives up a look-up that is under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpResolve, nfp_resolve_free)

#endif
