/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

/* The kernel fills at most 32 KiB a message of a dump (NLMSG_GOODSIZE and the reader's buffer). */
#define RECEIVE_SIZE 65536
#define LISTEN_BUFFER (1 << 20) /* octets of unread notifications: some thousand interfaces */
#define DUMP_TRIES 8

struct NfpNetlink {
	int fd;
	uint32_t sequence;
	uint8_t buffer[RECEIVE_SIZE] __attribute__((aligned(8)));
};

NfpNetlink *nfp_netlink_new(uint32_t groups, GError **err)
{
	g_autoptr(NfpNetlink) netlink = g_new0(NfpNetlink, 1);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int one = 1, size = LISTEN_BUFFER;

	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), NETLINK_ROUTE);
	if (netlink->fd < 0) {
		nfp_error_errno(err, NFP_ERROR_CANNOT, errno, "cannot open a netlink socket");
		return NULL;
	}
	/* Conveniences: without them errors have no words, and bursts are lost sooner (and noticed). */
	setsockopt(netlink->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(netlink->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (groups)
		setsockopt(netlink->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(netlink->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		nfp_error_errno(err, NFP_ERROR_CANNOT, errno, "cannot bind a netlink socket");
		return NULL;
	}
	return g_steal_pointer(&netlink);
}

void nfp_netlink_free(NfpNetlink *netlink)
{
	if (!netlink)
		return;
	nfp_fd_clear(&netlink->fd);
	g_free(netlink);
}

int nfp_netlink_fd(const NfpNetlink *netlink)
{
	return netlink->fd;
}

static uint8_t *request_end(NfpNetlinkRequest *request)
{
	return (uint8_t *)request + NLMSG_ALIGN(request->header.nlmsg_len);
}

void nfp_netlink_begin(NfpNetlinkRequest *request, uint16_t type, uint16_t flags, const void *header,
		       size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_len = NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&request->header), header, size);
}

void nfp_netlink_put(NfpNetlinkRequest *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attr = (struct rtattr *)request_end(request);

	g_assert(request_end(request) + RTA_SPACE(size) <= (uint8_t *)(request + 1));
	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(attr), data, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_SPACE(size);
}

size_t nfp_netlink_nest(NfpNetlinkRequest *request, uint16_t type)
{
	size_t mark = NLMSG_ALIGN(request->header.nlmsg_len);

	nfp_netlink_put(request, type | NLA_F_NESTED, NULL, 0);
	return mark;
}

void nfp_netlink_unnest(NfpNetlinkRequest *request, size_t mark)
{
	struct rtattr *attr = (struct rtattr *)((uint8_t *)request + mark);

	attr->rta_len = NLMSG_ALIGN(request->header.nlmsg_len) - mark;
}

static int netlink_send(NfpNetlink *netlink, NfpNetlinkRequest *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	request->header.nlmsg_seq = ++netlink->sequence;
	if (sendto(netlink->fd, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* Octets received, or -errno. Messages of anybody but the kernel are dropped. */
static ssize_t netlink_receive(NfpNetlink *netlink)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec vec = { netlink->buffer, sizeof(netlink->buffer) };
		struct msghdr message = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vec, .msg_iovlen = 1,
		};
		ssize_t n = recvmsg(netlink->fd, &message, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (message.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		if (from.nl_pid == 0)
			return n;
	}
}

/* The kernel's sentence behind an error message (since 4.12). */
static char *error_words(const struct nlmsghdr *message)
{
	NfpNetlinkAttr attrs[NLMSGERR_ATTR_MSG + 1];
	const struct nlmsgerr *error = NLMSG_DATA(message);
	size_t skip = sizeof(*error);
	char text[256];

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - sizeof(error->msg);
	nfp_netlink_attrs(message, skip, attrs, G_N_ELEMENTS(attrs));
	if (!attrs[NLMSGERR_ATTR_MSG].data)
		return NULL;
	nfp_netlink_string(attrs[NLMSGERR_ATTR_MSG], text, sizeof(text));
	return g_strdup(text);
}

/* 0 and *done when the end of a dump or an acknowledgement was read. */
static int netlink_take(NfpNetlink *netlink, ssize_t n, NfpNetlinkFn fn, void *data, char **ret_words,
			bool *done, bool *interrupted)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)netlink->buffer;

	for (int left = (int)n; left > 0 && NLMSG_OK(message, (uint32_t)left); message = NLMSG_NEXT(message, left)) {
		if (netlink->sequence && message->nlmsg_seq != netlink->sequence)
			continue; /* of a request given up before */
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (message->nlmsg_type == NLMSG_DONE) {
			*done = true;
			return *(const int *)NLMSG_DATA(message) < 0 ? *(const int *)NLMSG_DATA(message) : 0;
		}
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = NLMSG_DATA(message);

			*done = true;
			if (error->error && ret_words)
				*ret_words = error_words(message);
			return error->error;
		}
		if (fn)
			fn(message, data);
	}
	return 0;
}

int nfp_netlink_do(NfpNetlink *netlink, NfpNetlinkRequest *request, NfpNetlinkFn fn, void *data,
		   char **ret_words)
{
	bool done = false, interrupted = false;
	int rc;

	request->header.nlmsg_flags |= NLM_F_ACK;
	rc = netlink_send(netlink, request);
	while (!rc && !done) {
		ssize_t n = netlink_receive(netlink);

		rc = n < 0 ? (int)n : netlink_take(netlink, n, fn, data, ret_words, &done, &interrupted);
	}
	return rc;
}

int nfp_netlink_dump(NfpNetlink *netlink, NfpNetlinkRequest *request, NfpNetlinkFn fn,
		     void (*again)(void *data), void *data)
{
	request->header.nlmsg_flags |= NLM_F_DUMP;
	for (int i = 0; i < DUMP_TRIES; i++) {
		bool done = false, interrupted = false;
		int rc = netlink_send(netlink, request);

		while (!rc && !done) {
			ssize_t n = netlink_receive(netlink);

			rc = n < 0 ? (int)n : netlink_take(netlink, n, fn, data, NULL, &done, &interrupted);
		}
		if (rc || !interrupted)
			return rc;
		if (again)
			again(data);
	}
	return -EBUSY; /* interfaces come and go faster than they can be listed */
}

int nfp_netlink_listen(NfpNetlink *netlink, NfpNetlinkFn fn, void *data)
{
	for (;;) {
		bool done = false, interrupted = false;
		ssize_t n = netlink_receive(netlink);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		netlink_take(netlink, n, fn, data, NULL, &done, &interrupted);
	}
}

static void attrs_parse(const struct rtattr *attr, int left, NfpNetlinkAttr *ret, size_t n)
{
	memset(ret, 0, n * sizeof(*ret));
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		uint16_t type = attr->rta_type & NLA_TYPE_MASK;

		if (type < n) {
			ret[type].data = RTA_DATA(attr);
			ret[type].size = RTA_PAYLOAD(attr);
		}
	}
}

void nfp_netlink_attrs(const struct nlmsghdr *message, size_t size, NfpNetlinkAttr *ret, size_t n)
{
	const uint8_t *first = (const uint8_t *)NLMSG_DATA(message) + NLMSG_ALIGN(size);

	attrs_parse((const struct rtattr *)first, (int)NLMSG_PAYLOAD(message, NLMSG_ALIGN(size)), ret, n);
}

void nfp_netlink_attrs_in(NfpNetlinkAttr nest, NfpNetlinkAttr *ret, size_t n)
{
	attrs_parse(nest.data, nest.data ? (int)nest.size : 0, ret, n);
}

uint32_t nfp_netlink_u32(NfpNetlinkAttr attr)
{
	uint32_t value = 0;

	if (attr.data && attr.size >= sizeof(value))
		memcpy(&value, attr.data, sizeof(value));
	return value;
}

void nfp_netlink_string(NfpNetlinkAttr attr, char *ret, size_t n)
{
	size_t length = attr.data ? strnlen(attr.data, attr.size) : 0;

	if (length > n - 1)
		length = n - 1;
	if (length)
		memcpy(ret, attr.data, length);
	ret[length] = '\0';
}
