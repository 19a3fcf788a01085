/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/collector.h"

#include <string.h>

#include "base/error.h"
#include "collector/pairs.h"
#include "collector/sender.h"
#include "transport/endpoint.h"
#include "transport/own.h"
#include "transport/tls_credentials.h"

static NfpTransport *make_transport(const NfpCollectorOptions *options, const NfpPair *pair, GError **err)
{
	g_auto(NfpEndpoint) endpoint = { 0 };

	if (!nfp_endpoint_parse(options->endpoint, &endpoint, err))
		return NULL;
	return nfp_transport_find(endpoint.scheme)->create(&(NfpTransportOptions){
		.host = endpoint.host,
		.port = endpoint.port,
		.path = endpoint.path,
		.framing = pair->framing,
		.topic = pair->topic,
		.rotation = { .size = options->rotate_size,
			      .interval = options->rotate_interval / 1000,
			      .keep = options->rotate_keep },
		.source = options->source,
		.device = options->device,
		.tls = &options->tls,
	}, err);
}

/* What a collector is made of. */
typedef struct {
	NfpTransport *transport;
	NfpEncoder *encoder;
} Parts;

static void parts_clear(Parts *parts)
{
	nfp_transport_free(parts->transport);
	nfp_encoder_free(parts->encoder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static gboolean make_parts(const NfpCollectorOptions *options, const NfpTemplateSet *templates, const char *hostname,
			   const NfpClock *clock, Parts *ret, GError **err)
{
	const char *protocol = options->protocol ? options->protocol : nfp_collector_protocol(options->endpoint);
	g_autofree char *address = options->source ? g_strdup(options->source) : nfp_own_address();
	const char *option;

	if (nfp_collector_options_check(options, &option, err))
		ret->transport = make_transport(options, nfp_pair_find(protocol), err);
	if (ret->transport)
		ret->encoder = nfp_encoder_new(&(NfpEncoderOptions){
			.protocol = protocol,
			.templates = templates,
			.domain = options->domain,
			.sampling = options->scale ? 1 : MAX(options->sampling, 1),
			.scaled = options->scale,
			.random = options->sampled_random,
			.hostname = hostname,
			.address = address,
			.reliable = ret->transport->ops->stream,
			.pen = options->pen,
			.peer = options->kind,
			.boot_ms = nfp_encoder_boot_ms((uint64_t)clock->realtime(clock) / NFP_NS_PER_S),
		}, err);
	return ret->encoder != NULL;
}

gboolean nfp_collector_try(const NfpCollectorOptions *options, const NfpTemplateSet *templates, const char *hostname,
			   const NfpClock *clock, GError **err)
{
	g_autoptr(NfpTlsCredentials) credentials = NULL;
	g_auto(Parts) parts = { 0 };
	gboolean fine = make_parts(options, templates, hostname, clock, &parts, err);

	if (fine && strstr(options->endpoint, "tls://")) {
		credentials = nfp_tls_credentials_new(&options->tls, err);
		fine = credentials != NULL;
	}
	if (!fine)
		g_prefix_error(err, "collector %s: ", options->name);
	return fine;
}

static NfpCollector *make(const NfpCollectorOptions *options, const NfpTemplateSet *templates, const char *hostname,
			  const NfpClock *clock, gboolean heir, GError **err)
{
	g_auto(Parts) parts = { 0 };
	NfpCollector *collector = NULL;

	if (make_parts(options, templates, hostname, clock, &parts, err))
		collector = nfp_collector_new_with(options, templates, clock, g_steal_pointer(&parts.encoder),
						   g_steal_pointer(&parts.transport), heir, err);
	if (!collector)
		g_prefix_error(err, "collector %s: ", options->name);
	return collector;
}

NfpCollector *nfp_collector_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				const char *hostname, const NfpClock *clock, GError **err)
{
	return make(options, templates, hostname, clock, FALSE, err);
}

NfpCollector *nfp_collector_new_heir(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				     const char *hostname, const NfpClock *clock, GError **err)
{
	return make(options, templates, hostname, clock, TRUE, err);
}
