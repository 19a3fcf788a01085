/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/tick.h"

#include <bpf/bpf.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "base/error.h"
#include "probe/tick_fit.h"

#define TRIES 3
#define PATIENCE 1000000 /* runs; one takes about a microsecond, a tick at most ten milliseconds */

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

static bool watch(const NfpTick *tick, NfpTickFit *fit)
{
	for (int i = 0; i < PATIENCE && !nfp_tick_fit_done(fit); i++) {
		Reading now;

		if (!read_clocks(tick, &now))
			return false;
		nfp_tick_fit_add(fit, now.jiffies, now.boot);
	}
	return nfp_tick_fit_done(fit);
}

/* Once more when nothing fits: the host of a virtual machine may have stopped it between two clocks. */
static bool calibrate(NfpTick *tick)
{
	for (int i = 0; i < TRIES; i++) {
		NfpTickFit fit = { 0 };

		if (!watch(tick, &fit))
			return false;
		if (nfp_tick_fit_end(&fit, &tick->length, &tick->base))
			return true;
	}
	return false;
}

/* The machine slept. HZ is what it was. */
static bool rebase(NfpTick *tick)
{
	NfpTickFit fit = { 0 };

	if (!watch(tick, &fit))
		return false;
	tick->base = nfp_tick_fit_base(&fit, tick->length);
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
	else if (behind > (int64_t)tick->length + NFP_TICK_SLACK && !rebase(tick))
		return (struct nfp_tick){ 0 };
	return (struct nfp_tick){ .base = tick->base, .length = tick->length };
}
