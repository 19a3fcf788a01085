/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic BPF (what libpcap makes of a filter) to the instructions of nfp_filter() (ebpf/filter.bpf.h), in a form that
 * the verifier takes: R1 is the context, the result is 1 (the frame passes) or 0.
 *
 * What bpf_filter(3PCAP) answers on the same octets is what comes out. The octets are the frame as it is on the wire: a
 * VLAN tag that is in the socket buffer's metadata is put back to where it was. If the filter says nothing of tags, all
 * tags (NFP_TRANSLATE_TAGS at most) are looked through instead. An octet that is not there makes the frame fail, as
 * there. Octets behind NFP_TRANSLATE_DEPTH count as not there.
 */
#ifndef NFP_PROBE_TRANSLATE_H
#define NFP_PROBE_TRANSLATE_H

#include <glib.h>
#include <linux/filter.h>
#include <stdbool.h>

#define NFP_TRANSLATE_ROOM 4096    /* instructions; NFP_FILTER_ROOM of ebpf/filter.bpf.h */
#define NFP_TRANSLATE_DEPTH 32000u /* deepest offset; the verifier bounds packet pointers by 0xffff */
#define NFP_TRANSLATE_TAGS 4

/* What the function's context is. */
typedef enum {
	NFP_CONTEXT_SKB,
	NFP_CONTEXT_XDP,       /* frames are linear */
	NFP_CONTEXT_XDP_FRAGS, /* bpf_xdp_load_bytes() is there (5.18) */
} NfpContext;

/* Descriptors of LPM tries; -1: none. */
typedef struct {
	int v4, v6;
} NfpTries;

typedef struct {
	NfpContext context;
	bool ethernet; /* frames begin with an Ethernet header; else with the one of IP */
	bool tags;     /* the filter speaks of VLAN tags */
	bool listed;   /* source or destination must be in a trie, too; tags are looked through */
	NfpTries tries;
} NfpTranslateOptions;

/* An array of struct bpf_insn. Error (NFP_ERROR_USAGE): a half sentence. code: valid classic BPF, without jumps
 * backwards; len of a jump, slots and divisors are checked all the same. */
GArray *nfp_translate(const struct sock_filter *code, size_t n, NfpTranslateOptions options, GError **err);

/* Writes the instructions over the function in the object file (ELF). 0, -EINVAL: there is no such function, -E2BIG: it is
 * shorter. */
int nfp_translate_splice(void *object, size_t size, const GArray *insns);

#endif
