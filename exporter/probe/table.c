/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/table.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#ifndef BPF_F_INNER_MAP
#define BPF_F_INNER_MAP (1U << 12) /* linux/bpf.h of 5.10 */
#endif
#define TABLES (NFP_RING - 1) /* open buckets that have tables: one place of the ring is being drained */
#define SETS_MAX (1u << 21) /* 16 M slots, 2 GiB */

bool nfp_table_usable(void)
{
	/* *(u64 *)(fp - 8) = 0; compare-and-swap of it; return 0 */
	struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_10, .src_reg = BPF_REG_1, .off = -8,
		  .imm = BPF_CMPXCHG },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	NFP_AUTO_FD int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nfprobe_cas", "GPL", insns,
					   G_N_ELEMENTS(insns), NULL);

	return fd >= 0;
}

/* Keys of tunnels are longer than a slot. */
static bool has_table(enum nfp_protocol row)
{
	return nfp_load_key_size(row) <= sizeof(struct nfp_key_v6);
}

static bool is_v6(enum nfp_protocol row)
{
	return nfp_load_key_size(row) != sizeof(struct nfp_key_v4);
}

static int tables_fd(const NfpBuckets *buckets, enum nfp_protocol row)
{
	return is_v6(row) ? buckets->maps->tables6 : buckets->maps->tables4;
}

/* Of tables that no bucket has, at a place of the ring. */
static char *spare_path(const NfpBuckets *buckets, enum nfp_protocol row, uint32_t place)
{
	return g_strdup_printf("%s/%s/spare%u" NFP_PIN_TABLE, buckets->directory, nfp_load_row_name(row), place);
}

/* ---- hooks --------------------------------------------------------------------------------------- */

static struct nfp_hook_slots *hook_slots(NfpBuckets *buckets)
{
	struct nfp_hook_slots *slots;

	/* Whoever wants it first: links come on the main thread, heads are made on the harvester's. */
	g_mutex_lock(&buckets->mutex);
	if (!buckets->hookslot.data)
		nfp_table_map_fd(buckets->maps->hookslot, true, &buckets->hookslot);
	slots = buckets->hookslot.data;
	g_mutex_unlock(&buckets->mutex);
	return slots;
}

static uint64_t hook_word(struct nfp_hook_key key, guint cpu)
{
	return NFP_WORD_HOOK(key.ifindex, cpu, key.flags);
}

/* Puts the hook's name on its rows, unless a predecessor at that place has its counts there. */
static void name_rows(const NfpBuckets *buckets, struct nfp_fast_row *rows, struct nfp_hook_key key, uint16_t first)
{
	for (guint cpu = 0; first && cpu < buckets->cpus && first + cpu < NFP_FAST_ROWS; cpu++) {
		__u64 nobody = 0;

		__atomic_compare_exchange_n(&rows[first + cpu].key, &nobody, hook_word(key, cpu), false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	}
}

/* First row of a place that no hook has; 0: there is none. */
static uint16_t free_rows(const NfpBuckets *buckets, const struct nfp_hook_slots *slots)
{
	g_autofree bool *used = g_new0(bool, NFP_FAST_ROWS);

	for (guint i = 0; i < NFP_FAST_IFINDEX; i++)
		for (guint j = 0; j < G_N_ELEMENTS(slots->row); j++)
			used[slots[i].row[j] % NFP_FAST_ROWS] = true;
	for (guint row = 1; row + buckets->cpus <= NFP_FAST_ROWS; row += buckets->cpus)
		if (!used[row])
			return (uint16_t)row;
	return 0;
}

static void each_head(NfpBuckets *buckets, struct nfp_hook_key key, uint16_t first)
{
	g_autofree char *path = g_build_filename(buckets->directory, "hook", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	struct nfp_bucket id;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_auto(NfpMapped) head = { 0 };

		if (nfp_pins_table_parse(name, &id) && !nfp_table_map(buckets, id, NFP_P_hook, true, &head))
			name_rows(buckets, head.data, key, first);
	}
}

void nfp_table_add_hook(NfpBuckets *buckets, struct nfp_hook_key key)
{
	struct nfp_hook_slots *slots;
	uint16_t *first;

	if (!buckets->tables || key.ifindex >= NFP_FAST_IFINDEX || !(slots = hook_slots(buckets)))
		return;
	first = &slots[key.ifindex].row[NFP_HOOK_SLOT(key.flags)];
	if (!*first) /* the harvester may be at name_hooks(): it has this row, or we have its head */
		__atomic_store_n(first, free_rows(buckets, slots), __ATOMIC_SEQ_CST);
	each_head(buckets, key, *first);
}

void nfp_table_remove_hook(NfpBuckets *buckets, struct nfp_hook_key key)
{
	struct nfp_hook_slots *slots;

	if (!buckets->tables || key.ifindex >= NFP_FAST_IFINDEX || !(slots = hook_slots(buckets)))
		return;
	__atomic_store_n(&slots[key.ifindex].row[NFP_HOOK_SLOT(key.flags)], 0, __ATOMIC_SEQ_CST);
}

/* ---- making -------------------------------------------------------------------------------------- */

static int pin(int fd, const char *path)
{
	/* A file of that name: rubbish of a creation that was cut off. */
	if (!bpf_obj_pin(fd, path) || (errno == EEXIST && !unlink(path) && !bpf_obj_pin(fd, path)))
		return 0;
	return -errno;
}

/* 1 + log2 of the number of sets for so many slots, or more. */
static uint8_t table_bits(uint32_t slots)
{
	uint32_t sets = 1;
	uint8_t bits = 1;

	for (; sets < SETS_MAX && sets * NFP_SET_SLOTS < slots; sets *= 2)
		bits++;
	return bits;
}

static int table_make(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id, uint8_t bits)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	g_autofree char *path = nfp_table_path(buckets, row, id);
	NFP_AUTO_FD int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, nfp_load_row_name(row), sizeof(uint32_t),
					    is_v6(row) ? sizeof(struct nfp_set6) : sizeof(struct nfp_set4),
					    NFP_TABLE_ENTRIES(is_v6(row), 1u << (bits - 1)), &options);
	int rc;

	if (fd < 0)
		return -errno;
	rc = pin(fd, path);
	return rc ? rc : nfp_fd_steal(&fd);
}

/* The head's rows, for the hooks that there are. After the pin: a hook that is added meanwhile finds the head, or is
 * found here. */
static void name_hooks(NfpBuckets *buckets, struct nfp_fast_row *rows)
{
	const struct nfp_hook_slots *slots = hook_slots(buckets);
	g_autoptr(GArray) hooks = NULL;

	g_mutex_lock(&buckets->mutex);
	hooks = g_array_copy(buckets->hooks);
	g_mutex_unlock(&buckets->mutex);
	for (guint i = 0; slots && i < hooks->len; i++) {
		struct nfp_hook_key key = g_array_index(hooks, struct nfp_hook_key, i);

		if (key.ifindex < NFP_FAST_IFINDEX)
			name_rows(buckets, rows, key,
				  __atomic_load_n(&slots[key.ifindex].row[NFP_HOOK_SLOT(key.flags)], __ATOMIC_SEQ_CST));
	}
}

/* All but the length, which opens it. */
static void head_write(struct nfp_table_head *head, struct nfp_bucket id, const uint8_t bits[NFP_RING_ROWS],
		       uint64_t generation)
{
	uint64_t step = id.start_ts % (id.end_ts - id.start_ts);

	head->start = id.start_ts - step;
	head->step = step;
	head->seed = (uint64_t)g_random_int() << 32 | g_random_int();
	memcpy(head->bits, bits, sizeof(head->bits));
	head->generation = generation;
	head->elsewhere = 0;
}

static void head_open(struct nfp_table_head *head, struct nfp_bucket id)
{
	__atomic_store_n(&head->length, id.end_ts - id.start_ts, __ATOMIC_RELEASE);
}

static int head_make(NfpBuckets *buckets, struct nfp_bucket id, const uint8_t bits[NFP_RING_ROWS])
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	g_autofree char *path = nfp_table_path(buckets, NFP_P_hook, id);
	g_auto(NfpMapped) mapped = { 0 };
	NFP_AUTO_FD int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hook", sizeof(uint32_t),
					    sizeof(struct nfp_fast_row), NFP_FAST_ROWS, &options);
	int rc = fd < 0 ? -errno : nfp_table_map_fd(fd, true, &mapped);

	if (!rc)
		rc = pin(fd, path);
	if (rc)
		return rc;
	head_write(mapped.data, id, bits, NFP_WORD_GENERATION(1));
	name_hooks(buckets, mapped.data);
	head_open(mapped.data, id);
	return nfp_fd_steal(&fd);
}

/* ---- using again ----------------------------------------------------------------------------------- */

/* The kernel's id of a pinned map; 0: none. */
static uint32_t pinned_id(const char *path, uint32_t *ret_entries)
{
	NFP_AUTO_FD int fd = nfp_pins_get(path);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return 0;
	*ret_entries = info.max_entries;
	return info.id;
}

/* Removes the pin of a table. A mapping would keep its memory. */
static int table_unpin(const NfpBuckets *buckets, const char *path)
{
	uint32_t entries, id = g_hash_table_size(buckets->kept) ? pinned_id(path, &entries) : 0;

	if (id)
		g_hash_table_remove(buckets->kept, GUINT_TO_POINTER(id));
	return nfp_pins_unlink(path);
}

/* What is at a place of an outer map; 0: nothing. */
static uint32_t attached_id(int map, uint32_t index)
{
	uint32_t id;

	return bpf_map_lookup_elem(map, &index, &id) ? 0 : id;
}

/* Whether tables of a removed bucket are at the place, to be used again. */
static bool is_spare(const NfpBuckets *buckets, uint32_t place)
{
	g_autofree char *path = spare_path(buckets, NFP_P_hook, place);
	uint32_t entries, id = pinned_id(path, &entries);

	return id && attached_id(buckets->maps->ring, place) == id;
}

static bool spare_fits(const NfpBuckets *buckets, enum nfp_protocol row, uint32_t place, uint8_t bits)
{
	g_autofree char *path = spare_path(buckets, row, place);
	uint32_t entries, id = pinned_id(path, &entries);

	return id && entries == NFP_TABLE_ENTRIES(is_v6(row), 1u << (bits - 1)) &&
	       attached_id(tables_fd(buckets, row), place * NFP_RING_ROWS + (uint32_t)row) == id;
}

/* No key is elsewhere any more. */
static int filters_clear(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id)
{
	g_auto(NfpMapped) table = { 0 };
	int rc = nfp_table_map(buckets, id, row, true, &table);

	for (uint32_t i = 0; !rc && is_v6(row) && i < table.entries; i++)
		memset(((struct nfp_set6 *)table.data)[i].elsewhere, 0, sizeof(((struct nfp_set6 *)0)->elsewhere));
	for (uint32_t i = table.entries / 2; !rc && !is_v6(row) && i < table.entries; i++)
		memset(((struct nfp_beside4 *)table.data)[i].elsewhere, 0, sizeof(((struct nfp_beside4 *)0)->elsewhere));
	return rc;
}

static int rename_pin(const char *from, const char *to)
{
	return rename(from, to) < 0 ? -errno : 0;
}

/* A table for the row, as it stands at the place. */
static bool take_spare(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id, uint32_t place,
		       uint8_t bits, const struct nfp_table_head *head)
{
	g_autofree char *from = spare_path(buckets, row, place), *to = nfp_table_path(buckets, row, id);

	if (!spare_fits(buckets, row, place, bits) || rename_pin(from, to))
		return false;
	return !(head->elsewhere & 1ull << row) || !filters_clear(buckets, row, id);
}

/* The head at the place, for another bucket: with the next generation, all that its tables hold is free. */
static int head_renew(NfpBuckets *buckets, struct nfp_bucket id, uint32_t place, const uint8_t bits[NFP_RING_ROWS],
		      NfpMapped *mapped)
{
	g_autofree char *from = spare_path(buckets, NFP_P_hook, place), *to = nfp_table_path(buckets, NFP_P_hook, id);
	struct nfp_table_head *head = mapped->data;
	int rc;

	/* Before it has the bucket's name: a reader of that must not find what the last one left. */
	head_write(head, id, bits, head->generation + NFP_WORD_GENERATION(1));
	memset((struct nfp_fast_row *)mapped->data + 1, 0, (NFP_FAST_ROWS - 1) * sizeof(struct nfp_fast_row));
	rc = rename_pin(from, to);
	if (rc)
		return rc;
	name_hooks(buckets, mapped->data);
#ifndef __x86_64__
	/* Packets read the length first and then the rest, in this order on x86 only. */
	nfp_buckets_wait(buckets);
#endif
	head_open(head, id);
	return 0;
}

static int head_spare(const NfpBuckets *buckets, uint32_t place, NfpMapped *ret)
{
	g_autofree char *path = spare_path(buckets, NFP_P_hook, place);
	NFP_AUTO_FD int fd = nfp_table_open_at(path, NFP_P_hook);

	return fd < 0 ? fd : nfp_table_map_fd(fd, true, ret);
}

/* Tables of all rows; how many changes of outer maps they take. */
static guint give_tables(NfpBuckets *buckets, struct nfp_bucket id, uint32_t place, const struct nfp_table_head *spare,
			 uint8_t bits[NFP_RING_ROWS], NfpOuterChange changes[NFP_P_N])
{
	guint n = 0;

	for (int row = 0; row < NFP_P_N; row++) {
		uint32_t index = place * NFP_RING_ROWS + (uint32_t)row;
		g_autofree char *hash = nfp_buckets_path(buckets, row, id), *old = spare_path(buckets, row, place);
		/* A protocol that found no memory for its HASH is left out as a whole. */
		bool wanted = has_table(row) && access(hash, F_OK) == 0;
		uint8_t size = table_bits(buckets->slots[row]);
		int fd;

		if (!has_table(row))
			continue;
		if (wanted && spare && take_spare(buckets, row, id, place, size, spare)) {
			bits[row] = size;
			continue;
		}
		table_unpin(buckets, old);
		fd = wanted ? table_make(buckets, row, id, size) : -1;
		/* Without one, the protocol's packets go to its HASH. */
		if (fd < 0 && !attached_id(tables_fd(buckets, row), index))
			continue;
		bits[row] = fd < 0 ? 0 : size;
		changes[n++] = (NfpOuterChange){ .map = tables_fd(buckets, row), .inner = fd, .index = index };
	}
	return n;
}

static int give(NfpBuckets *buckets, struct nfp_bucket id, uint32_t place)
{
	g_autofree char *old = spare_path(buckets, NFP_P_hook, place);
	uint8_t bits[NFP_RING_ROWS] = { 0 };
	struct nfp_table_head *spare = NULL;
	g_auto(NfpMapped) mapped = { 0 };
	NfpOuterChange changes[NFP_P_N];
	NFP_AUTO_FD int head = -1;
	guint n;

	if (is_spare(buckets, place) && !head_spare(buckets, place, &mapped))
		spare = mapped.data;
	/* The last generation: from here on old slots would be taken for new ones. One that is none at all is nobody's. */
	if (spare && (spare->generation == NFP_GENERATION_MASK || spare->generation & ~NFP_GENERATION_MASK))
		spare = NULL;
	n = give_tables(buckets, id, place, spare, bits, changes);
	nfp_buckets_change(buckets, changes, n);
	for (guint i = 0; i < n; i++) {
		nfp_fd_clear(&changes[i].inner);
		if (changes[i].rc)
			bits[changes[i].index % NFP_RING_ROWS] = 0;
	}
	buckets->changes += n;
	if (spare)
		return head_renew(buckets, id, place, bits, &mapped);
	unlink(old);
	head = head_make(buckets, id, bits);
	if (head < 0)
		return head;
	changes[0] = (NfpOuterChange){ .map = buckets->maps->ring, .inner = head, .index = place };
	nfp_buckets_change(buckets, changes, 1);
	buckets->changes++;
	return changes[0].rc;
}

static int by_start(gconstpointer a, gconstpointer b)
{
	const struct nfp_bucket *x = a, *y = b;

	return (x->start_ts > y->start_ts) - (x->start_ts < y->start_ts);
}

/* Open buckets, the earliest first. */
static GArray *open_buckets(const NfpBuckets *buckets)
{
	g_autofree char *path = g_build_filename(buckets->directory, "hook", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
	struct nfp_bucket id;
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (nfp_pins_bucket_parse(name, &id) && id.start_ts)
			g_array_append_val(ids, id);
	g_array_sort(ids, by_start);
	for (guint i = 0; i < ids->len && i < TABLES;)
		if (nfp_buckets_visible(buckets, NFP_P_hook, g_array_index(ids, struct nfp_bucket, i)) == 1)
			i++;
		else
			g_array_remove_index(ids, i);
	return ids;
}

/* A place for one more bucket: one with tables to be used again, one that was never used, or that of a closed bucket
 * which waits for its delivery: its tables stay pinned. */
static int free_place(const NfpBuckets *buckets, const GArray *open)
{
	bool used[NFP_RING] = { false };
	int closed = -ENOSPC;

	for (guint i = 0; i < open->len; i++) {
		int place = nfp_table_place(buckets, g_array_index(open, struct nfp_bucket, i));

		if (place >= 0)
			used[place] = true;
	}
	for (uint32_t place = 0; place < NFP_RING; place++)
		if (!used[place] && is_spare(buckets, place))
			return (int)place;
	for (uint32_t place = 0; place < NFP_RING; place++) {
		if (!used[place] && !attached_id(buckets->maps->ring, place))
			return (int)place;
		if (!used[place])
			closed = (int)place;
	}
	return closed;
}

/* Takes spare tables that are larger than what is wanted now out of the ring: nobody may come for them. */
static void spares_trim(NfpBuckets *buckets)
{
	NfpOuterChange changes[NFP_RING * NFP_P_N];
	guint n = 0;

	for (uint32_t place = 0; place < NFP_RING; place++) {
		if (!is_spare(buckets, place))
			continue;
		for (int row = 0; row < NFP_P_N; row++) {
			g_autofree char *path = has_table(row) ? spare_path(buckets, row, place) : NULL;
			uint32_t sets = 1u << (table_bits(buckets->slots[row]) - 1), entries;

			if (!path || !pinned_id(path, &entries) || entries <= NFP_TABLE_ENTRIES(is_v6(row), sets))
				continue;
			table_unpin(buckets, path);
			changes[n++] = (NfpOuterChange){ .map = tables_fd(buckets, row), .inner = -1,
							 .index = place * NFP_RING_ROWS + (uint32_t)row };
		}
	}
	nfp_buckets_change(buckets, changes, n);
	buckets->changes += n;
}

void nfp_table_fill(NfpBuckets *buckets)
{
	g_autoptr(GArray) ids = NULL;

	if (!buckets->tables || buckets->readonly)
		return;
	spares_trim(buckets);
	ids = open_buckets(buckets);
	for (guint i = 0; i < ids->len && i < TABLES; i++) {
		struct nfp_bucket id = g_array_index(ids, struct nfp_bucket, i);
		g_autofree char *path = nfp_table_path(buckets, NFP_P_hook, id);
		int place;

		if (access(path, F_OK) == 0)
			continue;
		place = free_place(buckets, ids);
		if (place < 0)
			return;
		give(buckets, id, (uint32_t)place);
	}
}

/* ---- taking away --------------------------------------------------------------------------------- */

int nfp_table_place(const NfpBuckets *buckets, struct nfp_bucket id)
{
	NFP_AUTO_FD int fd = nfp_table_open(buckets, NFP_P_hook, id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), map;

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	for (uint32_t place = 0; place < NFP_RING; place++)
		if (!bpf_map_lookup_elem(buckets->maps->ring, &place, &map) && map == info.id)
			return (int)place;
	return -ENOENT;
}

int nfp_table_shut(const NfpBuckets *buckets, struct nfp_bucket id)
{
	g_auto(NfpMapped) head = { 0 };
	int rc = nfp_table_map(buckets, id, NFP_P_hook, true, &head);

	if (!rc)
		__atomic_store_n(&((struct nfp_table_head *)head.data)->length, 0, __ATOMIC_RELEASE);
	/* What is no head is not in the ring (nfp_table_mend()). */
	return rc == -ENOENT || rc == -EUCLEAN ? 0 : rc;
}

int nfp_table_remove(const NfpBuckets *buckets, struct nfp_bucket id)
{
	int place = nfp_table_place(buckets, id);

	/* The head last: as long as it has the bucket's name, a successor goes on here. */
	for (int row = 0; row <= NFP_P_N; row++) {
		g_autofree char *path = nfp_table_path(buckets, row, id);
		g_autofree char *spare = place >= 0 ? spare_path(buckets, row, (uint32_t)place) : NULL;

		int rc = spare ? rename_pin(path, spare) : -ENOENT;

		/* Something that is no pin may be in the way. */
		if (rc)
			rc = table_unpin(buckets, path);
		if (rc)
			return rc;
	}
	return 0;
}
