/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a batch's records point into: a snapshot, and the interfaces that there are with what the snapshot's rules say of
 * them. Immutable, any thread, gone with the last reference.
 */
#ifndef NFP_ENRICH_VIEW_H
#define NFP_ENRICH_VIEW_H

#include "enrich/routes.h"
#include "enrich/snapshot.h"
#include "record/name_tables.h"

/* An interface as the kernel has it. Texts are copied, and may be NULL. */
typedef struct {
	uint32_t ifindex;
	const char *name;
	const char *alias;
	const char *vrf;
	uint32_t vrf_id; /* table; 0 = the default one */
	uint32_t speed;  /* Mbit/s, 0 = not known */
} NfpEnrichInterface;

/* The routing tables of one domain. */
typedef struct {
	uint32_t domain;
	NfpRouteTables *tables;
} NfpViewRoutes;

typedef struct {
	gint refs;
	NfpSnapshot *snapshot;
	NfpTexts *texts;
	uint64_t *keys; /* domain << 32 | ifindex, sorted */
	NfpPort *ports;
	guint n;
	NfpPort none;
	GArray *routes; /* NfpViewRoutes, one a domain whose routes are followed */
} NfpView;

/* Interfaces of one domain, as nfp_view_new() wants them. */
typedef struct {
	uint32_t domain;
	NfpEnrichInterface interface;
} NfpViewInterface;

/* Rows of the database that say what records get for an interface; NULL: none does, the kernel's word counts. */
typedef struct {
	const NfpInterfaceRule *description, *role, *vrf, *speed;
} NfpPortRules;

NfpPortRules nfp_view_rules(const NfpSnapshot *snapshot, const char *name);

/* interfaces: NfpViewInterface; the first of a domain and index counts. routes: NfpViewRoutes, NULL: none. Takes references to
 * the snapshot and to the tables. */
NfpView *nfp_view_new(NfpSnapshot *snapshot, const GArray *interfaces, const GArray *routes);
/* NULL: no such interface. */
const NfpPort *nfp_view_port(const NfpView *view, uint32_t domain, uint32_t ifindex);
/* The interfaces as records have them, and the applications that records had. */
void nfp_view_add_names(const NfpView *view, NfpNameTables *tables);
NfpView *nfp_view_ref(NfpView *view);
void nfp_view_unref(NfpView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpView, nfp_view_unref)

/* Gives records 0..n-1 their places, applications, ports, prefix lengths and routes' origins. The records may be used as long as the view. */
void nfp_view_fill(const NfpView *view, NfpRecord *records, guint n);

#endif
