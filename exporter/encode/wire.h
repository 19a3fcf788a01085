/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian words at any address. */
#ifndef NFP_ENCODE_WIRE_H
#define NFP_ENCODE_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void nfp_put16(uint8_t *out, uint16_t value)
{
	value = htobe16(value);
	memcpy(out, &value, sizeof(value));
}

static inline void nfp_put32(uint8_t *out, uint32_t value)
{
	value = htobe32(value);
	memcpy(out, &value, sizeof(value));
}

static inline void nfp_put64(uint8_t *out, uint64_t value)
{
	value = htobe64(value);
	memcpy(out, &value, sizeof(value));
}

#endif
