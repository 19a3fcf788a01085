/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/netlink.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

Test(netlink, attributes_as_written)
{
	NfpNetlinkRequest request;
	NfpNetlinkAttr attrs[8], inner[4];
	struct tcmsg header = { .tcm_ifindex = 7 };
	uint32_t number = 0x01020304;
	char text[4];
	size_t nest;

	nfp_netlink_begin(&request, RTM_NEWTFILTER, NLM_F_CREATE, &header, sizeof(header));
	nfp_netlink_put(&request, 1, "abc", 4);
	nest = nfp_netlink_nest(&request, 5);
	nfp_netlink_put(&request, 2, &number, sizeof(number));
	nfp_netlink_put(&request, 3, "x", 1);
	nfp_netlink_unnest(&request, nest);
	nfp_netlink_put(&request, 6, &number, 2);

	nfp_netlink_attrs(&request.header, sizeof(header), attrs, G_N_ELEMENTS(attrs));
	nfp_netlink_attrs_in(attrs[5], inner, G_N_ELEMENTS(inner));
	nfp_netlink_string(attrs[1], text, sizeof(text));
	cr_expect_str_eq(text, "abc");
	nfp_netlink_string(attrs[1], text, 3);
	cr_expect_str_eq(text, "ab", "cut to the room");
	nfp_netlink_string(inner[3], text, sizeof(text));
	cr_expect_str_eq(text, "x", "without its NUL");
	cr_expect_eq(nfp_netlink_u32(inner[2]), number);
	cr_expect_eq(nfp_netlink_u32(attrs[6]), 0, "too short for a number");
	cr_expect_null(attrs[2].data);
	cr_expect_eq(nfp_netlink_u32(attrs[2]), 0);
	nfp_netlink_string(attrs[2], text, sizeof(text));
	cr_expect_str_eq(text, "");
	nfp_netlink_attrs_in(attrs[2], inner, G_N_ELEMENTS(inner));
	cr_expect_null(inner[2].data);
}

Test(netlink, attributes_cut_off)
{
	NfpNetlinkRequest request;
	NfpNetlinkAttr attrs[4];
	struct tcmsg header = { 0 };
	uint32_t number = 1;

	nfp_netlink_begin(&request, RTM_NEWTFILTER, 0, &header, sizeof(header));
	nfp_netlink_put(&request, 1, &number, sizeof(number));
	nfp_netlink_put(&request, 2, &number, sizeof(number));
	request.header.nlmsg_len -= 3;
	nfp_netlink_attrs(&request.header, sizeof(header), attrs, G_N_ELEMENTS(attrs));
	cr_expect_eq(nfp_netlink_u32(attrs[1]), 1);
	cr_expect_null(attrs[2].data);
}

static void count(const struct nlmsghdr *message, void *data)
{
	++*(int *)data;
}

Test(netlink, answers_dumps_and_refusals)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpNetlink) netlink = nfp_netlink_new(0, &error);
	NfpNetlinkRequest request;
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	int links = 0, one = 0;

	if (!netlink)
		cr_skip_test("%s", error->message);
	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	cr_expect_eq(nfp_netlink_dump(netlink, &request, count, NULL, &links), 0);
	cr_expect_geq(links, 1);
	header.ifi_index = 1;
	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	cr_expect_eq(nfp_netlink_do(netlink, &request, count, &one, NULL), 0);
	cr_expect_eq(one, 1);
	header.ifi_index = 0x7fffffff;
	nfp_netlink_begin(&request, RTM_GETLINK, 0, &header, sizeof(header));
	cr_expect_eq(nfp_netlink_do(netlink, &request, NULL, NULL, NULL), -ENODEV);
}

Test(netlink, listening_without_news)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpNetlink) netlink = nfp_netlink_new(RTMGRP_LINK, &error);
	int n = 0;

	if (!netlink)
		cr_skip_test("%s", error->message);
	cr_expect_eq(nfp_netlink_listen(netlink, count, &n), 0, "returns instead of waiting");
}
