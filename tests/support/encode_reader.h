/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict reader of the messages of one session, IPFIX or NetFlow v9, for tests: what RFC 7011 and RFC 3954 forbid, and
 * what real collectors stumble over, is an error here.
 */
#ifndef NFP_TESTS_ENCODE_READER_H
#define NFP_TESTS_ENCODE_READER_H

#include <glib.h>
#include <stdint.h>

typedef struct {
	uint32_t pen;
	uint16_t id;
	uint16_t length; /* 65535 = each value tells its own */
} NfpReaderField;

typedef struct {
	uint16_t id;
	guint scope; /* 0 = a data template */
	guint n;
	guint length; /* octets of the shortest record */
	gboolean varies;
	gboolean netflow9;
	NfpReaderField fields[];
} NfpReaderTemplate;

typedef void (*NfpReaderRecord)(const NfpReaderTemplate *template, uint32_t domain,
				const uint8_t *record, void *data);

/* The value of a field at *at, which goes behind it; *ret_length: its octets. NULL: cut off by `end`. */
const uint8_t *nfp_reader_value(const NfpReaderField *field, const uint8_t **at, const uint8_t *end,
				guint *ret_length);

typedef struct NfpReader NfpReader;

/* record may be NULL. */
NfpReader *nfp_reader_new(NfpReaderRecord record, void *data);
void nfp_reader_free(NfpReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpReader, nfp_reader_free)
/* NULL = fine, else what is wrong (owned by the reader, until the next call). */
const char *nfp_reader_read(NfpReader *reader, const uint8_t *message, gsize size);
/* The sequence number expected next in a domain; 0 at first. */
void nfp_reader_expect(NfpReader *reader, uint32_t domain, uint32_t sequence);
/* All templates, as a collector that was started again; sequence numbers are expected to go on. */
void nfp_reader_forget(NfpReader *reader);
guint nfp_reader_templates(NfpReader *reader, uint32_t domain); /* different ones seen */
/* (Options) template records seen, repeated ones too. */
guint nfp_reader_template_records(NfpReader *reader);

#endif
