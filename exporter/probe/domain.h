/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of NfpProbe, for the files of this room that make up probe.h. */
#ifndef NFP_PROBE_DOMAIN_H
#define NFP_PROBE_DOMAIN_H

#include "probe/attach.h"
#include "probe/buckets.h"
#include "probe/links.h"
#include "probe/load.h"
#include "probe/netlink.h"
#include "probe/netns.h"
#include "probe/pins.h"
#include "probe/probe.h"

typedef struct NfpEvents NfpEvents;

typedef struct {
	NfpProgramSettings settings;
	int fd;
} NfpProgram;

struct NfpProbe {
	char *directory; /* <pin_root>/<instance> */
	char *links;     /* <directory>/links */
	char *netns_name, *instance;
	bool force_clsact, readonly;
	NfpNetns *netns;
	NfpNetlink *netlink; /* requests; NULL: the namespace has gone (readonly) */
	NfpNetlink *watch;
	NfpMaps maps;
	NfpParseOptions parse;
	GArray *programs; /* NfpProgram: those that were loaded */
	char *note;      /* of the last attachment; NULL: none */
	char *aside;     /* instance that has the maps of another build now; NULL: none */
	NfpBuckets *buckets;
	NfpReadBuffer base;
	NfpEvents *events; /* NULL: not open */
	int claim_fd;      /* lock of the one who drains */
};

/* All hooks that an interface can have, by their flags. */
#define NFP_HOOKS_N 3
extern const uint8_t nfp_probe_hook_flags[NFP_HOOKS_N];

NfpAttachContext nfp_probe_context(NfpProbe *probe);
gboolean nfp_probe_find_link(NfpProbe *probe, const char *ifname, NfpLink *ret_link, GError **err);
/* The same, for a program: an error, too, if none of ours reads its packets. */
gboolean nfp_probe_find_readable(NfpProbe *probe, const char *ifname, NfpLink *ret_link, GError **err);
void nfp_events_close(NfpProbe *probe);

/* Waits until nobody else makes or adopts the domain's maps, or attaches: a file descriptor that keeps it so until it is
 * closed; -errno. */
int nfp_probe_lock(const NfpProbe *probe);

/* All links that are pinned end. */
void nfp_probe_drop_links(NfpProbe *probe);
/* Ends what another build attached and gives its directory the name of another instance, probe->aside. */
gboolean nfp_probe_put_aside(NfpProbe *probe, const NfpProbeOptions *options, GError **err);

/* Removes what nfp_probe_write_object pinned for tc(8). */
void nfp_object_unshare(const char *directory);

#endif
