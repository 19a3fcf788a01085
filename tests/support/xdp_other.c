/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/xdp_other.h"

#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "xdp_drop.skel.h"

void nfpt_xdp_other(const char *ifname, NfptXdpMode mode)
{
	struct xdp_drop_bpf *skeleton = xdp_drop_bpf__open_and_load();
	int rc;

	cr_assert_not_null(skeleton);
	rc = bpf_xdp_attach((int)if_nametoindex(ifname), bpf_program__fd(skeleton->progs.xdp_drop),
			    mode == NFPT_XDP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE, NULL);
	cr_assert_eq(rc, 0, "%s: %s", ifname, strerror(-rc));
	xdp_drop_bpf__destroy(skeleton);
}
