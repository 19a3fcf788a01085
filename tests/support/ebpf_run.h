/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that probe/translate.h makes, run without a kernel: what the verifier would not take (registers and octets of
 * the stack that nobody wrote, reads beyond what was compared, jumps out of the program) is a fault here, too.
 */
#ifndef NFP_TEST_EBPF_RUN_H
#define NFP_TEST_EBPF_RUN_H

#include "probe/translate.h"

typedef struct {
	const guint8 *frame;
	guint length;        /* octets of the frame */
	guint linear;        /* of these can be read directly */
	gboolean tagged;     /* a tag is in metadata (NFP_CONTEXT_SKB) */
	guint16 tag_type, tci; /* host order */
	/* Whether the LPM trie has the key: a length in bits (host order), then the address. */
	gboolean (*has)(int trie, const guint8 *key, gpointer data);
	gpointer data;
} NfptEbpfFrame;

/* R0 at the end; -1: *ret_why says what is wrong with the program (static). */
gint64 nfpt_ebpf_run(const GArray *insns, NfpContext context, const NfptEbpfFrame *on, const char **ret_why);

#endif
