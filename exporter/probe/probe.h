/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One observation domain in the kernel: its pin directory, maps, programs and attachments.
 * The only room that knows libbpf.
 *
 *   <pin_root>/<instance>/                maps: config status base books events eth ipv4 ... hook
 *   <pin_root>/<instance>/links/<ifindex>-<ingress|egress>-<tc|xdp>      TCX links (clsact has none: filters
 *                                         with our handle and priority are found through netlink)
 *   <pin_root>/<instance>/buckets/<protocol|hook>/<start>-<end>          inner maps; `spill0`, `spill1` for
 *                                         {0, 0} and {0, 1}
 *   <pin_root>/<instance>/netns           symbolic link: which network namespace the ifindexes are of
 *
 * instance of a network namespace NAME: "<instance>@<NAME>". Everything stays pinned until
 * nfp_probe_detach_all: packets are counted while no daemon runs.
 */
#ifndef NFP_PROBE_PROBE_H
#define NFP_PROBE_PROBE_H

#include <glib.h>
#include <stdbool.h>

#include "probe/source.h"

typedef enum { NFP_DIRECTION_INGRESS, NFP_DIRECTION_EGRESS, NFP_DIRECTION_BOTH } NfpDirection;
typedef enum { NFP_HOOK_TC, NFP_HOOK_XDP } NfpHookKind;

/* One entry of `interfaces:`; what it points to is owned by the configuration. */
typedef struct {
	char *match;            /* glob on the interface's name */
	char *netns;            /* name under /run/netns, or NULL: the daemon's own */
	NfpDirection direction;
	NfpHookKind hook;
	uint32_t sampling;      /* 1-in-N; 0: N follows the traffic */
	int sampling_mode;      /* enum nfp_sample_mode */
	uint32_t sampling_budget; /* socket buffers a second and CPU, where N follows */
	uint32_t decapsulate;   /* 1 << kind of tunnel (ebpf/tunnels.def): taken off */
	char *filter;           /* what is metered, in the syntax of pcap-filter(7); NULL: everything */
	struct NfpPrefixes *prefixes; /* of that only what is from or to these (filter/prefixes.h); NULL: everything */
} NfpInterfaceOptions;

typedef struct {
	const char *pin_root; /* "/sys/fs/bpf/nfprobe"; mounted as bpffs when it is not */
	const char *instance; /* "default" */
	const char *netns;    /* NULL = own; else a name under /run/netns: needs CAP_SYS_ADMIN for setns */
	uint32_t domain;
	bool force_clsact;    /* tests: as on a kernel without TCX */
	bool no_table;        /* no flow tables, as on a kernel before 5.12: the HASH alone */
	bool exact_clock;     /* packets read the exact clock, not ticks */
	bool set_aside;       /* maps of another build are, rather than refused */
} NfpProbeOptions;

/* What a hook cannot count exactly. */
typedef enum {
	NFP_LIMIT_GSO = 0x01,  /* a GSO or GRO buffer counts as one packet, without its repeated headers */
	NFP_LIMIT_VLAN = 0x02, /* VLAN tags that the NIC takes out of the frame are not seen */
} NfpHookLimits;

/* A hook that is attached. */
typedef struct {
	uint32_t ifindex;
	char ifname[32];     /* empty when the interface has gone */
	uint8_t flags;       /* NFP_KEY_EGRESS | NFP_KEY_XDP */
	const char *method;  /* "tcx", "clsact", "xdp-native", "xdp-generic" */
	uint8_t limits;      /* NfpHookLimits */
	uint64_t sampling;   /* 1-in-N, now */
	uint64_t sampling_budget; /* socket buffers a second and CPU, when N follows the traffic; 0: N is fixed */
	/* Packets the hook cannot have seen, from the interface's own counters since it came up. */
	uint64_t dropped_before; /* ingress: XDP and receive drops */
	uint64_t dropped_after;  /* egress: qdisc and transmit drops */
} NfpHookInfo;

/* What is metered: programs of classic BPF (struct sock_filter, end to end), for links with an Ethernet header and for those
 * without. All NULL: everything. What is left out is in the books, by reason NFP_LOST_filtered. */
typedef struct {
	GBytes *ethernet;
	GBytes *raw; /* NULL beside the other: it asks for what is in no such frame */
	bool tags;   /* it speaks of VLAN tags; else they are looked through (probe/translate.h) */
	/* Beside that: only what has its source or its destination in one of these. Keys of LPM tries, end to end (length: bits,
	 * host byte order; address). Both NULL: anywhere. */
	GBytes *prefixes4, *prefixes6;
} NfpPacketFilter;

/* Which packets are looked at. Memory zero: all. */
typedef struct {
	uint32_t mode;   /* enum nfp_sample_mode */
	uint32_t rate;   /* 1-in-N */
	uint32_t budget; /* not 0: N follows the traffic, so that a CPU meters so many socket buffers a second */
} NfpSampling;

/* What programs make of packets beside counting them. */
typedef struct {
	uint32_t decapsulate; /* 1 << kind of tunnel: taken off */
	bool fragments;       /* later fragments get the ports of their first one */
	bool routes;          /* ingress: entries get the interface and the next hop that their packets leave by */
	NfpPacketFilter filter;
	NfpSampling sampling;
} NfpParseOptions;

typedef struct NfpProbe NfpProbe;

/* Makes those of the capabilities that metering takes effective that are permitted: a binary can be given them
 * as permitted only (setcap cap_bpf,cap_net_admin,cap_perfmon=p), so that it starts without them, too, and can
 * tell what is missing. Of the calling thread, and of those that it starts from then on: call it first. */
void nfp_probe_take_capabilities(void);
/* Why BPF cannot be used here, in one sentence that says what to do; NULL when it can. Caller frees. */
char *nfp_probe_obstacle(const NfpProbeOptions *options);

/* Opens (adopts what is pinned) or makes the domain's maps. Those that a build of another ABI made are set aside where the
 * options say so: its programs end, and its maps are kept as those of the instance nfp_probe_set_aside() names. Else, or while
 * somebody drains them, they are not touched: NFP_ERROR_FAILED, "made by another build". nfp_probe_open_readonly never makes anything and fails
 * with NFP_ERROR_FAILED when nothing is pinned. */
NfpProbe *nfp_probe_open(const NfpProbeOptions *options, GError **err);
NfpProbe *nfp_probe_open_readonly(const NfpProbeOptions *options, GError **err);
/* NULL: none was. Owned by the probe. */
const char *nfp_probe_set_aside(const NfpProbe *probe);
void nfp_probe_free(NfpProbe *probe); /* pins and attachments stay */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpProbe, nfp_probe_free)
NfpSource *nfp_probe_source(NfpProbe *probe); /* owned by the probe */
/* Calls fn on the thread that is in the domain's network namespace (the caller's own: on the caller's) and returns what it
 * returns. */
int nfp_probe_run(NfpProbe *probe, int (*fn)(void *data), void *data);
/* Gives the threads that opening took back to GLib's pool. Before the harvester has the source. */
void nfp_probe_rest(NfpProbe *probe);
/* Programs that were loaded for attachments are not kept for further ones: those that are attached stay so. */
void nfp_probe_forget_programs(NfpProbe *probe);
/* For what is attached, run or written from now on; nothing of it at first. Takes references to the filter. */
void nfp_probe_set_parse(NfpProbe *probe, NfpParseOptions options);
/* Before draining: one process at a time does. Held until the probe is freed (or the process dies). */
gboolean nfp_probe_claim(NfpProbe *probe, GError **err);

/* What the last successful attachment changed that its owner should be told, as half a sentence ("XDP in
 * native mode: ..."); NULL: nothing. Owned by the probe, until the next attachment. */
const char *nfp_probe_note(const NfpProbe *probe);

/* Attaches, or adopts an attachment of ours and puts the new program in place of the old one atomically.
 * Foreign programs and qdiscs stay as they are.
 * NFP_HOOK_XDP: what comes in by XDP, natively where the driver can, what leaves (NFP_DIRECTION_BOTH) by tc.
 * An XDP hook that somebody else has is an error, and nothing is touched for it. An ingress hook of ours of the other
 * kind is removed before, and comes back on an error: packets in between are not metered. FALSE: each hook has the program and the
 * rate that it had, or those of the new settings where the other direction was refused. */
gboolean nfp_probe_attach(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind hook,
			  GError **err);
/* Whether the kernel takes the programs that this would attach: loads them, for the attachment too. Attaches nothing. */
gboolean nfp_probe_try(NfpProbe *probe, const char *ifname, NfpDirection direction, NfpHookKind hook, GError **err);
gboolean nfp_probe_detach(NfpProbe *probe, const char *ifname, GError **err);
/* The same for one direction (both: all). */
gboolean nfp_probe_detach_direction(NfpProbe *probe, const char *ifname, NfpDirection direction, GError **err);
/* Removes attachments, maps and pins of the domain: what was counted and not drained is gone. */
gboolean nfp_probe_detach_all(NfpProbe *probe, GError **err);
/* The same without opening, hence for maps of another build too. Not while somebody has claimed the domain. */
gboolean nfp_probe_purge(const NfpProbeOptions *options, GError **err);
int nfp_probe_hooks(NfpProbe *probe, GArray *ret_hooks); /* NfpHookInfo */

/* Interfaces of the domain's network namespace. */
typedef struct {
	uint32_t ifindex;
	char name[32];
	bool up, loopback, ethernet; /* ethernet: has a link header */
	bool foreign;     /* has a link header that no program of ours reads: it cannot be metered */
	uint32_t master;  /* bond, bridge or VRF it belongs to; 0 = none */
	uint32_t lower;   /* device it stands on (VLAN, macvlan); 0 = none */
	char kind[16];    /* IFLA_INFO_KIND: "veth", "bridge", "vlan", "bond", ... or "" */
	char alias[256];  /* IFLA_IFALIAS (`ip link set DEV alias ...`), or "" */
	uint8_t mac[6];   /* zeros: it has none of 6 octets */
	uint32_t table;   /* of a VRF: number of its routing table; else 0 */
} NfpLink;
int nfp_probe_links(NfpProbe *probe, GArray *ret_links);
/* The VRF that a link of `links` belongs to, by way of bonds and bridges or not: a link of `links`, or NULL. */
const NfpLink *nfp_links_vrf(const GArray *links, const NfpLink *link);
/* Mbit/s as its driver says; 0: it does not. */
uint32_t nfp_probe_link_speed(NfpProbe *probe, const char *ifname);
/* The device of each stack nearest the wire that sees each packet once (design section 9): removes the others
 * and the loopback from `links`. */
void nfp_links_nearest_wire(GArray *links);
#define NFP_LINK_FOREIGN "its link header is neither Ethernet's nor missing: nfprobe cannot read its packets"
/* Why it removes a link, as half a sentence; NULL: it does not. links: the whole table. */
const char *nfp_links_left_out(const GArray *links, const NfpLink *link);
/* fd that is readable when interfaces come, go or change (RTNLGRP_LINK in the domain's namespace); owned
 * by the probe. _drain reads it and forgets the hooks of interfaces that have gone; their numbers (uint32_t)
 * are appended to ret_gone (NULL: not wanted), for another may have the same number by now. */
int nfp_probe_watch_fd(NfpProbe *probe);
void nfp_probe_watch_drain(NfpProbe *probe, GArray *ret_gone);

/* Status rows, summed over CPUs. values[NFP_C_N]. */
int nfp_probe_counters(NfpProbe *probe, uint64_t values[NFP_C_N]);
/* Totals of drained buckets: calls fn for each hook. */
typedef void (*NfpBooksFn)(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data);
int nfp_probe_books(NfpProbe *probe, NfpBooksFn fn, void *data);
/* Where entries of one protocol find a place in a bucket: in the flow table first, then in the HASH; what finds none is
 * counted in the parent protocol's. */
typedef struct {
	uint32_t slots;   /* of the flow table; 0: it has none */
	uint32_t entries; /* of the HASH */
} NfpRoom;
/* row: a protocol. {0, 0} and {0, 1}: the spill buckets. -ENOENT: no such bucket, or it has no map for the row. */
int nfp_probe_room(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row, NfpRoom *ret_room);
/* True: a spill bucket is on its way to become an ordinary one, and can be found under both labels, or partly. */
bool nfp_probe_spill_moves(const NfpProbe *probe);
/* Rows of hooks that found no bucket at all (map base). */
int nfp_probe_base(NfpProbe *probe, NfpHookRows *ret_rows);

/* Error events of the packet path. fd is readable when there are some; nfp_probe_events_read calls fn for each.
 * -ENOSYS: cannot be had here (CAP_PERFMON). */
typedef void (*NfpEventFn)(const struct nfp_event *event, void *data);
int nfp_probe_events_open(NfpProbe *probe, NfpEventFn fn, void *data);
int nfp_probe_events_fd(NfpProbe *probe);
int nfp_probe_events_read(NfpProbe *probe);

/* Writes the BPF object with the settings of this interface resolved, as `tc filter add ... bpf da obj FILE
 * sec tc` takes it. */
gboolean nfp_probe_write_object(NfpProbe *probe, const char *ifname, NfpDirection direction,
				const char *path, GError **err);

#endif
