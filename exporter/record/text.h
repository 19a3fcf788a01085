/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as text: shared by JSON, UIDs and the table. Each appends to `out`. */
#ifndef NFP_RECORD_TEXT_H
#define NFP_RECORD_TEXT_H

#include <glib.h>

#include "record/record.h"

void nfp_text_uint(GString *out, uint64_t value);
void nfp_text_ipv4(GString *out, const uint8_t *address); /* 4 octets as on the wire */
void nfp_text_ipv6(GString *out, const uint8_t *address); /* 16 octets as on the wire; RFC 5952 */
void nfp_text_mac(GString *out, const uint8_t *mac);      /* 6 octets as on the wire */
/* Name of the record's row of protocols.def, or "hook". */
const char *nfp_text_row(const NfpRecord *record);
/* The record's own part of the metric key: "192.0.2.1:443>198.51.100.7:51000"; nothing for "hook".
 */
void nfp_text_flow(GString *out, const NfpRecord *record);
/* One side of a flow for people: address and port as far as there are, the destination of ICMP with type and code; MAC
 * addresses of what is no IP. side: 0 source, 1 destination. */
void nfp_text_side(GString *out, const NfpRecord *record, guint side);
/* "tcp", "89", "x0806", "-" */
void nfp_text_protocol(GString *out, const NfpRecord *record);
/* Text in a column of so many octets, left-aligned; what is too long loses its middle. */
void nfp_text_left(GString *out, const char *text, gsize width);

#endif
