/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory a configuration can take, whatever comes by the network and whoever is away: docs/safety.md. */
#ifndef NFP_APP_CEILING_H
#define NFP_APP_CEILING_H

#include "conf/conf.h"

/* Octets, upper bounds. What the database of facts takes follows the database, and is told by `nfprobe status`; its own
 * limits are in enrich/snapshot.h. */
typedef struct {
	uint64_t maps;    /* in the kernel: all buckets, whatever waits for a collector */
	uint64_t reading; /* the daemon's copies of the map that is being read */
	uint64_t records; /* made and not yet published: the pool of the harvester */
	uint64_t queues;  /* of the collectors, none of which reads */
	uint64_t resend;  /* kept for TCP, without a spool */
	uint64_t biflow;  /* waiting for the other direction */
	uint64_t printer; /* of standard output, which nobody reads */
	uint64_t rest;    /* program, libraries, threads; fixed maps */
} NfpCeiling;

NfpCeiling nfp_ceiling(const NfpConf *conf);
uint64_t nfp_ceiling_sum(const NfpCeiling *ceiling);
/* "at most 811 MiB: maps 512, ..."; caller frees. */
char *nfp_ceiling_text(const NfpCeiling *ceiling);

#endif
