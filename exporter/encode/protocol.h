/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an export protocol implements: one file each, one row in encoders[] (encode/encoder.c).
 * The functions are those of encode/encoder.h, which says what they do.
 */
#ifndef NFP_ENCODE_PROTOCOL_H
#define NFP_ENCODE_PROTOCOL_H

#include "encode/encoder.h"

typedef struct {
	gboolean templates; /* nfp_encoder_has_templates() */
	uint32_t beat;      /* s; nfp_encoder_beat() */
	uint32_t message;   /* nfp_encoder_message() */
	/* Returns an object that begins with a struct NfpEncoder; encoder.c fills that in. */
	NfpEncoder *(*create)(const NfpEncoderOptions *options, GError **err);
	void (*destroy)(NfpEncoder *encoder); /* not NULL */
	const char *(*refuses)(const NfpField *field); /* NULL: nothing */
	/* NULL: tells no names. */
	void (*set_tables)(NfpEncoder *encoder, NfpNameTables *tables);
	void (*start_session)(NfpEncoder *encoder);
	void (*refresh)(NfpEncoder *encoder, uint32_t domain);
	ssize_t (*announce)(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			    const NfpEncoderStats *stats, uint8_t *out, size_t size);
	ssize_t (*records)(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			   const NfpRecord *records, uint32_t n, uint8_t *out, size_t size,
			   uint32_t *ret_used, uint32_t *ret_unsendable);
} NfpEncoderProtocol;

struct NfpEncoder {
	const NfpEncoderProtocol *protocol;
	uint64_t cut_records; /* nfp_encoder_cut_records() */
};

extern const NfpEncoderProtocol nfp_encode_ipfix;    /* encode/ipfix.c */
extern const NfpEncoderProtocol nfp_encode_netflow9; /* encode/netflow9.c */
extern const NfpEncoderProtocol nfp_encode_ntopng;   /* encode/ntopng.c */
extern const NfpEncoderProtocol nfp_encode_json;     /* encode/json.c */

#endif
