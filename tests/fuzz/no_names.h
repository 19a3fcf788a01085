/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No host has a name: filters that speak of one ask nobody. Names of services are a file's, as ever. */
#ifndef NFP_FUZZ_NO_NAMES_H
#define NFP_FUZZ_NO_NAMES_H

#include <dlfcn.h>
#include <netdb.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST };

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!node)
		return real(node, service, hints, res);
	if (hints) {
		numeric = *hints;
		numeric.ai_flags |= AI_NUMERICHOST;
	}
	return real(node, service, &numeric, res);
}

#endif
