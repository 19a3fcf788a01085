/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/events.h"

#include <errno.h>
#include <glib-unix.h>

#include "base/log.h"
#include "harvest/rows.h"

#define ROOM "packets"

struct NfpEvents {
	NfpProbe *probe;
	GHashTable *names;
	guint watch;
};

void nfp_event_format(GString *out, const struct nfp_event *event, const char *ifname)
{
	const char *way = event->flags & NFP_KEY_EGRESS ? "egress" : "ingress";
	guint n = MIN(event->captured, NFP_EVENT_HEAD);

	if (ifname)
		g_string_append_printf(out, "%s %s: ", ifname, way);
	else
		g_string_append_printf(out, "interface %u %s: ", event->ifindex, way);
	if (nfp_counter_name(event->counter))
		g_string_append_printf(out, "%s (%s)", nfp_counter_help(event->counter),
				       nfp_counter_name(event->counter));
	else
		g_string_append_printf(out, "reason %u", event->counter);
	g_string_append_printf(out, ", %u octets:", event->length);
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, " %02x", event->head[i]);
	if (event->suppressed)
		g_string_append_printf(out, "; %u more since the last one", event->suppressed);
}

static void log_event(const struct nfp_event *event, void *data)
{
	NfpEvents *events = data;
	g_autoptr(GString) text = g_string_new(NULL);
	const char *name = NULL;

	if (events->names)
		name = g_hash_table_lookup(events->names, GUINT_TO_POINTER(event->ifindex));
	nfp_event_format(text, event, name);
	nfp_log(NFP_LOG_NOTICE, ROOM, "%s", text->str);
}

static gboolean readable(gint fd, GIOCondition condition, gpointer data)
{
	nfp_probe_events_read(((NfpEvents *)data)->probe);
	return G_SOURCE_CONTINUE;
}

NfpEvents *nfp_events_new(NfpProbe *probe)
{
	NfpEvents *events = g_new0(NfpEvents, 1);
	int rc;

	events->probe = probe;
	rc = nfp_probe_events_open(probe, log_event, events);
	if (rc) {
		nfp_log(NFP_LOG_WARNING, ROOM, "packets that cannot be parsed are counted, but not shown here: %s%s",
			g_strerror(-rc), rc == -ENOSYS || rc == -EPERM ? " (it needs CAP_PERFMON)" : "");
		return events;
	}
	events->watch = g_unix_fd_add(nfp_probe_events_fd(probe), G_IO_IN, readable, events);
	return events;
}

void nfp_events_names(NfpEvents *events, GHashTable *names)
{
	if (events)
		events->names = names;
}

void nfp_events_free(NfpEvents *events)
{
	if (!events)
		return;
	if (events->watch)
		g_source_remove(events->watch);
	g_free(events);
}
