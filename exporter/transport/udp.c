/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP (RFC 7011 10.3). One connected socket, so one source port, is one session. The peer cannot
 * say that it is there; it can only be heard not to be (ICMP), which is reported as trouble and sending goes on.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "transport/resolve.h"
#include "transport/sock.h"
#include "transport/transports.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h, 4.18 */
#endif

#define UDP_PORT 4739               /* RFC 7011 10.3.4 */
#define MESSAGE 1420                /* leaves room for a tunnel on a path of 1500 octets */
#define SEND_BUFFER (4 * 1024 * 1024)
#define SEGMENTS_MAX 64             /* UDP_MAX_SEGMENTS before 6.9 */
#define DATAGRAM_MAX 65507          /* 65535 less IPv4 and UDP headers; holds for a segmented send as a whole */
#define CALL_MAX 64                 /* sends of one sendmmsg */
#define LEAST_MESSAGE 464           /* IPv4's 512 octets with unknown path (RFC 7011 10.3.3), less IPv6 and UDP headers */
#define FAILURES_MAX 3              /* in one send(): an old ICMP error may answer for a new message */
#define HEARD_AFTER G_USEC_PER_SEC  /* no ICMP error that long after a send: somebody listens, or nobody tells */
#define SWITCH_AFTER (60 * G_USEC_PER_SEC)  /* an address that once worked is left after so much trouble */
#define RETRY_AFTER G_USEC_PER_SEC
#define RESOLVE_TROUBLED (30 * G_USEC_PER_SEC)
#define RESOLVE_ALWAYS (300 * G_USEC_PER_SEC)

typedef struct {
	NfpTransport base;
	NfpSockOptions options;
	NfpResolve *resolve;
	GPtrArray *addresses; /* GSocketAddress, of the last look-up that worked */
	guint current;        /* the session's peer, in addresses */
	int fd;
	uint32_t overhead;    /* octets of IP and UDP headers */
	gboolean segment;     /* the kernel cuts for us */
	gboolean proven;      /* no error heard within HEARD_AFTER of a send, once in this session */
	gint64 resolved_at;   /* start of the last look-up */
	gint64 opened_at;
	gint64 bad_since;     /* first error of the present trouble; 0 = none */
	gint64 sent_since;    /* first send after the last error; 0 = none */
	gint64 retry_at;      /* the host itself refused to send; 0 = no */
} Udp;

static NfpTransport *udp_create(const NfpTransportOptions *options, GError **err)
{
	g_autofree Udp *udp = g_new0(Udp, 1);

	udp->base.ops = &nfp_transport_udp;
	udp->base.max_message = DATAGRAM_MAX;
	udp->fd = -1;
	if (!nfp_sock_options_init(&udp->options, options, err))
		return NULL;
	if (udp->options.send_buffer == 0)
		udp->options.send_buffer = SEND_BUFFER;
	udp->resolve = nfp_resolve_new(options->host, options->port,
				       nfp_sock_options_family(&udp->options), err);
	if (!udp->resolve) {
		nfp_sock_options_clear(&udp->options);
		return NULL;
	}
	return &g_steal_pointer(&udp)->base;
}

static uint32_t path_message(const Udp *udp, gboolean v6)
{
	int mtu = 0;
	socklen_t length = sizeof(mtu);

	if (getsockopt(udp->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &length) < 0 ||
	    mtu < LEAST_MESSAGE + (int)udp->overhead)
		return LEAST_MESSAGE;
	return MIN((uint32_t)mtu - udp->overhead, DATAGRAM_MAX);
}

static gboolean is_v6(GSocketAddress *peer)
{
	return g_socket_address_get_family(peer) == G_SOCKET_FAMILY_IPV6;
}

/* The fd, or -1 and *err. */
static int udp_connect(const Udp *udp, GSocketAddress *peer, GError **err)
{
	gboolean v6 = is_v6(peer);
	NFP_AUTO_FD int fd = nfp_sock_new(&udp->options, SOCK_DGRAM, peer, err);
	int discover = v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
	int one = 1;
	int ret;

	if (fd < 0)
		return -1;
	/* Nothing is ever fragmented, here or on the way: too long is an error that we hear of. */
	if (setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
		       &discover, sizeof(discover)) < 0 ||
	    (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &one, sizeof(one)) < 0)) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot forbid fragments");
		return -1;
	}
	ret = nfp_sock_connect(fd, peer);
	if (ret < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, -ret, "cannot connect");
		return -1;
	}
	return nfp_fd_steal(&fd);
}

/* A new session over a socket that is connected to addresses[at], and is ours from now on. */
static void udp_begin_session(Udp *udp, int fd, guint at, gint64 now)
{
	GSocketAddress *peer = g_ptr_array_index(udp->addresses, at);
	int zero = 0;

	nfp_fd_clear(&udp->fd);
	udp->fd = fd;
	udp->segment = setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &zero, sizeof(zero)) == 0;
	udp->overhead = (is_v6(peer) ? 40 : 20) + 8;
	udp->base.max_message = path_message(udp, is_v6(peer));
	nfp_sock_peer_text(peer, udp->base.peer, sizeof(udp->base.peer));
	udp->current = at;
	udp->opened_at = now;
	udp->proven = FALSE;
	udp->sent_since = 0;
	udp->retry_at = 0;
	udp->base.session++;
	udp->base.state = NFP_TRANSPORT_UP;
}

/* A new session with the first address from `first` on that takes a socket. */
static void udp_start_session(Udp *udp, guint first, gint64 now)
{
	for (guint i = 0; i < udp->addresses->len; i++) {
		guint at = (first + i) % udp->addresses->len;
		g_autoptr(GError) err = NULL;
		int fd = udp_connect(udp, g_ptr_array_index(udp->addresses, at), &err);

		if (fd >= 0) {
			udp_begin_session(udp, fd, at, now);
			return;
		}
		nfp_transport_note_error(&udp->base, &err);
	}
	nfp_fd_clear(&udp->fd);
	udp->base.state = NFP_TRANSPORT_DOWN;
}

/* A connected socket keeps the address and the interface that it was given at connect. When those are ours no longer, IPv4
 * cannot send with it for ever (ENETUNREACH, with `device` ENODEV), and IPv6 sends from an address that nobody has. So the
 * peer is asked for with another socket, and what that one gets decides. */
static void udp_renew(Udp *udp, gboolean insist, gint64 now)
{
	NFP_AUTO_FD int fd = udp_connect(udp, g_ptr_array_index(udp->addresses, udp->current), NULL);

	if (fd >= 0 && (insist || !nfp_sock_same_own(fd, udp->fd)))
		udp_begin_session(udp, nfp_fd_steal(&fd), udp->current, now);
}

static void udp_resolve(Udp *udp, gint64 now)
{
	udp->resolved_at = now;
	nfp_resolve_start(udp->resolve);
}

/* TRUE when the session's peer is among the addresses, whose place it then is in. */
static gboolean udp_keeps_peer(Udp *udp, GPtrArray *addresses)
{
	for (guint i = 0; i < addresses->len; i++) {
		if (nfp_sock_same(g_ptr_array_index(addresses, i),
				  g_ptr_array_index(udp->addresses, udp->current))) {
			udp->current = i;
			return TRUE;
		}
	}
	return FALSE;
}

static void udp_resolved(Udp *udp, gint64 now)
{
	g_autoptr(GPtrArray) addresses = NULL;
	g_autoptr(GError) err = NULL;
	gboolean keep;

	if (!nfp_resolve_finish(udp->resolve, &addresses, &err))
		return;
	if (err) {
		/* With a session the old address goes on serving; the next look-up comes in time. */
		if (udp->base.state == NFP_TRANSPORT_UP) {
			udp_renew(udp, FALSE, now);
		} else if (udp->base.state == NFP_TRANSPORT_CONNECTING) {
			udp->base.state = NFP_TRANSPORT_DOWN;
			nfp_transport_note_error(&udp->base, &err);
		}
		return;
	}
	keep = udp->base.state == NFP_TRANSPORT_UP && udp_keeps_peer(udp, addresses);
	g_clear_pointer(&udp->addresses, g_ptr_array_unref);
	udp->addresses = g_steal_pointer(&addresses);
	if (keep)
		udp_renew(udp, FALSE, now);
	else
		udp_start_session(udp, 0, now);
}

static void udp_open(NfpTransport *transport, gint64 now)
{
	Udp *udp = (Udp *)transport;

	transport->state = NFP_TRANSPORT_CONNECTING;
	udp->bad_since = 0;
	transport->troubled = FALSE;
	udp_resolve(udp, now);
	udp_resolved(udp, now);
}

static void udp_trouble(Udp *udp, int errnum, gint64 now)
{
	nfp_transport_note_errno(&udp->base, errnum);
	udp->base.trouble++;
	udp->base.troubled = TRUE;
	udp->sent_since = 0;
	if (udp->bad_since == 0)
		udp->bad_since = now;
	if (now - udp->resolved_at >= RESOLVE_TROUBLED)
		udp_resolve(udp, now);
	if (udp->addresses->len > 1 && now - udp->opened_at >= RETRY_AFTER &&
	    (!udp->proven || now - udp->bad_since >= SWITCH_AFTER))
		udp_start_session(udp, udp->current + 1, now);
}

static guint udp_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Udp *udp = (const Udp *)transport;
	guint n = 0;

	if (udp->fd >= 0) {
		pfds[n].fd = udp->fd;
		pfds[n++].events = want_send && udp->retry_at == 0 ? POLLOUT : 0;
	}
	if (nfp_resolve_busy(udp->resolve)) {
		pfds[n].fd = nfp_resolve_fd(udp->resolve);
		pfds[n++].events = POLLIN;
	}
	return n;
}

static gint64 udp_deadline(const NfpTransport *transport)
{
	const Udp *udp = (const Udp *)transport;
	gint64 deadline = NFP_TRANSPORT_NEVER;

	if (transport->state != NFP_TRANSPORT_UP)
		return NFP_TRANSPORT_NEVER;
	if (!nfp_resolve_busy(udp->resolve))
		deadline = udp->resolved_at + RESOLVE_ALWAYS;
	if (udp->retry_at)
		deadline = MIN(deadline, udp->retry_at);
	if (udp->sent_since && (transport->troubled || !udp->proven))
		deadline = MIN(deadline, udp->sent_since + HEARD_AFTER);
	return deadline;
}

static void udp_step(NfpTransport *transport, gint64 now)
{
	Udp *udp = (Udp *)transport;
	int errnum;

	udp_resolved(udp, now);
	if (transport->state != NFP_TRANSPORT_UP)
		return;
	errnum = nfp_sock_take_error(udp->fd);
	if (errnum) {
		udp_trouble(udp, errnum, now);
		return;
	}
	if (udp->retry_at && now >= udp->retry_at)
		udp->retry_at = 0;
	if (udp->sent_since && now - udp->sent_since >= HEARD_AFTER) {
		udp->proven = TRUE;
		udp->bad_since = 0;
		transport->troubled = FALSE;
	}
	if (!nfp_resolve_busy(udp->resolve) && now - udp->resolved_at >= RESOLVE_ALWAYS)
		udp_resolve(udp, now);
}

/* How many messages go as segments of one send: all of one length, but the last, which may be shorter. */
static guint run_length(const Udp *udp, const uint32_t *lengths, guint n)
{
	uint32_t total = lengths[0];
	guint run = 1;

	if (!udp->segment)
		return 1;
	while (run < n && run < SEGMENTS_MAX && lengths[run - 1] == lengths[0] &&
	       lengths[run] <= lengths[0] && total + lengths[run] <= DATAGRAM_MAX)
		total += lengths[run++];
	return run;
}

/* Messages sent by one system call, or -errno when not even the first was. */
static int udp_transmit(const Udp *udp, const uint8_t *data, const uint32_t *lengths, guint n)
{
	struct mmsghdr calls[CALL_MAX] = { 0 };
	struct iovec parts[CALL_MAX];
	guint runs[CALL_MAX];
	union {
		char octets[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control[CALL_MAX];
	guint made = 0;
	int sent;
	int messages = 0;

	for (guint at = 0; at < n && made < CALL_MAX; at += runs[made++]) {
		struct msghdr *header = &calls[made].msg_hdr;
		size_t total = 0;

		runs[made] = run_length(udp, lengths + at, n - at);
		for (guint i = 0; i < runs[made]; i++)
			total += lengths[at + i];
		parts[made] = (struct iovec){ .iov_base = (void *)data, .iov_len = total };
		data += total;
		header->msg_iov = &parts[made];
		header->msg_iovlen = 1;
		if (runs[made] > 1) {
			struct cmsghdr *cmsg;
			uint16_t segment = (uint16_t)lengths[at];

			header->msg_control = control[made].octets;
			header->msg_controllen = sizeof(control[made].octets);
			memset(control[made].octets, 0, sizeof(control[made].octets));
			cmsg = CMSG_FIRSTHDR(header);
			cmsg->cmsg_level = IPPROTO_UDP;
			cmsg->cmsg_type = UDP_SEGMENT;
			cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
			memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
		}
	}
	sent = sendmmsg(udp->fd, calls, made, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	for (int i = 0; i < sent; i++)
		messages += (int)runs[i];
	return messages;
}

/* A message was too long for the path: the socket's port, and with it the session, starts anew with shorter ones,
 * since numbers of messages that cannot leave are already given. FALSE when it should have fitted. */
static gboolean udp_shorten(Udp *udp, uint32_t length, gboolean insist, gint64 now)
{
	uint32_t path = path_message(udp, udp->overhead > 28);

	if (path >= length) {
		if (!insist || length <= LEAST_MESSAGE)
			return FALSE;
		path = MAX(length / 4 * 3, LEAST_MESSAGE);
	}
	udp->base.errors++;
	udp_start_session(udp, udp->current, now);
	udp->base.max_message = MIN(udp->base.max_message, path);
	return TRUE;
}

/* What a socket says whose own address or interface is gone. Others (a filter's EPERM) come to each socket alike. */
static gboolean is_stale(int errnum)
{
	return errnum == ENETUNREACH || errnum == EADDRNOTAVAIL || errnum == EINVAL || errnum == ENODEV ||
	       errnum == ENXIO;
}

/* TRUE: try the same messages again. */
static gboolean udp_send_failed(Udp *udp, int errnum, uint32_t length, guint failures, gint64 now)
{
	uint32_t session = udp->base.session;

	if (errnum == EMSGSIZE) {
		if (udp_shorten(udp, length, failures >= FAILURES_MAX, now))
			return FALSE;
		if (failures < FAILURES_MAX)
			return TRUE;
	}
	udp_trouble(udp, errnum, now);
	if (udp->base.session != session || udp->base.state != NFP_TRANSPORT_UP)
		return FALSE;
	/* An ICMP error of earlier messages costs one call and sends nothing; one that stays is the host's own. */
	if (failures < FAILURES_MAX)
		return TRUE;
	udp->retry_at = now + RETRY_AFTER;
	if (now - udp->opened_at >= RETRY_AFTER)
		udp_renew(udp, is_stale(errnum), now);
	return FALSE;
}

static guint udp_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Udp *udp = (Udp *)transport;
	const uint8_t *data = messages->data;
	guint sent = 0;
	guint failures = 0;

	if (transport->state != NFP_TRANSPORT_UP || udp->retry_at)
		return 0;
	while (sent < messages->n) {
		int ret = udp_transmit(udp, data, messages->lengths + sent, messages->n - sent);

		if (ret > 0) {
			for (int i = 0; i < ret; i++)
				data += messages->lengths[sent++];
			if (udp->sent_since == 0)
				udp->sent_since = now;
			continue;
		}
		if (ret == -EAGAIN)
			break;
		if (ret == -EINTR)
			continue;
		/* EIO: the device does no checksums; EINVAL: segments longer than the path takes, which the
		 * same message alone reports as EMSGSIZE. */
		if ((ret == -EINVAL || ret == -EIO) && udp->segment) {
			udp->segment = FALSE;
			continue;
		}
		if (!udp_send_failed(udp, -ret, messages->lengths[sent], ++failures, now))
			break;
	}
	return sent;
}

static uint64_t udp_unacked(const NfpTransport *transport)
{
	return 0;
}

static void udp_close(NfpTransport *transport)
{
	nfp_fd_clear(&((Udp *)transport)->fd);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void udp_destroy(NfpTransport *transport)
{
	Udp *udp = (Udp *)transport;

	nfp_resolve_free(udp->resolve);
	g_clear_pointer(&udp->addresses, g_ptr_array_unref);
	nfp_sock_options_clear(&udp->options);
	g_free(udp);
}

const NfpTransportOps nfp_transport_udp = {
	.scheme = "udp",
	.port = UDP_PORT,
	.stream = FALSE,
	.message = MESSAGE,
	.create = udp_create,
	.open = udp_open,
	.poll = udp_poll,
	.deadline = udp_deadline,
	.step = udp_step,
	.send = udp_send,
	.unacked = udp_unacked,
	.shutdown = udp_close,
	.close = udp_close,
	.destroy = udp_destroy,
};
