/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading inner maps. LOOKUP_BATCH takes 334 ns an entry where GET_NEXT_KEY and LOOKUP take 1800; it
 * never deletes: a map may be read again after a crash. Reading an open bucket is safe, and
 * a snapshot: entries that come meanwhile may be missed.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "probe/table.h"

#define CHUNK 4096 /* entries asked for at a time; from 64 up the size does not matter */
#define CHUNK_MAX 65536 /* a hash chain has a few entries: who says that this is too little will not be content with more */
/* GByteArray counts octets in 32 bits. */
#define OCTETS_MAX (G_MAXUINT / 2)

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* kernel-internal, and told to user space all the same */
#endif

static int read_one_by_one(int fd, size_t key_size, size_t value_size, NfpReadBuffer *buffer)
{
	const void *previous = NULL;

	for (;;) {
		guint keys = buffer->keys->len, values = buffer->values->len;

		if (keys > OCTETS_MAX || values > OCTETS_MAX)
			return -ENOMEM;
		g_byte_array_set_size(buffer->keys, keys + (guint)key_size);
		g_byte_array_set_size(buffer->values, values + (guint)value_size);
		if (previous)
			previous = buffer->keys->data + keys - key_size; /* the array may have moved */
		if (bpf_map_get_next_key(fd, previous, buffer->keys->data + keys)) {
			int rc = errno == ENOENT ? 0 : -errno;

			g_byte_array_set_size(buffer->keys, keys);
			g_byte_array_set_size(buffer->values, values);
			return rc;
		}
		if (bpf_map_lookup_elem(fd, buffer->keys->data + keys, buffer->values->data + values))
			return -errno;
		previous = buffer->keys->data + keys;
	}
}

int nfp_read_map(int fd, size_t key_size, size_t value_size, NfpReadBuffer *buffer)
{
	guint keys = buffer->keys->len, values = buffer->values->len;
	guint chunk = CHUNK;
	uint32_t cursor = 0;
	bool begun = false;

	for (;;) {
		uint32_t n = chunk;
		int rc;

		if (chunk * key_size > OCTETS_MAX - keys || chunk * value_size > OCTETS_MAX - values)
			return -ENOMEM;
		g_byte_array_set_size(buffer->keys, keys + chunk * (guint)key_size);
		g_byte_array_set_size(buffer->values, values + chunk * (guint)value_size);
		rc = bpf_map_lookup_batch(fd, begun ? &cursor : NULL, &cursor, buffer->keys->data + keys,
					  buffer->values->data + values, &n, NULL);
		rc = rc ? -errno : 0;
		if (!rc || rc == -ENOENT) {
			keys += n * (guint)key_size;
			values += n * (guint)value_size;
			begun = true;
		}
		g_byte_array_set_size(buffer->keys, keys);
		g_byte_array_set_size(buffer->values, values);
		if (!rc)
			continue;
		if (rc == -ENOENT) /* the end */
			return 0;
		if (!begun && (rc == -EINVAL || rc == -ENOTSUPP || rc == -EOPNOTSUPP)) /* before 5.6 */
			return read_one_by_one(fd, key_size, value_size, buffer);
		if (rc == -ENOSPC && chunk < CHUNK_MAX) /* one hash chain is longer than the room: more of it */
			chunk *= 2;
		else if (rc != -EINTR && rc != -EAGAIN)
			return rc;
	}
}

static void buffer_clear(NfpReadBuffer *buffer)
{
	g_byte_array_set_size(buffer->keys, 0);
	g_byte_array_set_size(buffer->values, 0);
}

static int read_row(NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer)
{
	NFP_AUTO_FD int fd = nfp_buckets_open(buckets, row, id);

	int rc = fd < 0 ? fd : nfp_read_map(fd, nfp_load_key_size(row), nfp_load_value_size(row), buffer);

	if (rc || !id.start_ts)
		return rc;
	return row == NFP_P_hook ? nfp_table_read_rows(buckets, id, buffer)
				 : nfp_table_read(buckets, id, row, buffer);
}

/* {0, 0} stands for whatever is in spill buckets now, one or two. */
static int read_bucket(NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer)
{
	struct nfp_bucket second = { 0, 1 };
	int rc, other;

	buffer_clear(buffer);
	rc = read_row(buckets, id, row, buffer);
	if (id.start_ts || id.end_ts || (rc && rc != -ENOENT))
		return rc;
	other = read_row(buckets, second, row, buffer);
	return other == -ENOENT ? rc : other;
}

/* A protocol that found no memory has no map; a bucket that is not there has no hook map. */
static int no_map(NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int hook = nfp_buckets_open(buckets, NFP_P_hook, id);

	return hook >= 0 ? 0 : hook;
}

int nfp_read_entries(NfpSource *source, struct nfp_bucket id, enum nfp_protocol protocol, NfpEntries *ret)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	int rc = read_bucket(buckets, id, protocol, &buckets->entries);

	if (rc == -ENOENT)
		rc = no_map(buckets, id);
	if (rc)
		return rc;
	*ret = (NfpEntries){
		.keys = buckets->entries.keys->data,
		.values = (const struct nfp_value *)buckets->entries.values->data,
		.n = buckets->entries.values->len / sizeof(struct nfp_value),
		.key_size = nfp_load_key_size(protocol),
	};
	return 0;
}

int nfp_read_scan(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpScan **ret)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	NFP_AUTO_FD int fd = id.start_ts ? nfp_buckets_open(buckets, row, id) : -1;
	int rc;

	buffer_clear(&buckets->entries);
	if (id.start_ts)
		rc = fd < 0 ? fd : nfp_read_map(fd, nfp_load_key_size(row), nfp_load_value_size(row), &buckets->entries);
	else
		rc = read_bucket(buckets, id, row, &buckets->entries);
	if (rc == -ENOENT)
		rc = no_map(buckets, id);
	return rc ? rc : nfp_table_scan(buckets, id, row, &buckets->entries, ret);
}

int nfp_read_hooks(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	int rc = read_bucket(buckets, id, NFP_P_hook, &buckets->rows);

	if (rc < 0)
		return rc;
	*ret = (NfpHookRows){
		.keys = (const struct nfp_hook_key *)buckets->rows.keys->data,
		.rows = (const struct nfp_hook_row *)buckets->rows.values->data,
		.n = buckets->rows.values->len / sizeof(struct nfp_hook_row),
		.partial = rc > 0,
	};
	return 0;
}

int nfp_read_seen(NfpBuckets *buckets, struct nfp_bucket id, uint64_t *ret_seen)
{
	uint64_t seen = 0;
	int rc;

	buffer_clear(&buckets->rows);
	rc = read_row(buckets, id, NFP_P_hook, &buckets->rows);
	if (rc)
		return rc < 0 ? rc : -EUCLEAN; /* more was seen than can be told */
	for (size_t i = 0; i < buckets->rows.values->len / sizeof(struct nfp_hook_row); i++)
		seen += ((const struct nfp_hook_row *)buckets->rows.values->data)[i].seen;
	*ret_seen = seen;
	return 0;
}
