/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "127.0.0.1:9469": where we listen. */
#ifndef NFP_BASE_LISTEN_H
#define NFP_BASE_LISTEN_H

#include <glib.h>
#include <sys/socket.h>

/* text: "ADDRESS:PORT", "[IPv6 address]:PORT", or "PORT", which means 127.0.0.1. No names: what they stand for may change.
 * Errors (NFP_ERROR_USAGE) are half sentences: what is wrong, what is allowed. */
gboolean nfp_listen_parse(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_length, GError **err);
gboolean nfp_listen_is_loopback(const struct sockaddr_storage *address);

#endif
