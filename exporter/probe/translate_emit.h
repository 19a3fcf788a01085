/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions, labels and jumps of translate.c. */
#ifndef NFP_PROBE_TRANSLATE_EMIT_H
#define NFP_PROBE_TRANSLATE_EMIT_H

#include <linux/bpf.h>

#include "probe/translate.h"

/* Registers. R0 to R5 do not survive a load. */
enum { FRAME = BPF_REG_10, CONTEXT = BPF_REG_6, A = BPF_REG_7, X = BPF_REG_8, SHIFT = BPF_REG_9 };

/* The stack, offsets from its end. */
enum { BUFFER = -8, TAG = -16, SUM = -24, KEY = -48, MEMORY = -48 }; /* slots of MEMORY: 8 octets each, below */

#define UNBOUND G_MAXUINT

typedef struct {
	guint at, label;
} Jump;

typedef struct {
	NfpTranslateOptions options;
	GArray *out;    /* struct bpf_insn */
	GArray *labels; /* guint: instruction that each stands for; the first are the classic program's instructions */
	GArray *jumps;  /* Jump */
	guint pass, none;
	bool passes, fails; /* somebody jumps there */
} Emit;

/* ---- instructions ----------------------------------------------------------------------------------- */

static inline void put(Emit *e, guint8 code, guint8 dst, guint8 src, gint16 off, gint32 imm)
{
	struct bpf_insn insn = { .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };

	g_array_append_val(e->out, insn);
}

static inline guint label(Emit *e)
{
	guint nowhere = UNBOUND;

	g_array_append_val(e->labels, nowhere);
	return e->labels->len - 1;
}

static inline void bind(Emit *e, guint at)
{
	g_array_index(e->labels, guint, at) = e->out->len;
}

static inline void jump(Emit *e, guint8 code, guint8 dst, guint8 src, gint32 imm, guint to)
{
	Jump made = { e->out->len, to };

	e->passes |= to == e->pass;
	e->fails |= to == e->none;
	g_array_append_val(e->jumps, made);
	put(e, code, dst, src, 0, imm);
}

static inline void go(Emit *e, guint to)
{
	jump(e, BPF_JMP | BPF_JA, 0, 0, 0, to);
}

static inline void move(Emit *e, guint8 dst, guint8 src)
{
	put(e, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static inline void set(Emit *e, guint8 dst, guint32 value)
{
	put(e, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (gint32)value);
}

static inline void get(Emit *e, guint8 size, guint8 dst, guint8 src, gint16 off)
{
	put(e, BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static inline void store(Emit *e, gint16 off, guint8 src)
{
	put(e, BPF_STX | BPF_MEM | BPF_W, FRAME, src, off, 0);
}

static inline void add(Emit *e, guint8 dst, gint32 n)
{
	put(e, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, n);
}

static inline void alu(Emit *e, guint8 op, guint8 dst, gint32 n)
{
	put(e, BPF_ALU | op | BPF_K, dst, 0, 0, n);
}

static inline void call(Emit *e, gint32 function)
{
	put(e, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

#endif
