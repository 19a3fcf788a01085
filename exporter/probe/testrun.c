/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/testrun.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>

#include "base/error.h"
#include "probe/domain.h"
#include "probe/sampling.h"

/* bpf_prog_test_run_skb() refuses frames without an Ethernet header, and those that announce IP and do not hold an
 * IP header: shorter ones are padded, and the program is told. */
#define LOOPBACK_IFINDEX 1 /* include/net/net_namespace.h */
#define FRAME_MIN 64

struct NfpTestRun {
	int program;
	cpu_set_t before; /* where the thread could run */
	gboolean pinned;
};

/* Where that is refused, flows are merged from several CPUs as ever. */
static void pin(NfpTestRun *run)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	if (cpu < 0 || sched_getaffinity(0, sizeof(run->before), &run->before))
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	run->pinned = !sched_setaffinity(0, sizeof(one), &one);
}

NfpTestRun *nfp_testrun_new(NfpProbe *probe, bool ethernet, GError **err)
{
	NfpProgramSettings settings = { .l3 = !ethernet, .capture = true,
					.table = probe->buckets->tables, .parse = probe->parse };
	/* Test runs without a device are of the namespace's loopback. */
	const struct nfp_books_key hook = { .ifindex = LOOPBACK_IFINDEX };
	int sample = nfp_sampling_set(probe->buckets, &hook, &probe->parse.sampling, false, err), program;
	NfpTestRun *run;

	if (sample < 0)
		return NULL;
	settings.sample = (uint32_t)sample;
	program = nfp_load_program(&probe->maps, settings, err);
	if (program < 0)
		return NULL;
	nfp_buckets_add_hook(probe->buckets, LOOPBACK_IFINDEX, 0);
	run = g_new0(NfpTestRun, 1);
	run->program = program;
	pin(run);
	return run;
}

int nfp_testrun_feed(NfpTestRun *run, const uint8_t *frame, uint32_t captured, uint32_t wire, uint64_t time)
{
	uint8_t padded[FRAME_MIN] = { 0 };
	struct __sk_buff skb = { .tstamp = time, .mark = wire };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = MIN(captured, NFP_TESTRUN_FRAME),
		    .ctx_in = &skb, .ctx_size_in = sizeof(skb));

	if (captured < FRAME_MIN) {
		skb.cb[0] = captured + 1; /* NFP_CLOCK_CAPTURE of ebpf/knobs.bpf.h */
		if (captured)
			memcpy(padded, frame, captured);
		opts.data_in = padded;
		opts.data_size_in = FRAME_MIN;
	}
	return bpf_prog_test_run_opts(run->program, &opts);
}

int nfp_testrun_repeat(NfpTestRun *run, const uint8_t *frame, uint32_t length, uint64_t time, uint32_t n)
{
	struct __sk_buff skb = { .tstamp = time };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length, .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb), .repeat = (int)n);

	return bpf_prog_test_run_opts(run->program, &opts);
}

void nfp_testrun_free(NfpTestRun *run)
{
	if (!run)
		return;
	if (run->pinned)
		sched_setaffinity(0, sizeof(run->before), &run->before);
	nfp_fd_clear(&run->program);
	g_free(run);
}
