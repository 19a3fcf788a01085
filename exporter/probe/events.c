/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error events of the packet path, by perf buffers (one a CPU; CAP_PERFMON). */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "probe/bpflog.h"
#include "probe/domain.h"

#define PAGES 8 /* a CPU: some 200 events; the packet path sends ten a second */

struct NfpEvents {
	struct perf_buffer *buffer;
	NfpEventFn fn;
	void *data;
};

static void take(void *context, int cpu, void *data, __u32 size)
{
	const NfpEvents *events = context;
	struct nfp_event event;

	/* perf pads to eight octets; a shorter one is of another build. */
	if (size < sizeof(event))
		return;
	memcpy(&event, data, sizeof(event));
	event.captured = MIN(event.captured, NFP_EVENT_HEAD);
	events->fn(&event, events->data);
}

int nfp_probe_events_open(NfpProbe *probe, NfpEventFn fn, void *data)
{
	g_autoptr(NfpBpfLog) log = NULL;
	g_autofree NfpEvents *events = NULL;

	if (probe->events)
		return -EALREADY;
	log = nfp_bpflog_begin(); /* nothing on stderr */
	events = g_new0(NfpEvents, 1);
	events->fn = fn;
	events->data = data;
	events->buffer = perf_buffer__new(probe->maps.events, PAGES, take, NULL, events, NULL);
	if (!events->buffer)
		return errno == EPERM || errno == EACCES || errno == ENOENT ? -ENOSYS : -errno;
	probe->events = g_steal_pointer(&events);
	return 0;
}

int nfp_probe_events_fd(NfpProbe *probe)
{
	return probe->events ? perf_buffer__epoll_fd(probe->events->buffer) : -1;
}

int nfp_probe_events_read(NfpProbe *probe)
{
	int rc;

	if (!probe->events)
		return -ENOTCONN;
	/* Not perf_buffer__poll(): looking at a perf event's readiness clears it (kernel/events/core.c,
	 * perf_poll), and whoever polled our descriptor has looked already. */
	rc = perf_buffer__consume(probe->events->buffer);
	return rc < 0 ? rc : 0;
}

void nfp_events_close(NfpProbe *probe)
{
	if (!probe->events)
		return;
	perf_buffer__free(probe->events->buffer);
	g_clear_pointer(&probe->events, g_free);
}
