/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record: an entry made final for export. A plain struct of final values in host byte order
 * (addresses and MACs as on the wire). Which members hold something is told by `have`; each field
 * that can leave is a row of record/fields.def.
 */
#ifndef NFP_RECORD_RECORD_H
#define NFP_RECORD_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* What a record has. A template names what it needs; a field row names what gives it a value. */
typedef enum {
	NFP_HAVE_IPV4 = 1 << 0,
	NFP_HAVE_IPV6 = 1 << 1,
	NFP_HAVE_PROTOCOL = 1 << 2, /* protocolIdentifier, TTL, TOS: all IP records */
	NFP_HAVE_PORTS =
		1 << 3, /* TCP, UDP, UDP-Lite, SCTP, DCCP; ICMP by the form collectors read */
	NFP_HAVE_TCP = 1 << 4,
	NFP_HAVE_ICMP4 = 1 << 5,
	NFP_HAVE_ICMP6 = 1 << 6,
	NFP_HAVE_MAC = 1 << 7,
	NFP_HAVE_ETHERTYPE = 1 << 8,
	NFP_HAVE_VLAN = 1 << 9,
	NFP_HAVE_CVLAN = 1 << 10,
	NFP_HAVE_NEXT_HOP = 1 << 11,
	NFP_HAVE_TIMES = 1 << 12, /* flowStart/End: all but a hook row without packets */
	NFP_HAVE_CPU = 1 << 13,	  /* merge_cpus: false */
	NFP_HAVE_ALWAYS =
		1 << 14, /* set in every record: counts, interface, direction, bucket, flowId */
	/* Derived by nfp_record_have(); makers of records leave them alone. */
	NFP_HAVE_EGRESS_VLAN = 1 << 15, /* a VLAN, metered at egress */
	NFP_HAVE_NEXT_HOP4 = 1 << 16,	/* a next hop, of an IPv4 record */
	NFP_HAVE_NEXT_HOP6 = 1 << 17,	/* a next hop, of an IPv6 record */
	NFP_HAVE_TUNNEL = 1 << 18,      /* a flow inside a tunnel that was taken off */
	NFP_HAVE_TUNNEL4 = 1 << 19,     /* the tunnel's own header is IPv4 */
	NFP_HAVE_TUNNEL6 = 1 << 20,     /* or IPv6 */
	NFP_HAVE_TUNNELS = 1 << 21,     /* inside more than one tunnel */
	NFP_HAVE_SEGMENT = 1 << 22,     /* the tunnel is VXLAN */
	NFP_HAVE_GTPU = 1 << 23,        /* the tunnel is GTP-U */
	NFP_HAVE_TCP_OPTIONS = 1 << 24, /* a SYN with options was seen */
	NFP_HAVE_PLACES = 1 << 25,      /* src_place and dst_place are set */
	NFP_HAVE_INTERFACES = 1 << 26,  /* ingress and egress are set */
	NFP_HAVE_APPLICATION = 1 << 27, /* application is set */
	NFP_HAVE_PREFIXES = 1 << 28,    /* src_prefix and dst_prefix are lengths of routes, src_origin and dst_origin their makers */
	NFP_HAVE_REVERSE = 1 << 29,     /* a biflow: both directions (RFC 5103) */
	NFP_HAVE_SAMPLED = INT32_MIN,   /* bit 31: sampling is set: each packet stands for so many */
	NFP_HAVE_BIFLOW = 1 << 30,      /* a partner was looked for: biflow_direction is set, reverse or not */
	/* Of several bits: what rows of fields.def need. */
	NFP_HAVE_PREFIXES4 = NFP_HAVE_PREFIXES | NFP_HAVE_IPV4,
	NFP_HAVE_PREFIXES6 = NFP_HAVE_PREFIXES | NFP_HAVE_IPV6,
	NFP_HAVE_REVERSE_TCP = NFP_HAVE_REVERSE | NFP_HAVE_TCP,
} NfpHave;

/* Text that does not change while it is referred to. UTF-8, `length` octets and a NUL behind them; text is never
 * NULL once a fact exists: what is not known is empty. */
typedef struct {
	const char *text;
	uint16_t length;
} NfpText;

#define NFP_LABELS 8

/*
 * Facts from outside the packet: what enrichment knows of an address, an interface, a service. They are shared by
 * many records, immutable, and live as long as the batch that holds them (NfpBatch.facts). A record points to one
 * whenever the NFP_HAVE_ bit is set, to an empty one where nothing is known of that side.
 */
typedef struct {
	uint32_t as_number; /* 0 = not known */
	NfpText as_name, country, city, site, customer, host;
	NfpText labels[NFP_LABELS];
} NfpPlace;

typedef struct {
	uint32_t speed; /* Mbit/s, 0 = not known */
	uint32_t vrf_id; /* table number, 0 = the default one */
	NfpText name, description, role, vrf;
} NfpPort;

typedef struct {
	uint32_t id; /* applicationId (RFC 6759): engine << 24 | selector */
	NfpText name;
} NfpApplication;

/* RFC 5103 6.3 biflowDirection (239). */
typedef enum {
	NFP_BIFLOW_ARBITRARY = 0,         /* nothing told who began */
	NFP_BIFLOW_INITIATOR = 1,         /* the source began */
	NFP_BIFLOW_REVERSE_INITIATOR = 2, /* the destination began: a record of answers alone */
} NfpBiflowDirection;

/* RFC 5102 flowEndReason (136). */
typedef enum {
	NFP_END_IDLE = 1,
	NFP_END_ACTIVE = 2,   /* cut by the end of its bucket */
	NFP_END_DETECTED = 3, /* FIN or RST was seen */
	NFP_END_FORCED = 4,   /* flushed */
	NFP_END_LACK = 5,     /* coarsened: lack of resources */
} NfpEndReason;

/*
 * Ordered by how often a member is used, since a drain makes millions: a plain IPv4 record is made in the first three
 * cache lines (64 octets each), and its usual templates read the first two. Members from NFP_RECORD_PLAIN on hold
 * something only where `have` says so, and anything else where it does not.
 */
typedef struct {
	/* line 0 */
	uint64_t flow_id;  /* docs/uid.md */
	uint64_t first_ns; /* ns since 1970 */
	uint64_t last_ns;
	uint64_t packets;
	uint64_t octets;
	uint64_t l2_octets;
	uint64_t bucket_start_ns; /* ns since 1970 */
	uint64_t bucket_end_ns;
	/* line 1 */
	uint32_t have;       /* NfpHave */
	uint32_t ifindex;    /* the hook's interface */
	uint32_t ingress_if; /* 0 = not known */
	uint32_t egress_if;  /* 0 = not known */
	uint32_t domain;     /* observation domain of the batch; part of the UID */
	uint8_t src4[4], dst4[4];
	uint8_t src_mac[6], dst_mac[6];
	uint16_t src_port, dst_port; /* ICMP: 0 and type * 256 + code */
	uint16_t vlan_id, cvlan_id;
	uint16_t ethertype;
	union {
		uint16_t icmp_type_code; /* type * 256 + code */
		struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			uint8_t icmp_code, icmp_type;
#else
			uint8_t icmp_type, icmp_code;
#endif
		};
	};
	uint16_t tcp_flags;  /* 12 bits */
	uint8_t protocol;
	uint8_t tos;         /* DSCP << 2; ECN is no part of a flow */
	uint8_t dscp;
	uint8_t ttl_min, ttl_max;
	uint8_t ip_version;
	uint8_t direction;   /* 0 ingress, 1 egress */
	uint8_t end_reason;  /* NfpEndReason */
	uint8_t key_flags;   /* enum nfp_key_flags of ebpf/abi.h, as in the key: part of the UID */
	uint8_t protocol_row; /* enum nfp_protocol, NFP_P_hook for the coarsest; part of the UID */
	/* line 2 */
	uint64_t tcp_options; /* 1 << kind of each option seen in a packet with SYN */
	const NfpPlace *src_place, *dst_place; /* NFP_HAVE_PLACES */
	const NfpPort *ingress, *egress;       /* NFP_HAVE_INTERFACES */
	const NfpApplication *application;     /* NFP_HAVE_APPLICATION */
	uint32_t len_min, len_max; /* IP bytes */
	uint16_t cpu;        /* NFP_HAVE_CPU */
	uint16_t tcp_mss;    /* 0: not told */
	uint8_t tcp_wscale;  /* 0..14; 0 without the option, too */
	uint8_t frag_flags;  /* fragmentFlags (197) is of a packet; here: any fragment seen */
	uint8_t src_prefix, dst_prefix; /* lengths of the routes to both; NFP_HAVE_PREFIXES */
	/* line 3: IPv6, next hops, sampling, routes */
	uint8_t src6[16], dst6[16];
	uint8_t next_hop6[16];
	uint8_t next_hop4[4];
	uint32_t flow_label;
	uint16_t sampling; /* 1-in-N by which packets were chosen: NFP_HAVE_SAMPLED; else 1. Counts are as metered */
	uint8_t src_origin, dst_origin; /* rtm_protocol of both routes, 0 = none; NFP_HAVE_PREFIXES */
	/* tunnels: and line 4 */
	uint8_t inner_row;    /* the row that the flow would have without one; part of the UID */
	uint8_t tunnel_depth;
	uint8_t last_tunnel_type; /* of the outermost tunnel */
	uint8_t zero;
	uint64_t segment;     /* VXLAN: 1 << 56 | VNI, as IANA has it for layer2SegmentId */
	uint8_t tunnel_src6[16], tunnel_dst6[16]; /* of the innermost tunnel's header */
	uint32_t tunnel_id[4]; /* innermost first; 0 where a kind has none */
	uint32_t last_tunnel_id; /* of the outermost tunnel */
	uint8_t tunnel_type[4]; /* enum nfp_tunnel_type, innermost first; 0 behind the last */
	/* line 5: biflows, tunnels of IPv4. NFP_HAVE_REVERSE: of the packets from the destination to the source */
	uint64_t rev_packets, rev_octets, rev_l2_octets;
	uint64_t rev_first_ns, rev_last_ns;
	uint32_t rev_ingress_if, rev_egress_if;
	uint16_t rev_tcp_flags;
	uint8_t rev_tos, rev_ttl_min, rev_ttl_max, rev_direction, rev_end_reason;
	uint8_t biflow_direction; /* NfpBiflowDirection */
	uint8_t tunnel_src4[4], tunnel_dst4[4]; /* of the innermost tunnel's header */
} NfpRecord;

#define NFP_RECORD_PLAIN offsetof(NfpRecord, src6) /* octets: what every record has */
_Static_assert(offsetof(NfpRecord, have) == 64 && offsetof(NfpRecord, tcp_options) == 128 && NFP_RECORD_PLAIN == 192,
	       "lines of a plain record");
_Static_assert(sizeof(NfpRecord) % 64 == 0, "the next record begins with a line");

/* Packets that each packet of the record stands for. */
static inline uint32_t nfp_record_rate(const NfpRecord *record)
{
	return record->have & NFP_HAVE_SAMPLED ? record->sampling : 1;
}

/* Counts of all packets from those of the chosen ones. */
static inline void nfp_record_scale(NfpRecord *record)
{
	uint64_t rate = nfp_record_rate(record);

	record->packets *= rate;
	record->octets *= rate;
	record->l2_octets *= rate;
	if (record->have & NFP_HAVE_REVERSE) {
		record->rev_packets *= rate;
		record->rev_octets *= rate;
		record->rev_l2_octets *= rate;
	}
	record->have &= ~(uint32_t)NFP_HAVE_SAMPLED;
}

/* IP octets that the record stands for, in both directions. */
static inline uint64_t nfp_record_octets(const NfpRecord *record)
{
	return record->octets + (record->have & NFP_HAVE_REVERSE ? record->rev_octets : 0);
}

/* Packets that the record stands for, in both directions. */
static inline uint64_t nfp_record_packets(const NfpRecord *record)
{
	return record->packets + (record->have & NFP_HAVE_REVERSE ? record->rev_packets : 0);
}

/* `have`, and what follows from it: what templates and formats go by. */
static inline uint32_t nfp_record_have(const NfpRecord *record)
{
	uint32_t have = record->have | NFP_HAVE_ALWAYS;

	if ((have & NFP_HAVE_VLAN) && record->direction)
		have |= NFP_HAVE_EGRESS_VLAN;
	if (have & NFP_HAVE_NEXT_HOP) {
		if (have & NFP_HAVE_IPV4)
			have |= NFP_HAVE_NEXT_HOP4;
		if (have & NFP_HAVE_IPV6)
			have |= NFP_HAVE_NEXT_HOP6;
	}
	return have;
}

#endif
