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

typedef struct {
	char *host;             /* name or address */
	guint16 port;           /* host byte order */
	const char *source;     /* address to send from, or NULL */
	const char *device;     /* interface or VRF to send through, or NULL */
	gint64 connect_timeout; /* us, for each address; 0 = the default of 10 s */
	int send_buffer;        /* SO_SNDBUF in octets; 0 = the transport's default */
} NfpTransportOptions;

typedef enum {
	NFP_TRANSPORT_DOWN,       /* nothing under way: open() starts an attempt */
	NFP_TRANSPORT_CONNECTING, /* resolving or connecting */
	NFP_TRANSPORT_UP,
	NFP_TRANSPORT_CLOSING,    /* after shutdown(), until the peer has closed too */
} NfpTransportState;

/* n messages that stand end to end from `data` on; lengths[i] octets each. */
typedef struct {
	const uint8_t *data;
	const uint32_t *lengths;
	guint n;
} NfpMessages;

typedef struct NfpTransportOps NfpTransportOps;

/* Members are read by the owner and written by the transport. */
typedef struct {
	const NfpTransportOps *ops;
	NfpTransportState state;
	uint32_t session;     /* +1 each time a new transport session is up: numbers from 0, templates first */
	uint32_t max_message; /* octets that the path takes now; constant within a session */
	uint32_t trouble;     /* +1 each time the peer or the path reports an error while up (ICMP, no route) */
	gboolean troubled;    /* up, but the last that was heard is an error */
	uint64_t errors;      /* errors of the socket, all in all */
	char error[128];      /* why it is down or troubled */
	char peer[64];        /* address and port of the session's peer */
} NfpTransport;

struct NfpTransportOps {
	const char *scheme;
	guint16 port;    /* default */
	gboolean stream; /* reliable: in order, acknowledged, ends are noticed */

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
char *nfp_transport_schemes(void);                              /* "udp, tcp", for messages and help */
/* NULL is allowed. Closes. */
void nfp_transport_free(NfpTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTransport, nfp_transport_free)

#endif
