/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to standard output. Its file description may be shared with others (a terminal with the shell), so
 * O_NONBLOCK is not ours to set: a pipe that poll(2) calls writable takes PIPE_BUF octets without waiting (pipe(7)), and no
 * more are written at a time.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/sock.h"
#include "transport/transports.h"

#define MESSAGE 16384

typedef struct {
	NfpTransport base;
	int fd;               /* a copy: standard output itself stays open */
	uint32_t rest_at;     /* rest[rest_at..rest_length) is the unwritten end of a taken message */
	uint32_t rest_length;
	uint8_t rest[NFP_TRANSPORT_MESSAGE_MAX];
} Stdout;

static NfpTransport *stdout_create(const NfpTransportOptions *options, GError **err)
{
	Stdout *out = g_new0(Stdout, 1);

	out->base.ops = &nfp_transport_stdout;
	out->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	out->fd = -1;
	g_strlcpy(out->base.peer, "standard output", sizeof(out->base.peer));
	return &out->base;
}

static void stdout_close(NfpTransport *transport)
{
	Stdout *out = (Stdout *)transport;

	/* The rest stays: it was taken, and without it the next message would stand behind half of one. */
	nfp_fd_clear(&out->fd);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void stdout_fail(Stdout *out, int errnum)
{
	nfp_transport_note_errno(&out->base, errnum);
	stdout_close(&out->base);
}

/* POLLOUT, or -errno when it is of no more use. */
static int ready(const Stdout *out)
{
	struct pollfd pfd = { .fd = out->fd, .events = POLLOUT };

	if (poll(&pfd, 1, 0) < 0)
		return errno == EINTR ? 0 : -errno;
	if (pfd.revents & (POLLERR | POLLNVAL))
		return -EPIPE;
	return pfd.revents & POLLOUT;
}

static void stdout_open(NfpTransport *transport, gint64 now)
{
	Stdout *out = (Stdout *)transport;
	int ret;

	out->fd = dup(STDOUT_FILENO);
	ret = out->fd < 0 ? -errno : ready(out);
	if (ret < 0) {
		stdout_fail(out, -ret);
		return;
	}
	transport->state = NFP_TRANSPORT_UP;
	transport->session++;
}

static guint stdout_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Stdout *out = (const Stdout *)transport;

	if (out->fd < 0)
		return 0;
	/* Without POLLOUT it tells still that the reader has gone. */
	pfds[0] = (struct pollfd){ .fd = out->fd,
				   .events = want_send || out->rest_at < out->rest_length ? POLLOUT : 0 };
	return 1;
}

static gint64 stdout_deadline(const NfpTransport *transport)
{
	return NFP_TRANSPORT_NEVER;
}

static ssize_t put(int fd, const uint8_t *data, size_t length)
{
	ssize_t n = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, length) : n;
}

/* Octets taken; 0 when none are now; -errno. */
static ssize_t stdout_write(const Stdout *out, const uint8_t *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		int ret = ready(out);
		ssize_t n;

		if (ret < 0)
			return done > 0 ? (ssize_t)done : ret;
		if (ret == 0)
			break;
		n = put(out->fd, data + done, MIN(length - done, PIPE_BUF));
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return done > 0 ? (ssize_t)done : -errno; /* what stays comes again with the next call */
	}
	return (ssize_t)done;
}

/* TRUE: nothing is left of what was taken. */
static gboolean finish_rest(Stdout *out)
{
	ssize_t n;

	if (out->rest_at == out->rest_length)
		return TRUE;
	n = stdout_write(out, out->rest + out->rest_at, out->rest_length - out->rest_at);
	if (n < 0) {
		stdout_fail(out, (int)-n);
		return FALSE;
	}
	out->rest_at += (uint32_t)n;
	return out->rest_at == out->rest_length;
}

static void stdout_step(NfpTransport *transport, gint64 now)
{
	Stdout *out = (Stdout *)transport;
	int ret;

	if (out->fd < 0)
		return;
	ret = ready(out);
	if (ret < 0)
		stdout_fail(out, -ret);
	else if (finish_rest(out) && transport->state == NFP_TRANSPORT_CLOSING)
		stdout_close(transport);
}

static guint stdout_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Stdout *out = (Stdout *)transport;
	size_t total = 0;
	size_t end = 0;
	guint taken = 0;
	ssize_t n;

	if (transport->state != NFP_TRANSPORT_UP || !finish_rest(out))
		return 0;
	for (guint i = 0; i < messages->n; i++)
		total += messages->lengths[i];
	n = stdout_write(out, messages->data, total);
	if (n < 0) {
		stdout_fail(out, (int)-n);
		return 0;
	}
	while (end < (size_t)n)
		end += messages->lengths[taken++];
	out->rest_at = 0;
	out->rest_length = (uint32_t)(end - (size_t)n);
	memcpy(out->rest, messages->data + n, out->rest_length);
	return taken;
}

static uint64_t stdout_unacked(const NfpTransport *transport)
{
	const Stdout *out = (const Stdout *)transport;

	return out->rest_length - out->rest_at;
}

static void stdout_shutdown(NfpTransport *transport)
{
	if (transport->state == NFP_TRANSPORT_UP && !finish_rest((Stdout *)transport) &&
	    transport->state == NFP_TRANSPORT_UP)
		transport->state = NFP_TRANSPORT_CLOSING;
	else
		stdout_close(transport);
}

static void stdout_destroy(NfpTransport *transport)
{
	g_free(transport);
}

const NfpTransportOps nfp_transport_stdout = {
	.scheme = "stdout",
	.stream = TRUE,
	.kept = TRUE,
	.place = NFP_PLACE_NONE,
	.message = MESSAGE,
	.create = stdout_create,
	.open = stdout_open,
	.poll = stdout_poll,
	.deadline = stdout_deadline,
	.step = stdout_step,
	.send = stdout_send,
	.unacked = stdout_unacked,
	.shutdown = stdout_shutdown,
	.close = stdout_close,
	.destroy = stdout_destroy,
};
