/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/fib.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "base/error.h"

#ifndef BPF_FIB_LOOKUP_SKIP_NEIGH
#define BPF_FIB_LOOKUP_SKIP_NEIGH (1U << 2)
#endif

#define PARAMS 64 /* sizeof(struct bpf_fib_lookup), all kernels */
_Static_assert(sizeof(struct bpf_fib_lookup) == PARAMS, "whole on the stack");

/* bpf_fib_lookup() of no address family at all: flags are looked at first (net/core/filter.c). */
static int load(uint32_t flags)
{
	const struct bpf_insn clear = { .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10 };
	struct bpf_insn insns[PARAMS / 8 + 6] = { 0 }, *next = insns;

	for (int16_t at = -PARAMS; at < 0; at += 8) {
		*next = clear;
		next++->off = at;
	}
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -PARAMS };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = PARAMS };
	*next++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = (int32_t)flags };
	*next++ = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_fib_lookup };
	*next++ = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nfprobe_fib", "GPL", insns, G_N_ELEMENTS(insns), NULL);
}

uint8_t nfp_fib_flags(void)
{
	NFP_AUTO_FD int program = load(BPF_FIB_LOOKUP_SKIP_NEIGH);
	uint8_t frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	if (program < 0 || bpf_prog_test_run_opts(program, &opts) || (int)opts.retval == -EINVAL)
		return 0;
	return BPF_FIB_LOOKUP_SKIP_NEIGH;
}
