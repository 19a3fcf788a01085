/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we tell about ourselves: the options templates, and the values of their records. One row
 * each in options.c; the forms are those that nfdump, pmacct and goflow2 read.
 */
#ifndef NFP_ENCODE_OPTIONS_H
#define NFP_ENCODE_OPTIONS_H

#include <glib.h>

#include "encode/encoder.h"
#include "encode/fixbuf.h"

#define NFP_OPTION_ELEMENTS 4 /* elements of an options template, at most */
#define NFP_OPTION_NAME 255   /* octets of observationDomainName, at most */

/* Values in host byte order, named as the elements they fill. */
typedef struct {
	uint32_t domain;     /* observationDomainId of the message's domain */
	uint32_t no_domain;  /* 0: of none in particular */
	uint32_t process;    /* exportingProcessId */
	uint32_t sampling;   /* 1-in-N */
	NfpEncoderStats stats;
	char name[NFP_OPTION_NAME];
} NfpOptionFacts;

typedef struct {
	gboolean process; /* of the whole process: sent in observation domain 0 */
	guint n;          /* elements; the first is the scope */
	NfpElement elements[NFP_OPTION_ELEMENTS];
	uint16_t offsets[NFP_OPTION_ELEMENTS]; /* in NfpOptionFacts */
} NfpOption;

/* Array of NfpOption. hostname: observationDomainName, sent with its own length (fixed in the
 * template: pmacct 1.7.7 reads no options of variable length); left out when NULL or empty. */
GArray *nfp_options_new(const char *hostname);
/* Puts the longest start of `text` that is UTF-8 and fits into out[0..size) there (RFC 7011 6.1.6:
 * never an ill-formed octet); returns its length. */
gsize nfp_options_name(const char *text, char *out, gsize size);
/* Appends the option's values, as nfp_fixbuf_record takes them. */
void nfp_option_values(const NfpOption *option, const NfpOptionFacts *facts, GByteArray *out);

#endif
