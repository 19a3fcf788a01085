/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sink that writes down what a format says, and a small MaxMind DB to read. */
#ifndef NFP_TEST_ENRICH_SINK_H
#define NFP_TEST_ENRICH_SINK_H

#include "enrich/format.h"

typedef struct {
	NfpSink sink; /* first: pass &test->sink */
	GString *rows;   /* "cidr=192.0.2.0/24 as_number=1; " */
	GString *faults; /* "3: value why; " */
	GString *notes;
	uint64_t fail_at; /* this row is refused; 0: none is */
} NfpTestSink;

void nfp_test_sink_init(NfpTestSink *test);
void nfp_test_sink_clear(NfpTestSink *test);
/* Reads a text by a format of lines; *ret_error: what was wrong, or NULL. */
gboolean nfp_test_sink_read(NfpTestSink *test, const char *format, const char *text, GError **err);

/* A MaxMind DB with 24-bit records. Data: one map of texts (and a number of an AS) a network. */
typedef struct {
	const char *cidr; /* of the tree's family; in one of IPv6, IPv4 networks lie under ::/96 */
	const char *data; /* "autonomous_system_number=#64500 country.iso_code=DE": '.' goes into a map, '#' is a number */
} NfpTestNetwork;
/* aliases: 2002::/16 leads to the IPv4 part, too. */
GByteArray *nfp_test_mmdb(uint16_t ip_version, const NfpTestNetwork *networks, guint n, gboolean aliases);

#endif
