// SPDX-License-Identifier: GPL-2.0-or-later
/* The program beside the parser: buckets, spill, books, cascade, events, hostile packets. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "nfprobe.skel.h"
#include "probe/load.h"
#include "support/packets.h"
#include "support/program.h"

static struct nfprobe_bpf *open_program(void)
{
	struct nfprobe_bpf *skel;

	nfp_test_need_bpf();
	skel = nfp_load_open();
	cr_assert_not_null(skel);
	skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	return skel;
}

static struct nfprobe_bpf *start(void)
{
	struct nfprobe_bpf *skel = open_program();

	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	return skel;
}

static const NfpTestPacket *packet_named(const char *name)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++)
		if (g_str_equal(t[i].name, name))
			return &t[i];
	cr_assert_fail("no packet %s", name);
	return NULL;
}

static void send_at(struct nfprobe_bpf *skel, const char *name, int bucket, guint64 offset)
{
	const NfpTestPacket *t = packet_named(name);
	struct __sk_buff skb = nfp_test_skb(bucket, offset);

	skb.gso_size = t->gso_size;
	skb.gso_segs = t->gso_segs;
	nfp_test_run(skel->obj, "nfprobe_tc", t->bytes, t->length, &skb);
}

/* The rows of map "base", summed. */
static struct nfp_hook_row base_row(struct nfprobe_bpf *skel)
{
	struct nfp_hook_row sum = { 0 }, row;
	struct nfp_hook_key key, next;
	int fd = bpf_map__fd(skel->maps.base);
	gboolean first = TRUE;

	while (!bpf_map_get_next_key(fd, first ? NULL : &key, &next)) {
		key = next;
		first = FALSE;
		cr_assert_eq(bpf_map_lookup_elem(fd, &key, &row), 0);
		sum.seen += row.seen;
		sum.packets += row.packets;
		sum.octets += row.octets;
		sum.coarsened += row.coarsened;
		for (int i = 0; i < NFP_LOST_N; i++)
			sum.lost[i] += row.lost[i];
	}
	return sum;
}

Test(program, packets_go_to_their_interval)
{
	struct nfprobe_bpf *skel = start();

	nfp_test_bucket_add(skel->obj, nfp_test_bucket(0), 16, -1);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(1), 16, -1);
	send_at(skel, "tcp4", 0, 0);
	send_at(skel, "tcp4", 0, NFP_TEST_LENGTH - 1);
	send_at(skel, "tcp4", 0, NFP_TEST_LENGTH);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(0)).recorded, 2);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(1)).recorded, 1);
	nfprobe_bpf__destroy(skel);
}

/* After a backward clock step labels are raised; which packets belong together stays as it was. */
Test(program, label_step)
{
	struct nfprobe_bpf *skel = start();
	struct nfp_bucket bucket = nfp_test_bucket(0);

	bucket.start_ts += 3;
	bucket.end_ts += 3;
	nfp_test_configure(skel->obj, 3);
	nfp_test_bucket_add(skel->obj, bucket, 16, -1);
	send_at(skel, "tcp4", 0, 0);
	send_at(skel, "tcp4", 0, NFP_TEST_LENGTH - 1);
	cr_expect_eq(nfp_test_books(skel->obj, bucket).recorded, 2);
	nfprobe_bpf__destroy(skel);
}

Test(program, spill)
{
	struct nfprobe_bpf *skel = start();
	NfpTestBooks books;

	nfp_test_bucket_add(skel->obj, nfp_test_bucket(0), 16, -1);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(-1), 16, -1);
	send_at(skel, "tcp4", 5, 0);
	send_at(skel, "udp6", 6, 0);
	books = nfp_test_books(skel->obj, nfp_test_bucket(-1));
	cr_expect_eq(books.seen, 2);
	cr_expect_eq(books.recorded, 2);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(0)).seen, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_spilled), 2);
	nfprobe_bpf__destroy(skel);
}

/* Neither bucket nor spill, and before anybody configured a clock. */
Test(program, no_bucket)
{
	struct nfprobe_bpf *skel = open_program();
	struct nfp_hook_row base;

	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	send_at(skel, "tcp4", 0, 0);
	nfp_test_configure(skel->obj, 0);
	send_at(skel, "gso tcp4, counted by the stack", 0, 0);
	base = base_row(skel);
	cr_expect_eq(base.seen, 5);
	cr_expect_eq(base.lost[NFP_LOST_no_bucket], 5);
	cr_expect_eq(base.packets, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_unbucketed), 5);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_seen), 5);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_recorded), 0);
	nfprobe_bpf__destroy(skel);
}

/* No room for the hook's row in the bucket: the row outside of buckets serves, nothing is lost. */
Test(program, hook_rows_full)
{
	struct nfprobe_bpf *skel = start();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	struct nfp_hook_key other = { .ifindex = 4711 };
	struct nfp_hook_row row = { 0 };
	guint32 id;
	int fd;

	nfp_test_bucket_add(skel->obj, bucket, 1, -1);
	cr_assert_eq(bpf_map_lookup_elem(bpf_map__fd(skel->maps.hook), &bucket, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	cr_assert_eq(bpf_map_update_elem(fd, &other, &row, BPF_NOEXIST), 0);
	close(fd);
	send_at(skel, "tcp4", 0, 0);
	cr_expect_eq(base_row(skel).seen, 1);
	cr_expect_eq(base_row(skel).lost[NFP_LOST_no_bucket], 0);
	cr_expect_eq(nfp_test_books(skel->obj, bucket).recorded, 1);
	nfprobe_bpf__destroy(skel);
}

/* No room for any row: counted in the status map, and in no record. */
Test(program, no_row)
{
	struct nfprobe_bpf *skel = open_program();
	struct nfp_hook_key other = { .ifindex = 4711 };
	struct nfp_hook_row row = { 0 };

	cr_assert_eq(bpf_map__set_max_entries(skel->maps.base, 1), 0);
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skel->maps.base), &other, &row, BPF_ANY), 0);
	send_at(skel, "gso tcp4, counted by the stack", 0, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_seen), 4);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_lost_no_row), 4);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_recorded), 0);
	nfprobe_bpf__destroy(skel);
}

/* A bucket without the packet's metric map: the parent takes it. */
Test(program, map_missing)
{
	struct nfprobe_bpf *skel = start();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	NfpTestBooks books;

	nfp_test_bucket_add(skel->obj, bucket, 16, NFP_P_tcp4);
	send_at(skel, "tcp4", 0, 0);
	books = nfp_test_books(skel->obj, bucket);
	cr_expect_eq(books.recorded, 1);
	cr_expect_eq(books.coarsened, 1);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_map_missing), 1);
	nfprobe_bpf__destroy(skel);
}

static void first_value(int row, const void *key, const void *value, gpointer data)
{
	*(struct nfp_value *)data = *(const struct nfp_value *)value;
}

static void first_key(int row, const void *key, const void *value, gpointer data)
{
	*(struct nfp_key_v4 *)data = *(const struct nfp_key_v4 *)key;
}

Test(program, egress)
{
	struct nfprobe_bpf *skel = open_program();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	struct nfp_key_v4 key = { 0 };
	struct nfp_value value = { 0 };

	skel->rodata->knob_egress = 1;
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	nfp_test_bucket_add(skel->obj, bucket, 16, -1);
	send_at(skel, "tcp4", 0, 0);
	nfp_test_bucket_each(skel->obj, bucket, NFP_P_tcp4, first_key, &key);
	nfp_test_bucket_each(skel->obj, bucket, NFP_P_tcp4, first_value, &value);
	cr_expect_eq(key.meta.flags, NFP_KEY_EGRESS);
	cr_expect_eq(value.egress_if, 1);
	cr_expect_eq(value.packets, 1);
	nfprobe_bpf__destroy(skel);
}

/* An entry keeps its first packet's cold members and joins the others. */
static void update_twice(guint8 atomic)
{
	struct nfprobe_bpf *skel = open_program();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	struct nfp_value value = { 0 };
	NfpTestPacket second = *packet_named("tcp4");
	struct __sk_buff skb = nfp_test_skb(0, 2000);

	skel->rodata->knob_atomic = atomic;
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	nfp_test_bucket_add(skel->obj, bucket, 16, -1);
	send_at(skel, "tcp4", 0, 1000);
	second.bytes[6 + 5] = 0x7f;      /* source MAC */
	second.bytes[14 + 3] = 44;       /* total length, 47 */
	second.bytes[14 + 8] = 3;        /* TTL, 61 */
	second.bytes[14 + 1] ^= 2;       /* ECN 01 -> 11 */
	second.bytes[14 + 20 + 13] = 1;  /* FIN */
	nfp_test_run(skel->obj, "nfprobe_tc", second.bytes, second.length, &skb);
	nfp_test_bucket_each(skel->obj, bucket, NFP_P_tcp4, first_value, &value);
	cr_expect_eq(value.packets, 2);
	cr_expect_eq(value.octets, 47 + 44);
	cr_expect_eq(value.l2_octets, 2 * second.length);
	cr_expect_eq(value.first, nfp_test_bucket(0).start_ts + 1000);
	cr_expect_eq(value.last, nfp_test_bucket(0).start_ts + 2000);
	cr_expect_eq(value.len_min, 44);
	cr_expect_eq(value.len_max, 47);
	cr_expect_eq(value.ttl_min, 3);
	cr_expect_eq(value.ttl_max, 61);
	cr_expect_eq(value.ecn, 1 << 1 | 1 << 3);
	cr_expect_eq(value.tcp_flags, 0x19);
	cr_expect_eq(value.smac[5], 0x0a);
	nfprobe_bpf__destroy(skel);
}

Test(program, entry_joins_packets)
{
	update_twice(0);
}

Test(program, entry_joins_packets_by_atomic_adds)
{
	update_twice(1);
}

/* ---- cascade --------------------------------------------------------------------------------- */

#define TINY 4
#define FLOOD 3000

/* The tables as they must come out: key bytes -> packets, per row. */
typedef struct Model {
	GHashTable *rows[NFP_P_hook];
	guint64 hook, coarsened;
} Model;

static guint64 *model_entry(Model *m, int row, const void *key, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(key, size);
	guint64 *count = g_hash_table_lookup(m->rows[row], bytes);

	if (!count && g_hash_table_size(m->rows[row]) < TINY) {
		count = g_new0(guint64, 1);
		g_hash_table_insert(m->rows[row], g_bytes_ref(bytes), count);
	}
	return count;
}

typedef struct Flow {
	guint8 mac, v6, protocol;
	guint32 source;
	guint16 port;
} Flow;

/* Keys of the model: what differs between the flood's packets, no more. */
static void model_count(Model *m, Flow f)
{
	static const struct {
		guint8 protocol, row4, row6;
	} rows[] = {
		{ 6, NFP_P_tcp4, NFP_P_tcp6 },
		{ 17, NFP_P_udp4, NFP_P_udp6 },
		{ 132, NFP_P_sctp4, NFP_P_sctp6 },
	};
	guint8 full[6], ip[5], eth[2] = { f.mac, f.v6 };
	guint64 *count = NULL;

	memcpy(full, &f.source, 4);
	memcpy(full + 4, &f.port, 2);
	memcpy(ip, &f.source, 4);
	ip[4] = f.protocol;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].protocol == f.protocol)
			count = model_entry(m, f.v6 ? rows[i].row6 : rows[i].row4, full, 6);
	if (!count) {
		m->coarsened++;
		count = model_entry(m, f.v6 ? NFP_P_ipv6 : NFP_P_ipv4, ip, 5);
	}
	if (!count)
		count = model_entry(m, NFP_P_eth, eth, 2);
	if (count)
		(*count)++;
	else
		m->hook++;
}

static void model_compare(int row, const void *key, const void *value, gpointer data)
{
	static const guint8 protocols[NFP_P_hook] = {
		[NFP_P_tcp4] = 6,     [NFP_P_tcp6] = 6,     [NFP_P_udp4] = 17,
		[NFP_P_udp6] = 17,    [NFP_P_sctp4] = 132,  [NFP_P_sctp6] = 132,
	};
	Model *m = data;
	guint8 bytes[6];
	gsize size = 6;
	const struct nfp_key_v4 *v4 = key;
	const struct nfp_key_v6 *v6 = key;
	const struct nfp_value *v = value;
	guint64 *count;
	g_autoptr(GBytes) wanted = NULL;

	if (row == NFP_P_eth) {
		const struct nfp_key_eth *eth = key;

		bytes[0] = eth->smac[5];
		bytes[1] = eth->ethertype == GUINT16_TO_BE(0x86dd);
		size = 2;
	} else {
		gboolean six = row == NFP_P_ipv6 || row == NFP_P_tcp6 || row == NFP_P_udp6 ||
			       row == NFP_P_sctp6;
		const struct nfp_key_meta *meta = six ? &v6->meta : &v4->meta;

		memcpy(bytes, six ? (const void *)(v6->saddr + 12) : (const void *)&v4->saddr, 4);
		memcpy(bytes + 4, &meta->sport, 2);
		if (row == NFP_P_ipv4 || row == NFP_P_ipv6) {
			bytes[4] = meta->protocol;
			size = 5;
		}
	}
	wanted = g_bytes_new(bytes, size);
	count = g_hash_table_lookup(m->rows[row], wanted);
	cr_assert_not_null(count, "row %d: an entry that must not be there", row);
	cr_expect_eq(v->packets, *count, "row %d: %lu packets, not %lu", row, (gulong)v->packets,
		     (gulong)*count);
	cr_expect_eq(!!(v->flags & NFP_V_COARSENED), !protocols[row], "row %d: flag", row);
	g_hash_table_remove(m->rows[row], wanted);
}

static gsize flood_packet(guint8 *bytes, Flow f)
{
	const NfpTestPacket *t = packet_named(f.v6 ? f.protocol == 6 ? "tcp6" :
						     f.protocol == 17 ? "udp6" : "sctp6" :
					      f.protocol == 6 ? "tcp4" :
					      f.protocol == 17 ? "udp4" : "sctp4");
	gsize ip = 14, l4 = ip + (f.v6 ? 40 : 20);

	memcpy(bytes, t->bytes, t->length);
	bytes[6 + 5] = f.mac;
	memcpy(bytes + ip + (f.v6 ? 8 + 12 : 12), &f.source, 4);
	memcpy(bytes + l4, &f.port, 2);
	return t->length;
}

/* Tables of four entries under a flood of random tuples: each packet is where the cascade has to put
 * it, entry by entry, and none is lost. */
Test(program, cascade)
{
	struct nfprobe_bpf *skel = start();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	g_autoptr(GRand) random = g_rand_new_with_seed(20240501);
	static const guint8 protocols[] = { 6, 17, 132 };
	Model m = { 0 };
	NfpTestBooks books;

	for (int i = 0; i < NFP_P_hook; i++)
		m.rows[i] = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
						  (GDestroyNotify)g_bytes_unref, g_free);
	nfp_test_bucket_add(skel->obj, bucket, TINY, -1);
	for (int i = 0; i < FLOOD; i++) {
		guint8 bytes[NFP_TEST_PACKET_MAX];
		struct __sk_buff skb = nfp_test_skb(0, i);
		Flow f = {
			.mac = g_rand_int_range(random, 0, 5),
			.v6 = g_rand_int_range(random, 0, 2),
			.protocol = protocols[g_rand_int_range(random, 0, 3)],
			.source = g_rand_int_range(random, 1, 40),
			.port = g_rand_int_range(random, 1, 4),
		};
		gsize length = flood_packet(bytes, f);

		nfp_test_run(skel->obj, "nfprobe_tc", bytes, length, &skb);
		model_count(&m, f);
	}
	books = nfp_test_books(skel->obj, bucket);
	cr_expect_eq(books.seen, FLOOD);
	cr_expect_eq(books.recorded, FLOOD);
	cr_expect_eq(books.lost, 0);
	cr_expect_eq(books.coarsened, m.coarsened);
	cr_expect_gt(m.hook, 0, "the flood reaches the last resort");
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_coarsened), m.coarsened);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_coarsened_to_hook), m.hook);
	for (int i = 0; i < NFP_P_hook; i++)
		nfp_test_bucket_each(skel->obj, bucket, i, model_compare, &m);
	for (int i = 0; i < NFP_P_hook; i++) {
		cr_expect_eq(g_hash_table_size(m.rows[i]), 0, "row %d: an entry is missing", i);
		g_hash_table_unref(m.rows[i]);
	}
	/* A map that refused is not asked again in this bucket: one refusal a row and CPU. */
	cr_expect_leq(nfp_test_status(skel->obj, NFP_C_map_full),
		      (guint64)NFP_P_N * libbpf_num_possible_cpus());
	nfprobe_bpf__destroy(skel);
}

/* The next bucket is asked afresh; the spill bucket, emptied under the same label, each time. */
Test(program, refusal_is_of_one_bucket)
{
	struct nfprobe_bpf *skel = start();
	guint64 refusals;

	nfp_test_bucket_add(skel->obj, nfp_test_bucket(0), 1, -1);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(1), 1, -1);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(-1), 1, -1);
	for (int i = 0; i < 2; i++) {
		send_at(skel, "tcp4", i, 0);
		send_at(skel, "tcp4 behind IPv4 options", i, 0);
		cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(i)).coarsened, 0);
		send_at(skel, "vlan, tcp4", i, 0);
		send_at(skel, "vlan, tcp4", i, 0);
		cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(i)).coarsened, 2);
	}
	refusals = nfp_test_status(skel->obj, NFP_C_map_full);
	send_at(skel, "tcp4", 9, 0);
	send_at(skel, "vlan, tcp4", 9, 0);
	cr_expect_gt(nfp_test_status(skel->obj, NFP_C_map_full), refusals);
	nfp_test_bucket_clear(skel->obj, nfp_test_bucket(-1));
	send_at(skel, "vlan, tcp4", 9, 0);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(-1)).coarsened, 0);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(-1)).recorded, 1);
	nfprobe_bpf__destroy(skel);
}

/* ---- events ---------------------------------------------------------------------------------- */

typedef struct Events {
	guint count;
	struct nfp_event last;
} Events;

static void on_event(void *data, int cpu, void *event, __u32 size)
{
	Events *events = data;

	events->count++;
	cr_assert_geq(size, sizeof(events->last));
	memcpy(&events->last, event, sizeof(events->last));
}

Test(program, events)
{
	struct nfprobe_bpf *skel = start();
	const NfpTestPacket *t = packet_named("tcp4 with data offset 4");
	Events events = { 0 };
	struct perf_buffer *reader;

	nfp_test_bucket_add(skel->obj, nfp_test_bucket(0), 16, -1);
	reader = perf_buffer__new(bpf_map__fd(skel->maps.events), 8, on_event, NULL, &events, NULL);
	cr_assert_not_null(reader);
	send_at(skel, "tcp4", 0, 0);
	cr_expect_eq(perf_buffer__consume(reader), 0);
	cr_expect_eq(events.count, 0, "a sound packet is no event");
	for (int i = 0; i < 50; i++)
		send_at(skel, t->name, 0, 0);
	cr_assert_eq(perf_buffer__consume(reader), 0);
	cr_expect_geq(events.count, 1);
	cr_expect_lt(events.count, 50, "the rate is limited");
	cr_expect_eq(events.count, nfp_test_status(skel->obj, NFP_C_events_sent));
	cr_expect_eq(50 - events.count, nfp_test_status(skel->obj, NFP_C_events_suppressed));
	cr_expect_eq(events.last.counter, NFP_C_outcome_malformed_l4);
	cr_expect_eq(events.last.ifindex, 1);
	cr_expect_eq(events.last.length, t->length);
	cr_expect_eq(events.last.captured, t->length);
	cr_expect_eq(events.last.time, nfp_test_bucket(0).start_ts);
	cr_expect(!memcmp(events.last.head, t->bytes, t->length));
	perf_buffer__free(reader);
	nfprobe_bpf__destroy(skel);
}

/* Nobody reads: nothing waits, the packet is counted. */
Test(program, events_without_reader)
{
	struct nfprobe_bpf *skel = start();

	nfp_test_bucket_add(skel->obj, nfp_test_bucket(0), 16, -1);
	send_at(skel, "tcp4 with data offset 4", 0, 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_events_sent), 0);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_events_suppressed), 1);
	cr_expect_eq(nfp_test_books(skel->obj, nfp_test_bucket(0)).recorded, 1);
	nfprobe_bpf__destroy(skel);
}

/* ---- hostile packets --------------------------------------------------------------------------- */

/* Rows of the table with random bytes changed, and pure noise: the verdict stays (nfp_test_run()
 * checks it), the books close, and the native parser makes the same of each packet. */
Test(program, hostile)
{
	struct nfprobe_bpf *skel = start();
	struct nfp_bucket bucket = nfp_test_bucket(0);
	g_autoptr(GRand) random = g_rand_new_with_seed(4242);
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);
	guint64 expected[NFP_O_N] = { 0 };
	NfpTestBooks books;

	nfp_test_bucket_add(skel->obj, bucket, 16384, -1);
	for (int i = 0; i < 20000; i++) {
		const NfpTestPacket *from = &t[g_rand_int_range(random, 0, count)];
		guint8 bytes[NFP_TEST_PACKET_MAX];
		gsize length = MAX(from->length, 60);
		struct nfp_view v = { .base = bytes, .end = bytes + length, .frame = length };
		struct __sk_buff skb = nfp_test_skb(0, i);
		struct nfp_packet p;

		memcpy(bytes, from->bytes, length);
		for (int j = g_rand_int_range(random, 0, 6); j > 0; j--)
			bytes[g_rand_int_range(random, 12, MIN(length, 120))] = g_rand_int(random);
		nfp_parse(&v, NFP_LINK_ETHERNET, 0, &p);
		if (p.header_len > NFP_HEAD_MAX)
			continue;
		expected[p.outcome]++;
		nfp_test_run(skel->obj, "nfprobe_tc", bytes, length, &skb);
	}
	books = nfp_test_books(skel->obj, bucket);
	cr_expect_eq(books.seen, books.recorded + books.lost);
	cr_expect_eq(books.lost, 0);
	for (int i = 0; i < NFP_O_N; i++)
		cr_expect_eq(nfp_test_status(skel->obj, NFP_C_outcome_ok + i), expected[i],
			     "outcome %d: %lu in the kernel, %lu natively", i,
			     (gulong)nfp_test_status(skel->obj, NFP_C_outcome_ok + i),
			     (gulong)expected[i]);
	nfprobe_bpf__destroy(skel);
}
