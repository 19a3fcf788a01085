// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "support/program.h"

static const struct {
	const char *name;
	guint32 key, value;
} rows[NFP_P_N + 1] = {
#define NFP_PROTOCOL(row, key_type, parent)                                                        \
	[NFP_P_##row] = { #row, sizeof(struct key_type), sizeof(struct nfp_value) },
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	[NFP_P_hook] = { "hook", sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row) },
};

void nfp_test_need_bpf(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL);

	if (fd < 0)
		cr_skip_test("no BPF here: %s", strerror(errno));
	close(fd);
}

static int map_fd(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	cr_assert_geq(fd, 0, "map %s", name);
	return fd;
}

void nfp_test_configure(struct bpf_object *object, guint64 step)
{
	struct nfp_config config = {
		.abi = NFP_ABI_HASH,
		.active = 1,
		.clock[1] = { .length = NFP_TEST_LENGTH, .step = step },
	};
	guint32 zero = 0;
	cpu_set_t cpus;

	/* The CPU is part of every key: a test that moved would find its entries twice. */
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	cr_assert_eq(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	cr_assert_eq(bpf_map_update_elem(map_fd(object, "config"), &zero, &config, BPF_ANY), 0);
}

struct nfp_bucket nfp_test_bucket(int i)
{
	guint64 start = NFP_TEST_START + i * NFP_TEST_LENGTH;

	if (i < 0)
		return (struct nfp_bucket){ 0, 0 };
	return (struct nfp_bucket){ start, start + NFP_TEST_LENGTH };
}

void nfp_test_bucket_add(struct bpf_object *object, struct nfp_bucket bucket, guint32 entries,
			 int skip)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);

	for (int i = 0; i <= NFP_P_hook; i++) {
		int fd;

		if (i == skip)
			continue;
		fd = bpf_map_create(BPF_MAP_TYPE_HASH, rows[i].name, rows[i].key, rows[i].value, entries,
				    &opts);
		cr_assert_geq(fd, 0, "metric map %s: %s", rows[i].name, strerror(errno));
		cr_assert_eq(bpf_map_update_elem(map_fd(object, rows[i].name), &bucket, &fd, BPF_NOEXIST),
			     0, "bucket map %s: %s", rows[i].name, strerror(errno));
		close(fd);
	}
}

/* The metric map of a row, -1 if the bucket has none. */
static int metric_fd(struct bpf_object *object, struct nfp_bucket bucket, int row)
{
	guint32 id;
	int fd;

	if (bpf_map_lookup_elem(map_fd(object, rows[row].name), &bucket, &id))
		return -1;
	fd = bpf_map_get_fd_by_id(id);
	cr_assert_geq(fd, 0, "metric map %s: %s", rows[row].name, strerror(errno));
	return fd;
}

void nfp_test_bucket_clear(struct bpf_object *object, struct nfp_bucket bucket)
{
	for (int i = 0; i <= NFP_P_hook; i++) {
		int fd = metric_fd(object, bucket, i);
		guint64 key[16];

		while (fd >= 0 && !bpf_map_get_next_key(fd, NULL, key))
			cr_assert_eq(bpf_map_delete_elem(fd, key), 0);
		if (fd >= 0)
			close(fd);
	}
}

void nfp_test_bucket_each(struct bpf_object *object, struct nfp_bucket bucket, int row,
			  NfpTestVisit visit, gpointer data)
{
	guint64 key[16], next[16], value[32]; /* octets of the largest */
	gboolean first = TRUE;
	int fd = metric_fd(object, bucket, row);

	if (fd < 0)
		return;
	while (!bpf_map_get_next_key(fd, first ? NULL : key, next)) {
		memcpy(key, next, sizeof(key));
		first = FALSE;
		cr_assert_eq(bpf_map_lookup_elem(fd, key, value), 0);
		visit(row, key, value, data);
	}
	close(fd);
}

void nfp_test_bucket_take(struct bpf_object *object, struct nfp_bucket bucket, NfpTestVisit visit, gpointer data)
{
	static struct {
		guint32 map; /* ids are not given out again, unlike descriptors */
		struct nfp_bucket bucket;
		int fds[NFP_P_N + 1];
	} kept;
	struct bpf_map_info info = { 0 };
	guint32 size = sizeof(info);

	cr_assert_eq(bpf_obj_get_info_by_fd(map_fd(object, rows[0].name), &info, &size), 0);
	if (kept.map != info.id || memcmp(&kept.bucket, &bucket, sizeof(bucket)))
		for (int row = 0; row <= NFP_P_hook; row++) {
			if (kept.map && kept.fds[row] >= 0)
				close(kept.fds[row]);
			kept.fds[row] = metric_fd(object, bucket, row);
		}
	kept.map = info.id;
	kept.bucket = bucket;
	for (int row = 0; row <= NFP_P_hook; row++) {
		guint64 key[16], value[32];

		while (kept.fds[row] >= 0 && !bpf_map_get_next_key(kept.fds[row], NULL, key)) {
			cr_assert_eq(bpf_map_lookup_elem(kept.fds[row], key, value), 0);
			if (row < NFP_P_hook)
				visit(row, key, value, data);
			cr_assert_eq(bpf_map_delete_elem(kept.fds[row], key), 0);
		}
	}
}

struct __sk_buff nfp_test_skb(int i, guint64 offset)
{
	return (struct __sk_buff){
		.ifindex = 1,
		.tstamp = nfp_test_bucket(i).start_ts + offset,
	};
}

void nfp_test_run(struct bpf_object *object, const char *name, const void *bytes, gsize length,
		  struct __sk_buff *skb)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bytes, .data_size_in = length, .ctx_in = skb,
		    .ctx_size_in = skb ? sizeof(*skb) : 0, .repeat = 1);
	int err;

	cr_assert_not_null(program, "no program %s", name);
	err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	cr_assert_eq(err, 0, "test run of %zu bytes: %s", length, strerror(-err));
	cr_assert_eq((gint32)opts.retval, -1, "verdict %d", (gint32)opts.retval);
}

guint64 nfp_test_status(struct bpf_object *object, enum nfp_counter counter)
{
	int cpus = libbpf_num_possible_cpus();
	g_autofree guint64 *values = g_new0(guint64, cpus);
	guint32 key = counter;
	guint64 sum = 0;

	cr_assert_eq(bpf_map_lookup_elem(map_fd(object, "status"), &key, values), 0);
	for (int i = 0; i < cpus; i++)
		sum += values[i];
	return sum;
}

static void add_entry(int row, const void *key, const void *value, gpointer data)
{
	NfpTestBooks *books = data;

	if (row == NFP_P_hook) {
		const struct nfp_hook_row *hook = value;

		books->seen += hook->seen;
		books->seen_skbs += hook->seen_skbs;
		books->seen_skb_bytes += hook->seen_skb_bytes;
		books->coarsened += hook->coarsened;
		books->recorded += hook->packets;
		for (int i = 0; i < NFP_LOST_N; i++)
			books->lost += hook->lost[i];
	} else {
		books->recorded += ((const struct nfp_value *)value)->packets;
		books->entries++;
	}
}

NfpTestBooks nfp_test_books(struct bpf_object *object, struct nfp_bucket bucket)
{
	NfpTestBooks books = { 0 };

	for (int i = 0; i <= NFP_P_hook; i++)
		nfp_test_bucket_each(object, bucket, i, add_entry, &books);
	return books;
}
