/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded cursor over a frame: the only way in which the parser touches a byte.
 *
 * One source, three forms, chosen at compile time after inlining:
 *   direct   BPF, packet pointers: compared with data_end, as the verifier asks
 *   scratch  BPF, a copy of the head in a map value: a bounded offset, as the verifier asks
 *   native   any host compiler: offset and length
 * No map, no helper, no libc: the same file serves the object, the unit tests and the fuzzer.
 */
#ifndef NFP_VIEW_H
#define NFP_VIEW_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define NFP_HEAD_MAX 512 /* bytes copied when a frame's headers are not linear */
#define NFP_HEAD_PAD 64  /* behind them: the longest single nfp_take() fits at any bounded offset */
#define NFP_OFF_MAX 4095 /* deepest offset taken from packet pointers; the verifier needs a bound */

struct nfp_view {
	const __u8 *base; /* first byte of the frame */
	const __u8 *end;  /* behind the last readable byte */
	__u32 frame;      /* bytes of the whole frame, readable or not */
	__u32 wanted;     /* out: end of the last bytes that could not be had; 0: none */
	__u64 readable;   /* of a copy: bytes of it, set by nfp_view_frame() */
	/* Base is the packet, not a copy in a map value. Constant: after inlining, or as a zero on the stack,
	 * the one value of a byte there that verifiers before 6.3 keep in mind, if the eight bytes that it is
	 * among are not written to. */
	__u64 direct;
};

/*
 * NFP_FORGET(x, unknown): x keeps its value and the verifier loses what it knows of it, so that paths
 * which differ in constants only are walked once. Without it verification explodes: each return of
 * the parser would be followed through the whole account. unknown: any scalar the verifier cannot
 * know, such as the frame's length. Two instructions.
 */
#ifdef __bpf__
#define NFP_FORGET(x, unknown)                                                                     \
	do {                                                                                       \
		__u64 forget_ = (x);                                                               \
		__asm__ volatile("%0 ^= %1\n\t%0 ^= %1" : "+r"(forget_) : "r"((__u64)(unknown)));    \
		(x) = (__typeof__(x))forget_;                                                      \
	} while (0)
#else
#define NFP_FORGET(x, unknown) (void)(unknown)
#endif

#ifdef __bpf__
#define NFP_NOINLINE __attribute__((noinline))
#define NFP_BARRIER() __asm__ volatile("" ::: "memory") /* what is in memory is read from there */
#define NFP_OPAQUE(x) __asm__ volatile("" : "+r"(x)) /* keeps the checked register the used one */
/* Unaligned halfwords and words are single loads, which the verifier takes on x86 and arm64. */
static __always_inline __u16 nfp_raw16(const __u8 *p)
{
	return *(const __u16 *)p;
}

static __always_inline __u32 nfp_raw32(const __u8 *p)
{
	return *(const __u32 *)p;
}
#else
#define NFP_NOINLINE inline
#define NFP_BARRIER() (void)0
#define NFP_OPAQUE(x) (void)(x)
static __always_inline __u16 nfp_raw16(const __u8 *p)
{
	__u16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline __u32 nfp_raw32(const __u8 *p)
{
	__u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NFP_SWAP16(x) ((__u16)__builtin_bswap16(x))
#define NFP_SWAP32(x) ((__u32)__builtin_bswap32(x))
#else
#define NFP_SWAP16(x) ((__u16)(x))
#define NFP_SWAP32(x) ((__u32)(x))
#endif

/* Big-endian values as numbers of this machine. */
static __always_inline __u16 nfp_be16(const __u8 *p)
{
	return NFP_SWAP16(nfp_raw16(p));
}

static __always_inline __u32 nfp_be32(const __u8 *p)
{
	return NFP_SWAP32(nfp_raw32(p));
}

/* A view of a copy, of a frame of so many bytes; natively, of what is readable. */
static __always_inline void nfp_view_frame(struct nfp_view *v, __u32 frame)
{
#ifdef __bpf__
	__u32 readable = frame < NFP_HEAD_MAX ? frame : NFP_HEAD_MAX;

	NFP_OPAQUE(readable);
	NFP_FORGET(readable, frame);
	v->readable = readable;
#else
	if ((size_t)(v->end - v->base) > frame)
		v->end = v->base + frame;
#endif
	v->frame = frame;
	v->wanted = 0;
}

/* The n bytes at off (n <= NFP_HEAD_PAD, constant), or NULL. */
static __always_inline const __u8 *nfp_take(struct nfp_view *v, __u32 off, __u32 n)
{
#ifdef __bpf__
	const __u8 *p;

	if (!v->direct) {
		/* The end of a map value is a scalar to us: the length was checked when it was made. */
		__u64 readable = v->readable;
		__u32 at = off;

		/* Else what each comparison tells is remembered: one state more for each. Packet pointers
		 * go without, as this costs every packet two instructions a header. */
		NFP_FORGET(readable, v->frame);
		NFP_FORGET(at, v->frame);
		if (at < NFP_HEAD_MAX && off + n <= readable)
			return v->base + at;
	} else {
		NFP_OPAQUE(off);
		if (off <= NFP_OFF_MAX) {
			p = v->base + off;
			NFP_OPAQUE(p);
			if (p + n <= v->end)
				return p;
		}
	}
#else
	if ((size_t)(v->end - v->base) >= (size_t)off + n)
		return v->base + off;
#endif
	v->wanted = off + n;
	return NULL;
}

/* True if bytes were wanted that are in the frame and not readable here. */
static __always_inline bool nfp_missed(const struct nfp_view *v)
{
	return v->wanted && v->wanted <= v->frame;
}

#endif
