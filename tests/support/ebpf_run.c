/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/ebpf_run.h"

#include <string.h>

#include <linux/bpf.h>

/* Addresses that no number of a filter gets near. */
#define CONTEXT 0x10000000000ull
#define DATA    0x20000000000ull
#define STACK   0x30000000000ull /* the end: R10 */
#define MAP     0x40000000000ull
#define ROOM    512u /* octets of stack */

typedef struct {
	NfpContext context;
	const NfptEbpfFrame *on;
	guint64 r[11];
	guint known; /* a bit a register that was written */
	guint8 stack[ROOM];
	gboolean written[ROOM];
	const char *why;
} Machine;

static gboolean fault(Machine *m, const char *why)
{
	m->why = why;
	return FALSE;
}

static gboolean may_read(Machine *m, guint reg)
{
	return reg <= 10 && m->known >> reg & 1 ? TRUE : fault(m, "a register is read that was not written");
}

static void put(Machine *m, guint reg, guint64 value)
{
	m->r[reg] = value;
	m->known |= 1u << reg;
}

static guint octets(guint8 code)
{
	switch (BPF_SIZE(code)) {
	case BPF_W:
		return 4;
	case BPF_H:
		return 2;
	case BPF_B:
		return 1;
	default:
		return 8;
	}
}

/* The stack's octets at an address; NULL: that is not all of the stack. */
static guint8 *stack_at(Machine *m, guint64 address, guint n)
{
	if (address < STACK - ROOM || address > STACK - n)
		return NULL;
	return m->stack + (address - (STACK - ROOM));
}

static gboolean stack_written(Machine *m, const guint8 *at, guint n)
{
	for (guint i = 0; i < n; i++)
		if (!m->written[at - m->stack + i])
			return fault(m, "octets of the stack are read that were not written");
	return TRUE;
}

static gboolean load_skb(Machine *m, guint off, guint reg)
{
	switch (off) {
	case offsetof(struct __sk_buff, data):
		put(m, reg, DATA);
		return TRUE;
	case offsetof(struct __sk_buff, data_end):
		put(m, reg, DATA + m->on->linear);
		return TRUE;
	case offsetof(struct __sk_buff, len):
		put(m, reg, m->on->length);
		return TRUE;
	case offsetof(struct __sk_buff, vlan_present):
		put(m, reg, m->on->tagged);
		return TRUE;
	case offsetof(struct __sk_buff, vlan_proto): /* as on the wire */
		put(m, reg, m->on->tagged ? GUINT16_TO_BE(m->on->tag_type) : 0);
		return TRUE;
	case offsetof(struct __sk_buff, vlan_tci):
		put(m, reg, m->on->tagged ? m->on->tci : 0);
		return TRUE;
	default:
		return fault(m, "a member of the context is read that is not there");
	}
}

static gboolean load_context(Machine *m, guint off, guint reg)
{
	if (m->context == NFP_CONTEXT_SKB)
		return load_skb(m, off, reg);
	if (off != offsetof(struct xdp_md, data) && off != offsetof(struct xdp_md, data_end))
		return fault(m, "a member of the context is read that is not there");
	put(m, reg, off == offsetof(struct xdp_md, data) ? DATA : DATA + m->on->linear);
	return TRUE;
}

static gboolean load(Machine *m, const struct bpf_insn *insn)
{
	guint n = octets(insn->code);
	guint64 address, value = 0;
	const guint8 *at;

	if (BPF_MODE(insn->code) != BPF_MEM)
		return fault(m, "a load of no kind that is made here");
	if (!may_read(m, insn->src_reg))
		return FALSE;
	address = m->r[insn->src_reg] + (guint64)(gint64)insn->off;
	if (address >= CONTEXT && address < CONTEXT + sizeof(struct __sk_buff))
		return n == 4 ? load_context(m, (guint)(address - CONTEXT), insn->dst_reg)
			      : fault(m, "a part of the context's member is read");
	at = stack_at(m, address, n);
	if (at && !stack_written(m, at, n))
		return FALSE;
	if (!at && address >= DATA && address + n <= DATA + m->on->linear)
		at = m->on->frame + (address - DATA);
	if (!at)
		return fault(m, "a read behind what there is");
	memcpy(&value, at, n); /* little-endian machines only, as all that tests run on */
	put(m, insn->dst_reg, value);
	return TRUE;
}

static gboolean store(Machine *m, const struct bpf_insn *insn)
{
	guint n = octets(insn->code);
	guint8 *at;

	if (!may_read(m, insn->src_reg) || !may_read(m, insn->dst_reg))
		return FALSE;
	at = stack_at(m, m->r[insn->dst_reg] + (guint64)(gint64)insn->off, n);
	if (!at)
		return fault(m, "a write to what is not the stack");
	memcpy(at, &m->r[insn->src_reg], n);
	memset(m->written + (at - m->stack), TRUE, n * sizeof(m->written[0]));
	return TRUE;
}

static guint64 swapped(guint64 value, gint32 bits)
{
	return bits == 16 ? GUINT16_SWAP_LE_BE((guint16)value)
	       : bits == 32 ? GUINT32_SWAP_LE_BE((guint32)value) : GUINT64_SWAP_LE_BE(value);
}

static gboolean compute(Machine *m, const struct bpf_insn *insn)
{
	gboolean wide = BPF_CLASS(insn->code) == BPF_ALU64;
	guint64 a, b;

	if (BPF_OP(insn->code) == BPF_END) {
		if (!may_read(m, insn->dst_reg))
			return FALSE;
		put(m, insn->dst_reg, swapped(m->r[insn->dst_reg], insn->imm));
		return TRUE;
	}
	if ((BPF_SRC(insn->code) == BPF_X && !may_read(m, insn->src_reg)) ||
	    (BPF_OP(insn->code) != BPF_MOV && !may_read(m, insn->dst_reg)))
		return FALSE;
	a = m->r[insn->dst_reg];
	b = BPF_SRC(insn->code) == BPF_X ? m->r[insn->src_reg] : (guint64)(gint64)insn->imm;
	if (!wide) {
		a = (guint32)a;
		b = (guint32)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_MOV: a = b; break;
	case BPF_ADD: a += b; break;
	case BPF_SUB: a -= b; break;
	case BPF_MUL: a *= b; break;
	case BPF_DIV: a = b ? a / b : 0; break;
	case BPF_MOD: a = b ? a % b : a; break;
	case BPF_OR: a |= b; break;
	case BPF_AND: a &= b; break;
	case BPF_XOR: a ^= b; break;
	case BPF_NEG: a = -a; break;
	case BPF_LSH:
	case BPF_RSH:
		if (b >= (wide ? 64 : 32))
			return fault(m, "a shift by more than there is");
		a = BPF_OP(insn->code) == BPF_LSH ? a << b : a >> b;
		break;
	default:
		return fault(m, "an operation that is not made here");
	}
	put(m, insn->dst_reg, wide ? a : (guint32)a);
	return TRUE;
}

static gboolean call(Machine *m, gint32 function)
{
	guint64 result = 0;
	guint8 *to;

	if (!may_read(m, BPF_REG_1))
		return FALSE;
	switch (function) {
	case BPF_FUNC_skb_load_bytes:
	case BPF_FUNC_xdp_load_bytes:
		if ((function == BPF_FUNC_skb_load_bytes) != (m->context == NFP_CONTEXT_SKB) || m->context == NFP_CONTEXT_XDP)
			return fault(m, "a function that this context has not");
		if (!may_read(m, BPF_REG_2) || !may_read(m, BPF_REG_3) || !may_read(m, BPF_REG_4))
			return FALSE;
		to = stack_at(m, m->r[3], (guint)m->r[4]);
		if (m->r[1] != CONTEXT || !to)
			return fault(m, "a copy to what is not the stack");
		if ((guint32)m->r[2] > m->on->length || m->r[4] > m->on->length - (guint32)m->r[2]) {
			result = (guint64)-14; /* -EFAULT; the kernel clears the octets */
			memset(to, 0, m->r[4]);
		} else {
			memcpy(to, m->on->frame + (guint32)m->r[2], m->r[4]);
		}
		memset(m->written + (to - m->stack), TRUE, m->r[4] * sizeof(m->written[0]));
		break;
	case BPF_FUNC_xdp_get_buff_len:
		if (m->context != NFP_CONTEXT_XDP_FRAGS || m->r[1] != CONTEXT)
			return fault(m, "a function that this context has not");
		result = m->on->length;
		break;
	case BPF_FUNC_map_lookup_elem: {
		guint32 bits;

		to = may_read(m, BPF_REG_2) ? stack_at(m, m->r[2], 8) : NULL;
		if (!to || m->r[1] < MAP || !stack_written(m, to, 8))
			return fault(m, m->why ? m->why : "a key that is not on the stack");
		memcpy(&bits, to, sizeof(bits));
		if (bits > 32 && (!stack_at(m, m->r[2], 20) || !stack_written(m, to, 20)))
			return fault(m, "a key that is cut");
		result = m->on->has((int)(m->r[1] - MAP), to, m->on->data) ? MAP : 0;
		break;
	}
	default:
		return fault(m, "a function that is not called here");
	}
	m->known &= ~0x3fu;
	put(m, BPF_REG_0, result);
	return TRUE;
}

static gboolean taken(Machine *m, const struct bpf_insn *insn, gboolean *ret)
{
	gboolean narrow = BPF_CLASS(insn->code) == BPF_JMP32;
	guint64 a, b;

	if (!may_read(m, insn->dst_reg) || (BPF_SRC(insn->code) == BPF_X && !may_read(m, insn->src_reg)))
		return FALSE;
	a = m->r[insn->dst_reg];
	b = BPF_SRC(insn->code) == BPF_X ? m->r[insn->src_reg] : (guint64)(gint64)insn->imm;
	if (narrow) {
		a = (guint32)a;
		b = (guint32)b;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ: *ret = a == b; return TRUE;
	case BPF_JNE: *ret = a != b; return TRUE;
	case BPF_JGT: *ret = a > b; return TRUE;
	case BPF_JGE: *ret = a >= b; return TRUE;
	case BPF_JLT: *ret = a < b; return TRUE;
	case BPF_JLE: *ret = a <= b; return TRUE;
	case BPF_JSET: *ret = (a & b) != 0; return TRUE;
	default: return fault(m, "a comparison that is not made here");
	}
}

/* Where to go on; insns->len: the end. G_MAXUINT: a fault. Jumps go forwards. */
static guint jump(Machine *m, const struct bpf_insn *insn, guint at, guint n)
{
	gboolean far = TRUE;

	switch (BPF_OP(insn->code)) {
	case BPF_EXIT:
		return may_read(m, BPF_REG_0) ? n : G_MAXUINT;
	case BPF_CALL:
		return call(m, insn->imm) ? at + 1 : G_MAXUINT;
	case BPF_JA:
		break;
	default:
		if (!taken(m, insn, &far))
			return G_MAXUINT;
	}
	if (insn->off < 0 || (guint)insn->off >= n - at - 1)
		return fault(m, "a jump out of the program, or backwards") ? 0 : G_MAXUINT;
	return at + 1 + (far ? (guint)insn->off : 0);
}

static guint step(Machine *m, const struct bpf_insn *insn, guint at, guint n)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return load(m, insn) ? at + 1 : G_MAXUINT;
	case BPF_STX:
		return store(m, insn) ? at + 1 : G_MAXUINT;
	case BPF_ALU:
	case BPF_ALU64:
		return compute(m, insn) ? at + 1 : G_MAXUINT;
	case BPF_JMP:
	case BPF_JMP32:
		return jump(m, insn, at, n);
	default:
		if (insn->code != (BPF_LD | BPF_DW | BPF_IMM) || insn->src_reg != BPF_PSEUDO_MAP_FD)
			return fault(m, "an instruction that is not made here") ? 0 : G_MAXUINT;
		put(m, insn->dst_reg, MAP + (guint64)insn->imm);
		return at + 2;
	}
}

gint64 nfpt_ebpf_run(const GArray *insns, NfpContext context, const NfptEbpfFrame *on, const char **ret_why)
{
	Machine m = { .context = context, .on = on };
	guint at = 0;

	put(&m, BPF_REG_1, CONTEXT);
	put(&m, BPF_REG_10, STACK);
	while (at < insns->len)
		at = step(&m, &g_array_index(insns, struct bpf_insn, at), at, insns->len);
	if (at == insns->len && BPF_OP(g_array_index(insns, struct bpf_insn, at - 1).code) == BPF_EXIT)
		return (gint64)(guint32)m.r[0];
	*ret_why = m.why ? m.why : "no end";
	return -1;
}
