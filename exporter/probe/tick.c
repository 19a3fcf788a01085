/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/tick.h"

#include <bpf/bpf.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"

#define NS_PER_S 1000000000ull
#define TICKS 8       /* watched to tell HZ: 250 and 300 differ by 5 ms then */
#define PATIENCE 1000000 /* runs; one takes about a microsecond, a tick at most ten milliseconds */
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

/* TICK_NSEC, include/linux/jiffies.h */
static uint64_t length_of(uint64_t hz)
{
	return (NS_PER_S + hz / 2) / hz;
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

/*
 * HZ is one of four (kernel/Kconfig.hz). boot - jiffies * length wanders within one tick for the right length,
 * and away for a wrong one; it is least at a tick's edge, which is the base. Each reading is exact in itself, so a
 * busy machine, which takes readings away, does no harm.
 */
static bool calibrate(NfpTick *tick)
{
	static const uint64_t hz[] = { 100, 250, 300, 1000 };
	uint64_t least[G_N_ELEMENTS(hz)], most[G_N_ELEMENTS(hz)], first = 0;
	int64_t best = INT64_MAX;
	Reading now;

	for (int i = 0; i < PATIENCE; i++) {
		if (!read_clocks(tick, &now))
			return false;
		if (!i)
			first = now.jiffies;
		for (guint k = 0; k < G_N_ELEMENTS(hz); k++) {
			uint64_t base = now.boot - now.jiffies * length_of(hz[k]);

			if (!i || (int64_t)(base - least[k]) < 0)
				least[k] = base;
			if (!i || (int64_t)(base - most[k]) > 0)
				most[k] = base;
		}
		if (now.jiffies - first >= TICKS)
			break;
	}
	if (now.jiffies - first < TICKS)
		return false;
	for (guint k = 0; k < G_N_ELEMENTS(hz); k++) {
		int64_t beyond = llabs((int64_t)(most[k] - least[k] - length_of(hz[k])));

		if (beyond >= best)
			continue;
		best = beyond;
		tick->length = length_of(hz[k]);
		tick->base = least[k];
	}
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
