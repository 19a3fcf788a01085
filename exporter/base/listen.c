// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"

static gboolean refuse(const char *text, GError **err)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "\"%s\" is no place to listen; allowed: ADDRESS:PORT, [IPv6 address]:PORT, or a PORT (on 127.0.0.1)", text);
	return FALSE;
}

gboolean nfp_listen_parse(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_length, GError **err)
{
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	g_autofree char *host = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup("127.0.0.1");
	gsize length = strlen(host);
	gboolean brackets = length > 2 && host[0] == '[' && host[length - 1] == ']';
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct in6_addr address6;
	struct in_addr address4;
	guint64 port;

	if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT16, &port, NULL))
		return refuse(text, err);
	if (brackets)
		host[length - 1] = '\0';
	if (brackets ? inet_pton(AF_INET6, host + 1, &address6) != 1 : inet_pton(AF_INET, host, &address4) != 1)
		return refuse(text, err);
	memset(ret_address, 0, sizeof(*ret_address));
	if (brackets) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = g_htons((guint16)port);
		v6->sin6_addr = address6;
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = g_htons((guint16)port);
		v4->sin_addr = address4;
	}
	*ret_length = brackets ? sizeof(*v6) : sizeof(*v4);
	return TRUE;
}

gboolean nfp_listen_is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
	return (g_ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
}
