/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/pairs.h"

#include <gio/gio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "collector/collector.h"
#include "transport/endpoint.h"

#define ROTATE_SIZE_MIN (1024u * 1024)

static const NfpPair pairs[] = {
	{ "ipfix", "udp tcp tls dtls file", "that is how IPFIX is read (RFC 7011 10, RFC 5655)", NFP_FRAMING_LENGTH16, NULL, 0 },
	{ "netflow9", "udp", "its messages do not tell their length (RFC 3954 5.1)", NFP_FRAMING_NONE, NULL, 0 },
	{ "ntopng", "zmq", "ntopng takes flows from ZeroMQ", NFP_FRAMING_NONE, "flow", 8192 },
	{ "json", "file tcp tls stdout", "lines need a way that loses none of them and keeps their order",
	  NFP_FRAMING_LINES, NULL, 8192 },
};

/* What is meant where no protocol is named; else ipfix. */
static const struct {
	const char *scheme, *protocol;
} defaults[] = {
	{ "stdout", "json" },
	{ "zmq", "ntopng" },
};

const NfpPair *nfp_pair_find(const char *protocol)
{
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (strcmp(pairs[i].protocol, protocol) == 0)
			return &pairs[i];
	return NULL;
}

gboolean nfp_pair_allows(const NfpPair *pair, const char *scheme)
{
	g_auto(GStrv) schemes = g_strsplit(pair->schemes, " ", -1);

	return g_strv_contains((const char *const *)schemes, scheme);
}

const char *nfp_collector_protocol(const char *endpoint)
{
	g_auto(NfpEndpoint) parsed = { 0 };

	if (nfp_endpoint_parse(endpoint, &parsed, NULL))
		for (guint i = 0; i < G_N_ELEMENTS(defaults); i++)
			if (strcmp(defaults[i].scheme, parsed.scheme) == 0)
				return defaults[i].protocol;
	return "ipfix";
}

static gboolean fail(const char *option, const char **ret_option, GError **err, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

static gboolean fail(const char *option, const char **ret_option, GError **err, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	*ret_option = option;
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, text);
	return FALSE;
}

/* Whether the files serve is for `check` and `run` to find out: who asks for the status may not read them. */
static gboolean check_tls(const NfpTlsOptions *tls, const char *scheme, const char **ret_option, GError **err)
{
	if (!strstr(scheme, "tls") && (tls->ca || tls->certificate || tls->key || tls->server_name))
		return fail("tls", ret_option, err, "%s has none; allowed: with tls:// and dtls://", scheme);
	if (tls->renew && strcmp(scheme, "dtls") != 0)
		return fail("tls", ret_option, err, "renew: a TLS connection ends with its collector; allowed: with dtls://");
	if (!tls->certificate != !tls->key)
		return fail("tls", ret_option, err, "%s; allowed: both or none",
			    tls->key ? "a key without its certificate" : "a certificate without its key");
	return TRUE;
}

/* fe80::/10 without an interface behind it. */
static gboolean is_link_local(const char *text)
{
	g_autoptr(GInetAddress) address = text ? g_inet_address_new_from_string(text) : NULL;

	return address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6 &&
	       g_inet_address_get_is_link_local(address);
}

/* Such an address is one of each interface: the kernel refuses it (EINVAL) when nothing tells of which. */
static gboolean check_link_local(const NfpCollectorOptions *options, const NfpEndpoint *endpoint,
				 const char **ret_option, GError **err)
{
	if (options->device)
		return TRUE;
	if (is_link_local(endpoint->host))
		return fail("endpoint", ret_option, err, "%s is a link-local address; allowed: with its interface, as in "
			    "[%s%%eth0], or with device", endpoint->host, endpoint->host);
	if (is_link_local(options->source))
		return fail("source", ret_option, err, "%s is a link-local address; allowed: with device, its interface",
			    options->source);
	return TRUE;
}

gboolean nfp_collector_options_check(const NfpCollectorOptions *options, const char **ret_option, GError **err)
{
	const char *protocol = options->protocol ? options->protocol : nfp_collector_protocol(options->endpoint);
	const NfpPair *pair = nfp_pair_find(protocol);
	g_auto(NfpEndpoint) endpoint = { 0 };
	g_autofree char *allowed = NULL;
	g_auto(GStrv) schemes = NULL;

	if (!nfp_endpoint_parse(options->endpoint, &endpoint, err)) {
		*ret_option = "endpoint";
		return FALSE;
	}
	if (!pair)
		return fail("protocol", ret_option, err, "unknown protocol \"%s\"", protocol);
	if (!nfp_pair_allows(pair, endpoint.scheme)) {
		schemes = g_strsplit(pair->schemes, " ", -1);
		allowed = g_strjoinv(", ", schemes);
		return fail("protocol", ret_option, err, "%s does not go over %s: %s; allowed: %s", protocol,
			    endpoint.scheme, pair->why, allowed);
	}
	if (!check_tls(&options->tls, endpoint.scheme, ret_option, err) ||
	    !check_link_local(options, &endpoint, ret_option, err))
		return FALSE;
	if (options->spool_on_icmp && !options->spool_path)
		return fail("spool", ret_option, err, "on_icmp: there is no spool; allowed: with path");
	if (options->spool_on_icmp && strcmp(endpoint.scheme, "udp") != 0 && strcmp(endpoint.scheme, "dtls") != 0)
		return fail("spool", ret_option, err, "on_icmp: %s knows itself when its collector is away; allowed: with udp:// and dtls://",
			    endpoint.scheme);
	if (pair->message_min && options->mtu && options->mtu < pair->message_min)
		return fail("mtu", ret_option, err, "%s needs longer messages; allowed: auto or %u to 65507", protocol,
			    pair->message_min);
	if ((options->rotate_size || options->rotate_interval || options->rotate_keep) && !endpoint.path)
		return fail("rotate", ret_option, err, "only files are rotated; allowed: with endpoint: file:///PATH");
	if (options->rotate_keep && !options->rotate_size && !options->rotate_interval)
		return fail("rotate", ret_option, err,
			    "keep counts finished files, and nothing tells when one is finished; allowed: keep with "
			    "size or interval");
	/* A file must have room for all templates, or a session would never get to its records. */
	if (options->rotate_size && options->rotate_size < ROTATE_SIZE_MIN)
		return fail("rotate", ret_option, err, "size: files that short are no use; allowed: 1MiB or more");
	if (options->rotate_interval && options->rotate_interval < NFP_NS_PER_S)
		return fail("rotate", ret_option, err, "interval: so many files are no use; allowed: 1s or more");
	return TRUE;
}
