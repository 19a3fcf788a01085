/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets go, as slots of flow tables have it: numbers of map "ways" (ebpf/table.h). Asked once each. */
#ifndef NFP_PROBE_WAYS_H
#define NFP_PROBE_WAYS_H

#include <glib.h>
#include <stdint.h>

#include "ebpf/table.h"

/* One reader's. Begins as { .map = file descriptor, borrowed }. */
typedef struct {
	int map;
	uint32_t last; /* number that was asked for last, 0 = none: flows of one way come in rows */
	struct nfp_way last_way;
	GHashTable *known; /* number -> struct nfp_way; NULL: empty */
} NfpWays;

/* Egress interface and next hop of an entry; not known (0) where the map does not have the number. */
void nfp_ways_get(NfpWays *ways, uint32_t number, struct nfp_value *v);
void nfp_ways_clear(NfpWays *ways);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpWays, nfp_ways_clear)

#endif
