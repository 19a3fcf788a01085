/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/translate.h"

#include <linux/bpf.h>

#include "base/error.h"
#include "probe/translate_emit.h"

#define TAG_AT 12u    /* offset of a frame's first VLAN tag */
#define TAG_OCTETS 4u

/* ---- the frame's octets ----------------------------------------------------------------------------- */

static bool is_xdp(const Emit *e)
{
	return e->options.context != NFP_CONTEXT_SKB;
}

static void get_data(Emit *e, guint8 begin, guint8 end)
{
	get(e, BPF_W, begin, CONTEXT, is_xdp(e) ? offsetof(struct xdp_md, data) : offsetof(struct __sk_buff, data));
	get(e, BPF_W, end, CONTEXT,
	    is_xdp(e) ? offsetof(struct xdp_md, data_end) : offsetof(struct __sk_buff, data_end));
}

static int octets(guint8 size)
{
	return size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
}

/* R0, in host byte order: at the real offset k, or (k is UNBOUND) in R2. Packet pointers are made anew for each load, so
 * that none is alive between two: the verifier would tell states by how far each has been compared. */
static void fetch(Emit *e, guint8 size, guint k, guint fail)
{
	bool by_register = k == UNBOUND, copies = e->options.context != NFP_CONTEXT_XDP;
	guint slow = copies ? label(e) : fail;
	int n = octets(size);

	get_data(e, BPF_REG_3, BPF_REG_4);
	if (by_register)
		put(e, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	move(e, BPF_REG_5, BPF_REG_3);
	add(e, BPF_REG_5, (by_register ? 0 : (gint32)k) + n);
	jump(e, BPF_JMP | BPF_JGT | BPF_X, BPF_REG_5, BPF_REG_4, 0, slow);
	get(e, size, BPF_REG_0, BPF_REG_3, (gint16)(by_register ? 0 : k));
	if (copies) { /* what is not in the linear part */
		guint got = label(e);

		go(e, got);
		bind(e, slow);
		if (!by_register)
			set(e, BPF_REG_2, k);
		move(e, BPF_REG_1, CONTEXT);
		move(e, BPF_REG_3, FRAME);
		add(e, BPF_REG_3, BUFFER);
		set(e, BPF_REG_4, (guint32)n);
		call(e, is_xdp(e) ? BPF_FUNC_xdp_load_bytes : BPF_FUNC_skb_load_bytes);
		jump(e, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, fail);
		get(e, size, BPF_REG_0, FRAME, BUFFER);
		bind(e, got);
	}
	if (n > 1)
		put(e, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_0, 0, 0, n * 8);
}

/* ---- what the filter takes for the frame: tags looked through, or put back ---------------------------- */

typedef enum { VIEW_PLAIN, VIEW_STRIPPED, VIEW_WIRE } View;

static View view_of(const Emit *e)
{
	if (!e->options.ethernet)
		return VIEW_PLAIN;
	if (!e->options.tags)
		return VIEW_STRIPPED;
	return is_xdp(e) ? VIEW_PLAIN : VIEW_WIRE; /* XDP has no metadata */
}

/* SHIFT keeps its value, which is among the bits of the mask, and the verifier walks what follows once. */
static void forget(Emit *e, guint8 mask)
{
	get_data(e, BPF_REG_1, BPF_REG_2);
	put(e, BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_2, BPF_REG_1, 0, 0);
	put(e, BPF_ALU64 | BPF_XOR | BPF_X, SHIFT, BPF_REG_2, 0, 0);
	put(e, BPF_ALU64 | BPF_XOR | BPF_X, SHIFT, BPF_REG_2, 0, 0);
	put(e, BPF_ALU64 | BPF_AND | BPF_K, SHIFT, 0, 0, mask);
}

/* SHIFT: octets of the tags in the frame. */
static void measure_tags(Emit *e)
{
	guint done = label(e);

	for (guint i = 0; i < NFP_TRANSLATE_TAGS; i++) {
		guint next = label(e);

		set(e, SHIFT, i * TAG_OCTETS);
		fetch(e, BPF_W, TAG_AT + i * TAG_OCTETS, done);
		alu(e, BPF_RSH, BPF_REG_0, 16);
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0x8100, next);
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0x88a8, next);
		jump(e, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0x9100, done);
		bind(e, next);
	}
	set(e, SHIFT, NFP_TRANSLATE_TAGS * TAG_OCTETS);
	bind(e, done);
	forget(e, 0x1c);
}

/* TAG: the one in metadata, SHIFT: its octets, or 0. */
static void take_metadata(Emit *e)
{
	guint done = label(e);

	set(e, SHIFT, 0);
	store(e, TAG, SHIFT);
	get(e, BPF_W, BPF_REG_0, CONTEXT, offsetof(struct __sk_buff, vlan_present));
	jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, done);
	set(e, SHIFT, TAG_OCTETS);
	get(e, BPF_W, BPF_REG_0, CONTEXT, offsetof(struct __sk_buff, vlan_proto));
	put(e, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_0, 0, 0, 16);
	alu(e, BPF_LSH, BPF_REG_0, 16);
	get(e, BPF_W, BPF_REG_1, CONTEXT, offsetof(struct __sk_buff, vlan_tci));
	alu(e, BPF_AND, BPF_REG_1, 0xffff);
	put(e, BPF_ALU | BPF_OR | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
	store(e, TAG, BPF_REG_0);
	bind(e, done);
	forget(e, TAG_OCTETS);
}

/* R2: the offset k, behind X if indirect. */
static void offset(Emit *e, bool indirect, guint32 k)
{
	if (!indirect) {
		set(e, BPF_REG_2, k);
		return;
	}
	move(e, BPF_REG_2, X);
	add(e, BPF_REG_2, (gint32)k);
	jump(e, BPF_JMP | BPF_JGT | BPF_K, BPF_REG_2, 0, NFP_TRANSLATE_DEPTH, e->none);
}

/* R0: one octet, wherever it is: before, in or behind the tags. */
static void load_octet(Emit *e, bool indirect, guint32 k)
{
	guint plain = label(e), have = label(e);

	offset(e, indirect, k);
	jump(e, BPF_JMP | BPF_JLT | BPF_K, BPF_REG_2, 0, TAG_AT, plain);
	if (view_of(e) == VIEW_STRIPPED) {
		put(e, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_2, SHIFT, 0, 0);
	} else {
		guint behind = label(e);

		jump(e, BPF_JMP | BPF_JEQ | BPF_K, SHIFT, 0, 0, plain);
		jump(e, BPF_JMP | BPF_JGE | BPF_K, BPF_REG_2, 0, TAG_AT + TAG_OCTETS, behind);
		get(e, BPF_W, BPF_REG_0, FRAME, TAG);
		set(e, BPF_REG_3, TAG_AT + TAG_OCTETS - 1);
		put(e, BPF_ALU | BPF_SUB | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
		alu(e, BPF_LSH, BPF_REG_3, 3);
		put(e, BPF_ALU | BPF_RSH | BPF_X, BPF_REG_0, BPF_REG_3, 0, 0);
		alu(e, BPF_AND, BPF_REG_0, 0xff);
		go(e, have);
		bind(e, behind);
		add(e, BPF_REG_2, -(gint32)TAG_OCTETS);
	}
	bind(e, plain);
	fetch(e, BPF_B, UNBOUND, e->none);
	bind(e, have);
}

/* Across the place of the tags, or who knows where: octet by octet. */
static void load_octets(Emit *e, guint8 size, bool indirect, guint32 k)
{
	for (int i = 0; i < octets(size); i++) {
		load_octet(e, indirect, k + (guint32)i);
		if (i) {
			get(e, BPF_W, BPF_REG_1, FRAME, SUM);
			alu(e, BPF_LSH, BPF_REG_1, 8);
			put(e, BPF_ALU | BPF_OR | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
		}
		if (i < octets(size) - 1)
			store(e, SUM, BPF_REG_0);
	}
}

/* Inside the tag that is in metadata, or that is not. */
static void load_tag(Emit *e, guint8 size, guint32 k)
{
	guint plain = label(e), have = label(e);
	int n = octets(size);

	jump(e, BPF_JMP | BPF_JEQ | BPF_K, SHIFT, 0, 0, plain);
	get(e, BPF_W, BPF_REG_0, FRAME, TAG);
	if (n < 4) {
		alu(e, BPF_RSH, BPF_REG_0, (gint32)(TAG_AT + TAG_OCTETS - k - (guint32)n) * 8);
		alu(e, BPF_AND, BPF_REG_0, n == 2 ? 0xffff : 0xff);
	}
	go(e, have);
	bind(e, plain);
	fetch(e, size, k, e->none);
	bind(e, have);
}

/* R0: what the filter finds at its offset k, behind X if indirect. */
static void load(Emit *e, guint8 size, bool indirect, guint32 k)
{
	View view = view_of(e);
	guint32 n = (guint32)octets(size), behind = view == VIEW_WIRE ? TAG_AT + TAG_OCTETS : TAG_AT;

	if (k > NFP_TRANSLATE_DEPTH) {
		/* Always so, but what follows must look reachable. */
		set(e, BPF_REG_0, 0);
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, e->none);
	} else if (!indirect && (view == VIEW_PLAIN || k + n <= TAG_AT)) {
		fetch(e, size, k, e->none);
	} else if (view == VIEW_PLAIN) {
		offset(e, indirect, k);
		fetch(e, size, UNBOUND, e->none);
	} else if (k >= behind) {
		offset(e, indirect, k);
		put(e, BPF_ALU64 | (view == VIEW_WIRE ? BPF_SUB : BPF_ADD) | BPF_X, BPF_REG_2, SHIFT, 0, 0);
		fetch(e, size, UNBOUND, e->none);
	} else if (!indirect && k >= TAG_AT && k + n <= behind) {
		load_tag(e, size, k);
	} else {
		load_octets(e, size, indirect, k);
	}
}

/* R0: length of the frame on the wire. */
static void load_length(Emit *e)
{
	if (e->options.context == NFP_CONTEXT_XDP_FRAGS) {
		move(e, BPF_REG_1, CONTEXT);
		call(e, BPF_FUNC_xdp_get_buff_len);
	} else if (is_xdp(e)) {
		get_data(e, BPF_REG_1, BPF_REG_0);
		put(e, BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
	} else {
		guint untagged = label(e);

		get(e, BPF_W, BPF_REG_0, CONTEXT, offsetof(struct __sk_buff, len));
		if (!e->options.ethernet)
			return;
		get(e, BPF_W, BPF_REG_1, CONTEXT, offsetof(struct __sk_buff, vlan_present));
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 0, untagged);
		alu(e, BPF_ADD, BPF_REG_0, TAG_OCTETS);
		bind(e, untagged);
	}
}

/* ---- classic instructions ----------------------------------------------------------------------------- */

static gint16 slot(guint32 k)
{
	return (gint16)(MEMORY - 8 * ((gint32)k + 1));
}

static bool is_slot(const struct sock_filter *c)
{
	switch (BPF_CLASS(c->code)) {
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(c->code) == BPF_MEM;
	case BPF_ST:
	case BPF_STX:
		return true;
	default:
		return false;
	}
}

/* A load into A or X. False: not one that there is. */
static bool emit_load(Emit *e, const struct sock_filter *c)
{
	guint8 to = BPF_CLASS(c->code) == BPF_LD ? A : X;
	bool indexed = BPF_MODE(c->code) == BPF_IND;

	switch (BPF_MODE(c->code)) {
	case BPF_IMM:
		set(e, to, c->k);
		return true;
	case BPF_MEM:
		get(e, BPF_W, to, FRAME, slot(c->k));
		return true;
	case BPF_LEN:
		load_length(e);
		break;
	case BPF_MSH:
		load(e, BPF_B, false, c->k);
		alu(e, BPF_AND, BPF_REG_0, 0xf);
		alu(e, BPF_LSH, BPF_REG_0, 2);
		break;
	case BPF_ABS:
	case BPF_IND:
		if (to != A)
			return false;
		load(e, BPF_SIZE(c->code), indexed, c->k);
		break;
	default:
		return false;
	}
	put(e, BPF_ALU | BPF_MOV | BPF_X, to, BPF_REG_0, 0, 0);
	return true;
}

/* Shifts by 32 and more leave nothing, and division by nothing fails. */
static bool emit_alu(Emit *e, const struct sock_filter *c)
{
	guint8 op = BPF_OP(c->code);
	bool by_x = BPF_SRC(c->code) == BPF_X, shifts = op == BPF_LSH || op == BPF_RSH,
	     divides = op == BPF_DIV || op == BPF_MOD;
	guint done;

	if (op > BPF_XOR || (divides && !by_x && !c->k))
		return false;
	if (op == BPF_NEG) {
		put(e, BPF_ALU | BPF_NEG, A, 0, 0, 0);
		return true;
	}
	if (shifts && !by_x && c->k > 31) {
		set(e, A, 0);
		return true;
	}
	if (divides && by_x)
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, X, 0, 0, e->none);
	if (!shifts || !by_x) {
		put(e, BPF_ALU | op | BPF_SRC(c->code), A, by_x ? X : 0, 0, by_x ? 0 : (gint32)c->k);
		return true;
	}
	done = label(e);
	move(e, BPF_REG_0, A);
	set(e, A, 0);
	jump(e, BPF_JMP | BPF_JGT | BPF_K, X, 0, 31, done);
	move(e, A, BPF_REG_0);
	put(e, BPF_ALU | op | BPF_X, A, X, 0, 0);
	bind(e, done);
	return true;
}

static bool emit_jump(Emit *e, const struct sock_filter *c, guint at, size_t n)
{
	guint8 op = BPF_OP(c->code);
	bool by_x = BPF_SRC(c->code) == BPF_X;
	size_t left = n - at - 1;

	if (op == BPF_JA) {
		if (c->k >= left)
			return false;
		go(e, at + 1 + c->k);
		return true;
	}
	if (c->jt >= left || c->jf >= left || op > BPF_JSET)
		return false;
	jump(e, BPF_JMP32 | op | BPF_SRC(c->code), A, by_x ? X : 0, by_x ? 0 : (gint32)c->k, at + 1 + c->jt);
	if (c->jf)
		go(e, at + 1 + c->jf);
	return true;
}

static void emit_return(Emit *e, const struct sock_filter *c)
{
	if (BPF_RVAL(c->code) == BPF_A)
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, A, 0, 0, e->none);
	go(e, BPF_RVAL(c->code) == BPF_A || c->k ? e->pass : e->none);
}

static bool emit(Emit *e, const struct sock_filter *c, guint at, size_t n)
{
	if (is_slot(c) && c->k >= BPF_MEMWORDS)
		return false;
	switch (BPF_CLASS(c->code)) {
	case BPF_LD:
	case BPF_LDX:
		return emit_load(e, c);
	case BPF_ST:
		store(e, slot(c->k), A);
		return true;
	case BPF_STX:
		store(e, slot(c->k), X);
		return true;
	case BPF_ALU:
		return emit_alu(e, c);
	case BPF_JMP:
		return emit_jump(e, c, at, n);
	case BPF_RET:
		emit_return(e, c);
		return true;
	default: /* BPF_MISC */
		put(e, BPF_ALU | BPF_MOV | BPF_X, BPF_MISCOP(c->code) == BPF_TAX ? X : A,
		    BPF_MISCOP(c->code) == BPF_TAX ? A : X, 0, 0);
		return true;
	}
}

static void begin(Emit *e, const struct sock_filter *code, size_t n)
{
	guint32 used = 0;

	move(e, CONTEXT, BPF_REG_1);
	set(e, A, 0);
	set(e, X, 0);
	for (size_t i = 0; i < n; i++)
		if (is_slot(&code[i]) && code[i].k < BPF_MEMWORDS)
			used |= 1u << code[i].k;
	for (guint32 i = 0; i < BPF_MEMWORDS; i++)
		if (used >> i & 1)
			store(e, slot(i), A);
	if (view_of(e) == VIEW_STRIPPED)
		measure_tags(e);
	else if (view_of(e) == VIEW_WIRE)
		take_metadata(e);
}

/* ---- lists of prefixes -------------------------------------------------------------------------------- */

/* To `found` if the address at the offset, behind SHIFT, is in the trie. words: of the address, 32 bits each. */
static void look_up(Emit *e, int trie, guint words, guint32 at, guint found)
{
	for (guint i = 0; i < words; i++) {
		move(e, BPF_REG_2, SHIFT);
		add(e, BPF_REG_2, (gint32)(at + 4 * i));
		fetch(e, BPF_W, UNBOUND, e->none);
		put(e, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_0, 0, 0, 32); /* as on the wire again */
		store(e, (gint16)(KEY + 4 + 4 * (gint32)i), BPF_REG_0);
	}
	set(e, BPF_REG_0, words * 32);
	store(e, KEY, BPF_REG_0);
	put(e, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, trie);
	put(e, 0, 0, 0, 0, 0);
	move(e, BPF_REG_2, FRAME);
	add(e, BPF_REG_2, KEY);
	call(e, BPF_FUNC_map_lookup_elem);
	jump(e, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, found);
}

/* What the expression lets pass must be from or to a prefix. */
static void check_lists(Emit *e)
{
	guint32 ip = e->options.ethernet ? 14 : 0;
	guint v4 = label(e), v6 = label(e), found = label(e);

	if (!ip) {
		set(e, SHIFT, 0);
		fetch(e, BPF_B, 0, e->none);
		alu(e, BPF_RSH, BPF_REG_0, 4);
	} else {
		if (view_of(e) != VIEW_STRIPPED)
			measure_tags(e);
		move(e, BPF_REG_2, SHIFT);
		add(e, BPF_REG_2, (gint32)ip - 2);
		fetch(e, BPF_H, UNBOUND, e->none);
	}
	if (e->options.tries.v4 >= 0)
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, ip ? 0x0800 : 4, v4);
	if (e->options.tries.v6 >= 0)
		jump(e, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, ip ? 0x86dd : 6, v6);
	go(e, e->none);
	if (e->options.tries.v4 >= 0) { /* source and destination: RFC 791 3.1 */
		bind(e, v4);
		look_up(e, e->options.tries.v4, 1, ip + 12, found);
		look_up(e, e->options.tries.v4, 1, ip + 16, found);
		go(e, e->none);
	}
	if (e->options.tries.v6 >= 0) { /* RFC 8200 3 */
		bind(e, v6);
		look_up(e, e->options.tries.v6, 4, ip + 8, found);
		look_up(e, e->options.tries.v6, 4, ip + 24, found);
		go(e, e->none);
	}
	bind(e, found);
}

/* An instruction that nobody reaches is refused by the kernel. */
static void end(Emit *e)
{
	if (e->passes) {
		bind(e, e->pass);
		if (e->options.listed)
			check_lists(e);
		set(e, BPF_REG_0, 1);
		put(e, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	if (e->fails) {
		bind(e, e->none);
		set(e, BPF_REG_0, 0);
		put(e, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
}

static void resolve(Emit *e)
{
	for (guint i = 0; i < e->jumps->len; i++) {
		const Jump *made = &g_array_index(e->jumps, Jump, i);
		guint to = g_array_index(e->labels, guint, made->label);

		g_array_index(e->out, struct bpf_insn, made->at).off = (gint16)(to - made->at - 1);
	}
}

GArray *nfp_translate(const struct sock_filter *code, size_t n, NfpTranslateOptions options, GError **err)
{
	g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn));
	g_autoptr(GArray) labels = g_array_new(FALSE, FALSE, sizeof(guint));
	g_autoptr(GArray) jumps = g_array_new(FALSE, FALSE, sizeof(Jump));
	Emit e = { .options = options, .out = out, .labels = labels, .jumps = jumps };

	for (size_t i = 0; i < n && i < NFP_TRANSLATE_ROOM; i++)
		label(&e);
	e.pass = label(&e);
	e.none = label(&e);
	begin(&e, code, n);
	for (guint i = 0; i < n && out->len <= NFP_TRANSLATE_ROOM; i++) {
		bind(&e, i);
		if (!emit(&e, &code[i], i, n)) {
			g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "the filter has an instruction (%04x, number %u) that "
				    "no filter has", code[i].code, i);
			return NULL;
		}
	}
	end(&e);
	/* Two more: see nfp_translate_splice(). */
	if (out->len + 3 > NFP_TRANSLATE_ROOM) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "the filter is too long: it takes more than %d instructions; lists of networks go into `prefixes`",
			    NFP_TRANSLATE_ROOM - 3);
		return NULL;
	}
	resolve(&e);
	return g_steal_pointer(&out);
}
