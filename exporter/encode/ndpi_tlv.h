/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nDPI's serialisation, format TLV, as far as ntopng reads it in flows (nDPI src/lib/ndpi_serializer.c): octets 01 01, then
 * items of a type octet (type of the key << 4 | type of the value), key and value, integers big-endian in the smallest
 * width that holds them, texts with a length of two octets; NFP_TLV_END behind each record. Nothing here looks
 * at the room: the caller has made sure of it with the sizes below.
 */
#ifndef NFP_ENCODE_NDPI_TLV_H
#define NFP_ENCODE_NDPI_TLV_H

#include "encode/wire.h"

#define NFP_TLV_HEAD 2      /* octets of the start */
#define NFP_TLV_UINT_MAX 13 /* octets of an item with an integer, at most */
#define NFP_TLV_TEXT_MAX 7  /* ... with a text, beside the text's own */

enum {
	NFP_TLV_END = 1,
	NFP_TLV_U8 = 2,
	NFP_TLV_U16 = 3,
	NFP_TLV_U32 = 4,
	NFP_TLV_U64 = 5,
	NFP_TLV_TEXT = 11,
};

static inline uint8_t *nfp_tlv_head(uint8_t *at)
{
	*at++ = 1; /* version */
	*at++ = 1; /* format: TLV */
	return at;
}

static inline uint8_t *nfp_tlv_end(uint8_t *at)
{
	*at++ = NFP_TLV_END;
	return at;
}

/* Writes the value in the width of its type. */
static inline uint8_t *nfp_tlv_number(uint8_t *at, uint64_t value, unsigned type)
{
	switch (type) {
	case NFP_TLV_U8: *at = (uint8_t)value; return at + 1;
	case NFP_TLV_U16: nfp_put16(at, (uint16_t)value); return at + 2;
	case NFP_TLV_U32: nfp_put32(at, (uint32_t)value); return at + 4;
	default: nfp_put64(at, value); return at + 8;
	}
}

static inline unsigned nfp_tlv_type(uint64_t value)
{
	return value <= UINT8_MAX    ? NFP_TLV_U8
	       : value <= UINT16_MAX ? NFP_TLV_U16
	       : value <= UINT32_MAX ? NFP_TLV_U32
				     : NFP_TLV_U64;
}

static inline uint8_t *nfp_tlv_key(uint8_t *at, uint32_t key, unsigned type)
{
	unsigned key_type = nfp_tlv_type(key);

	*at++ = (uint8_t)(key_type << 4 | type);
	return nfp_tlv_number(at, key, key_type);
}

static inline uint8_t *nfp_tlv_uint(uint8_t *at, uint32_t key, uint64_t value)
{
	unsigned type = nfp_tlv_type(value);

	return nfp_tlv_number(nfp_tlv_key(at, key, type), value, type);
}

static inline uint8_t *nfp_tlv_text(uint8_t *at, uint32_t key, const char *text, uint16_t length)
{
	at = nfp_tlv_key(at, key, NFP_TLV_TEXT);
	nfp_put16(at, length);
	memcpy(at + 2, text, length);
	return at + 2 + length;
}

#endif
