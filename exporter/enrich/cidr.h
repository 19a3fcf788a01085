/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes (RFC 4632, RFC 4291 section 2.3): text to numbers and back, ranges to prefixes. Pure. */
#ifndef NFP_ENRICH_CIDR_H
#define NFP_ENRICH_CIDR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* An address as a number, aligned to the left: the 32 bits of IPv4 are the uppermost ones. A prefix length means the
 * same in both families then, and 4 and 6 sort alike. */
typedef unsigned __int128 NfpAddress;

typedef struct {
	NfpAddress first; /* no bits beyond `length` */
	uint8_t family;   /* 4 or 6 */
	uint8_t length;   /* 0..32 or 0..128 */
} NfpPrefix;

#define NFP_PREFIX_TEXT 50 /* octets of a printed prefix with its NUL: INET6_ADDRSTRLEN + "/128" */

static inline NfpAddress nfp_address4(const uint8_t octets[4])
{
	return (NfpAddress)((uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
			    octets[3]) << 96;
}

static inline uint64_t nfp_octets_64(const uint8_t octets[8])
{
	uint64_t value;

	__builtin_memcpy(&value, octets, sizeof(value));
	return GUINT64_FROM_BE(value);
}

static inline NfpAddress nfp_address6(const uint8_t octets[16])
{
	return (NfpAddress)nfp_octets_64(octets) << 64 | nfp_octets_64(octets + 8);
}

static inline uint8_t nfp_family_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

/* Bits of the network of a length. */
static inline NfpAddress nfp_prefix_mask(uint8_t length)
{
	return length ? ~(NfpAddress)0 << (128 - length) : 0;
}

/* The last address, with ones below the family's bits. */
static inline NfpAddress nfp_prefix_last(const NfpPrefix *prefix)
{
	return prefix->first | ~nfp_prefix_mask(prefix->length);
}

/* "192.0.2.7", "2001:db8::1". false: it is none. */
bool nfp_address_parse(const char *text, NfpAddress *ret_address, uint8_t *ret_family);
/* "192.0.2.0/24"; an address alone is the prefix of that host. false: *ret_why is a half sentence (static), *ret
 * untouched. */
bool nfp_prefix_parse(const char *text, NfpPrefix *ret, const char **ret_why);
/* As RFC 5952 writes them. Returns ret. */
const char *nfp_prefix_print(const NfpPrefix *prefix, char ret[NFP_PREFIX_TEXT]);
const char *nfp_address_print(NfpAddress address, uint8_t family, char ret[NFP_PREFIX_TEXT]);

/* The fewest prefixes that are first..last together, lowest first (at most 62 for IPv4, 254 for IPv6). first <= last,
 * both as nfp_address_parse() gives them. false of fn ends it; returns what fn said last. */
typedef bool (*NfpPrefixFn)(const NfpPrefix *prefix, void *data);
bool nfp_range_prefixes(NfpAddress first, NfpAddress last, uint8_t family, NfpPrefixFn fn, void *data);

#endif
