/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text, and any file, is a list of prefixes or an error; what is in the list is as a naive matcher has it. First octet: 1 a file;
 * then 32 octets of addresses.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "filter/prefixes.h"

#define ADDRESSES 32 /* octets */
#define TRIED 40     /* prefixes whose borders are looked at */

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

static gboolean same_bits(const uint8_t *a, const uint8_t *b, guint bits)
{
	for (guint i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
			return FALSE;
	return TRUE;
}

/* Of either array: 32 bits of length, then the address. */
static gboolean naive(GBytes *list, guint octets, const uint8_t *address)
{
	gsize size, step = sizeof(uint32_t) + octets;
	const uint8_t *at = g_bytes_get_data(list, &size);

	for (gsize i = 0; i + step <= size; i += step) {
		uint32_t length;

		memcpy(&length, at + i, sizeof(length));
		if (same_bits(at + i + sizeof(length), address, length))
			return TRUE;
	}
	return FALSE;
}

static void try_address(const NfpPrefixes *prefixes, guint octets, const uint8_t *address)
{
	NfpRecord record = { .have = octets == 4 ? NFP_HAVE_IPV4 : NFP_HAVE_IPV6 };
	GBytes *list = octets == 4 ? nfp_prefixes_v4(prefixes) : nfp_prefixes_v6(prefixes);
	gboolean want = naive(list, octets, address);
	uint8_t none[16] = { 0 };

	memcpy(octets == 4 ? record.src4 : record.src6, address, octets);
	memcpy(octets == 4 ? record.dst4 : record.dst6, address, octets);
	check(nfp_prefixes_record(prefixes, &record) == want);
	/* Either end is enough. */
	memset(octets == 4 ? record.dst4 : record.dst6, 0, octets);
	check(nfp_prefixes_record(prefixes, &record) == (want || naive(list, octets, none)));
}

/* The first and the last address of a prefix, and their neighbours. */
static void try_borders(const NfpPrefixes *prefixes, guint octets, const uint8_t *prefix, guint bits)
{
	uint8_t address[16];

	memcpy(address, prefix, octets);
	try_address(prefixes, octets, address);
	for (guint i = octets; i-- > 0 && address[i]-- == 0;)
		;
	try_address(prefixes, octets, address);
	memcpy(address, prefix, octets);
	for (guint i = bits; i < octets * 8; i++)
		address[i / 8] |= (uint8_t)(0x80 >> i % 8);
	try_address(prefixes, octets, address);
	for (guint i = octets; i-- > 0 && ++address[i] == 0;)
		;
	try_address(prefixes, octets, address);
}

/* Sorted, and no bits behind the lengths. */
static void check_list(const NfpPrefixes *prefixes, GBytes *list, guint octets)
{
	gsize size, step = sizeof(uint32_t) + octets, n;
	const uint8_t *at = g_bytes_get_data(list, &size);

	check(size % step == 0);
	n = size / step;
	for (gsize i = 0; i < n; i++) {
		const uint8_t *address = at + i * step + sizeof(uint32_t);
		uint32_t bits;

		memcpy(&bits, at + i * step, sizeof(bits));
		check(bits <= octets * 8);
		for (guint b = bits; b < octets * 8; b++)
			check(!(address[b / 8] >> (7 - b % 8) & 1));
		check(!i || memcmp(address - step, address, octets) <= 0);
		if (i < TRIED)
			try_borders(prefixes, octets, address, bits);
	}
}

static NfpPrefixes *of_file(const uint8_t *data, size_t size, GError **err)
{
	int fd = memfd_create("fuzz", 0);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	NfpPrefixes *prefixes;

	check(fd >= 0 && !fchmod(fd, 0600) && write(fd, data, size) == (ssize_t)size);
	prefixes = nfp_prefixes_new(path, err);
	close(fd);
	return prefixes;
}

static NfpPrefixes *of_text(const uint8_t *data, size_t size, GError **err)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	/* Files of this machine are not what is tried. */
	if (text[0] == '/')
		text[0] = ' ';
	return nfp_prefixes_new(text, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpPrefixes) prefixes = NULL;
	const uint8_t *text = data + 1 + ADDRESSES;

	if (size < 1 + ADDRESSES)
		return 0;
	size -= 1 + ADDRESSES;
	prefixes = data[0] & 1 ? of_file(text, size, &err) : of_text(text, size, &err);
	check((prefixes == NULL) == (err != NULL));
	check(!err || (g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE) && *err->message));
	if (!prefixes)
		return 0;
	check_list(prefixes, nfp_prefixes_v4(prefixes), 4);
	check_list(prefixes, nfp_prefixes_v6(prefixes), 16);
	for (guint i = 0; i < ADDRESSES; i += 4)
		try_address(prefixes, 4, data + 1 + i);
	for (guint i = 0; i < ADDRESSES; i += 16)
		try_address(prefixes, 16, data + 1 + i);
	return 0;
}
