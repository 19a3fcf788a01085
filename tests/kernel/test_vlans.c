/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One flow in ten thousand VLANs, through one hook: a record each, and where the tables have no room for them all, coarser
 * records that hold the same packets.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probe/domain.h"
#include "probe/table.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/raw.h"

#define OUTER 100 /* service tags, customers of each */
#define INNER 100
#define SINGLE 4095 /* 0 and 4094 of them: 4095 is reserved */
#define SIZE 60

static uint64_t sum_of(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row, uint64_t *ret_octets)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpEntries entries;
	uint64_t packets = 0;

	cr_assert_eq(source->read(source, id, row, &entries), 0);
	*ret_octets = 0;
	for (size_t i = 0; i < entries.n; i++) {
		packets += entries.values[i].packets;
		*ret_octets += entries.values[i].octets;
	}
	return packets;
}

/* A bucket with room for so many entries of each kind. */
static struct nfp_bucket meter(NfpProbe *probe, uint32_t room)
{
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_clock clock = { .offset = nfp_clock_offset(&nfp_clock_system), .length = NFPT_LENGTH };
	uint64_t now = (uint64_t)(nfp_clock_system.boottime(&nfp_clock_system) + clock.offset);
	struct nfp_bucket id = { now - now % NFPT_LENGTH, now - now % NFPT_LENGTH + NFPT_LENGTH };
	uint32_t entries[NFP_P_N];

	for (int i = 0; i < NFP_P_N; i++)
		entries[i] = room;
	cr_assert_eq(source->set_clock(source, &clock, true), 0);
	cr_assert_eq(source->create(source, id, entries), 0);
	return id;
}

/* Every pair of tags once. */
static guint send_pairs(const char *ifname)
{
	NFP_AUTO_FD int fd = nfpt_raw_sender(ifname);
	guint8 frame[200];

	for (guint i = 0; i < OUTER * INNER; i++) {
		const guint32 tags[] = { 0x88a80000 | (1 + i / INNER), 0x81000000 | (1 + i % INNER), 0 };

		nfpt_raw_send(fd, frame, nfpt_raw_udp(frame, tags, 1, SIZE));
	}
	return OUTER * INNER;
}

/* Every single tag once. */
static guint send_singles(const char *ifname)
{
	NFP_AUTO_FD int fd = nfpt_raw_sender(ifname);
	guint8 frame[200];

	for (guint i = 0; i < SINGLE; i++) {
		const guint32 tags[] = { 0x81000000 | i, 0 };

		nfpt_raw_send(fd, frame, nfpt_raw_udp(frame, tags, 1, SIZE));
	}
	return SINGLE;
}

static guint send_all(const char *ifname)
{
	return send_pairs(ifname) + send_singles(ifname);
}

static void wait_seen(NfpProbe *probe, struct nfp_bucket id, guint n)
{
	for (int i = 0; nfpt_seen_all(probe, id) < n && i < 30000; i++)
		g_usleep(1000);
	cr_expect_eq(nfpt_seen_all(probe, id), n);
}

static void each_has_its_record(NfpHookKind hook)
{
	NfpSource *source;
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) pairs = g_hash_table_new(NULL, NULL);
	struct nfp_bucket id;
	NfpEntries entries;
	guint n;

	nfpt_sandbox();
	nfpt_raw_wire("a0", "b0", 1500);
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	id = meter(probe, 65536);
	cr_assert(nfp_probe_attach(probe, "a0", NFP_DIRECTION_INGRESS, hook, &error), "%s", error ? error->message : "");
	n = send_all("b0");
	wait_seen(probe, id, n);
	cr_assert_eq(source->read(source, id, NFP_P_udp4, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_meta *meta = &((const struct nfp_key_v4 *)entries.keys)[i].meta;
		guint outer = meta->vlan & 0xfff, inner = meta->cvlan & 0xfff;

		cr_expect(meta->vlan & NFP_VLAN_PRESENT);
		cr_expect(meta->cvlan ? outer >= 1 && outer <= OUTER && inner >= 1 && inner <= INNER : outer < SINGLE,
			  "%u.%u", outer, inner);
		g_hash_table_add(pairs, GUINT_TO_POINTER((guint)meta->vlan << 16 | meta->cvlan));
		/* A packet may come by another CPU than the one before: entries of both are then there. */
		cr_expect_eq(entries.values[i].packets, 1);
		cr_expect_eq(entries.values[i].octets, SIZE);
		cr_expect_eq(entries.values[i].l2_octets, SIZE + 14 + (meta->cvlan ? 8 : 4));
	}
	cr_expect_eq(g_hash_table_size(pairs), n, "%u of %u", g_hash_table_size(pairs), n);
}

Test(vlans, each_has_its_record_at_tc, .timeout = 300)
{
	each_has_its_record(NFP_HOOK_TC);
}

/* There both tags are in the frame. */
Test(vlans, each_has_its_record_at_xdp, .timeout = 300)
{
	each_has_its_record(NFP_HOOK_XDP);
}

Test(vlans, more_than_there_is_room_for, .timeout = 300)
{
	g_autoptr(NfpProbe) probe = NULL;
	uint64_t packets = 0, octets = 0, coarsened;
	struct nfp_bucket id;
	guint n;

	nfpt_sandbox();
	nfpt_raw_wire("a0", "b0", 1500);
	probe = nfpt_open("default", NULL, false);
	id = meter(probe, 512);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	n = send_all("b0");
	wait_seen(probe, id, n);
	cr_expect_eq(nfpt_recorded(probe, id), n, "the books close");
	for (int row = 0; row < NFP_P_N; row++) {
		uint64_t of_row;

		packets += sum_of(probe, id, row, &of_row);
		octets += of_row;
	}
	cr_expect_leq(packets, n, "the rest is in the hook's own row");
	cr_expect_leq(octets, n * SIZE);
	cr_expect_gt(packets, 512 * 2);
	cr_assert_eq(nfp_totals_counter(nfp_probe_source(probe), NFP_C_coarsened, &coarsened), 0);
	cr_expect_geq(coarsened, n - 2 * 2 * 512, "%" G_GUINT64_FORMAT, (guint64)coarsened);
}

/* Buffers that the fast path has counted. */
static uint64_t fast(NfpProbe *probe)
{
	guint cpus = probe->buckets->cpus;
	g_autofree struct nfp_lane *lanes = g_new0(struct nfp_lane, cpus);
	uint32_t zero = 0;
	uint64_t sum = 0;

	cr_assert_eq(bpf_map_lookup_elem(probe->maps.lane, &zero, lanes), 0);
	for (guint cpu = 0; cpu < cpus; cpu++)
		sum += lanes[cpu].skbs;
	return sum;
}

/* What comes in with one tag costs what it costs without: the kernel takes the tag out of the frame ahead of the tc hooks
 * (skb_vlan_untag(), net/core/dev.c), and the fast path takes what is beside it. A second tag is the general path's. */
Test(vlans, one_tag_takes_the_fast_path, .timeout = 300)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_bucket id;
	guint n;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	nfpt_raw_wire("a0", "b0", 1500);
	probe = nfpt_open("default", NULL, false);
	probe->buckets->exact = true; /* ticks are calibrated by the harvester */
	id = meter(probe, 65536);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	n = send_singles("b0");
	wait_seen(probe, id, n);
	cr_expect_eq(fast(probe), n);
	n += send_pairs("b0");
	wait_seen(probe, id, n);
	cr_expect_eq(fast(probe), SINGLE);
	cr_expect_eq(nfpt_recorded(probe, id), n);
}
