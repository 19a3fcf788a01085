/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages -> network. Knows no flow: a message is a run of octets. One file a transport, one row in
 * transports[] (transport/transport.c).
 *
 * An object belongs to one thread, which polls what poll() names, calls step() when something is ready or
 * deadline() has come, and send() whenever it has messages. No call blocks. Times: us, monotonic
 * (g_get_monotonic_time), given by the caller so that tests can run on a clock of their own.
 */
#ifndef NFP_TRANSPORT_TRANSPORT_H
#define NFP_TRANSPORT_TRANSPORT_H

#include <glib.h>
#include <poll.h>
#include <stdint.h>

#define NFP_TRANSPORT_FDS 2
#define NFP_TRANSPORT_NEVER G_MAXINT64
#define NFP_TRANSPORT_MESSAGE_MAX 65535u /* the Length of an IPFIX message has 16 bits */

/* How a reader finds the ends of messages that stand end to end: what is left of a message that was cut short by a
 * crash is found so, and cut off. */
typedef enum {
	NFP_FRAMING_NONE,     /* it cannot */
	NFP_FRAMING_LENGTH16, /* octets 2 and 3 of each message are its length, big-endian (RFC 7011 3.1) */
	NFP_FRAMING_LINES,    /* a message ends with a newline */
} NfpFraming;

/* Of tls:// and dtls://. Strings may be NULL. */
typedef struct {
	char *ca;          /* file of trusted CAs (PEM); NULL = the system's */
	char *certificate; /* our own certificate and what signed it (PEM), and its key */
	char *key;
	char *server_name; /* that the peer's certificate must name; NULL = the host of the endpoint */
	gboolean verify;   /* FALSE: any certificate is taken */
	uint64_t renew;    /* ns: DTLS: a new handshake so often; 0 = never */
} NfpTlsOptions;

/* When a file is finished and the next one begun, and how many finished ones stay. */
typedef struct {
	uint64_t size;     /* octets, 0 = no limit */
	uint64_t interval; /* us, 0 = no limit */
	uint32_t keep;     /* finished files, 0 = all */
} NfpRotation;

typedef struct {
	char *host;             /* name or address; "*" where the transport may listen on all */
	guint16 port;           /* host byte order */
	const char *path;       /* of a file, absolute */
	NfpFraming framing;     /* of what goes into a file */
	NfpRotation rotation;   /* of a file */
	const char *topic;      /* what a subscriber that takes records has subscribed to; at most 16 octets */
	const char *source;     /* address to send from, or NULL */
	const char *device;     /* interface or VRF to send through, or NULL */
	gint64 connect_timeout; /* us, for each address; 0 = the default of 10 s */
	int send_buffer;        /* SO_SNDBUF in octets; 0 = the transport's default */
	const NfpTlsOptions *tls; /* or NULL: defaults */
} NfpTransportOptions;

typedef enum {
	NFP_TRANSPORT_DOWN,       /* nothing under way: open() starts an attempt */
	NFP_TRANSPORT_CONNECTING, /* resolving or connecting */
	NFP_TRANSPORT_UP,
	NFP_TRANSPORT_CLOSING,    /* after shutdown(), until the peer has closed too */
} NfpTransportState;

/* n messages that stand end to end from `data` on; lengths[i] octets each. For zmq the first octet of a message is the
 * length of the first of its two parts, which follows, and the rest is the second. */
typedef struct {
	const uint8_t *data;
	const uint32_t *lengths;
	guint n;
} NfpMessages;

typedef struct NfpTransportOps NfpTransportOps;

/* What stands behind the scheme of an endpoint. */
typedef enum {
	NFP_PLACE_HOST,        /* ://HOST[:PORT] */
	NFP_PLACE_HOST_OR_ALL, /* ://HOST[:PORT], or ://'*'[:PORT]: peers come to us */
	NFP_PLACE_PATH,        /* :///PATH */
	NFP_PLACE_NONE,        /* : */
} NfpTransportPlace;

/* Members are read by the owner and written by the transport. */
typedef struct {
	const NfpTransportOps *ops;
	NfpTransportState state;
	uint32_t session;     /* +1 each time a new transport session is up: numbers from 0, templates first */
	uint32_t max_message; /* octets that the path takes now; constant within a session */
	uint32_t trouble;     /* +1 each time the peer or the path reports an error while up (ICMP, no route) */
	gboolean troubled;    /* up, but the last that was heard is an error */
	uint64_t errors;      /* errors of the socket, all in all */
	char error[160];      /* why it is down or troubled */
	char peer[64];        /* address and port of the session's peer */
} NfpTransport;

struct NfpTransportOps {
	const char *scheme;
	guint16 port;    /* default */
	gboolean stream; /* reliable: in order, acknowledged, ends are noticed */
	gboolean kept;   /* a stream where what was taken has arrived, or nobody can tell: a new session goes on
			  * behind it */
	NfpTransportPlace place;
	uint32_t message; /* octets to fill messages up to, unless configured otherwise */

	/* Does nothing yet. Borrows nothing. Errors: a source that is no address, a bad device. */
	NfpTransport *(*create)(const NfpTransportOptions *options, GError **err);
	/* From DOWN: starts an attempt. Any outcome shows in state, maybe at once. */
	void (*open)(NfpTransport *transport, gint64 now);
	/* Fills pfds, returns how many. want_send: send() took less than it was given. */
	guint (*poll)(const NfpTransport *transport, gboolean want_send,
		      struct pollfd pfds[NFP_TRANSPORT_FDS]);
	/* When step() must be called at the latest; NFP_TRANSPORT_NEVER. */
	gint64 (*deadline)(const NfpTransport *transport);
	/* Does what is due: connects, notices errors and the peer's close, finishes a message cut short. */
	void (*step)(NfpTransport *transport, gint64 now);
	/* Messages taken, from the first on; the rest comes again later. A stream may hold the end of
	 * the last one taken, and finishes it before it takes another. 0 also after an error: then state,
	 * session or troubled tell. A new session means that nothing of the rest may be sent as it is. */
	guint (*send)(NfpTransport *transport, const NfpMessages *messages, gint64 now);
	/* Octets of taken messages that the peer's kernel has not acknowledged; 0 for datagrams. */
	uint64_t (*unacked)(const NfpTransport *transport);
	/* Ends the session in order: no more send(). Goes to CLOSING, or to DOWN where nothing has to be awaited. */
	void (*shutdown)(NfpTransport *transport);
	/* Ends at once. To DOWN. */
	void (*close)(NfpTransport *transport);
	void (*destroy)(NfpTransport *transport);
};

const NfpTransportOps *nfp_transport_find(const char *scheme); /* NULL when unknown */
/* "udp://HOST[:PORT], tcp://HOST[:PORT], ...", for messages and help. */
char *nfp_transport_forms(void);
/* NULL is allowed. Closes. */
void nfp_transport_free(NfpTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTransport, nfp_transport_free)

#endif
