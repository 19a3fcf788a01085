/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At a start: tables that packets find in the ring and that no pin leads to (somebody removed it, or put something else in
 * its place) leave the ring. What packets count there nobody could read; without them it goes to the HASH.
 */
#include <bpf/bpf.h>
#include <errno.h>

#include "base/error.h"
#include "probe/table.h"

/* The kernel's ids of all tables that are pinned for a row: of buckets, and spare ones. */
static GHashTable *pinned_ids(const NfpBuckets *buckets, enum nfp_protocol row)
{
	g_autofree char *folder = g_build_filename(buckets->directory, nfp_load_row_name(row), NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	GHashTable *ids = g_hash_table_new(NULL, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		NFP_AUTO_FD int fd = g_str_has_suffix(name, NFP_PIN_TABLE) ? nfp_table_open_at(path, row) : -ENOENT;
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
			g_hash_table_add(ids, GUINT_TO_POINTER(info.id));
	}
	return ids;
}

static NfpOuterChange removal(const NfpBuckets *buckets, enum nfp_protocol row, uint32_t place)
{
	bool wide = nfp_load_key_size(row) != sizeof(struct nfp_key_v4);

	if (row == NFP_P_hook)
		return (NfpOuterChange){ .map = buckets->maps->ring, .inner = -1, .index = place };
	return (NfpOuterChange){ .map = wide ? buckets->maps->tables6 : buckets->maps->tables4, .inner = -1,
				 .index = place * NFP_RING_ROWS + (uint32_t)row };
}

void nfp_table_mend(NfpBuckets *buckets)
{
	NfpOuterChange changes[NFP_RING * (NFP_P_N + 1)];
	guint n = 0;

	for (int row = 0; row <= NFP_P_N; row++) {
		g_autoptr(GHashTable) ids = NULL;

		if (nfp_load_key_size(row) > sizeof(struct nfp_key_v6))
			continue;
		ids = pinned_ids(buckets, row);
		for (uint32_t place = 0; place < NFP_RING; place++) {
			NfpOuterChange change = removal(buckets, row, place);
			uint32_t id;

			if (!bpf_map_lookup_elem(change.map, &change.index, &id) &&
			    !g_hash_table_contains(ids, GUINT_TO_POINTER(id)))
				changes[n++] = change;
		}
	}
	nfp_buckets_change(buckets, changes, n);
}
