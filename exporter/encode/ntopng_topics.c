// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/ntopng_topics.h"

#include <string.h>

#include "encode/ntopng_flow.h"

#define SPEED_UNKNOWN 1000 /* Mbit/s, what nProbe says when it does not know */
#define PROBES_MAX 8 /* slots looked at for one ifIndex */

/* RFC 8259 7; octets that are no UTF-8 become U+FFFD. */
static void append_text(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	g_string_append_c(out, '"');
	for (const char *c = valid; *c != '\0'; c++) {
		if ((guchar)*c < 0x20) {
			g_string_append_printf(out, "\\u%04x", *c);
			continue;
		}
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

void nfp_ntopng_ports_learn(NfpNtopngPorts *ports, uint32_t ifindex, const NfpPort *port)
{
	guint first = (ifindex * 0x9e3779b1u) >> 22, at = first;
	gsize length;

	if (ifindex == 0 || port->name.length == 0)
		return;
	length = strnlen(port->name.text, MIN(port->name.length, NFP_NTOPNG_PORT_NAME - 1));
	ports->speed = MAX(ports->speed, port->speed);
	ports->uses++;
	/* Its own place, else a free one, else that of the interface that was met longest ago. */
	for (guint i = 0; i < PROBES_MAX; i++) {
		guint slot = (first + i) % NFP_NTOPNG_PORTS;

		if (ports->slots[slot].ifindex == ifindex || ports->slots[slot].ifindex == 0) {
			at = slot;
			break;
		}
		if (ports->slots[slot].used < ports->slots[at].used)
			at = slot;
	}
	ports->slots[at].used = ports->uses;
	if (ports->slots[at].ifindex == ifindex && strlen(ports->slots[at].name) == length &&
	    memcmp(ports->slots[at].name, port->name.text, length) == 0)
		return;
	ports->n += ports->slots[at].ifindex == 0;
	ports->slots[at].ifindex = ifindex;
	memcpy(ports->slots[at].name, port->name.text, length);
	ports->slots[at].name[length] = '\0';
	ports->changed = TRUE;
}

void nfp_ntopng_ports_print(NfpNtopngPorts *ports, const char *exporter, gsize limit, GString *out)
{
	const char *separator = "";

	ports->changed = FALSE;
	if (ports->n == 0)
		return;
	g_string_append_c(out, '{');
	append_text(out, exporter);
	g_string_append(out, ":{");
	for (guint i = 0; i < NFP_NTOPNG_PORTS; i++) {
		gsize before = out->len;

		if (ports->slots[i].ifindex == 0)
			continue;
		g_string_append_printf(out, "%s\"%u\":", separator, ports->slots[i].ifindex);
		append_text(out, ports->slots[i].name);
		separator = ",";
		if (out->len + 2 > limit) {
			g_string_truncate(out, before);
			break;
		}
	}
	g_string_append(out, "}}");
}

void nfp_ntopng_event_print(const NfpNtopngEvent *event, uint32_t now, GString *out)
{
	g_string_append(out, "{\"mode\":\"nfprobe\",\"iface\":{\"name\":");
	append_text(out, event->hostname);
	g_string_append_printf(out, ",\"speed\":%u,\"ip\":", event->speed ? event->speed : SPEED_UNKNOWN);
	append_text(out, event->address);
	g_string_append(out, "},\"probe\":{\"ip\":");
	append_text(out, event->address);
	g_string_append(out, ",\"public_ip\":");
	append_text(out, event->address);
	g_string_append_printf(out,
			       ",\"version\":\"nfprobe " NFP_VERSION "\",\"osname\":\"Linux\",\"uuid\":\"%08x\","
			       "\"unique_source_id\":%u},\"time\":%u",
			       event->source_id, event->source_id, now);
	g_string_append_printf(out,
			       ",\"bytes\":%" G_GUINT64_FORMAT ",\"packets\":%" G_GUINT64_FORMAT
			       ",\"packet_drops\":%" G_GUINT64_FORMAT,
			       event->octets, event->packets, event->lost_packets);
	g_string_append_printf(out,
			       ",\"avg\":{\"bps\":%" G_GUINT64_FORMAT ",\"pps\":%" G_GUINT64_FORMAT
			       "},\"timeout\":{\"lifetime\":%u,\"idle\":%u,\"collected_lifetime\":%u}",
			       event->bps, event->pps, event->lifetime, event->lifetime, event->lifetime);
	g_string_append_printf(out,
			       ",\"drops\":{\"export_queue_full\":%" G_GUINT64_FORMAT
			       ",\"too_many_flows\":0,\"elk_flow_drops\":0,\"sflow_pkt_sample_drops\":0,"
			       "\"flow_collection_drops\":0,\"flow_collection_udp_socket_drops\":0}",
			       event->refused_records);
	g_string_append(out, ",\"flow_collection\":{\"nf_ipfix_flows\":0,\"sflow_samples\":0}");
	g_string_append_printf(out,
			       ",\"zmq\":{\"num_flow_exports\":%" G_GUINT64_FORMAT
			       ",\"num_exporters\":1,\"num_zmq_exporters\":1}}",
			       event->flows);
}

void nfp_ntopng_template_print(GString *out)
{
	g_string_append_c(out, '[');
	for (guint i = 0; i < nfp_ntopng_elements_n; i++) {
		const NfpNtopngElement *element = &nfp_ntopng_elements[i];

		g_string_append_printf(out,
				       "%s{\"PEN\":%u,\"field\":%u,\"len\":%u,\"format\":\"%s\",\"name\":\"%s\","
				       "\"descr\":\"%s\"}",
				       i ? "," : "", element->pen, element->id, element->length, element->format,
				       element->name, element->help);
	}
	g_string_append_c(out, ']');
}

gboolean nfp_ntopng_option_print(guint n, GString *out)
{
	static const struct {
		guint field, value;
		const char *name;
	} rows[] = {
		{ 61, 0, "ingress" },
		{ 61, 1, "egress" },
	};

	if (n >= G_N_ELEMENTS(rows))
		return FALSE;
	g_string_append_printf(out, "{\"PEN\":0,\"field\":%u,\"value\":%u,\"map\":{\"name\":\"%s\"}}",
			       rows[n].field, rows[n].value, rows[n].name);
	return TRUE;
}
