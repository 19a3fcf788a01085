/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "probe/buckets.h"
#include "support/metered.h"
#include "support/netns.h"

static int make(uint32_t entries, uint32_t from)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "nfpt_read", 8, 16, entries, NULL);

	cr_assert_geq(fd, 0, "%s", strerror(errno));
	for (uint64_t i = from; i < from + entries; i++) {
		uint64_t value[2] = { i * 3, ~i };

		cr_assert_eq(bpf_map_update_elem(fd, &i, value, BPF_NOEXIST), 0);
	}
	return fd;
}

/* Each entry once, with its own value. */
static void check(const NfpReadBuffer *buffer, uint32_t entries)
{
	g_autofree uint8_t *met = g_new0(uint8_t, entries);
	size_t n = buffer->keys->len / 8;

	cr_assert_eq(n, entries, "%zu of %u", n, entries);
	cr_assert_eq(buffer->values->len, 16 * n);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = ((uint64_t *)buffer->keys->data)[i];
		const uint64_t *value = &((uint64_t *)buffer->values->data)[2 * i];

		cr_assert_lt(key, entries);
		cr_assert_not(met[key]++, "twice");
		cr_assert(value[0] == key * 3 && value[1] == ~key);
	}
}

Test(probe_read, every_entry_once)
{
	static const uint32_t sizes[] = { 1, 63, 4096, 4097, 100000 };
	g_autoptr(GByteArray) keys = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	NfpReadBuffer buffer = { keys, values };

	nfpt_sandbox();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		NFP_AUTO_FD int fd = make(sizes[i], 0);

		g_byte_array_set_size(keys, 0);
		g_byte_array_set_size(values, 0);
		cr_assert_eq(nfp_read_map(fd, 8, 16, &buffer), 0);
		check(&buffer, sizes[i]);
	}
}

Test(probe_read, maps_are_appended)
{
	g_autoptr(GByteArray) keys = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	NfpReadBuffer buffer = { keys, values };
	NFP_AUTO_FD int first = -1, second = -1;

	nfpt_sandbox();
	first = make(5000, 0);
	second = make(5000, 5000);
	cr_assert_eq(nfp_read_map(first, 8, 16, &buffer), 0);
	cr_assert_eq(nfp_read_map(second, 8, 16, &buffer), 0);
	check(&buffer, 10000);
}

/* A map type without batch operations, as all were before 5.6: interfaces by number. */
Test(probe_read, one_by_one_where_there_is_no_batch)
{
	g_autoptr(GByteArray) keys = g_byte_array_new();
	g_autoptr(GByteArray) values = g_byte_array_new();
	NfpReadBuffer buffer = { keys, values };
	NFP_AUTO_FD int fd = -1;
	uint8_t met[300] = { 0 };
	uint32_t lo = 1, n = 1, cursor, key[4], value[4];

	nfpt_sandbox();
	fd = bpf_map_create(BPF_MAP_TYPE_DEVMAP_HASH, "nfpt_read", 4, 4, G_N_ELEMENTS(met), NULL);
	cr_assert_geq(fd, 0, "%s", strerror(errno));
	if (!bpf_map_lookup_batch(fd, NULL, &cursor, key, value, &n, NULL))
		cr_skip_test("this kernel has batches for every type");
	for (uint32_t i = 0; i < G_N_ELEMENTS(met); i++)
		cr_assert_eq(bpf_map_update_elem(fd, &i, &lo, BPF_ANY), 0, "%s", strerror(errno));
	cr_assert_eq(nfp_read_map(fd, 4, 4, &buffer), 0);
	cr_assert_eq(keys->len, 4 * G_N_ELEMENTS(met));
	cr_assert_eq(values->len, keys->len);
	for (size_t i = 0; i < G_N_ELEMENTS(met); i++) {
		cr_assert_not(met[((uint32_t *)keys->data)[i]]++);
		cr_assert_eq(((uint32_t *)values->data)[i], lo);
	}
}

Test(probe_read, entries_of_a_protocol_are_typed)
{
	g_autoptr(NfpProbe) probe = NULL;
	NfpSource *source;
	NfpEntries entries;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	nfpt_run("ping -q -c 2 -i 0.01 -s 100 10.9.0.2");
	cr_assert_eq(source->read(source, id, NFP_P_icmp4, &entries), 0);
	cr_assert_geq(entries.n, 1);
	cr_expect_eq(entries.key_size, sizeof(struct nfp_key_v4));
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_v4 *key = &((const struct nfp_key_v4 *)entries.keys)[i];

		cr_expect_eq(key->daddr, g_htonl(0x0a090002));
		cr_expect_eq(key->meta.icmp_type, 8);
		cr_expect_eq(entries.values[i].octets, 128 * entries.values[i].packets);
	}
}
