/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/endpoint.h"

#include <string.h>

#include "base/error.h"
#include "transport/transport.h"

#define HOST_MAX 255 /* octets, RFC 1035 2.3.4 */

static gboolean fail(GError **err, const char *text, const char *what)
{
	g_autofree char *schemes = nfp_transport_schemes();

	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "endpoint \"%s\": %s; allowed is TRANSPORT://HOST[:PORT] with one of %s", text, what, schemes);
	return FALSE;
}

static gboolean parse_port(const char *text, guint16 *ret_port)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, 1, 65535, &value, NULL))
		return FALSE;
	*ret_port = (guint16)value;
	return TRUE;
}

static gboolean is_host(const char *host, gboolean bracketed)
{
	const char *more = bracketed ? ":.%-_" : ".-_";
	gsize length = strlen(host);

	if (length == 0 || length > HOST_MAX)
		return FALSE;
	for (const char *c = host; *c; c++) {
		if (!g_ascii_isalnum(*c) && !strchr(more, *c))
			return FALSE;
	}
	return !bracketed || strchr(host, ':');
}

gboolean nfp_endpoint_parse(const char *text, NfpEndpoint *ret_endpoint, GError **err)
{
	const char *separator = strstr(text, "://");
	g_autofree char *scheme = NULL;
	g_autofree char *host = NULL;
	const NfpTransportOps *ops;
	const char *rest;
	const char *end;
	gboolean bracketed;
	guint16 port;

	if (!separator || separator == text)
		return fail(err, text, "no transport in front, as in udp://192.0.2.7:4739");
	scheme = g_ascii_strdown(text, separator - text);
	ops = nfp_transport_find(scheme);
	if (!ops) {
		g_autofree char *what = g_strdup_printf("transport \"%s\" is not known", scheme);

		return fail(err, text, what);
	}
	port = ops->port;
	rest = separator + strlen("://");
	bracketed = *rest == '[';
	if (bracketed) {
		end = strchr(++rest, ']');
		if (!end)
			return fail(err, text, "the bracket of the IPv6 address is not closed");
		host = g_strndup(rest, (gsize)(end - rest));
		end++;
	} else {
		end = strchr(rest, ':');
		if (end && strchr(end + 1, ':'))
			return fail(err, text, "an IPv6 address stands in brackets, as in udp://[2001:db8::1]:4739");
		if (!end)
			end = rest + strlen(rest);
		host = g_strndup(rest, (gsize)(end - rest));
	}
	if (!is_host(host, bracketed))
		return fail(err, text, bracketed ? "what stands in brackets is no IPv6 address"
						 : "no host name or address");
	if (*end == ':' ? !parse_port(end + 1, &port) : *end != '\0')
		return fail(err, text, "the port is a number from 1 to 65535, and nothing follows it");

	ret_endpoint->scheme = g_strdup(ops->scheme);
	ret_endpoint->host = g_steal_pointer(&host);
	ret_endpoint->port = port;
	return TRUE;
}

void nfp_endpoint_clear(NfpEndpoint *endpoint)
{
	g_clear_pointer(&endpoint->scheme, g_free);
	g_clear_pointer(&endpoint->host, g_free);
}
