/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/transport.h"

#include "transport/transports.h"

static const NfpTransportOps *const transports[] = {
	&nfp_transport_udp,
	&nfp_transport_tcp,
};

const NfpTransportOps *nfp_transport_find(const char *scheme)
{
	for (guint i = 0; i < G_N_ELEMENTS(transports); i++) {
		if (g_ascii_strcasecmp(transports[i]->scheme, scheme) == 0)
			return transports[i];
	}
	return NULL;
}

char *nfp_transport_schemes(void)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(transports); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", transports[i]->scheme);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

void nfp_transport_free(NfpTransport *transport)
{
	if (!transport)
		return;
	transport->ops->close(transport);
	transport->ops->destroy(transport);
}
