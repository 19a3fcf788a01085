// SPDX-License-Identifier: GPL-2.0-or-later
#include "encode/encoder.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "encode/protocol.h"

#define WEEK (7u * 24 * 3600) /* s */

/* One row an export protocol. */
#define ENCODERS(row) row(ipfix) row(netflow9) row(ntopng) row(json)

static const NfpEncoderProtocol *const encoders[] = {
#define ROW(name) &nfp_encode_##name,
	ENCODERS(ROW)
#undef ROW
};

static const char *const names[] = {
#define ROW(name) #name,
	ENCODERS(ROW)
#undef ROW
	NULL,
};

const char *const *nfp_encoder_protocols(void)
{
	return names;
}

uint64_t nfp_encoder_boot_ms(uint64_t now)
{
	return (now - MIN(now, WEEK)) * 1000;
}

gboolean nfp_encoder_has_templates(const NfpEncoder *encoder)
{
	return encoder->protocol->templates;
}

uint64_t nfp_encoder_cut_records(const NfpEncoder *encoder)
{
	return encoder->cut_records;
}

uint32_t nfp_encoder_beat(const NfpEncoder *encoder)
{
	return encoder->protocol->beat;
}

uint32_t nfp_encoder_message(const NfpEncoder *encoder)
{
	return encoder->protocol->message;
}

NfpEncoder *nfp_encoder_new(const NfpEncoderOptions *options, GError **err)
{
	for (guint i = 0; i < G_N_ELEMENTS(encoders); i++) {
		if (strcmp(names[i], options->protocol) != 0)
			continue;

		NfpEncoder *encoder = encoders[i]->create(options, err);

		if (encoder != NULL)
			encoder->protocol = encoders[i];
		else
			g_prefix_error(err, "%s: ", options->protocol);
		return encoder;
	}
	g_autofree char *known = g_strjoinv(", ", (char **)names);

	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "unknown protocol \"%s\", known: %s",
		    options->protocol, known);
	return NULL;
}

void nfp_encoder_free(NfpEncoder *encoder)
{
	if (encoder != NULL)
		encoder->protocol->destroy(encoder);
}

const char *nfp_encoder_refuses(const char *protocol, const NfpField *field)
{
	for (guint i = 0; i < G_N_ELEMENTS(encoders); i++)
		if (strcmp(names[i], protocol) == 0 && encoders[i]->refuses != NULL)
			return encoders[i]->refuses(field);
	return NULL;
}

void nfp_encoder_set_tables(NfpEncoder *encoder, NfpNameTables *tables)
{
	if (encoder->protocol->set_tables != NULL)
		encoder->protocol->set_tables(encoder, tables);
}

void nfp_encoder_start_session(NfpEncoder *encoder)
{
	encoder->protocol->start_session(encoder);
}

void nfp_encoder_refresh(NfpEncoder *encoder, uint32_t domain)
{
	if (domain < NFP_ENCODER_DOMAINS)
		encoder->protocol->refresh(encoder, domain);
}

ssize_t nfp_encoder_announce(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			     const NfpEncoderStats *stats, uint8_t *out, size_t size)
{
	if (domain >= NFP_ENCODER_DOMAINS)
		return -E2BIG;
	return encoder->protocol->announce(encoder, domain, now, stats, out, size);
}

ssize_t nfp_encoder_records(NfpEncoder *encoder, uint32_t domain, uint32_t now,
			    const NfpRecord *records, uint32_t n, uint8_t *out, size_t size,
			    uint32_t *ret_used, uint32_t *ret_unsendable)
{
	if (domain >= NFP_ENCODER_DOMAINS)
		return -E2BIG;
	return encoder->protocol->records(encoder, domain, now, records, n, out, size, ret_used,
					  ret_unsendable);
}
