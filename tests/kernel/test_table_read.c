/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of one bucket in two places: what a reader makes of them. And time by ticks, end to end. */
#include <criterion/criterion.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"

#define TICK (10 * NFP_NS_PER_MS) /* the longest there is */

static NfpProbe *metered(struct nfp_bucket *id, bool exact)
{
	NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default", .exact_clock = exact };
	uint32_t slots[NFP_P_N];
	NfpProbe *probe;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	nfpt_wire("a0", "peer", "b0");
	probe = nfp_probe_open(&options, NULL);
	cr_assert_not_null(probe);
	/* Tables of one set: keys meet in it. */
	for (int i = 0; i < NFP_P_N; i++)
		slots[i] = NFP_SET_SLOTS;
	nfp_probe_source(probe)->expect(nfp_probe_source(probe), slots);
	*id = nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	return probe;
}

/* UDP datagrams of one flow, two of them a while apart; of one CPU, which is in the key. */
static void send_two(void)
{
	nfpt_run("python3 -c 'import os, socket, time; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
		 "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
		 "s.bind((\"10.9.0.1\", 4000)); s.sendto(b\"x\", (\"10.9.0.2\", 9)); time.sleep(0.05); "
		 "s.sendto(b\"yy\", (\"10.9.0.2\", 9))'");
}

static size_t read_udp(NfpProbe *probe, struct nfp_bucket id, struct nfp_key_v4 *key, struct nfp_value *value)
{
	NfpEntries entries;

	cr_assert_eq(nfp_probe_source(probe)->read(nfp_probe_source(probe), id, NFP_P_udp4, &entries), 0);
	if (entries.n) {
		memcpy(key, entries.keys, sizeof(*key));
		*value = entries.values[0];
	}
	return entries.n;
}

static size_t in_hash(NfpProbe *probe, struct nfp_bucket id)
{
	NFP_AUTO_FD int fd = nfp_buckets_open(probe->buckets, NFP_P_udp4, id);
	struct nfp_key_v4 key;

	return bpf_map_get_next_key(fd, NULL, &key) == 0;
}

/* A scan finds what a read does, in the same order, and again after a rewind. */
static void expect_scan(NfpProbe *probe, struct nfp_bucket id)
{
	NfpSource *source = nfp_probe_source(probe);
	g_autofree struct nfp_key_v4 *keys = NULL;
	g_autofree struct nfp_value *values = NULL;
	NfpEntries all, piece;
	NfpScan *scan;

	cr_assert_eq(source->read(source, id, NFP_P_udp4, &all), 0);
	keys = g_memdup2(all.keys, all.n * sizeof(*keys));
	values = g_memdup2(all.values, all.n * sizeof(*values));
	cr_assert_eq(source->scan(source, id, NFP_P_udp4, &scan), 0);
	cr_expect_geq(scan->entries, all.n);
	for (int round = 0; round < 4; round++) {
		size_t n = 0;

		scan->rewind(scan, round % 2);
		while (scan->next(scan, &piece)) {
			cr_assert(piece.n && n + piece.n <= all.n);
			cr_expect_arr_eq(piece.keys, &keys[n], piece.n * sizeof(*keys));
			if (round % 2 == 0)
				cr_expect_arr_eq(piece.values, &values[n], piece.n * sizeof(*values));
			n += piece.n;
		}
		cr_expect_eq(n, all.n);
	}
	scan->free(scan);
}

Test(table_read, twins_are_one_entry)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metered(&id, false);
	struct nfp_value value, twin = { .packets = 3, .octets = 90, .l2_octets = 120, .first = 5, .last = 6, .len_min = 20,
					 .len_max = 1500, .ttl_min = 9, .ttl_max = 9, .flags = NFP_V_IP_OPTIONS };
	struct nfp_key_v4 key, other;
	NFP_AUTO_FD int fd = -1;

	send_two();
	cr_assert_eq(read_udp(probe, id, &key, &value), 1);
	cr_assert_eq(in_hash(probe, id), 0, "it is in the table");
	fd = nfp_buckets_open(probe->buckets, NFP_P_udp4, id);
	cr_assert_eq(bpf_map_update_elem(fd, &key, &twin, BPF_NOEXIST), 0);
	cr_assert_eq(read_udp(probe, id, &other, &value), 1);
	cr_expect_arr_eq(&key, &other, sizeof(key));
	cr_expect_eq(value.packets, 5);
	cr_expect_eq(value.octets, 90 + 29 + 30);
	cr_expect_eq(value.first, 5);
	cr_expect(value.len_min == 20 && value.len_max == 1500 && value.ttl_min == 9);
	cr_expect_eq(value.flags, NFP_V_IP_OPTIONS);
	expect_scan(probe, id);

	/* Another key stays an entry of its own. */
	key.meta.sport ^= 1;
	cr_assert_eq(bpf_map_update_elem(fd, &key, &twin, BPF_NOEXIST), 0);
	cr_expect_eq(read_udp(probe, id, &other, &value), 2);
	expect_scan(probe, id);

	/* So does one of an interface whose number ends like the other's; in slots the generation is there. */
	key.meta.sport ^= 1;
	key.meta.ifindex += NFP_TABLE_IFINDEX;
	cr_assert_eq(bpf_map_update_elem(fd, &key, &twin, BPF_NOEXIST), 0);
	cr_expect_eq(read_udp(probe, id, &other, &value), 3);
	expect_scan(probe, id);
	cr_expect_eq(nfp_probe_source(probe)->scan(nfp_probe_source(probe), (struct nfp_bucket){ 1, 2 }, NFP_P_udp4,
						   &(NfpScan *){ NULL }), -ENOENT);
}

static void times(bool exact, uint64_t error)
{
	struct nfp_bucket id;
	g_autoptr(NfpProbe) probe = metered(&id, exact);
	uint64_t before = (uint64_t)nfp_clock_system.realtime(&nfp_clock_system), after;
	struct nfp_value value;
	struct nfp_key_v4 key;

	send_two();
	after = (uint64_t)nfp_clock_system.realtime(&nfp_clock_system);
	cr_assert_eq(read_udp(probe, id, &key, &value), 1);
	cr_expect_eq(value.packets, 2);
	cr_expect(value.first >= before && value.first <= after, "the first packet's time is exact");
	cr_expect(value.last <= after);
	cr_expect_geq(value.last + error, value.first + 50 * NFP_NS_PER_MS, "the second came 50 ms later");
	cr_expect_eq(value.egress_if, nfpt_ifindex(probe, "a0"));
}

Test(table_read, last_is_exact_to_a_tick)
{
	times(false, TICK);
}

Test(table_read, last_is_exact_by_the_exact_clock)
{
	times(true, 0);
}

/* An ifindex that has no room beside the generation. */
Test(table_read, high_ifindex_is_for_the_hash_alone)
{
	struct nfp_key_v4 low = { .meta = { .ifindex = NFP_TABLE_IFINDEX - 1 } };
	__u64 words[NFP_WORDS4];

	memcpy(words, &low, sizeof(low));
	cr_expect_eq(words[2] & NFP_GENERATION_MASK, 0);
	cr_expect_eq(words[2] & NFP_IFINDEX_MASK, words[2]);
	low.meta.ifindex++;
	memcpy(words, &low, sizeof(low));
	cr_expect_neq(words[2] & NFP_GENERATION_MASK, 0);
}
