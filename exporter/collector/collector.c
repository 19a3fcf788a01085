/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/collector.h"

#include "base/error.h"
#include "collector/sender.h"
#include "transport/endpoint.h"

static NfpTransport *make_transport(const NfpCollectorOptions *options, GError **err)
{
	g_auto(NfpEndpoint) endpoint = { 0 };

	if (!nfp_endpoint_parse(options->endpoint, &endpoint, err))
		return NULL;
	return nfp_transport_find(endpoint.scheme)->create(&(NfpTransportOptions){
		.host = endpoint.host,
		.port = endpoint.port,
		.source = options->source,
		.device = options->device,
	}, err);
}

NfpCollector *nfp_collector_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				const char *hostname, const NfpClock *clock, GError **err)
{
	g_autoptr(NfpTransport) transport = make_transport(options, err);
	g_autoptr(NfpEncoder) encoder = NULL;
	NfpCollector *collector = NULL;

	if (transport)
		encoder = nfp_encoder_new(&(NfpEncoderOptions){
			.protocol = options->protocol,
			.templates = templates,
			.domain = options->domain,
			.sampling = 1,
			.hostname = hostname,
			.reliable = transport->ops->stream,
		}, err);
	if (encoder)
		collector = nfp_collector_new_with(options, templates, clock, g_steal_pointer(&encoder),
						   g_steal_pointer(&transport), err);
	if (!collector)
		g_prefix_error(err, "collector %s: ", options->name);
	return collector;
}
