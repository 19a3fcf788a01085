/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collectors that people run, and what each makes of a field (fields_peers.def). */
#ifndef NFP_RECORD_FIELDS_PEERS_H
#define NFP_RECORD_FIELDS_PEERS_H

#include <glib.h>

#include "record/templates.h"

/* `kind:` of a collector. */
typedef enum {
	NFP_PEER_other, /* not known: what harms nobody */
	NFP_PEER_nfdump,
	NFP_PEER_pmacct,
	NFP_PEER_goflow2,
	NFP_PEER_akvorado,
	NFP_PEER_ntopng,
	NFP_PEER_nprobe,
	NFP_PEER_libfixbuf,
	NFP_PEERS_N,
} NfpPeer;

extern const char *const nfp_peer_names[NFP_PEERS_N];

typedef enum {
	NFP_READS_YES,
	NFP_READS_MAPPED,  /* by its configuration */
	NFP_READS_OPTIONS, /* in options data only */
	NFP_READS_NO,
	NFP_READS_MISREAD, /* taken for something else */
} NfpReads;

/* Of NFP_PEER_other: YES. netflow9: by that protocol, else by IPFIX. */
NfpReads nfp_peer_reads(NfpPeer peer, const NfpField *field, gboolean netflow9);
/* It reads texts of fixed length only. */
gboolean nfp_peer_fixed_texts(NfpPeer peer);
/* Appends the names of those that decode the field, "nfdump pmacct", those that need configuration with a "*" behind. */
void nfp_peers_print(GString *out, const NfpField *field);

#endif
