/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message of Sets (IPFIX) or FlowSets (NetFlow v9) being written into the caller's buffer: a
 * header of the protocol's own, then Sets of a 4-octet header (id, length) and records. Never an
 * empty Set.
 */
#ifndef NFP_ENCODE_MESSAGE_H
#define NFP_ENCODE_MESSAGE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NFP_SET_HEADER 4
#define NFP_MESSAGE_MAX 65535

typedef struct {
	uint8_t *start, *at, *end; /* at: the next octet to write */
	uint16_t header;           /* octets of the message's header */
	uint16_t padding;          /* Sets end at a multiple of so many octets, filled up with zeros */
	uint16_t records;          /* of all kinds */
	uint8_t *set;              /* header of the open Set; NULL = none is open */
	uint16_t set_id;           /* of that */
} NfpMessage;

/* At most min(size, 65535) octets. header: a multiple of padding; padding: 1 = none. FALSE when not even the header
 * fits. */
gboolean nfp_message_begin(NfpMessage *message, uint16_t header, uint16_t padding, uint8_t *out, size_t size);
/* Closes the open Set; the header is the caller's to write. Returns the length, 0 = nothing was put
 * in. */
ssize_t nfp_message_end(NfpMessage *message);
/* Puts octets into a Set of that id: the open one if it may be `shared`, else a new one. FALSE: no
 * room, nothing was done. */
gboolean nfp_message_append(NfpMessage *message, uint16_t id, gboolean shared, GBytes *octets);
/* Opens a Set. The caller has made sure of room for its header and one record, writes at `at`, and counts its
 * records. */
void nfp_message_open_set(NfpMessage *message, uint16_t id);

static inline gboolean nfp_message_in_set(const NfpMessage *message, uint16_t id)
{
	return message->set != NULL && message->set_id == id;
}

static inline gboolean nfp_message_empty(const NfpMessage *message)
{
	return message->at == message->start + message->header;
}

/* Octets for the records of a Set that is opened now. */
static inline size_t nfp_message_room_in_set(const NfpMessage *message)
{
	size_t room = (size_t)(message->end - message->at);
	size_t fill = message->set != NULL ? -(size_t)(message->at - message->start) % message->padding : 0;

	return room > fill + NFP_SET_HEADER ? room - fill - NFP_SET_HEADER : 0;
}

static inline size_t nfp_message_room(const NfpMessage *message)
{
	return (size_t)(message->end - message->at);
}

#endif
