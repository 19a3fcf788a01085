// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/message.h"

#include "encode/wire.h"

gboolean nfp_message_begin(NfpMessage *message, uint16_t header, uint16_t padding, uint8_t *out, size_t size)
{
	/* What a Set is filled up with always has room. */
	size = MIN(size, NFP_MESSAGE_MAX) / padding * padding;
	if (size < header)
		return FALSE;
	*message = (NfpMessage){
		.start = out,
		.at = out + header,
		.end = out + size,
		.header = header,
		.padding = padding,
	};
	return TRUE;
}

static void close_set(NfpMessage *message)
{
	if (message->set == NULL)
		return;
	while ((message->at - message->start) % message->padding != 0)
		*message->at++ = 0;
	nfp_put16(message->set + 2, (uint16_t)(message->at - message->set));
	message->set = NULL;
}

void nfp_message_open_set(NfpMessage *message, uint16_t id)
{
	close_set(message);
	message->set = message->at;
	message->set_id = id;
	nfp_put16(message->at, id);
	message->at += NFP_SET_HEADER;
}

gboolean nfp_message_append(NfpMessage *message, uint16_t id, gboolean shared, GBytes *octets)
{
	gboolean open = shared && nfp_message_in_set(message, id);
	gsize length;
	const uint8_t *data = g_bytes_get_data(octets, &length);

	if (length > (open ? nfp_message_room(message) : nfp_message_room_in_set(message)))
		return FALSE;
	if (!open)
		nfp_message_open_set(message, id);
	memcpy(message->at, data, length);
	message->at += length;
	message->records++;
	return TRUE;
}

ssize_t nfp_message_end(NfpMessage *message)
{
	close_set(message);
	return nfp_message_empty(message) ? 0 : message->at - message->start;
}
