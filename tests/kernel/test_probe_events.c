/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "support/metered.h"
#include "support/netns.h"

typedef struct {
	struct nfp_event event;
	int n;
} Taken;

static void take(const struct nfp_event *event, void *data)
{
	Taken *taken = data;

	taken->event = *event;
	taken->n++;
}

/* An IPv4 frame that ends inside the IP header. */
static const uint8_t stump[] = { 2, 0, 0, 0, 9, 2, 2, 0, 0, 0, 9, 1, 8, 0, 0x45, 0, 0, 20 };

static void send_stump(uint32_t ifindex)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)ifindex, .sll_halen = 6 };
	NFP_AUTO_FD int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	memcpy(to.sll_addr, stump, 6);
	cr_assert_eq(sendto(fd, stump, sizeof(stump), 0, (struct sockaddr *)&to, sizeof(to)),
		     (ssize_t)sizeof(stump), "%s", strerror(errno));
}

Test(probe_events, a_broken_packet_is_told)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct pollfd poll_fd = { .events = POLLIN };
	Taken taken = { 0 };
	int rc;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	cr_expect_eq(nfp_probe_events_fd(probe), -1);
	cr_expect_eq(nfp_probe_events_read(probe), -ENOTCONN);
	rc = nfp_probe_events_open(probe, take, &taken);
	if (rc == -ENOSYS)
		cr_skip_test("no perf events here");
	cr_assert_eq(rc, 0, "%s", strerror(-rc));
	cr_expect_eq(nfp_probe_events_open(probe, take, &taken), -EALREADY);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_EGRESS);
	send_stump(nfpt_ifindex(probe, "a0"));

	poll_fd.fd = nfp_probe_events_fd(probe);
	cr_assert_eq(poll(&poll_fd, 1, 20000), 1, "no event");
	cr_assert_eq(nfp_probe_events_read(probe), 0);
	cr_assert_eq(taken.n, 1, "%d events, %u octets", taken.n, taken.event.length);
	cr_expect_eq(taken.event.counter, NFP_C_outcome_truncated_l3);
	cr_expect_eq(taken.event.ifindex, nfpt_ifindex(probe, "a0"));
	cr_expect_eq(taken.event.flags & NFP_KEY_EGRESS, NFP_KEY_EGRESS);
	cr_expect_eq(taken.event.length, sizeof(stump));
	cr_assert_eq(taken.event.captured, sizeof(stump));
	cr_expect_arr_eq(taken.event.head, stump, sizeof(stump));
	cr_assert_eq(nfp_probe_events_read(probe), 0);
	cr_expect_eq(poll(&poll_fd, 1, 0), 0, "read: no longer readable");
	cr_expect_eq(taken.n, 1);
}
