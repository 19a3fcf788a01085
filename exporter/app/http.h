/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small HTTP server (RFC 9110) for a few read-only resources, on a thread of its own (libmicrohttpd). Whoever asks is
 * taken for hostile: GET and HEAD only, 64 connections (16 of one address, but on loopback), closed when silent for 10 s, 16 KiB
 * of memory each, no body. When more than 48 are there, those go that have been longest without a whole request. A server on a
 * loopback address answers only requests for an address or "localhost", so that no page of another site can read it by
 * a name that it points here (DNS rebinding).
 */
#ifndef NFP_APP_HTTP_H
#define NFP_APP_HTTP_H

#include <glib.h>

typedef struct {
	char *text; /* owned by who gets the answer */
	gsize length;
	const char *type;  /* Content-Type: a constant */
	guint status;      /* 200, 404, 503 */
} NfpHttpAnswer;

/* On the server's thread, one call at a time. path: without the query, at most 256 octets. */
typedef void (*NfpHttpGet)(const char *path, void *data, NfpHttpAnswer *ret_answer);

typedef struct NfpHttp NfpHttp;

/* listen: "ADDRESS:PORT", "[IPv6]:PORT" or "PORT" (on 127.0.0.1); port 0: any that is free. Errors say what is in the way
 * (NFP_ERROR_USAGE: no such address; NFP_ERROR_FAILED: taken, not ours). */
NfpHttp *nfp_http_new(const char *listen, NfpHttpGet get, void *data, GError **err);
guint16 nfp_http_port(const NfpHttp *http); /* host byte order */
/* Waits for the answer that is being made. */
void nfp_http_free(NfpHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpHttp, nfp_http_free)

#endif
