/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TAP device whose buffers the test shapes, as a virtual machine or a driver would. Failures fail the test. */
#ifndef NFP_TESTS_TAP_H
#define NFP_TESTS_TAP_H

#include <glib.h>
#include <linux/virtio_net.h>
#include <stdbool.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4 /* headers before 6.2 */
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* Makes the device, up, without GRO (which would make headers linear) and without IPv6 of its own; the descriptor
 * takes frames behind a struct virtio_net_hdr. fragments: each piece of a write is a piece of the buffer, the
 * first one alone is linear (IFF_NAPI_FRAGS; drivers/net/tun.c, tun_napi_alloc_frags()). The device ends with
 * the descriptor. Skips the test where this kernel has no such device. */
int nfpt_tap(const char *name, bool fragments);

/* One frame, cut behind `cuts` octets each; what remains goes in pieces of a page. header NULL: nothing to
 * segment. 0 or -errno; when it returns the packet has passed the ingress hook, or is queued for the softirq. */
int nfpt_tap_write(int fd, const struct virtio_net_hdr *header, const void *frame, gsize length, const gsize *cuts,
		   guint n_cuts);

#endif
