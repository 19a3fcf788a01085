/* SPDX-License-Identifier: GPL-2.0-only */
/* Error events: reason and head of a packet for the log, at most one per CPU and interval. */
#ifndef NFP_EVENT_BPF_H
#define NFP_EVENT_BPF_H

#include "ebpf/count.bpf.h"

#define NFP_EVENT_INTERVAL 100000000 /* ns */

/* counter: enum nfp_counter, the reason. */
static __noinline int nfp_event_skb(struct __sk_buff *skb, struct nfp_work *w, __u32 counter)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 captured = skb->len;
	struct nfp_event *e = &w->event;

	if (w->event_time && now - w->event_time < NFP_EVENT_INTERVAL)
		goto suppressed;
	w->event_time = now;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = w->frame.now;
	e->ifindex = w->frame.ifindex;
	e->length = captured;
	e->suppressed = w->event_suppressed;
	e->counter = counter;
	e->flags = w->frame.key_flags;
	if (captured > NFP_EVENT_HEAD)
		captured = NFP_EVENT_HEAD;
	if (captured && !bpf_skb_load_bytes(skb, 0, e->head, captured))
		e->captured = captured;
	/* -ENOENT: nobody reads on this CPU. */
	if (bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, e, sizeof(*e)))
		goto suppressed;
	w->event_suppressed = 0;
	nfp_status(NFP_C_events_sent, 1);
	return 1;
suppressed:
	w->event_suppressed++;
	nfp_status(NFP_C_events_suppressed, 1);
	return 0;
}

#endif
