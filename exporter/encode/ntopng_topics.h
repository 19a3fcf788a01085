/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ntopng is told beside the flows, as JSON: about the exporter, the elements, names of values and of interfaces. */
#ifndef NFP_ENCODE_NTOPNG_TOPICS_H
#define NFP_ENCODE_NTOPNG_TOPICS_H

#include "encode/encoder.h"

#define NFP_NTOPNG_PORTS 1024 /* interfaces whose names are remembered; a power of two */
#define NFP_NTOPNG_PORT_NAME 64

/* Names of interfaces, by ifIndex, as the records bring them. */
typedef struct {
	guint n;
	gboolean changed; /* since nfp_ntopng_ports_print */
	uint32_t speed;   /* Mbit/s, of the fastest; 0 = not known */
	uint64_t uses;    /* calls of nfp_ntopng_ports_learn() */
	struct {
		uint64_t used;    /* `uses` when it was met last */
		uint32_t ifindex; /* 0 = free */
		char name[NFP_NTOPNG_PORT_NAME];
	} slots[NFP_NTOPNG_PORTS];
} NfpNtopngPorts;

/* What the `event` topic tells. */
typedef struct {
	const char *hostname, *address;
	uint32_t source_id;
	uint32_t speed;              /* Mbit/s, 0 = not known */
	uint32_t lifetime;           /* s: length of a bucket */
	uint64_t packets, octets;    /* exported so far, scaled */
	uint64_t flows;
	uint64_t bps, pps;           /* since the last one */
	uint64_t lost_packets;       /* seen and in no record */
	uint64_t refused_records;
} NfpNtopngEvent;

/* No name: nothing is learned. Where there is no room, the interface that was met longest ago is forgotten. */
void nfp_ntopng_ports_learn(NfpNtopngPorts *ports, uint32_t ifindex, const NfpPort *port);
/* {"192.0.2.1":{"1":"eth0",...}}: as many as fit into `limit` octets; nothing when no name is known. ntopng keeps only the last
 * message of an exporter, so they stand in one. */
void nfp_ntopng_ports_print(NfpNtopngPorts *ports, const char *exporter, gsize limit, GString *out);
void nfp_ntopng_event_print(const NfpNtopngEvent *event, uint32_t now, GString *out);
void nfp_ntopng_template_print(GString *out);
/* The n-th name of a value of an element; FALSE: there are no more. */
gboolean nfp_ntopng_option_print(guint n, GString *out);

#endif
