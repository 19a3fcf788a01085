/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libfixbuf as the keeper of the information model: it writes templates into
 * memory. Its messages are taken apart here; headers and sequence numbers are ours, for its own way
 * of sending has no place for several receivers, and its messages can hold empty Sets (2.4.1).
 *
 * One object a thread: libfixbuf's reference counts are not atomic.
 */
#ifndef NFP_ENCODE_FIXBUF_H
#define NFP_ENCODE_FIXBUF_H

#include <glib.h>
#include <stdint.h>

typedef struct {
	const char *name; /* IANA name */
	uint32_t pen;
	uint16_t id;
	uint16_t length; /* octets on the wire; NFP_VARIABLE (record/templates.h) */
	gboolean text;   /* a string; else a number, or octets */
} NfpElement;

typedef struct NfpFixbuf NfpFixbuf;

/* pen: of our own elements; 0 = NFP_PEN_OWN. */
NfpFixbuf *nfp_fixbuf_new(uint32_t pen);
void nfp_fixbuf_free(NfpFixbuf *fixbuf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFixbuf, nfp_fixbuf_free)

/* Adds template `id` (256..65535, each once) of elements[0..n), the first `scope` of which are the
 * scope of an options template (0: a data template). Errors: an element that libfixbuf's model does
 * not have or has under another id, more elements than a template can have. */
gboolean nfp_fixbuf_add(NfpFixbuf *fixbuf, uint16_t id, const NfpElement *elements, guint n,
			guint scope, GError **err);
/* After the last nfp_fixbuf_add, once, before the next. */
void nfp_fixbuf_start(NfpFixbuf *fixbuf);
/* The (options) template record, RFC 7011 3.4.1 and 3.4.2.2, without Set header. */
GBytes *nfp_fixbuf_template(NfpFixbuf *fixbuf, uint16_t id, GError **err);

#endif
