/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/collector.h"

#include "base/error.h"
#include "collector/pairs.h"
#include "collector/sender.h"
#include "transport/endpoint.h"
#include "transport/own.h"

#define WEEK (7u * 24 * 3600) /* s */

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

/* Uptimes begin a week ago, so that records that waited for long have one, too. In whole seconds (encode/netflow9.c). */
static uint64_t boot_ms(const NfpClock *clock)
{
	uint64_t now = (uint64_t)clock->realtime(clock) / NFP_NS_PER_S;

	return (now - MIN(now, WEEK)) * 1000;
}

NfpCollector *nfp_collector_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				const char *hostname, const NfpClock *clock, GError **err)
{
	const char *protocol = options->protocol ? options->protocol : nfp_collector_protocol(options->endpoint);
	g_autoptr(NfpTransport) transport = NULL;
	g_autoptr(NfpEncoder) encoder = NULL;
	NfpCollector *collector = NULL;
	g_autofree char *address = options->source ? g_strdup(options->source) : nfp_own_address();
	const char *option;

	if (nfp_collector_options_check(options, &option, err))
		transport = make_transport(options, nfp_pair_find(protocol), err);
	if (transport)
		encoder = nfp_encoder_new(&(NfpEncoderOptions){
			.protocol = protocol,
			.templates = templates,
			.domain = options->domain,
			.sampling = 1,
			.hostname = hostname,
			.address = address,
			.reliable = transport->ops->stream,
			.pen = options->pen,
			.peer = options->kind,
			.boot_ms = boot_ms(clock),
		}, err);
	if (encoder)
		collector = nfp_collector_new_with(options, templates, clock, g_steal_pointer(&encoder),
						   g_steal_pointer(&transport), err);
	if (!collector)
		g_prefix_error(err, "collector %s: ", options->name);
	return collector;
}
