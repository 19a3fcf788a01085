/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a driver says of XDP, without attaching: netlink family "netdev" (Linux 6.3, Documentation/netlink/specs). */
#ifndef NFP_PROBE_XDP_FEATURES_H
#define NFP_PROBE_XDP_FEATURES_H

#include <stdint.h>

/* Of an interface of the calling thread's namespace. 1: it takes programs natively. 0: it does not. -errno: it cannot
 * be told (-ENOENT: an older kernel). */
int nfp_xdp_native(uint32_t ifindex);

#endif
