/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What records say of interfaces: one way for those who meter, and for those who ask before. */
#ifndef NFP_APP_PORTS_H
#define NFP_APP_PORTS_H

#include "conf/conf.h"
#include "enrich/view.h"
#include "probe/probe.h"

/* An interface as enrichment wants it. links: the table that it is in, owner of the texts. speed: Mbit/s, 0 = not known. */
NfpEnrichInterface nfp_ports_interface(const GArray *links, const NfpLink *link, uint32_t speed);

/* Interfaces of a network namespace. */
typedef struct {
	char *netns; /* NULL: our own */
	uint32_t domain;
	GArray *links;    /* NfpLink */
	uint32_t *speeds; /* of each, Mbit/s */
} NfpPortsDomain;

void nfp_ports_domain_clear(NfpPortsDomain *domain);
/* Reads those of a namespace, now. Needs CAP_SYS_ADMIN for one that is not ours. */
gboolean nfp_ports_domain_read(NfpPortsDomain *domain, const NfpConf *conf, const char *netns, uint32_t number, GError **err);

/* As the next records have them and whose word it is, by the rows of a snapshot: a table, or JSON, one object a line. */
void nfp_ports_print(GString *out, const NfpPortsDomain *domain, NfpSnapshot *snapshot, gboolean json);
/* All namespaces that the configuration names; one that cannot be read is told by `fault`, the others are printed. */
void nfp_ports_print_all(GString *out, const NfpConf *conf, NfpSnapshot *snapshot, gboolean json,
			 void (*fault)(const GError *error, void *data), void *data);

#endif
