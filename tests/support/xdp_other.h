/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody else's XDP program. */
#ifndef NFP_TESTS_XDP_OTHER_H
#define NFP_TESTS_XDP_OTHER_H

typedef enum { NFPT_XDP_NATIVE, NFPT_XDP_GENERIC } NfptXdpMode;

/* Attaches one that lets everything pass to an interface of the caller's namespace, in the old way (without a
 * link: it stays until `ip link set ... xdp off`). Failure fails the test. */
void nfpt_xdp_other(const char *ifname, NfptXdpMode mode);

#endif
