/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any program of classic BPF that a filter can be has a translation that says of any frame what libpcap says; any other is refused
 * or translated, and breaks nothing. First octet: 1 Ethernet, 2 tags, 4 any codes; then the number of instructions, seven octets
 * each, and the frame.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/filter_native.h"
#include "support/filter_world.h"

#define INSNS 64
#define LEAST 14 /* octets of a frame */

/* What bpf_filter(3PCAP) knows. */
static const guint16 codes[] = {
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
	BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_MSH | BPF_B,
	BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX,
	BPF_JMP | BPF_JA, BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JSET | BPF_K,
	BPF_JMP | BPF_JGT | BPF_X, BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JSET | BPF_X,
	BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_X, BPF_ALU | BPF_MUL | BPF_X, BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_MOD | BPF_X, BPF_ALU | BPF_AND | BPF_X, BPF_ALU | BPF_OR | BPF_X, BPF_ALU | BPF_XOR | BPF_X,
	BPF_ALU | BPF_LSH | BPF_X, BPF_ALU | BPF_RSH | BPF_X,
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_DIV | BPF_K,
	BPF_ALU | BPF_MOD | BPF_K, BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_XOR | BPF_K,
	BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_NEG,
	BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_RET | BPF_K, BPF_RET | BPF_A,
};

static guint32 operand(guint16 code, const uint8_t *octets)
{
	guint32 k = (guint32)octets[0] << 24 | (guint32)octets[1] << 16 | (guint32)octets[2] << 8 | octets[3];

	switch (code) {
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return k % BPF_MEMWORDS;
	case BPF_ALU | BPF_LSH | BPF_K: /* what libpcap does by more is not defined */
	case BPF_ALU | BPF_RSH | BPF_K:
		return k % 32;
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return MAX(k, 1);
	default:
		/* Mostly offsets of the frame. */
		return octets[0] < 0x80 ? k % 64 : k;
	}
}

/* Jumps stay inside, and the last instruction is an end. */
static void make_insn(struct sock_filter *to, const uint8_t *octets, guint left)
{
	guint16 code = codes[octets[0] % G_N_ELEMENTS(codes)];

	*to = (struct sock_filter){ .code = code, .k = operand(code, octets + 3) };
	if (!left)
		*to = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = octets[6] };
	else if (code == (BPF_JMP | BPF_JA))
		to->k %= left;
	else if (BPF_CLASS(code) == BPF_JMP) {
		to->jt = (guint8)(octets[1] % left);
		to->jf = (guint8)(octets[2] % left);
	}
}

static void break_it(GBytes *code, const NfpTranslateOptions *options)
{
	gsize size;
	const void *insns = g_bytes_get_data(code, &size);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) made = nfp_translate(insns, size / sizeof(struct sock_filter), *options, &error);

	if ((made == NULL) != (error != NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_filter insns[BPF_MEMWORDS + INSNS], *own = insns + BPF_MEMWORDS;
	guint8 frame[NFPT_FRAME_MAX] = { 0 };
	g_autofree char *refused = NULL, *complaint = NULL;
	g_autoptr(GBytes) code = NULL;
	guint n, length;

	if (size < 2 + 7)
		return 0;
	n = MIN(1 + data[1] % INSNS, (guint)(size - 2) / 7);
	for (guint i = 0; i < n; i++) {
		const uint8_t *octets = data + 2 + 7 * i;

		if (data[0] & 4)
			own[i] = (struct sock_filter){ octets[0], octets[1], octets[2], operand(0, octets + 3) };
		else
			make_insn(&own[i], octets, n - i - 1);
	}
	/* libpcap's slots hold anything at first, ours 0. */
	for (guint i = 0; i < BPF_MEMWORDS; i++)
		insns[i] = (struct sock_filter){ .code = BPF_ST, .k = i };
	code = g_bytes_new(insns, (BPF_MEMWORDS + n) * sizeof(insns[0]));
	if (data[0] & 4) {
		break_it(code, &(NfpTranslateOptions){ .context = data[0] >> 4 & 1, .ethernet = data[0] & 1, .tags = data[0] & 2 });
		return 0;
	}
	length = MIN((guint)(size - 2 - 7 * n), NFPT_FRAME_MAX);
	memcpy(frame, data + 2 + 7 * n, length);
	complaint = nfpt_filter_differs_anyhow(code, data[0] & 1, (data[0] & 2) != 0, frame, MAX(length, LEAST), &refused);
	if (complaint || refused) {
		printf("%s\n", complaint ? complaint : refused);
		fflush(stdout);
		abort();
	}
	return 0;
}
