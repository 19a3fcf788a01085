/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/endpoint.h"

#include <string.h>

#include "base/error.h"
#include "transport/transport.h"

#define HOST_MAX 255 /* octets, RFC 1035 2.3.4 */
#define PATH_MAX_OCTETS 4000 /* PATH_MAX, less what is put behind the names of finished files */

static gboolean fail(GError **err, const char *text, const char *what)
{
	g_autofree char *forms = nfp_transport_forms();

	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "endpoint \"%s\": %s; allowed: %s", text, what, forms);
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

static gboolean parse_host(const char *text, const char *rest, const NfpTransportOps *ops,
			   NfpEndpoint *endpoint, GError **err)
{
	gboolean bracketed = *rest == '[';
	g_autofree char *host = NULL;
	const char *end;

	endpoint->port = ops->port;
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
	if (!is_host(host, bracketed) && (ops->place != NFP_PLACE_HOST_OR_ALL || strcmp(host, "*") != 0))
		return fail(err, text, bracketed ? "what stands in brackets is no IPv6 address"
						 : "no host name or address");
	if (*end == ':' ? !parse_port(end + 1, &endpoint->port) : *end != '\0')
		return fail(err, text, "the port is a number from 1 to 65535, and nothing follows it");
	endpoint->host = g_steal_pointer(&host);
	return TRUE;
}

static gboolean parse_path(const char *text, const char *rest, NfpEndpoint *endpoint, GError **err)
{
	if (*rest != '/')
		return fail(err, text, "the path begins with /, as in file:///var/lib/nfprobe/flows.json");
	if (g_str_has_suffix(rest, "/"))
		return fail(err, text, "the path ends in a folder, not in a file");
	if (strlen(rest) > PATH_MAX_OCTETS)
		return fail(err, text, "the path is too long");
	endpoint->path = g_strdup(rest);
	return TRUE;
}

gboolean nfp_endpoint_parse(const char *text, NfpEndpoint *ret_endpoint, GError **err)
{
	const char *colon = strchr(text, ':');
	gboolean slashes = colon && g_str_has_prefix(colon, "://");
	g_auto(NfpEndpoint) endpoint = { 0 };
	const NfpTransportOps *ops;

	if (!colon || colon == text)
		return fail(err, text, "no transport in front, as in udp://192.0.2.7:4739");
	endpoint.scheme = g_ascii_strdown(text, colon - text);
	ops = nfp_transport_find(endpoint.scheme);
	if (!slashes && !(ops && ops->place == NFP_PLACE_NONE))
		return fail(err, text, "no transport in front, as in udp://192.0.2.7:4739");
	if (!ops) {
		g_autofree char *what = g_strdup_printf("transport \"%s\" is not known", endpoint.scheme);

		return fail(err, text, what);
	}
	switch (ops->place) {
	case NFP_PLACE_HOST:
	case NFP_PLACE_HOST_OR_ALL:
		if (!parse_host(text, colon + strlen("://"), ops, &endpoint, err))
			return FALSE;
		break;
	case NFP_PLACE_PATH:
		if (!parse_path(text, colon + strlen("://"), &endpoint, err))
			return FALSE;
		break;
	case NFP_PLACE_NONE:
		if (colon[1] != '\0')
			return fail(err, text, "nothing follows the colon");
		break;
	}
	*ret_endpoint = endpoint;
	memset(&endpoint, 0, sizeof(endpoint));
	return TRUE;
}

char *nfp_endpoint_forms(void)
{
	return nfp_transport_forms();
}

void nfp_endpoint_clear(NfpEndpoint *endpoint)
{
	g_clear_pointer(&endpoint->scheme, g_free);
	g_clear_pointer(&endpoint->host, g_free);
	g_clear_pointer(&endpoint->path, g_free);
}
