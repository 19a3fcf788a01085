/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many entries a bucket has room for. */
#include <bpf/bpf.h>
#include <errno.h>

#include "base/error.h"
#include "probe/probe.h"
#include "probe/table.h"

/* The head tells of the tables that packets use; a table that is pinned alone is nobody's. */
static int slots_of(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, uint32_t *ret_slots)
{
	g_auto(NfpMapped) head = { 0 };
	int rc = nfp_table_map(buckets, id, NFP_P_hook, false, &head);
	uint8_t bits;

	*ret_slots = 0;
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	bits = ((const struct nfp_table_head *)head.data)->bits[row];
	if (bits)
		*ret_slots = NFP_SET_SLOTS << ((bits - 1) & 31);
	return 0;
}

int nfp_probe_room(NfpProbe *probe, struct nfp_bucket id, enum nfp_protocol row, NfpRoom *ret_room)
{
	const NfpBuckets *buckets = (const NfpBuckets *)nfp_probe_source(probe);
	NFP_AUTO_FD int fd = nfp_buckets_open(buckets, row, id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), slots;
	int rc;

	if (fd == -ENOENT && !id.start_ts && !id.end_ts) /* the spill buckets take turns, and have the same room */
		fd = nfp_buckets_open(buckets, row, (struct nfp_bucket){ 0, 1 });
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	rc = slots_of(buckets, id, row, &slots);
	if (!rc)
		*ret_room = (NfpRoom){ .slots = slots, .entries = info.max_entries };
	return rc;
}
