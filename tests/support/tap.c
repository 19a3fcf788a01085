/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/tap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/netns.h"

#define TUN "/dev/net/tun"
#define PIECE_MAX 4096 /* no fragment is longer than a page */
#define PIECES_MAX 18  /* MAX_SKB_FRAGS + 1 */

int nfpt_tap(const char *name, bool fragments)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open(TUN, O_RDWR | O_CLOEXEC);

	if (fd < 0 && nfpt_try("modprobe tun") == 0)
		fd = open(TUN, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		cr_skip_test("this kernel has no tun device: %s", strerror(errno));
	if (fragments)
		request.ifr_flags |= IFF_NAPI | IFF_NAPI_FRAGS;
	g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		int error = errno;

		close(fd);
		if (error == EINVAL)
			cr_skip_test("this kernel makes no non-linear buffers from tun");
		cr_assert_fail("%s: %s", name, strerror(error));
	}
	nfpt_run("ethtool -K %s gro off", name);
	nfpt_run("echo 1 >/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	nfpt_run("ip link set %s up", name);
	return fd;
}

int nfpt_tap_write(int fd, const struct virtio_net_hdr *header, const void *frame, gsize length, const gsize *cuts,
		   guint n_cuts)
{
	struct virtio_net_hdr none = { 0 };
	struct iovec pieces[1 + PIECES_MAX] = { { .iov_base = (void *)(header ? header : &none),
						  .iov_len = sizeof(none) } };
	gsize at = 0;
	int n = 1;

	for (guint i = 0; at < length; i++) {
		gsize size = i < n_cuts ? cuts[i] : PIECE_MAX;

		cr_assert_leq(n, PIECES_MAX, "a buffer has no room for more pieces");
		size = MIN(size, length - at);
		pieces[n++] = (struct iovec){ (char *)frame + at, size };
		at += size;
	}
	return writev(fd, pieces, n) < 0 ? -errno : 0;
}
