/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One configured receiver and its sender thread: template choice and refresh, session, back-off.
 * The harvester's thread publishes; everything else runs on the sender's thread. A collector that is
 * slow or away fills its own ring and then refuses the newest batches, counted; it never blocks.
 */
#ifndef NFP_COLLECTOR_COLLECTOR_H
#define NFP_COLLECTOR_COLLECTOR_H

#include <glib.h>

#include "base/clock.h"
#include "filter/prefixes.h"
#include "record/batch.h"
#include "record/fields_peers.h"
#include "record/name_tables.h"
#include "record/templates.h"
#include "transport/transport.h"

/* One entry of `collectors:`; what it points to is owned by the configuration. */
typedef struct {
	char *name;
	char *endpoint;            /* as transport/endpoint.h reads it */
	char *protocol;            /* encoder's name; NULL = nfp_collector_protocol(endpoint) */
	char *template_set;        /* name of a template set */
	gboolean biflow;           /* both directions of a flow in one record */
	char *filter;              /* which records it gets, in the syntax of pcap-filter(7); NULL: all */
	NfpPrefixes *prefixes;     /* of those only records from or to these; NULL: all */
	NfpPeer kind;              /* who receives, if that is known */
	int scale;                 /* counts leave as those of all packets */
	uint32_t sampling;         /* 1-in-N of all that is metered; 0 or 1: it differs, or there is none */
	gboolean sampled;          /* some of what is metered */
	gboolean sampled_random;   /* and not by counting */
	uint32_t pen;              /* of our own elements, from the top of the configuration; 0 = NFP_PEN_OWN */
	uint64_t refresh_interval; /* ns: templates again over UDP; 60 s */
	uint32_t refresh_messages; /* ... and after so many data messages; 20 */
	uint32_t domain;           /* observationDomainId; 1 */
	uint32_t mtu;              /* largest message in octets; 0 = what the transport likes best */
	uint64_t rotate_size;      /* of a file: octets, 0 = no limit */
	uint64_t rotate_interval;  /* ns, 0 = no limit */
	uint32_t rotate_keep;      /* finished files, 0 = all */
	char *source;              /* address to send from, or NULL */
	char *device;              /* interface or VRF to send through, or NULL */
	NfpTlsOptions tls;         /* of tls:// and dtls:// */
	uint64_t retry;            /* ns: least time between TCP connection attempts (RFC 7011 10.4.4); 60 s */
	uint32_t queue;            /* batches the ring holds */
	uint32_t rate;             /* records/s; 0 = over UDP spread over part of the interval */
	uint64_t resend;           /* acknowledged octets sent again after a session that ended badly (TCP) */
	char *spool_path;          /* folder, or NULL: no spool */
	uint64_t spool_size;       /* octets of its file */
	gboolean spool_on_icmp;    /* over UDP, ICMP errors tell that nobody is there */
	uint32_t spool_rate;       /* records/s when it is emptied; 0 = over UDP a careful rate, else as it is taken */
} NfpCollectorOptions;

#define NFP_RATE_NONE UINT32_MAX /* no limit */

typedef struct {
	gboolean configured;
	uint64_t waiting;          /* records to be sent when there is time */
	uint64_t kept;             /* records that were acknowledged and are within `resend` */
	uint64_t octets;           /* of the file, in use */
	uint64_t oldest_ns;        /* start of the oldest bucket in the file, ns since 1970; 0 = empty */
	uint64_t dropped_records, dropped_packets, dropped_octets; /* gone from a full spool, or unreadable; in refused_* too */
	uint64_t failures;
	char error[192];           /* why it cannot be used now, or empty */
} NfpSpoolStatus;

typedef struct {
	const char *state;         /* "up", "connecting", "down", "stopped": constants */
	char reason[224];          /* why it is down and what comes next; the peer's address when up */
	gboolean up;
	uint32_t queued;           /* batches that wait to be sent or acknowledged */
	uint64_t oldest_ns;        /* end of the oldest such bucket, ns since 1970; 0 = none, or it is not known yet */
	uint64_t messages, records, packets, octets; /* handed to the socket; records and packets once each */
	uint64_t filtered_records, filtered_packets; /* left out by its filter */
	uint64_t refused_records, refused_packets;   /* ring full, shut down, or unsendable: in no message */
	uint64_t resent_records;   /* handed over again in a new session, for they were not acknowledged (TCP) */
	uint64_t unacked_records;  /* handed over and given up before they were acknowledged: may be lost (TCP) */
	uint64_t cut_records;      /* sent without the ends of their texts, for they are longer than a message */
	uint64_t send_errors, sessions;
	NfpSpoolStatus spool;
} NfpCollectorStatus;

typedef struct NfpCollector NfpCollector;

/* Whether records are to say by which rate their packets were chosen, and have counts as metered. nfdump reads no rate but
 * that of the options data, for all records: what was chosen by another one is brought to it. */
static inline gboolean nfp_collector_tells_rate(const NfpCollectorOptions *options)
{
	return options->sampled && !options->scale && options->kind != NFP_PEER_nfdump;
}

/* The protocol that goes by default where an endpoint leads; a constant. */
const char *nfp_collector_protocol(const char *endpoint);
/* Whether protocol, endpoint and the options of files go together. Error (NFP_ERROR_USAGE): a half sentence, why not and
 * what does; *ret_option: which option it is about, a constant. */
gboolean nfp_collector_options_check(const NfpCollectorOptions *options, const char **ret_option, GError **err);

/* Whether the set's fields can leave so: those of a user's file must, for a built-in set leaves out what the protocol has
 * no place for and what a known receiver takes for something else. Error (NFP_ERROR_USAGE): file:line:column: what, all at
 * once, newline-separated. */
gboolean nfp_collector_fields_check(const NfpCollectorOptions *options, const NfpTemplateSet *set, GError **err);
/* Fields of the set that the receiver is known to skip, and those that are not sent to it, "a, b"; NULL: none. */
char *nfp_collector_fields_ignored(const NfpCollectorOptions *options, const NfpTemplateSet *set);
char *nfp_collector_fields_left_out(const NfpCollectorOptions *options, const NfpTemplateSet *set);

/* The file of its spool; NULL: it has none. Caller frees. */
char *nfp_collector_spool_file(const NfpCollectorOptions *options);
/* Whether nfp_collector_new() would make one, and what it reads of files can be read; opens no session and no spool. */
gboolean nfp_collector_try(const NfpCollectorOptions *options, const NfpTemplateSet *templates, const char *hostname,
			   const NfpClock *clock, GError **err);
/* Starts the thread. options and templates are borrowed and outlive the collector.
 * hostname: observationDomainName. Errors: bad endpoint, unknown protocol; never an absent peer. */
NfpCollector *nfp_collector_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				const char *hostname, const NfpClock *clock, GError **err);
/* The same, for one that takes over from a retired one: its thread does nothing until nfp_collector_inherit(), so that the
 * totals of its first options data are those that go on. */
NfpCollector *nfp_collector_new_heir(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				     const char *hostname, const NfpClock *clock, GError **err);
/* Harvester's thread. Takes its own reference, or counts the batch as refused. */
void nfp_collector_publish(NfpCollector *collector, NfpBatch *batch);
/* Packets seen and in no record, for the options data. Any thread. */
void nfp_collector_set_lost(NfpCollector *collector, uint64_t lost_packets);
/* Names for the options data that follow. Takes a reference. Any thread. */
void nfp_collector_set_tables(NfpCollector *collector, NfpNameTables *tables);
/* Any thread. */
void nfp_collector_status(NfpCollector *collector, NfpCollectorStatus *ret_status);
/* Any thread: the daemon is about to stop. Pacing makes haste; what is not delivered by `until`
 * (g_get_monotonic_time) goes to the spool, where there is one. publish() may still come. */
void nfp_collector_hurry(NfpCollector *collector, gint64 until);
/* Sends what is queued until `deadline` (g_get_monotonic_time), the rest goes to the spool or is refused and
 * counted, closes the session in order, joins the thread. */
void nfp_collector_stop(NfpCollector *collector, gint64 deadline);
/* In the place of stop, when another collector takes over: ends the session in order, until `deadline` at the latest, and
 * gives its spool free. What is not delivered then stays with it, for inherit(). */
void nfp_collector_retire(NfpCollector *collector, gint64 deadline);
/* While nobody publishes, to an heir: what a retired one had left goes by this one, before all that is new, and its counts
 * go on in this one's. */
void nfp_collector_inherit(NfpCollector *collector, NfpCollector *retired);
/* Stopped or retired: nothing leaves by it any more. The thread that does that. */
gboolean nfp_collector_is_over(const NfpCollector *collector);
void nfp_collector_free(NfpCollector *collector); /* stopped, or stops at once */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpCollector, nfp_collector_free)

#endif
