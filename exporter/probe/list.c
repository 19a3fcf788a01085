/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which buckets there are, and finishing what a killed predecessor began. buckets.h says what each
 * half-done state means. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "probe/buckets.h"
#include "probe/table.h"

/* Labels (struct nfp_bucket) that have a pin in the row's directory; tables: or a pin of a table only, in any
 * number. */
static GArray *labels_pinned(const NfpBuckets *buckets, enum nfp_protocol row, bool tables)
{
	g_autofree char *path = g_build_filename(buckets->directory, nfp_load_row_name(row), NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GArray *labels = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	struct nfp_bucket id;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *pin = g_build_filename(path, name, NULL);

		/* No folder is a pin, whatever it is called. */
		if ((nfp_pins_bucket_parse(name, &id) || (tables && nfp_pins_table_parse(name, &id))) &&
		    !g_file_test(pin, G_FILE_TEST_IS_DIR))
			g_array_append_val(labels, id);
	}
	return labels;
}

/* Labels in the row's map of maps. */
static GArray *labels_visible(const NfpBuckets *buckets, enum nfp_protocol row)
{
	GArray *labels = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	struct nfp_bucket id, *previous = NULL;

	while (!bpf_map_get_next_key(buckets->maps->bucket[row], previous, &id)) {
		g_array_append_val(labels, id);
		previous = &g_array_index(labels, struct nfp_bucket, labels->len - 1);
	}
	return labels;
}

/* Or something else in its place: then the protocols' maps may hold what was counted, and are read. */
static bool has_hook_map(const NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int fd = nfp_buckets_open(buckets, NFP_P_hook, id);

	return fd != -ENOENT && fd != -EISDIR;
}

static int discard(NfpBuckets *buckets, struct nfp_bucket id)
{
	int rc = nfp_buckets_close(buckets, id);

	return rc ? rc : nfp_buckets_remove(buckets, id);
}

/* Everything that has a label and no hook map: cut-off creations and removals. A label that is visible
 * without a pin (somebody removed the file) can be read by nobody any more. */
static int discard_rubbish(NfpBuckets *buckets, GArray *labels)
{
	for (guint i = 0; i < labels->len; i++) {
		struct nfp_bucket id = g_array_index(labels, struct nfp_bucket, i);
		int rc = has_hook_map(buckets, id) ? 0 : discard(buckets, id);

		if (rc)
			return rc;
	}
	return 0;
}

/* Closed, or never opened: finishes closing it, drops it if it is empty. One whose packets go where no pin leads is
 * closed too: they spill from now on. */
static int settle(NfpBuckets *buckets, struct nfp_bucket id)
{
	uint64_t seen = 1;
	int rc = nfp_buckets_visible(buckets, NFP_P_hook, id);

	if (rc > 0 && (!id.start_ts || (rc = nfp_buckets_is_whole(buckets, id)) > 0))
		return 0;
	if (rc < 0)
		return rc;
	rc = nfp_buckets_close(buckets, id);
	/* What cannot be read here cannot be read when it is drained, and is counted there. */
	if (!rc && !nfp_read_seen(buckets, id, &seen) && !seen)
		rc = nfp_buckets_remove(buckets, id);
	return rc;
}

static int repair(NfpBuckets *buckets)
{
	g_autoptr(GArray) hooks = NULL;
	int rc = nfp_spill_finish(buckets);

	nfp_table_mend(buckets);
	for (int row = 0; row <= NFP_P_N && !rc; row++) {
		g_autoptr(GArray) pinned = labels_pinned(buckets, row, true);
		g_autoptr(GArray) visible = labels_visible(buckets, row);

		rc = discard_rubbish(buckets, pinned);
		if (!rc)
			rc = discard_rubbish(buckets, visible);
	}
	hooks = labels_pinned(buckets, NFP_P_hook, false);
	for (guint i = 0; i < hooks->len && !rc; i++)
		rc = settle(buckets, g_array_index(hooks, struct nfp_bucket, i));
	return rc ? rc : nfp_spill_ensure(buckets);
}

static bool is_spill(const NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int fd = nfp_buckets_open(buckets, NFP_P_hook, id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && !strcmp(info.name, "spill");
}

static int by_start(gconstpointer a, gconstpointer b)
{
	const NfpBucketInfo *x = a, *y = b;

	if (x->id.start_ts != y->id.start_ts)
		return x->id.start_ts < y->id.start_ts ? -1 : 1;
	return (x->id.end_ts > y->id.end_ts) - (x->id.end_ts < y->id.end_ts);
}

int nfp_list_buckets(NfpSource *source, GArray *ret_buckets)
{
	NfpBuckets *buckets = (NfpBuckets *)source;
	g_autoptr(GArray) labels = NULL;
	int rc;

	/* Once: later, what looks half-done may be what we are doing ourselves. */
	if (!buckets->readonly && !buckets->repaired) {
		rc = repair(buckets);
		if (rc)
			return rc;
		buckets->repaired = true;
	}
	labels = labels_pinned(buckets, NFP_P_hook, false);
	g_array_set_size(ret_buckets, 0);
	for (guint i = 0; i < labels->len; i++) {
		NfpBucketInfo info = { .id = g_array_index(labels, struct nfp_bucket, i) };

		if (!info.id.start_ts)
			continue;
		info.state = nfp_buckets_visible(buckets, NFP_P_hook, info.id) == 1 ? NFP_BUCKET_OPEN
										    : NFP_BUCKET_CLOSED;
		info.spill = is_spill(buckets, info.id);
		g_array_append_val(ret_buckets, info);
	}
	g_array_sort(ret_buckets, by_start);
	return 0;
}
