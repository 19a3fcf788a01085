/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/tick.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "base/error.h"

#define NS_PER_S 1000000000ull
#define EDGES 3       /* ticks watched to tell HZ: two whole ones between them */
#define PATIENCE 2000000 /* runs; one takes about a microsecond, a tick at most ten milliseconds */
#define SLACK 1000000 /* ns by which a reading may be late beyond its tick (interrupts off) */

struct NfpTick {
	int program;
	uint64_t length; /* ns */
	uint64_t base;   /* ns; the least that was seen: the tick's very edge */
};

typedef struct {
	uint64_t jiffies, boot;
} Reading;

/* skb->tstamp = bpf_ktime_get_boot_ns(), skb->cb[0..1] = bpf_jiffies64(), read in this order's reverse. */
static int load(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_7, .src_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_boot_ns },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_0,
		  .off = offsetof(struct __sk_buff, tstamp) },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_7,
		  .off = offsetof(struct __sk_buff, cb[0]) },
		{ .code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = BPF_REG_7, .imm = 32 },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_7,
		  .off = offsetof(struct __sk_buff, cb[1]) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nfprobe_tick", "GPL", insns, G_N_ELEMENTS(insns), NULL);
}

static bool read_clocks(const NfpTick *tick, Reading *ret)
{
	uint8_t frame[64] = { 0 };
	struct __sk_buff skb = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb), .ctx_out = &skb, .ctx_size_out = sizeof(skb));

	if (bpf_prog_test_run_opts(tick->program, &opts))
		return false;
	ret->jiffies = (uint64_t)skb.cb[1] << 32 | skb.cb[0];
	ret->boot = skb.tstamp;
	return true;
}

/* The first reading of a tick. */
static bool wait_edge(const NfpTick *tick, Reading *reading)
{
	uint64_t before = reading->jiffies;

	for (int i = 0; i < PATIENCE; i++) {
		if (!read_clocks(tick, reading))
			return false;
		if (reading->jiffies != before)
			return true;
	}
	return false;
}

/* HZ is one of four (kernel/Kconfig.hz), or a multiple of 4 on some machines: told by the distance of edges. */
static uint64_t length_of(uint64_t ns, uint64_t ticks)
{
	static const uint64_t hz[] = { 100, 250, 300, 1000 };
	uint64_t measured = ns / ticks;

	for (guint i = 0; i < G_N_ELEMENTS(hz); i++) {
		uint64_t length = (NS_PER_S + hz[i] / 2) / hz[i]; /* TICK_NSEC, include/linux/jiffies.h */

		if (measured > length - length / 20 && measured < length + length / 20)
			return length;
	}
	return 0;
}

static bool calibrate(NfpTick *tick)
{
	Reading first, at;
	uint64_t base;

	if (!read_clocks(tick, &first) || !wait_edge(tick, &first))
		return false;
	at = first;
	for (int i = 1; i < EDGES; i++)
		if (!wait_edge(tick, &at))
			return false;
	tick->length = length_of(at.boot - first.boot, at.jiffies - first.jiffies);
	if (!tick->length)
		return false;
	base = first.boot - first.jiffies * tick->length;
	tick->base = at.boot - at.jiffies * tick->length;
	if ((int64_t)(base - tick->base) < 0) /* the other edge was met more closely */
		tick->base = base;
	return true;
}

NfpTick *nfp_tick_new(void)
{
	NfpTick *tick = g_new0(NfpTick, 1);

	tick->program = load();
	if (tick->program >= 0 && calibrate(tick))
		return tick;
	nfp_tick_free(tick);
	return NULL;
}

void nfp_tick_free(NfpTick *tick)
{
	if (!tick)
		return;
	nfp_fd_clear(&tick->program);
	g_free(tick);
}

struct nfp_tick nfp_tick_get(NfpTick *tick)
{
	Reading now;
	int64_t behind;

	if (!read_clocks(tick, &now))
		return (struct nfp_tick){ 0 };
	behind = (int64_t)(now.boot - (tick->base + now.jiffies * tick->length));
	if (behind < 0)
		tick->base += (uint64_t)behind;
	else if (behind > (int64_t)tick->length + SLACK && !calibrate(tick)) /* the machine slept */
		return (struct nfp_tick){ 0 };
	return (struct nfp_tick){ .base = tick->base, .length = tick->length };
}
