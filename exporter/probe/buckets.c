/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/buckets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/sampling.h"
#include "probe/table.h"

#define HOOKS_TO_COME 1024u      /* while a bucket is open */
#define AT_A_TIME 8              /* buckets: some 100 descriptors and threads */
#define HOOK_ROWS_TO_COME 16384u /* ... on many CPUs: the empty map takes 16 octets a row */

/* One of the changes, for whoever gets to it first: a thread of the pool, or the caller of nfp_buckets_change(). */
typedef struct {
	NfpOuterChange *change; /* there as long as it is not taken */
	gint taken, refs;       /* atomic */
} Ticket;

static void outer_change(gpointer data, gpointer user_data)
{
	Ticket *ticket = data;

	if (!g_atomic_int_exchange(&ticket->taken, 1)) {
		NfpOuterChange *change = ticket->change;
		int rc;

		if (change->inner >= 0)
			rc = bpf_map_update_elem(change->map, &change->id, &change->inner, BPF_ANY);
		else
			rc = bpf_map_delete_elem(change->map, &change->id);
		change->rc = rc ? -errno : 0;
		g_async_queue_push(change->done, change);
	}
	if (g_atomic_int_dec_and_test(&ticket->refs))
		g_free(ticket);
}

/* By a thread of the pool. Where none can be made (a limit of the user's or of a container's) those there are get to it
 * later; where there are none, nobody would: then here and now, and the pool finds it done. */
static void change_soon(NfpBuckets *buckets, NfpOuterChange *change)
{
	Ticket *ticket = g_new(Ticket, 1);

	*ticket = (Ticket){ .change = change, .refs = 2 };
	/* Threads of a pool that is not exclusive are made when wanted and end when idle. */
	if (!buckets->pool)
		buckets->pool = g_thread_pool_new(outer_change, NULL, (AT_A_TIME + 1) * NFP_P_N, FALSE, NULL);
	if (!g_thread_pool_push(buckets->pool, ticket, NULL) && !g_thread_pool_get_num_threads(buckets->pool))
		outer_change(ticket, NULL);
	else if (g_atomic_int_dec_and_test(&ticket->refs))
		g_free(ticket);
}

void nfp_buckets_change(NfpBuckets *buckets, NfpOuterChange *changes, guint n)
{
	g_autoptr(GAsyncQueue) done = g_async_queue_new();

	buckets->waits += n;
	for (guint i = 0; i < n; i++) {
		changes[i].done = done;
		change_soon(buckets, &changes[i]);
	}
	for (guint i = 0; i < n; i++)
		g_async_queue_pop(done);
}

static int outer_change_one(NfpBuckets *buckets, int map, struct nfp_bucket id, int inner)
{
	int rc;

	buckets->waits++;
	rc = inner >= 0 ? bpf_map_update_elem(map, &id, &inner, BPF_ANY) : bpf_map_delete_elem(map, &id);
	return rc ? -errno : 0;
}

int nfp_buckets_wait(NfpBuckets *buckets)
{
	/* An entry put in its own place: changes nothing and waits like any other update. */
	for (uint64_t i = 0; i < 2; i++) {
		struct nfp_bucket spill = { 0, i };
		NFP_AUTO_FD int fd = nfp_buckets_open(buckets, NFP_P_hook, spill);

		if (fd >= 0 && nfp_buckets_visible(buckets, NFP_P_hook, spill) == 1)
			return outer_change_one(buckets, buckets->maps->bucket[NFP_P_hook], spill, fd);
	}
	return -ENOENT;
}

char *nfp_buckets_path(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	char name[NFP_PIN_NAME_MAX];

	nfp_pins_bucket_name(id, name);
	return g_build_filename(buckets->directory, nfp_load_row_name(row), name, NULL);
}

int nfp_buckets_open(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	g_autofree char *path = nfp_buckets_path(buckets, row, id);
	NFP_AUTO_FD int fd = nfp_pins_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_HASH || info.key_size != nfp_load_key_size(row) ||
	    info.value_size != nfp_load_value_size(row))
		return -EUCLEAN;
	return nfp_fd_steal(&fd);
}

/* What is pinned there, if anything, is not that map. Not: that it cannot be opened for now. */
static bool is_other(int rc)
{
	return rc == -ENOENT || rc == -EISDIR || rc == -ELOOP || rc == -EUCLEAN;
}

int nfp_buckets_is_whole(const NfpBuckets *buckets, struct nfp_bucket id)
{
	for (int row = 0; row <= NFP_P_N; row++) {
		NFP_AUTO_FD int fd = -1;
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info), inner;

		if (bpf_map_lookup_elem(buckets->maps->bucket[row], &id, &inner)) {
			if (errno != ENOENT)
				return -errno;
			continue;
		}
		fd = nfp_buckets_open(buckets, row, id);
		if (fd < 0)
			return is_other(fd) ? 0 : fd;
		if (bpf_obj_get_info_by_fd(fd, &info, &size))
			return -errno;
		if (info.id != inner)
			return 0;
	}
	return 1;
}

int nfp_buckets_visible(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	uint32_t inner;

	if (!bpf_map_lookup_elem(buckets->maps->bucket[row], &id, &inner))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int pin_remove(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	g_autofree char *path = nfp_buckets_path(buckets, row, id);

	return nfp_pins_unlink(path);
}

/* A map that fits the row's template, pinned. */
static int inner_make(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id, uint32_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	g_autofree char *path = nfp_buckets_path(buckets, row, id);
	/* The map's name is what tells a spill bucket after its pins were renamed. */
	NFP_AUTO_FD int fd = bpf_map_create(BPF_MAP_TYPE_HASH, id.start_ts ? nfp_load_row_name(row) : "spill",
					    (uint32_t)nfp_load_key_size(row), (uint32_t)nfp_load_value_size(row),
					    entries, &options);

	if (fd < 0)
		return -errno;
	if (bpf_obj_pin(fd, path)) {
		/* Rubbish of a creation that was cut off: see buckets.h. */
		if (errno != EEXIST || unlink(path) < 0 || bpf_obj_pin(fd, path))
			return -errno;
	}
	return nfp_fd_steal(&fd);
}

/* Rows of a hook for each CPU. Those that are there keep what they hold. */
static int hook_rows_insert(const NfpBuckets *buckets, int map, struct nfp_hook_key key)
{
	struct nfp_hook_row empty = { 0 };

	for (guint cpu = 0; cpu < buckets->cpus; cpu++) {
		key.cpu = (uint16_t)cpu;
		if (bpf_map_update_elem(map, &key, &empty, BPF_NOEXIST) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int hook_map_make(NfpBuckets *buckets, struct nfp_bucket id)
{
	g_autoptr(GArray) hooks = NULL;
	NFP_AUTO_FD int fd = -1;

	g_mutex_lock(&buckets->mutex);
	hooks = g_array_copy(buckets->hooks);
	g_mutex_unlock(&buckets->mutex);
	/* A limit, not a reservation: hooks that come while the bucket is open have no row of theirs yet, and
	 * all of them may come then, at a start or with a batch of containers. Without room in here a packet is
	 * seen outside of the bucket that records it, whose books would not close. */
	fd = inner_make(buckets, NFP_P_hook, id,
			2 * buckets->cpus * hooks->len + MIN(HOOKS_TO_COME * buckets->cpus, HOOK_ROWS_TO_COME));
	for (guint i = 0; fd >= 0 && i < hooks->len; i++) {
		int rc = hook_rows_insert(buckets, fd, g_array_index(hooks, struct nfp_hook_key, i));

		if (rc) {
			pin_remove(buckets, NFP_P_hook, id);
			return rc;
		}
	}
	return nfp_fd_steal(&fd);
}

/* Deletions of the bucket's entries, as far as they are there. */
static guint entries_delete(const NfpBuckets *buckets, struct nfp_bucket id, NfpOuterChange changes[NFP_P_N])
{
	guint n = 0;

	for (int row = 0; row < NFP_P_N; row++)
		if (nfp_buckets_visible(buckets, row, id) != 0)
			changes[n++] = (NfpOuterChange){ .map = buckets->maps->bucket[row], .inner = -1, .id = id };
	return n;
}

static bool same_label(struct nfp_bucket a, struct nfp_bucket b)
{
	return a.start_ts == b.start_ts && a.end_ts == b.end_ts;
}

/* Of this bucket, and of others that are waiting for it: a grace period for all. */
static int entries_hide(NfpBuckets *buckets, struct nfp_bucket id)
{
	NfpOuterChange changes[AT_A_TIME * NFP_P_N];
	guint n = entries_delete(buckets, id, changes), own = n;
	int first = 0;

	for (guint i = 0; i < buckets->hidden->len; i++)
		if (same_label(g_array_index(buckets->hidden, struct nfp_bucket, i), id))
			g_array_remove_index_fast(buckets->hidden, i--);
	for (guint i = 1; own && i < AT_A_TIME && buckets->hidden->len; i++) {
		n += entries_delete(buckets, g_array_index(buckets->hidden, struct nfp_bucket, 0), changes + n);
		g_array_remove_index_fast(buckets->hidden, 0);
	}
	nfp_buckets_change(buckets, changes, n);
	for (guint i = 0; i < own && !first; i++)
		first = changes[i].rc == -ENOENT ? 0 : changes[i].rc;
	return first;
}

/* Pinned maps of a bucket, and *n more changes that put the protocols' into the directory. File descriptor of the map
 * of hooks. */
static int maps_make(NfpBuckets *buckets, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N],
		     NfpOuterChange *changes, guint *n)
{
	g_autofree char *hook_path = nfp_buckets_path(buckets, NFP_P_hook, id);
	guint first = *n;
	int hook;

	if (access(hook_path, F_OK) == 0 || nfp_buckets_visible(buckets, NFP_P_hook, id) == 1)
		return -EEXIST;
	for (int row = 0; row < NFP_P_N; row++) {
		int fd = inner_make(buckets, row, id, MAX(max_entries[row], NFP_ENTRIES_MIN));

		/* Left out: its packets go to the parent's row. */
		if (fd >= 0)
			changes[(*n)++] = (NfpOuterChange){ .map = buckets->maps->bucket[row], .inner = fd, .id = id };
	}
	hook = hook_map_make(buckets, id);
	if (hook >= 0)
		return hook;
	while (*n > first)
		nfp_fd_clear(&changes[--*n].inner);
	nfp_buckets_remove(buckets, id);
	return hook;
}

/* n: up to AT_A_TIME. Their entries, in one grace period, then those of their hooks, in another. */
static void create_some(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n, const uint32_t max_entries[NFP_P_N],
			int *ret_rc)
{
	NfpOuterChange changes[(AT_A_TIME + 1) * NFP_P_N], hooks[AT_A_TIME];
	guint made = 0, all, made_hooks = 0;

	for (guint i = 0; i < n; i++) {
		int hook = maps_make(buckets, ids[i], max_entries, changes, &made);

		ret_rc[i] = MIN(hook, 0);
		if (hook >= 0)
			hooks[made_hooks++] = (NfpOuterChange){ .map = buckets->maps->bucket[NFP_P_hook], .inner = hook,
								.id = ids[i] };
	}
	all = made;
	/* In the same grace period. Should one fail, removing the bucket tries again. */
	if (buckets->hidden->len) {
		all += entries_delete(buckets, g_array_index(buckets->hidden, struct nfp_bucket, 0), changes + all);
		g_array_remove_index_fast(buckets->hidden, 0);
	}
	nfp_buckets_change(buckets, changes, all);
	for (guint i = 0; i < made; i++)
		nfp_fd_clear(&changes[i].inner);
	nfp_buckets_change(buckets, hooks, made_hooks);
	for (guint i = 0, hook = 0; i < n; i++) {
		if (ret_rc[i])
			continue;
		nfp_fd_clear(&hooks[hook].inner);
		ret_rc[i] = hooks[hook++].rc;
		if (ret_rc[i]) {
			nfp_buckets_close(buckets, ids[i]);
			nfp_buckets_remove(buckets, ids[i]);
		}
	}
}

void nfp_buckets_create_all(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n,
			    const uint32_t max_entries[NFP_P_N], int *ret_rc)
{
	bool spill = n && !ids[0].start_ts;

	for (guint i = 0; i < n; i++)
		ret_rc[i] = -EROFS;
	if (buckets->readonly)
		return;
	for (guint i = 0; i < n; i += AT_A_TIME)
		create_some(buckets, ids + i, MIN(n - i, AT_A_TIME), max_entries, ret_rc + i);
	if (spill)
		return;
	if (!buckets->expects)
		memcpy(buckets->slots, max_entries, sizeof(buckets->slots));
	nfp_table_fill(buckets);
}

int nfp_buckets_create(NfpBuckets *buckets, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N])
{
	int rc;

	nfp_buckets_create_all(buckets, &id, 1, max_entries, &rc);
	return rc;
}

static void close_some(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	NfpOuterChange changes[AT_A_TIME];
	guint hooks = 0;

	for (guint i = 0; i < n; i++) {
		/* Out of the ring and out of the directory: in either order, a packet is in one of them as a whole. */
		ret_rc[i] = nfp_table_shut(buckets, ids[i]);
		if (!ret_rc[i])
			changes[hooks++] = (NfpOuterChange){ .map = buckets->maps->bucket[NFP_P_hook], .inner = -1,
							     .id = ids[i] };
	}
	nfp_buckets_change(buckets, changes, hooks);
	for (guint i = 0, hook = 0; i < n; i++)
		if (!ret_rc[i])
			ret_rc[i] = changes[hook++].rc;
}

void nfp_buckets_close_all(NfpBuckets *buckets, const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	for (guint i = 0; i < n; i++)
		ret_rc[i] = -EROFS;
	if (buckets->readonly)
		return;
	for (guint i = 0; i < n; i += AT_A_TIME)
		close_some(buckets, ids + i, MIN(n - i, AT_A_TIME), ret_rc + i);
	for (guint i = 0; i < n; i++) {
		/* Labels of spill buckets come again. -ENOENT: closed before, by a predecessor perhaps; the rest is still
		 * to do. */
		if (ret_rc[i] == -ENOENT || (!ret_rc[i] && !ids[i].start_ts))
			ret_rc[i] = entries_hide(buckets, ids[i]);
		else if (!ret_rc[i])
			g_array_append_val(buckets->hidden, ids[i]);
	}
	if (n && ids[0].start_ts)
		nfp_table_fill(buckets);
}

int nfp_buckets_close(NfpBuckets *buckets, struct nfp_bucket id)
{
	int rc;

	nfp_buckets_close_all(buckets, &id, 1, &rc);
	return rc;
}

int nfp_buckets_remove(NfpBuckets *buckets, struct nfp_bucket id)
{
	int first;

	if (buckets->readonly)
		return -EROFS;
	if (nfp_buckets_visible(buckets, NFP_P_hook, id) == 1)
		return -EBUSY;
	first = pin_remove(buckets, NFP_P_hook, id);
	for (int row = 0; row < NFP_P_N && !first; row++)
		first = pin_remove(buckets, row, id);
	if (!first)
		first = entries_hide(buckets, id);
	return first ? first : nfp_table_remove(buckets, id);
}

int nfp_buckets_prepare(NfpBuckets *buckets)
{
	for (int row = 0; row <= NFP_P_N; row++) {
		g_autofree char *path = g_build_filename(buckets->directory, nfp_load_row_name(row), NULL);
		int rc = nfp_pins_mkdir(path);

		if (rc)
			return rc;
	}
	return nfp_spill_ensure(buckets);
}

static void open_buckets_add_hook(NfpBuckets *buckets, struct nfp_hook_key key)
{
	g_autofree char *path = g_build_filename(buckets->directory, "hook", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	struct nfp_bucket id;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		NFP_AUTO_FD int fd = -1;

		if (!nfp_pins_bucket_parse(name, &id) || nfp_buckets_visible(buckets, NFP_P_hook, id) != 1)
			continue;
		fd = nfp_buckets_open(buckets, NFP_P_hook, id);
		/* No room: the program will try, and then use the row in `base`. */
		if (fd >= 0)
			hook_rows_insert(buckets, fd, key);
	}
}

void nfp_buckets_add_hook(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags)
{
	struct nfp_hook_key key = { .ifindex = ifindex, .flags = flags };

	nfp_buckets_remove_hook(buckets, ifindex, flags, false);
	g_mutex_lock(&buckets->mutex);
	g_array_append_val(buckets->hooks, key);
	g_mutex_unlock(&buckets->mutex);
	if (buckets->readonly)
		return;
	hook_rows_insert(buckets, buckets->maps->base, key);
	open_buckets_add_hook(buckets, key);
	nfp_table_add_hook(buckets, key);
}

void nfp_buckets_remove_hook(NfpBuckets *buckets, uint32_t ifindex, uint8_t flags, bool forget)
{
	struct nfp_hook_key key = { .ifindex = ifindex, .flags = flags };

	g_mutex_lock(&buckets->mutex);
	for (guint i = 0; i < buckets->hooks->len; i++) {
		const struct nfp_hook_key *hook = &g_array_index(buckets->hooks, struct nfp_hook_key, i);

		if (hook->ifindex == ifindex && hook->flags == flags)
			g_array_remove_index_fast(buckets->hooks, i--);
	}
	g_mutex_unlock(&buckets->mutex);
	if (forget && !buckets->readonly) {
		nfp_table_remove_hook(buckets, key);
		nfp_sampling_forget(buckets, ifindex, flags);
	}
	/* The map has room for 8192 rows: interfaces that come and go (containers) must not fill it. */
	for (guint cpu = 0; forget && !buckets->readonly && cpu < buckets->cpus; cpu++) {
		struct nfp_hook_row row;

		key.cpu = (uint16_t)cpu;
		if (!bpf_map_lookup_elem(buckets->maps->base, &key, &row) && !row.seen)
			bpf_map_delete_elem(buckets->maps->base, &key);
	}
}

static int source_create(NfpSource *source, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N])
{
	return id.start_ts ? nfp_buckets_create((NfpBuckets *)source, id, max_entries) : -EINVAL;
}

static void source_expect(NfpSource *source, const uint32_t slots[NFP_P_N])
{
	NfpBuckets *buckets = (NfpBuckets *)source;

	memcpy(buckets->slots, slots, sizeof(buckets->slots));
	buckets->expects = true;
}

static int source_close(NfpSource *source, struct nfp_bucket id)
{
	return id.start_ts ? nfp_buckets_close((NfpBuckets *)source, id) : -EINVAL;
}

/* Labels that start with 0 are those of spill buckets; of ids in order of time they come first. How many there are. */
static guint refuse_spill(const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	guint first = 0;

	for (; first < n && !ids[first].start_ts; first++)
		ret_rc[first] = -EINVAL;
	return first;
}

static void source_create_all(NfpSource *source, const struct nfp_bucket *ids, guint n,
			      const uint32_t max_entries[NFP_P_N], int *ret_rc)
{
	guint first = refuse_spill(ids, n, ret_rc);

	nfp_buckets_create_all((NfpBuckets *)source, ids + first, n - first, max_entries, ret_rc + first);
}

static void source_close_all(NfpSource *source, const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	guint first = refuse_spill(ids, n, ret_rc);

	nfp_buckets_close_all((NfpBuckets *)source, ids + first, n - first, ret_rc + first);
}

static int source_remove(NfpSource *source, struct nfp_bucket id)
{
	return id.start_ts ? nfp_buckets_remove((NfpBuckets *)source, id) : -EINVAL;
}

NfpBuckets *nfp_buckets_new(const NfpMaps *maps, const char *directory, uint32_t domain, bool readonly)
{
	NfpBuckets *buckets = g_new0(NfpBuckets, 1);
	int cpus = libbpf_num_possible_cpus();

	buckets->source = (NfpSource){
		.create = source_create,
		.create_all = source_create_all,
		.close_all = source_close_all,
		.expect = source_expect,
		.close = source_close,
		.read = nfp_read_entries,
		.scan = nfp_read_scan,
		.read_hooks = nfp_read_hooks,
		.remove = source_remove,
		.list = nfp_list_buckets,
		.swap_spill = nfp_spill_swap,
		.get_clock = nfp_totals_get_clock,
		.set_clock = nfp_totals_set_clock,
		.add_books = nfp_totals_add_books,
		.get_books = nfp_totals_get_books,
		.adapt = nfp_sampling_adapt,
		.counter = nfp_totals_counter,
		.domain = domain,
	};
	buckets->maps = maps;
	buckets->directory = g_build_filename(directory, "buckets", NULL);
	buckets->readonly = readonly;
	buckets->cpus = cpus > 0 ? (guint)cpus : 1;
	buckets->entries = (NfpReadBuffer){ g_byte_array_new(), g_byte_array_new() };
	buckets->rows = (NfpReadBuffer){ g_byte_array_new(), g_byte_array_new() };
	g_mutex_init(&buckets->mutex);
	buckets->hooks = g_array_new(FALSE, FALSE, sizeof(struct nfp_hook_key));
	buckets->kept = nfp_table_kept_new();
	buckets->hidden = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	buckets->loads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_mutex_init(&buckets->rates);
	return buckets;
}

void nfp_buckets_rest(NfpBuckets *buckets)
{
	if (buckets->pool)
		/* At once: what may still be in its queue was done by others, and no thread may be there to look at it. */
		g_thread_pool_free(g_steal_pointer(&buckets->pool), TRUE, TRUE);
}

void nfp_buckets_free(NfpBuckets *buckets)
{
	if (!buckets)
		return;
	nfp_buckets_rest(buckets);
	g_byte_array_unref(buckets->entries.keys);
	g_byte_array_unref(buckets->entries.values);
	g_byte_array_unref(buckets->rows.keys);
	g_byte_array_unref(buckets->rows.values);
	g_array_unref(buckets->hooks);
	g_array_unref(buckets->hidden);
	g_hash_table_unref(buckets->loads);
	g_mutex_clear(&buckets->rates);
	g_hash_table_unref(buckets->kept);
	g_mutex_clear(&buckets->mutex);
	nfp_mapped_clear(&buckets->hookslot);
	nfp_tick_free(buckets->tick);
	g_free(buckets->directory);
	g_free(buckets);
}
