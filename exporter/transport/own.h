/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address of this host, by which others can tell it from other exporters. */
#ifndef NFP_TRANSPORT_OWN_H
#define NFP_TRANSPORT_OWN_H

#include <glib.h>

/* The first address of an interface that is up and no loopback, IPv4 before IPv6, none that is link-local; "127.0.0.1" when
 * there is no such. */
char *nfp_own_address(void);

#endif
