/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error events of the packet path -> log lines with the packet's head. Main thread. */
#ifndef NFP_APP_EVENTS_H
#define NFP_APP_EVENTS_H

#include <glib.h>

#include "probe/probe.h"

typedef struct NfpEvents NfpEvents;

/* Never NULL: where events cannot be had, it says so in the log and does nothing. probe: borrowed. */
NfpEvents *nfp_events_new(NfpProbe *probe);
/* names: ifindex -> name; borrowed. */
void nfp_events_names(NfpEvents *events, GHashTable *names);
void nfp_events_free(NfpEvents *events);

/* "eth0 ingress: frame ends inside the IP header: ... (outcome_truncated_l3), 60 octets: 45 00 ..." */
void nfp_event_format(GString *out, const struct nfp_event *event, const char *ifname);

#endif
