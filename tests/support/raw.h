/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as they are, by packet sockets on interfaces of the caller's namespace. Failures fail the test. */
#ifndef NFP_TESTS_RAW_H
#define NFP_TESTS_RAW_H

#include <glib.h>

/* veth pair, both ends in the caller's namespace, up, without addresses and without IPv6: no packet but the test's. */
void nfpt_raw_wire(const char *a, const char *b, guint mtu);

/* Sends. */
int nfpt_raw_sender(const char *ifname);
void nfpt_raw_send(int fd, const void *frame, gsize length);

/* Gets IPv4 packets that passed the interface's tc hooks on their way in. */
int nfpt_raw_receiver(const char *ifname);
/* Waits until so many came, at most a minute; no fewer then. Returns how many came, with those that are there beyond. */
guint nfpt_raw_received(int fd, guint wanted);

/* UDP over IPv4, so many octets behind the Ethernet header; `tags` (TPID and TCI each, ended by 0) between them. Returns
 * the octets of the frame; `frame` has room for 14 + 8 + size. */
gsize nfpt_raw_udp(guint8 *frame, const guint32 *tags, guint16 source_port, guint size);

#endif
