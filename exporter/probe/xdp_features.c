/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/xdp_features.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/netlink.h"

/* linux/netdev.h of 6.3; Debian 12's headers are older. */
enum { NETDEV_CMD_DEV_GET = 1, NETDEV_A_DEV_IFINDEX = 1, NETDEV_A_DEV_XDP_FEATURES = 3, NETDEV_XDP_ACT_BASIC = 1 };

#define ANSWER_MAX 8192

typedef struct {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct nlattr attr;
	char value[16];
} Request;

/* Sends a request with one attribute; the answer's message, or -errno. */
static int ask(int fd, uint16_t family, uint8_t command, uint16_t type, const void *value, uint16_t size, void *answer)
{
	Request request = {
		.header = { .nlmsg_len = offsetof(Request, value) + NLA_ALIGN(size), .nlmsg_type = family,
			    .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = command, .version = 1 },
		.attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type },
	};
	const struct nlmsghdr *header = answer;
	ssize_t n;

	memcpy(request.value, value, size);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, answer, ANSWER_MAX, 0);
	if (n < 0)
		return -errno;
	if (!NLMSG_OK(header, (size_t)n) || header->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	if (header->nlmsg_type != NLMSG_ERROR)
		return 0;
	return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
}

static NfpNetlinkAttr attr_of(const void *answer, uint16_t type)
{
	NfpNetlinkAttr attrs[CTRL_ATTR_MAX + 1];

	nfp_netlink_attrs(answer, GENL_HDRLEN, attrs, CTRL_ATTR_MAX + 1);
	return attrs[type];
}

int nfp_xdp_native(uint32_t ifindex)
{
	NFP_AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint8_t answer[ANSWER_MAX] __attribute__((aligned(8)));
	NfpNetlinkAttr attr;
	uint16_t family;
	uint64_t features;
	int rc;

	if (fd < 0)
		return -errno;
	rc = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"), answer);
	if (rc)
		return rc;
	attr = attr_of(answer, CTRL_ATTR_FAMILY_ID);
	if (!attr.data || attr.size < sizeof(family))
		return -EBADMSG;
	memcpy(&family, attr.data, sizeof(family));
	rc = ask(fd, family, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX, &ifindex, sizeof(ifindex), answer);
	if (rc)
		return rc;
	attr = attr_of(answer, NETDEV_A_DEV_XDP_FEATURES);
	if (!attr.data || attr.size < sizeof(features))
		return -ENODATA;
	memcpy(&features, attr.data, sizeof(features));
	return (features & NETDEV_XDP_ACT_BASIC) != 0;
}
