/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocol and ports -> application (RFC 6759). One thread until finished, then immutable but for the marks of those that
 * records had, which any thread sets and reads. */
#ifndef NFP_ENRICH_SERVICES_H
#define NFP_ENRICH_SERVICES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enrich/texts.h"

#define NFP_SERVICES_MAX 65535 /* rows */
#define NFP_ENGINE_IANA_L3 1u  /* RFC 6759 section 4.1: the selector is an IP protocol number */
#define NFP_ENGINE_IANA_L4 3u  /* RFC 6759 section 4.1: the selector is a port of IANA's registry */

typedef struct {
	uint8_t protocol;
	uint16_t first, last; /* ports, first <= last */
	uint32_t id;          /* applicationId; 0: IANA-L4 and the first port */
	uint32_t name;        /* of the texts */
	int32_t priority;     /* the higher goes first, then the narrower range, then the later row */
} NfpServiceRow;

typedef struct NfpServices NfpServices;

NfpServices *nfp_services_new(void);
/* false: NFP_SERVICES_MAX are there. */
bool nfp_services_add(NfpServices *services, const NfpServiceRow *row);
/* No more rows. texts: kept, not owned. */
void nfp_services_finish(NfpServices *services, const NfpTexts *texts);
/* Of the port that has one, of the lower one if both have: a server's port is the lower as a rule. Never NULL; id 0 and
 * an empty name where neither is known. Ports in host byte order. */
const NfpApplication *nfp_services_find(const NfpServices *services, uint8_t protocol, uint16_t source,
					uint16_t destination);
/* A record had it, as nfp_services_find() gave it. */
void nfp_services_mark(const NfpServices *services, const NfpApplication *application);
/* Those that `before` has marks for are marked here, too: by their ids. */
void nfp_services_mark_as(const NfpServices *services, const NfpServices *before);
guint nfp_services_marked_n(const NfpServices *services); /* grows only */
/* Const NfpApplication, of the services: marked ones, each id once, with the name that goes first. */
GPtrArray *nfp_services_marked(const NfpServices *services);
/* What has no ports: the IP protocol itself, by its number and the name that IANA gives it (empty where it is not known
 * here). Never NULL. */
const NfpApplication *nfp_services_protocol(const NfpServices *services, uint8_t protocol);
guint nfp_services_n(const NfpServices *services); /* rows */
size_t nfp_services_memory(const NfpServices *services);
void nfp_services_free(NfpServices *services);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpServices, nfp_services_free)

#endif
