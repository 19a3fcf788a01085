/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A collector with a transport and an encoder of the caller's: the seam for tests. */
#ifndef NFP_COLLECTOR_SENDER_H
#define NFP_COLLECTOR_SENDER_H

#include "collector/collector.h"
#include "encode/encoder.h"
#include "transport/transport.h"

/* Starts the thread. encoder and transport become the collector's, also on failure. heir: as nfp_collector_new_heir(). */
NfpCollector *nfp_collector_new_with(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				     const NfpClock *clock, NfpEncoder *encoder, NfpTransport *transport,
				     gboolean heir, GError **err);

#endif
