/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records for tests: every kind that a probe can make, with random values from a seed. */
#ifndef NFP_TESTS_ENCODE_RECORDS_H
#define NFP_TESTS_ENCODE_RECORDS_H

#include <glib.h>

#include "record/record.h"
#include "record/templates.h"

/* 13 shapes (tcp4 ... eth, hook, one without times) x 4 links (no MAC, MAC, VLAN, QinQ) x 2
 * directions x 3 tunnels (none, IPv4, several with the innermost IPv6) x with facts or without */
#define NFP_TEST_KINDS (13 * 4 * 2 * 3 * 2)
/* When uptimes begin in nfp_test_wire(): before any record's time. */
#define NFP_TEST_BOOT_MS 1000000000000ull
/* Octets of a field on the wire, at most. */
#define NFP_TEST_OCTETS (3 + NFP_TEXT_MAX)

uint64_t nfp_test_random(uint64_t *seed); /* splitmix64 */
/* A record of a kind below NFP_TEST_KINDS; every member is random within what the probe can make,
 * the times lie in 2001..2033. */
void nfp_test_record(NfpRecord *record, guint kind, uint64_t *seed);
/* The field's value as it should stand on the wire, big-endian: worked out from the row alone. Returns its octets;
 * texts are of variable length, with theirs in front. */
gsize nfp_test_wire(const NfpField *field, const NfpRecord *record, uint8_t *ret_octets);
/* Octets of a text that leave, by another way than the encoder's: code point by code point. */
guint nfp_test_cut(const NfpText *text, guint max);
/* A set of one template "all" with fields[0..n), which every record meets. */
NfpTemplateSet *nfp_test_set(const guint *fields, guint n);

#endif
