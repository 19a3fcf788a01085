/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record that nobody takes for traffic, and Wireshark's opinion of messages. */
#ifndef NFP_APP_DOCTOR_SAMPLE_H
#define NFP_APP_DOCTOR_SAMPLE_H

#include <glib.h>

#include "record/record.h"

#define NFP_SAMPLE_SOURCE "192.0.2.1"         /* documentation addresses (RFC 5737) */
#define NFP_SAMPLE_DESTINATION "198.51.100.1"
#define NFP_SAMPLE_PROTOCOL 253               /* for experiments (RFC 3692) */
#define NFP_SAMPLE_PACKETS 1

/* One packet of 100 octets between documentation addresses by the protocol number for experiments, in a bucket that ends
 * at `now` (ns since 1970). biflow: and one of 60 octets back. */
NfpRecord nfp_sample_record(uint64_t now, gboolean biflow);

/* Writes messages as a capture of UDP datagrams to port 4739, sent at `now` (s). */
gboolean nfp_sample_write_pcap(const char *path, GPtrArray *messages, uint32_t now, GError **err); /* GBytes */

/* What tshark makes of the capture: *ret_complaints is empty when it has none, *ret_records is how many records it shows
 * that go from the sample's source to its destination. Error: tshark cannot be run (NFP_ERROR_CANNOT: it is not there). */
gboolean nfp_sample_dissect(const char *pcap, char **ret_complaints, guint *ret_records, GError **err);

#endif
