/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/transport.h"

#include "transport/transports.h"

static const NfpTransportOps *const transports[] = {
	&nfp_transport_udp,
	&nfp_transport_tcp,
	&nfp_transport_tls,
	&nfp_transport_dtls,
	&nfp_transport_zmq,
	&nfp_transport_file,
	&nfp_transport_stdout,
};

const NfpTransportOps *nfp_transport_find(const char *scheme)
{
	for (guint i = 0; i < G_N_ELEMENTS(transports); i++) {
		if (g_ascii_strcasecmp(transports[i]->scheme, scheme) == 0)
			return transports[i];
	}
	return NULL;
}

char *nfp_transport_forms(void)
{
	static const char *const places[] = {
		[NFP_PLACE_HOST] = "://HOST[:PORT]",
		[NFP_PLACE_HOST_OR_ALL] = "://HOST|*[:PORT]",
		[NFP_PLACE_PATH] = ":///PATH",
		[NFP_PLACE_NONE] = ":",
	};
	g_autoptr(GString) text = g_string_new(NULL);
	guint n = G_N_ELEMENTS(transports);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(text, "%s%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ",
				       transports[i]->scheme, places[transports[i]->place]);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

void nfp_transport_free(NfpTransport *transport)
{
	if (!transport)
		return;
	transport->ops->close(transport);
	transport->ops->destroy(transport);
}
