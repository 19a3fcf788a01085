/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The little of rtnetlink that attaching and listing interfaces takes (RFC 3549; linux/rtnetlink.h):
 * requests, dumps, acknowledgements with the kernel's own words (extended ACK), attributes.
 *
 * A socket belongs to the network namespace of the thread that made it, for ever; it can be used from
 * any one thread at a time. Verbs return 0 or -errno.
 */
#ifndef NFP_PROBE_NETLINK_H
#define NFP_PROBE_NETLINK_H

#include <glib.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFP_NETLINK_REQUEST_MAX 1024

typedef struct {
	struct nlmsghdr header;
	uint8_t body[NFP_NETLINK_REQUEST_MAX];
} NfpNetlinkRequest;

/* One attribute that was found; data is NULL when it was not there. */
typedef struct {
	const void *data;
	size_t size;
} NfpNetlinkAttr;

typedef struct NfpNetlink NfpNetlink;

/* groups: bits of RTMGRP_*; with any, the socket is for listening and does not block. */
NfpNetlink *nfp_netlink_new(uint32_t groups, GError **err);
void nfp_netlink_free(NfpNetlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNetlink, nfp_netlink_free)
int nfp_netlink_fd(const NfpNetlink *netlink); /* owned by the object */

/* Begins a request with the family's fixed header (struct ifinfomsg, tcmsg, ...). */
void nfp_netlink_begin(NfpNetlinkRequest *request, uint16_t type, uint16_t flags, const void *header,
		       size_t size);
void nfp_netlink_put(NfpNetlinkRequest *request, uint16_t type, const void *data, size_t size);
size_t nfp_netlink_nest(NfpNetlinkRequest *request, uint16_t type); /* returns the mark for _unnest */
void nfp_netlink_unnest(NfpNetlinkRequest *request, size_t mark);

typedef void (*NfpNetlinkFn)(const struct nlmsghdr *message, void *data);

/* Sends and waits for the acknowledgement; an answer before it goes to fn (may be NULL). *ret_words: the
 * kernel's explanation of a failure if it gave one (may be NULL; caller frees). */
int nfp_netlink_do(NfpNetlink *netlink, NfpNetlinkRequest *request, NfpNetlinkFn fn, void *data,
		   char **ret_words);

/* Calls fn for each message of a dump. An interrupted dump is begun anew after `again` was called, so
 * that the caller can forget what it has. */
int nfp_netlink_dump(NfpNetlink *netlink, NfpNetlinkRequest *request, NfpNetlinkFn fn,
		     void (*again)(void *data), void *data);

/* Reads what a listening socket holds. -ENOBUFS: messages were lost. 0: nothing (more) to read. */
int nfp_netlink_listen(NfpNetlink *netlink, NfpNetlinkFn fn, void *data);

/* Finds attributes 0 .. n-1 behind a message's fixed header of `size` octets, or inside an attribute. */
void nfp_netlink_attrs(const struct nlmsghdr *message, size_t size, NfpNetlinkAttr *ret, size_t n);
void nfp_netlink_attrs_in(NfpNetlinkAttr nest, NfpNetlinkAttr *ret, size_t n);
uint32_t nfp_netlink_u32(NfpNetlinkAttr attr); /* 0 when it is not there */
/* NUL-terminated copy of at most n - 1 octets; "" when it is not there. */
void nfp_netlink_string(NfpNetlinkAttr attr, char *ret, size_t n);

#endif
