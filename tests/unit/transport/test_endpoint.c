/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "transport/endpoint.h"

static const struct {
	const char *text, *scheme, *host;
	guint16 port;
	const char *path;
} good[] = {
	{ "udp://127.0.0.1", "udp", "127.0.0.1", 4739, NULL },
	{ "udp://127.0.0.1:9995", "udp", "127.0.0.1", 9995, NULL },
	{ "UDP://Collector.example.net:1", "udp", "Collector.example.net", 1, NULL },
	{ "tcp://localhost", "tcp", "localhost", 4739, NULL },
	{ "tcp://[::1]", "tcp", "::1", 4739, NULL },
	{ "dtls://[2001:db8::1]", "dtls", "2001:db8::1", 4740, NULL },
	{ "tls://collector.example.net", "tls", "collector.example.net", 4740, NULL },
	{ "udp://[2001:db8::1]:65535", "udp", "2001:db8::1", 65535, NULL },
	{ "udp://[fe80::1%eth0]:2055", "udp", "fe80::1%eth0", 2055, NULL },
	{ "file:///var/lib/flows.json", "file", NULL, 0, "/var/lib/flows.json" },
	{ "FILE:///a b:c", "file", NULL, 0, "/a b:c" },
	{ "stdout:", "stdout", NULL, 0, NULL },
	{ "zmq://*", "zmq", "*", 5556, NULL },
	{ "zmq://*:7", "zmq", "*", 7, NULL },
	{ "zmq://ntopng.example:5557", "zmq", "ntopng.example", 5557, NULL },
};

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "no transport" },
	{ "127.0.0.1:4739", "no transport" },
	{ "://x", "no transport" },
	{ "upd://x", "transport \"upd\" is not known" },
	{ "udp://", "no host" },
	{ "udp://:4739", "no host" },
	{ "udp://a b", "no host" },
	{ "udp://user@host", "no host" },
	{ "udp://host/path", "no host" },
	{ "udp://host:", "1 to 65535" },
	{ "udp://host:0", "1 to 65535" },
	{ "udp://host:65536", "1 to 65535" },
	{ "udp://host:47x", "1 to 65535" },
	{ "udp://host:-1", "1 to 65535" },
	{ "udp://2001:db8::1", "brackets" },
	{ "udp://[2001:db8::1", "not closed" },
	{ "udp://[host]", "no IPv6 address" },
	{ "udp://[::1]4739", "nothing follows" },
	{ "udp://*", "no host" },
	{ "zmq://**", "no host" },
	{ "zmq://*:5556c", "1 to 65535" },
	{ "udp:host", "no transport" },
	{ "file:/tmp/x", "no transport" },
	{ "file://tmp/x", "begins with /" },
	{ "file://", "begins with /" },
	{ "file:///tmp/", "a folder" },
	{ "stdout://x", "nothing follows" },
	{ "stdout", "no transport" },
};

Test(endpoint, good)
{
	for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
		g_auto(NfpEndpoint) endpoint = { 0 };
		g_autoptr(GError) err = NULL;

		cr_assert(nfp_endpoint_parse(good[i].text, &endpoint, &err), "%s: %s", good[i].text,
			  err ? err->message : "");
		cr_assert_str_eq(endpoint.scheme, good[i].scheme);
		cr_assert_eq(g_strcmp0(endpoint.host, good[i].host), 0);
		cr_assert_eq(g_strcmp0(endpoint.path, good[i].path), 0);
		cr_assert_eq(endpoint.port, good[i].port);
	}
}

Test(endpoint, bad)
{
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		NfpEndpoint endpoint = { 0 };
		g_autoptr(GError) err = NULL;

		cr_assert_not(nfp_endpoint_parse(bad[i].text, &endpoint, &err), "%s", bad[i].text);
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_assert(strstr(err->message, bad[i].says), "%s", err->message);
		cr_assert(strstr(err->message, "allowed: udp://HOST[:PORT], tcp://"), "%s", err->message);
		cr_assert_null(endpoint.scheme);
		cr_assert_null(endpoint.host);
		cr_assert_null(endpoint.path);
	}
}

Test(endpoint, long_path)
{
	g_auto(NfpEndpoint) endpoint = { 0 };
	g_autofree char *path = g_strnfill(4001, '/');
	g_autofree char *text = NULL;

	path[4000] = 'x';
	text = g_strconcat("file://", path, NULL);
	cr_assert_not(nfp_endpoint_parse(text, &endpoint, NULL));
	memmove(text + 7, text + 8, 4001);
	cr_assert(nfp_endpoint_parse(text, &endpoint, NULL));
}

Test(endpoint, forms)
{
	g_autofree char *forms = nfp_endpoint_forms();

	cr_assert(g_str_has_prefix(forms, "udp://HOST[:PORT], "), "%s", forms);
	cr_assert(g_str_has_suffix(forms, " or stdout:"), "%s", forms);
}

Test(endpoint, long_host)
{
	g_auto(NfpEndpoint) endpoint = { 0 };
	g_autofree char *host = g_strnfill(256, 'a');
	g_autofree char *text = g_strconcat("udp://", host, NULL);

	cr_assert_not(nfp_endpoint_parse(text, &endpoint, NULL));
	text[strlen(text) - 1] = '\0';
	cr_assert(nfp_endpoint_parse(text, &endpoint, NULL));
}
