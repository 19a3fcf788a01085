/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a collector can be told beside the records: names of interfaces, VRFs and applications. Filled by one thread, then
 * constant and shared: references are counted atomically.
 */
#ifndef NFP_RECORD_NAME_TABLES_H
#define NFP_RECORD_NAME_TABLES_H

#include <glib.h>

#include "record/record.h"

#define NFP_TABLE_PORTS 4096        /* of all domains, at most; more are not told of */
#define NFP_TABLE_APPLICATIONS 4096 /* at most */

typedef struct {
	uint32_t domain; /* observation domain's index, as NfpBatch.domain */
	uint32_t ifindex;
	NfpPort port;
	NfpText label; /* the description, or the name where there is none */
} NfpTablePort;

typedef struct {
	GArray *ports;        /* NfpTablePort */
	GArray *applications; /* NfpApplication */
	guint left_out;       /* for lack of room */
	/* private */
	GStringChunk *texts;
	gint refs;
} NfpNameTables;

NfpNameTables *nfp_name_tables_new(void);
/* Texts are copied; what is no UTF-8 in them is replaced. */
void nfp_name_tables_add_port(NfpNameTables *tables, uint32_t domain, uint32_t ifindex, const NfpPort *port);
void nfp_name_tables_add_application(NfpNameTables *tables, const NfpApplication *application);
gboolean nfp_name_tables_same_ports(const NfpNameTables *a, const NfpNameTables *b);
gboolean nfp_name_tables_same_applications(const NfpNameTables *a, const NfpNameTables *b);
NfpNameTables *nfp_name_tables_ref(NfpNameTables *tables); /* NULL gives NULL */
void nfp_name_tables_unref(NfpNameTables *tables);     /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNameTables, nfp_name_tables_unref)

#endif
