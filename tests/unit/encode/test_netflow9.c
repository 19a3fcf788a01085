// SPDX-License-Identifier: GPL-2.0-or-later
/* What is NetFlow v9's own (RFC 3954); what it shares with IPFIX is in test_sets, test_announce and test_data. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "support/encode_bench.h"

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The first message of the flows' domain: that of the process goes before. */
static void announce_flows(NfpBench *bench)
{
	do
		cr_assert_gt(nfp_encoder_announce(bench->encoder, 0, NFP_BENCH_NOW, &nfp_bench_stats, bench->out, 1400), 48);
	while (get32(bench->out + 16) != NFP_BENCH_DOMAIN);
}

static NfpBench *bench_of(const guint *fields, guint n)
{
	return nfp_bench_new("netflow9", nfp_test_set(fields, n), NULL);
}

/* RFC 3954 5.1, 5.3: counts, uptime, time, numbers, and the FlowSet filled up to four octets. */
Test(netflow9, header_and_padding)
{
	static const guint fields[] = { NFP_F_packetDeltaCount, NFP_F_protocolIdentifier };
	g_autoptr(NfpBench) bench = bench_of(fields, 2);
	NfpRecord records[3] = { { .packets = 1 }, { .packets = 2 }, { .packets = 3, .protocol = 6 } };
	uint32_t used, unsendable = 0;

	for (guint message = 0; message < 3; message++) {
		cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 3, bench->out, 100, &used,
						 &unsendable),
			     20 + 4 + 3 * 9 + 1);
		cr_assert_eq(get16(bench->out), 9);
		cr_assert_eq(get16(bench->out + 2), 3, "records");
		cr_assert_eq(get32(bench->out + 4), (uint32_t)(NFP_BENCH_NOW * 1000ull - NFP_TEST_BOOT_MS));
		cr_assert_eq(get32(bench->out + 8), NFP_BENCH_NOW);
		cr_assert_eq(get32(bench->out + 12), message, "messages");
		cr_assert_eq(get32(bench->out + 16), NFP_BENCH_DOMAIN);
		cr_assert_eq(get16(bench->out + 22), 4 + 28, "the length includes the padding");
		cr_assert_eq(bench->out[50], 6);
		cr_assert_eq(bench->out[51], 0);
	}
}

/* The boot that a collector works out is one and the same whatever the message's time. */
Test(netflow9, uptime_and_time_tell_one_boot)
{
	static const guint fields[] = { NFP_F_packetDeltaCount };
	g_autoptr(NfpBench) bench = bench_of(fields, 1);
	NfpRecord record = { .packets = 1 };

	for (uint32_t now = 1000000000; now < 1004000000; now += 77777) {
		uint32_t used, unsendable = 0;

		nfp_encoder_records(bench->encoder, 0, now, &record, 1, bench->out, 100, &used, &unsendable);
		cr_assert_eq(get32(bench->out + 8) * 1000ull - get32(bench->out + 4), NFP_TEST_BOOT_MS);
	}
}

/* Then uptimes begin anew, and tell the right times still. */
Test(netflow9, clock_set_back_to_before_the_boot)
{
	static const guint fields[] = { NFP_F_flowStartSysUpTime, NFP_F_flowEndSysUpTime };
	const uint64_t boot = NFP_TEST_BOOT_MS / 1000;
	const uint64_t times[] = { boot + 1000, boot - 40000, boot - 39990, boot - 3000000, boot + 2000 };
	g_autoptr(NfpBench) bench = bench_of(fields, 2);

	for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
		uint64_t now = times[i];
		NfpRecord record = { .first_ns = (now - 60) * 1000000000, .last_ns = (now - 5) * 1000000000 };
		uint32_t used, unsendable = 0;
		uint32_t uptime;

		cr_assert_gt(nfp_encoder_records(bench->encoder, 0, (uint32_t)now, &record, 1, bench->out, 100, &used,
						 &unsendable), 0);
		uptime = get32(bench->out + 4);
		cr_assert_eq(uptime - get32(bench->out + 24), 60000, "time %u: %u", i, uptime - get32(bench->out + 24));
		cr_assert_eq(uptime - get32(bench->out + 28), 5000, "time %u: %u", i, uptime - get32(bench->out + 28));
		cr_assert_leq(uptime, 45 * 86400000u, "time %u: less than nothing, modulo 2^32", i);
	}
	cr_assert_gt(nfp_encoder_announce(bench->encoder, 0, (uint32_t)boot - 9000000, &nfp_bench_stats, bench->out, 1400), 0);
	cr_assert_eq(get32(bench->out + 4), 7 * 86400000u, "a week");
}

/* Template: types and lengths as they are, FIRST_SWITCHED and LAST_SWITCHED put in, what has no number left out. */
Test(netflow9, template)
{
	static const guint fields[] = { NFP_F_flowStartMilliseconds, NFP_F_tunnelType, NFP_F_flowEndMilliseconds,
					NFP_F_interfaceName, NFP_F_tcpMss };
	static const uint8_t want[] = { 0, 0, 0, 28, 1, 0, 0, 5, 0, 22, 0, 4, 0, 152, 0, 8,
					0, 21, 0, 4, 0, 153, 0, 8, 0, 82, 0, 16 };
	g_autoptr(NfpBench) bench = bench_of(fields, G_N_ELEMENTS(fields));

	announce_flows(bench);
	cr_assert(memcmp(bench->out + 20, want, sizeof(want)) == 0);
}

/* pmacct prefers uptimes to the absolute times, and rounds them. */
Test(netflow9, no_uptimes_for_pmacct)
{
	static const guint fields[] = { NFP_F_flowStartMilliseconds, NFP_F_packetDeltaCount };
	NfpEncoderOptions options = { .peer = NFP_PEER_pmacct };
	g_autoptr(NfpBench) bench = nfp_bench_new("netflow9", nfp_test_set(fields, 2), &options);

	announce_flows(bench);
	cr_assert_eq(get16(bench->out + 26), 2);
	cr_assert_eq(get16(bench->out + 28), 152);
}

Test(netflow9, uptimes_that_are_asked_for_come_once)
{
	static const guint fields[] = { NFP_F_flowStartMilliseconds, NFP_F_flowStartSysUpTime };
	g_autoptr(NfpBench) bench = bench_of(fields, 2);

	announce_flows(bench);
	cr_assert_eq(get16(bench->out + 26), 2);
}

/* RFC 3954 6.1: octets of the scope's and of the options' definitions; scope type 1, the system. */
Test(netflow9, options_template)
{
	static const guint fields[] = { NFP_F_packetDeltaCount };
	static const uint8_t want[] = { 0, 1, 0, 20, 1, 1, 0, 4, 0, 4, 0, 1, 0, 4, 0, 34, 0, 4, 0, 0 };
	g_autoptr(NfpBench) bench = bench_of(fields, 1);

	announce_flows(bench);
	cr_assert(memcmp(bench->out + 20 + 12, want, sizeof(want)) == 0);
}

/* Every row that has a number, with random values, read back by a reader that knows nothing of the encoder. */
Test(netflow9, every_field_comes_back)
{
	uint64_t seed = 41;

	for (guint f = 0; f < nfp_fields_n; f++) {
		guint fields[] = { f, NFP_F_packetDeltaCount };
		NfpRecord records[40];
		uint32_t unsendable = 0;

		if (nfp_encoder_refuses("netflow9", &nfp_fields[f]) != NULL)
			continue;
		g_autoptr(NfpBench) bench = bench_of(fields, f == NFP_F_packetDeltaCount ? 1 : 2);

		for (guint i = 0; i < G_N_ELEMENTS(records); i++)
			nfp_test_record(&records[i], i, &seed);
		nfp_bench_announce(bench, 0, 1400);
		nfp_bench_send(bench, 0, records, G_N_ELEMENTS(records), 1400, &unsendable);
		cr_assert_eq(bench->records, G_N_ELEMENTS(records));
		cr_assert_eq(unsendable, 0);
	}
}

Test(netflow9, what_it_cannot_carry)
{
	static const guint none[] = { NFP_F_tunnelType, NFP_F_tcpMss }, shorty[] = { NFP_F_protocolIdentifier };
	NfpTemplateSet *sets[] = { nfp_test_set(none, 2), nfp_test_set(shorty, 1),
					     nfp_template_set_load(NULL, "standard", NULL) };
	static const char *const faults[] = { "template all: its records would have 0 octets",
					      "template all: its records would have 1 octets", "goes over udp:// only" };

	for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
		NfpEncoderOptions options = { .protocol = "netflow9", .templates = sets[i], .domain = 1,
					      .reliable = i == 2 };
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_encoder_new(&options, &err));
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_assert_not_null(strstr(err->message, faults[i]), "%s", err->message);
	}
	for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
		nfp_template_set_free(sets[i]);
}
