// SPDX-License-Identifier: GPL-2.0-or-later
/* What is IPFIX's own; what it shares with NetFlow v9 is in test_sets, test_announce and test_data. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "support/encode_bench.h"

Test(ipfix, header)
{
	static const guint fields[] = { NFP_F_flowId };
	g_autoptr(NfpBench) bench = nfp_bench_new("ipfix", nfp_test_set(fields, 1), NULL);
	NfpRecord records[3] = { { .flow_id = 1 }, { .flow_id = 2 }, { .flow_id = 3 } };
	static const uint8_t want[] = { 0, 10, 0, 44, 0x7d, 0x2b, 0x75, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 28 };
	uint32_t used, unsendable = 0;

	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 3, bench->out, 100, &used,
					 &unsendable),
		     44);
	cr_assert(memcmp(bench->out, want, sizeof(want)) == 0);
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 1, bench->out, 100, &used,
					 &unsendable),
		     28);
	cr_assert_eq(bench->out[11], 3, "three data records came before");
}

/* Uptimes are NetFlow v9's: nfdump 1.7.1 swaps them in IPFIX. */
Test(ipfix, uptimes_are_left_out)
{
	static const guint fields[] = { NFP_F_flowStartSysUpTime, NFP_F_flowId }, none[] = { NFP_F_flowEndSysUpTime };
	g_autoptr(NfpBench) bench = nfp_bench_new("ipfix", nfp_test_set(fields, 2), NULL);
	g_autoptr(NfpTemplateSet) set = nfp_test_set(none, 1);
	NfpEncoderOptions options = { .protocol = "ipfix", .templates = set, .domain = 1 };
	g_autoptr(GError) err = NULL;
	NfpRecord record = { .flow_id = 1 };
	uint32_t unsendable = 0;

	nfp_bench_announce(bench, 0, 1400);
	nfp_bench_send(bench, 0, &record, 1, 1400, &unsendable);
	cr_assert_eq(bench->records, 1);
	cr_assert_null(nfp_encoder_new(&options, &err));
	cr_assert_not_null(strstr(err->message, "template all has no field that IPFIX carries"), "%s", err->message);
}

/* A collector that reads texts of fixed length only gets them so. */
Test(ipfix, fixed_texts)
{
	guint fields[NFP_F_N];
	NfpEncoderOptions options = { .hostname = "edge1", .peer = NFP_PEER_pmacct };
	NfpRecord records[100];
	uint32_t unsendable = 0;
	uint64_t seed = 77;

	for (guint i = 0; i < NFP_F_N; i++)
		fields[i] = i;
	g_autoptr(NfpBench) bench = nfp_bench_new("ipfix", nfp_test_set(fields, NFP_F_N), &options);

	nfp_bench_random(records, G_N_ELEMENTS(records), &seed);
	nfp_bench_announce(bench, 0, 1400);
	nfp_bench_send(bench, 0, records, G_N_ELEMENTS(records), 3000, &unsendable);
	cr_assert_eq(bench->records, G_N_ELEMENTS(records));
}
