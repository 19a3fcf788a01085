/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captured frames through the program: the capture's time, the wire's length, whatever there is of a frame. */
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define SECOND NFP_NS_PER_S
#define LENGTH (10 * SECOND)
#define START (1500000000 * SECOND) /* of a bucket */

static const struct nfp_bucket first_bucket = { START, START + LENGTH };

/* 10.0.0.1:1000 -> 10.0.0.2:2000, UDP, IP length 1400. */
static const uint8_t udp[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0x05, 0x78, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0x05, 0x64, 0, 0,
};

static NfpProbe *open_probe(void)
{
	const struct nfp_clock clock = { .length = LENGTH };
	uint32_t entries[NFP_P_N];
	NfpProbe *probe;
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("replay-1", NULL, false);
	source = nfp_probe_source(probe);
	cr_assert_eq(source->set_clock(source, &clock, true), 0);
	for (int i = 0; i < NFP_P_N; i++)
		entries[i] = 256;
	cr_assert_eq(source->create(source, first_bucket, entries), 0);
	return probe;
}

static NfpTestRun *new_run(NfpProbe *probe, bool ethernet)
{
	g_autoptr(GError) error = NULL;
	NfpTestRun *run = nfp_testrun_new(probe, ethernet, &error);

	cr_assert_not_null(run, "%s", error ? error->message : "");
	return run;
}

static void feed(NfpTestRun *run, const void *frame, uint32_t captured, uint32_t wire, uint64_t time)
{
	int rc = nfp_testrun_feed(run, frame, captured, wire, time);

	cr_assert_eq(rc, 0, "%u of %u bytes: %s", captured, wire, strerror(-rc));
}

/* Sum over the entries of one row. */
static struct nfp_value sum(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row)
{
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_value all = { 0 };
	NfpEntries entries;

	cr_assert_eq(source->read(source, id, row, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_value *v = &entries.values[i];

		all.first = all.packets ? MIN(all.first, v->first) : v->first;
		all.last = MAX(all.last, v->last);
		all.packets += v->packets;
		all.octets += v->octets;
		all.l2_octets += v->l2_octets;
		all.len_max = MAX(all.len_max, v->len_max);
	}
	return all;
}

Test(probe_testrun, the_captures_time_and_the_wires_length)
{
	g_autoptr(NfpProbe) probe = open_probe();
	g_autoptr(NfpTestRun) run = new_run(probe, true);
	const struct nfp_bucket second_bucket = { START + LENGTH, START + 2 * LENGTH };
	NfpSource *source = nfp_probe_source(probe);
	uint32_t entries[NFP_P_N] = { 0 };
	struct nfp_value got;

	cr_assert_eq(source->create(source, second_bucket, entries), 0);
	feed(run, udp, sizeof(udp), 1414, START);
	feed(run, udp, sizeof(udp), 1414, START + 123456789);
	feed(run, udp, sizeof(udp), 1420, START + LENGTH - 1); /* padded behind the IP length */
	feed(run, udp, sizeof(udp), 1414, START + LENGTH);
	got = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(got.packets, 3);
	cr_expect_eq(got.octets, 3 * 1400);
	cr_expect_eq(got.l2_octets, 2 * 1414 + 1420);
	cr_expect_eq(got.first, START);
	cr_expect_eq(got.last, START + LENGTH - 1);
	got = sum(probe, second_bucket, NFP_P_udp4);
	cr_expect_eq(got.packets, 1);
	cr_expect_eq(got.first, START + LENGTH);
	cr_expect_eq(nfpt_entries(probe, first_bucket, NFP_P_udp4), 1);
	cr_expect_eq(nfpt_seen_all(probe, first_bucket), 3);
}

/* The kernel takes none of fewer than 14 bytes, and none that announces IP without an IP header. */
Test(probe_testrun, frames_of_0_to_63_bytes)
{
	g_autoptr(NfpProbe) probe = open_probe();
	g_autoptr(NfpTestRun) run = new_run(probe, true);
	uint8_t frame[64] = { 0 };
	uint64_t bytes = 0;
	struct nfp_value eth, ip, ports;

	memcpy(frame, udp, sizeof(udp));
	for (uint32_t n = 0; n < 64; n++) {
		feed(run, frame, n, n, START + n);
		bytes += n;
	}
	cr_expect_eq(nfpt_seen_all(probe, first_bucket), 64);
	cr_expect_eq(nfpt_recorded(probe, first_bucket), 64);
	/* To the deepest header that is there: IP from 34 bytes on, ports from 38. */
	eth = sum(probe, first_bucket, NFP_P_eth);
	ip = sum(probe, first_bucket, NFP_P_ipv4);
	ports = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(eth.packets, 34, "%" G_GUINT64_FORMAT, (guint64)eth.packets);
	cr_expect_eq(eth.last, START + 33);
	cr_expect_eq(ip.packets, 4, "%" G_GUINT64_FORMAT, (guint64)ip.packets);
	cr_expect_eq(ports.packets, 26, "%" G_GUINT64_FORMAT, (guint64)ports.packets);
	cr_expect_eq(eth.l2_octets + ip.l2_octets + ports.l2_octets, bytes, "no byte of the padding counts");
}

/* The same when the wire had more: what was captured says how deep, the wire how much. */
Test(probe_testrun, frames_cut_to_0_to_63_bytes)
{
	g_autoptr(NfpProbe) probe = open_probe();
	g_autoptr(NfpTestRun) run = new_run(probe, true);
	uint8_t frame[64] = { 0 };
	struct nfp_value eth, ip, ports;

	memcpy(frame, udp, sizeof(udp));
	for (uint32_t n = 0; n < 64; n++)
		feed(run, frame, n, 1414, START + n);
	eth = sum(probe, first_bucket, NFP_P_eth);
	ip = sum(probe, first_bucket, NFP_P_ipv4);
	ports = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(eth.packets, 34);
	cr_expect_eq(eth.l2_octets, 34 * 1414);
	cr_expect_eq(ip.packets, 4);
	cr_expect_eq(ip.octets, 4 * 1400);
	cr_expect_eq(ports.packets, 26);
	cr_expect_eq(ports.octets, 26 * 1400);
	cr_expect_eq(ports.l2_octets, 26 * 1414);
}

Test(probe_testrun, frames_larger_than_the_kernel_takes)
{
	static const uint32_t sizes[] = { 1514, 3072, 3073, 4096, 9000, 65535, 65549, 70000 };
	g_autoptr(NfpProbe) probe = open_probe();
	g_autoptr(NfpTestRun) run = new_run(probe, true);
	g_autofree uint8_t *frame = g_malloc0(70000);
	uint64_t octets = 0, l2_octets = 0;
	struct nfp_value got;

	memcpy(frame, udp, sizeof(udp));
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		uint32_t length = MIN(sizes[i] - 14, 65535);

		frame[16] = length >> 8;
		frame[17] = length & 0xff;
		feed(run, frame, sizes[i], sizes[i], START + i);
		feed(run, frame, 96, sizes[i], START + i);
		octets += 2 * length;
		l2_octets += 2 * sizes[i];
	}
	got = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(got.packets, 2 * G_N_ELEMENTS(sizes));
	cr_expect_eq(got.octets, octets);
	cr_expect_eq(got.l2_octets, l2_octets);
	cr_expect_eq(got.len_max, 65535);

	/* A segmentation buffer of the host's, without an IP length: all that there was on the wire. */
	frame[16] = frame[17] = 0;
	feed(run, frame, 70000, 70000, START);
	feed(run, frame, 128, 200000, START);
	got = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(got.octets, octets + 70000 - 14 + 200000 - 14);
	cr_expect_eq(got.l2_octets, l2_octets + 270000);
}

Test(probe_testrun, links_without_ethernet)
{
	g_autoptr(NfpProbe) probe = open_probe();
	g_autoptr(NfpTestRun) run = new_run(probe, false);
	uint8_t v6[48] = { 0x60, 0, 0, 0, 0, 8, 17, 64, [39] = 1, [40] = 1, 2, 3, 4, 0, 8 };
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_value got;
	NfpEntries entries;

	feed(run, udp + 14, sizeof(udp) - 14, 1400, START);
	feed(run, v6, sizeof(v6), sizeof(v6), START + 1);
	feed(run, v6, 0, 0, START + 2);
	got = sum(probe, first_bucket, NFP_P_udp4);
	cr_expect_eq(got.packets, 1);
	cr_expect_eq(got.octets, 1400);
	cr_expect_eq(got.l2_octets, 1400);
	got = sum(probe, first_bucket, NFP_P_udp6);
	cr_expect_eq(got.packets, 1);
	cr_expect_eq(got.octets, 48);
	cr_expect_eq(got.l2_octets, 48);
	got = sum(probe, first_bucket, NFP_P_eth);
	cr_expect_eq(got.packets, 1);
	cr_expect_eq(got.l2_octets, 0);
	cr_assert_eq(source->read(source, first_bucket, NFP_P_udp4, &entries), 0);
	cr_expect(((const struct nfp_key_v4 *)entries.keys)->meta.flags & NFP_KEY_L3);
}

/* Nothing is attached, and what was loaded is gone with the run. */
Test(probe_testrun, leaves_nothing)
{
	g_autoptr(NfpProbe) probe = open_probe();
	g_autofree char *hooks = NULL;

	nfp_testrun_free(new_run(probe, true));
	nfp_testrun_free(NULL);
	hooks = nfpt_hooks(probe);
	cr_expect_str_empty(hooks);
	nfpt_run("test -z \"$(ls %s/replay-1/links)\"", NFPT_PIN_ROOT);
}

/* On two CPUs a flow is two entries, and which of them had the first of two packets of one time nobody could tell. */
Test(probe_testrun, the_thread_stays_on_its_cpu_as_long_as_it_feeds)
{
	cpu_set_t before, now;
	NfpTestRun *run;
	NfpProbe *probe;

	nfpt_sandbox();
	probe = nfpt_open("testrun", NULL, false);
	cr_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	run = nfp_testrun_new(probe, true, NULL);
	cr_assert_not_null(run);
	cr_assert_eq(sched_getaffinity(0, sizeof(now), &now), 0);
	cr_expect_eq(CPU_COUNT(&now), 1);
	nfp_testrun_free(run);
	cr_assert_eq(sched_getaffinity(0, sizeof(now), &now), 0);
	cr_expect(CPU_EQUAL(&now, &before));
	nfp_probe_free(probe);
}
