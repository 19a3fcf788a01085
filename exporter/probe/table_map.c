/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps of tables, mapped into this process. */
#include <bpf/bpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/table.h"

char *nfp_table_path(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	g_autofree char *path = nfp_buckets_path(buckets, row, id);

	return g_strconcat(path, NFP_PIN_TABLE, NULL);
}

int nfp_table_open(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	g_autofree char *path = nfp_table_path(buckets, row, id);

	return nfp_table_open_at(path, row);
}

int nfp_table_open_at(const char *path, enum nfp_protocol row)
{
	NFP_AUTO_FD int fd = nfp_pins_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), element = sizeof(struct nfp_fast_row);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (row != NFP_P_hook)
		element = nfp_load_key_size(row) != sizeof(struct nfp_key_v4) ? sizeof(struct nfp_set6) : sizeof(struct nfp_set4);
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(uint32_t) || info.value_size != element ||
	    !(info.map_flags & BPF_F_MMAPABLE) || (row == NFP_P_hook && info.max_entries != NFP_FAST_ROWS))
		return -EUCLEAN;
	return nfp_fd_steal(&fd);
}

void nfp_mapped_clear(NfpMapped *mapped)
{
	if (mapped->data && !mapped->borrowed)
		munmap(mapped->data, mapped->size);
	mapped->data = NULL;
}

static void mapped_free(void *mapped)
{
	nfp_mapped_clear(mapped);
	g_free(mapped);
}

GHashTable *nfp_table_kept_new(void)
{
	return g_hash_table_new_full(NULL, NULL, NULL, mapped_free);
}

int nfp_table_map_fd(int fd, bool write, NfpMapped *ret)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	NfpMapped mapped = { 0 };

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	mapped.entries = info.max_entries;
	mapped.size = ((size_t)info.max_entries * info.value_size + page - 1) & ~(page - 1);
	mapped.data = mmap(NULL, mapped.size, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (mapped.data == MAP_FAILED)
		return -errno;
	*ret = mapped;
	return 0;
}

int nfp_table_map(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, bool write,
		  NfpMapped *ret)
{
	NFP_AUTO_FD int fd = nfp_table_open(buckets, row, id);

	return fd < 0 ? fd : nfp_table_map_fd(fd, write, ret);
}

int nfp_table_map_kept(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpMapped *ret)
{
	NFP_AUTO_FD int fd = nfp_table_open(buckets, row, id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	NfpMapped *kept;
	int rc = fd < 0 ? fd : bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;

	if (rc)
		return rc;
	kept = g_hash_table_lookup(buckets->kept, GUINT_TO_POINTER(info.id));
	if (!kept) {
		NfpMapped mapped;

		rc = nfp_table_map_fd(fd, false, &mapped);
		if (!rc)
			*ret = mapped;
		/* Readers come and go; closed buckets that wait have tables outside of the ring. */
		if (rc || buckets->readonly || g_hash_table_size(buckets->kept) >= NFP_RING * NFP_RING_ROWS)
			return rc;
		kept = g_memdup2(&mapped, sizeof(mapped));
		g_hash_table_insert(buckets->kept, GUINT_TO_POINTER(info.id), kept);
	}
	*ret = *kept;
	ret->borrowed = true;
	return 0;
}
