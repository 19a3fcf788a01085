/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/cidr.h"

#include <arpa/inet.h>
#include <string.h>

bool nfp_address_parse(const char *text, NfpAddress *ret_address, uint8_t *ret_family)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		*ret_address = nfp_address4(octets);
		*ret_family = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, octets) == 1) {
		*ret_address = nfp_address6(octets);
		*ret_family = 6;
		return true;
	}
	return false;
}

/* Digits alone, no more than three: strtoul takes signs, blanks and much else. */
static bool parse_length(const char *text, uint8_t bits, uint8_t *ret)
{
	guint value = 0, digits = 0;

	for (; digits < 4 && g_ascii_isdigit(text[digits]); digits++)
		value = value * 10 + (guint)(text[digits] - '0');
	if (!digits || text[digits] || value > bits)
		return false;
	*ret = (uint8_t)value;
	return true;
}

bool nfp_prefix_parse(const char *text, NfpPrefix *ret, const char **ret_why)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	NfpPrefix prefix;

	if (size >= sizeof(address)) {
		*ret_why = "is no prefix, as 192.0.2.0/24 or 2001:db8::/32";
		return false;
	}
	memcpy(address, text, size);
	address[size] = '\0';
	if (!nfp_address_parse(address, &prefix.first, &prefix.family)) {
		*ret_why = "is no prefix, as 192.0.2.0/24 or 2001:db8::/32";
		return false;
	}
	prefix.length = nfp_family_bits(prefix.family);
	if (slash && !parse_length(slash + 1, prefix.length, &prefix.length)) {
		*ret_why = prefix.family == 4 ? "has a length that is none of 0 to 32"
					      : "has a length that is none of 0 to 128";
		return false;
	}
	if (prefix.first & ~nfp_prefix_mask(prefix.length)) {
		*ret_why = "has bits behind its length";
		return false;
	}
	*ret = prefix;
	return true;
}

const char *nfp_address_print(NfpAddress address, uint8_t family, char ret[NFP_PREFIX_TEXT])
{
	uint64_t halves[] = { GUINT64_TO_BE((uint64_t)(address >> 64)), GUINT64_TO_BE((uint64_t)address) };

	inet_ntop(family == 4 ? AF_INET : AF_INET6, halves, ret, NFP_PREFIX_TEXT);
	return ret;
}

const char *nfp_prefix_print(const NfpPrefix *prefix, char ret[NFP_PREFIX_TEXT])
{
	size_t n;

	nfp_address_print(prefix->first, prefix->family, ret);
	n = strlen(ret);
	g_snprintf(ret + n, NFP_PREFIX_TEXT - n, "/%u", prefix->length);
	return ret;
}

bool nfp_range_prefixes(NfpAddress first, NfpAddress last, uint8_t family, NfpPrefixFn fn, void *data)
{
	uint8_t bits = nfp_family_bits(family);

	last |= ~nfp_prefix_mask(bits);
	for (;;) {
		NfpPrefix prefix = { .first = first, .family = family, .length = bits };

		while (prefix.length && !(first & ~nfp_prefix_mask(prefix.length - 1)) &&
		       (first | ~nfp_prefix_mask(prefix.length - 1)) <= last)
			prefix.length--;
		if (!fn(&prefix, data))
			return false;
		if (nfp_prefix_last(&prefix) >= last)
			return true;
		first = nfp_prefix_last(&prefix) + 1;
	}
}
