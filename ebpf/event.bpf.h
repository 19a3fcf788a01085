/* SPDX-License-Identifier: GPL-2.0-only */
/* Error events: reason and head of a packet for the log, at most one per CPU and interval. */
#ifndef NFP_EVENT_BPF_H
#define NFP_EVENT_BPF_H

#include "ebpf/count.bpf.h"

#define NFP_EVENT_INTERVAL 100000000 /* ns */

/* How many bytes of the packet to copy, `most` at most, never 0. Kernels before 6.8 learn no lower bound
 * from "!= 0" and refuse a length that may be 0: so 1..most comes from arithmetic, and nobody compares
 * the result with 0. The length of an empty packet wraps round, and the copy fails. */
static __always_inline __u32 nfp_copy_length(__u32 frame, __u32 most)
{
	__u32 length = frame - 1;

	if (length > most - 1)
		length = most - 1;
	NFP_OPAQUE(length);
	return length + 1;
}

static __always_inline void nfp_event_suppress(struct nfp_work *w)
{
	w->event_suppressed++;
	nfp_status(NFP_C_events_suppressed, 1);
}

/* Everything but the packet's bytes. False: it is too soon for another one. */
static __always_inline bool nfp_event_begin(struct nfp_work *w, __u32 counter, __u32 length)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct nfp_event *e = &w->event;

	if (w->event_time && now - w->event_time < NFP_EVENT_INTERVAL) {
		nfp_event_suppress(w);
		return false;
	}
	w->event_time = now;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = w->frame.now;
	e->ifindex = w->frame.ifindex;
	e->length = length;
	e->suppressed = w->event_suppressed;
	e->counter = counter;
	e->flags = w->frame.key_flags;
	return true;
}

/* ctx: the program's. */
static __always_inline int nfp_event_send(void *ctx, struct nfp_work *w)
{
	/* -ENOENT: nobody reads on this CPU. */
	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &w->event, sizeof(w->event))) {
		nfp_event_suppress(w);
		return 0;
	}
	w->event_suppressed = 0;
	nfp_status(NFP_C_events_sent, 1);
	return 1;
}

/* counter: enum nfp_counter, the reason. */
static __noinline int nfp_event_skb(struct __sk_buff *skb, struct nfp_work *w, __u32 counter)
{
	__u32 length = nfp_copy_length(skb->len, NFP_EVENT_HEAD);

	if (!nfp_event_begin(w, counter, skb->len))
		return 0;
	if (!bpf_skb_load_bytes(skb, 0, w->event.head, length))
		w->event.captured = length;
	return nfp_event_send(skb, w);
}

#endif
