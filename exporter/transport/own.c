/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/own.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

/* Text of an address of that family that others can reach, or NULL. */
static char *as_text(const struct ifaddrs *entry, int family)
{
	char text[INET6_ADDRSTRLEN];
	const void *octets;

	if (!entry->ifa_addr || entry->ifa_addr->sa_family != family || !(entry->ifa_flags & IFF_UP) ||
	    (entry->ifa_flags & IFF_LOOPBACK))
		return NULL;
	if (family == AF_INET) {
		octets = &((const struct sockaddr_in *)(const void *)entry->ifa_addr)->sin_addr;
	} else {
		const struct sockaddr_in6 *in6 = (const void *)entry->ifa_addr;

		if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
			return NULL;
		octets = &in6->sin6_addr;
	}
	return g_strdup(inet_ntop(family, octets, text, sizeof(text)));
}

char *nfp_own_address(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct ifaddrs *all = NULL;
	char *text = NULL;

	if (getifaddrs(&all) < 0)
		return g_strdup("127.0.0.1");
	for (guint i = 0; i < G_N_ELEMENTS(families); i++)
		for (const struct ifaddrs *entry = all; entry && !text; entry = entry->ifa_next)
			text = as_text(entry, families[i]);
	freeifaddrs(all);
	return text ? text : g_strdup("127.0.0.1");
}
