/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions and frames that filters are tried on. */
#ifndef NFP_TEST_FILTER_WORLD_H
#define NFP_TEST_FILTER_WORLD_H

#include <glib.h>

#define NFPT_FRAME_MAX 600

extern const char *const nfpt_filters[]; /* NULL at the end */

/* A frame that begins with an Ethernet header (or with that of IP): mostly of sense, sometimes cut or spoilt. */
guint nfpt_filter_frame(GRand *rand, gboolean ethernet, guint8 frame[NFPT_FRAME_MAX]);

/* What a filter that says nothing of tags looks at: the frame without them. In place; returns its length. */
guint nfpt_filter_strip(guint8 *frame, guint length);
/* Puts a tag where one in metadata belongs. The frame has room. */
guint nfpt_filter_tag(guint8 *frame, guint length, guint16 protocol, guint16 tci);

/* bpf_filter(3PCAP). Its own header and the kernel's have each a struct bpf_insn. */
guint nfpt_filter_run(GBytes *code, const guint8 *frame, guint wire, guint length);

#endif
