/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake_source.h"

#include <errno.h>
#include <string.h>

#define OCTETS 100
#define FRAME_HEAD 14

typedef struct {
	struct nfp_bucket id; /* {0, 0}: the spill bucket */
	bool closed, spill;
	GByteArray *keys[NFP_P_N];
	GArray *values[NFP_P_N];
	GArray *hook_keys, *hook_rows;
} Bucket;

static const size_t key_size[NFP_P_N] = {
#define NFP_PROTOCOL(name, key, parent) [NFP_P_##name] = sizeof(struct key),
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
};

static Bucket *bucket_new(struct nfp_bucket id)
{
	Bucket *b = g_new0(Bucket, 1);

	b->id = id;
	for (int row = 0; row < NFP_P_N; row++) {
		b->keys[row] = g_byte_array_new();
		b->values[row] = g_array_new(FALSE, TRUE, sizeof(struct nfp_value));
	}
	b->hook_keys = g_array_new(FALSE, TRUE, sizeof(struct nfp_hook_key));
	b->hook_rows = g_array_new(FALSE, TRUE, sizeof(struct nfp_hook_row));
	return b;
}

static void bucket_free(void *data)
{
	Bucket *b = data;

	for (int row = 0; row < NFP_P_N; row++) {
		g_byte_array_unref(b->keys[row]);
		g_array_unref(b->values[row]);
	}
	g_array_unref(b->hook_keys);
	g_array_unref(b->hook_rows);
	g_free(b);
}

static Bucket *find(const NfpFakeSource *f, struct nfp_bucket id)
{
	for (guint i = 0; i < f->buckets->len; i++) {
		Bucket *b = g_ptr_array_index(f->buckets, i);

		if (b->id.start_ts == id.start_ts && b->id.end_ts == id.end_ts)
			return b;
	}
	return NULL;
}

bool nfp_fake_source_tick(NfpFakeSource *f)
{
	f->steps++;
	return !f->die_at || f->steps < f->die_at;
}

static int enter(NfpFakeSource *f, NfpFakeOp op)
{
	if (!nfp_fake_source_tick(f))
		return -EIO;
	f->calls[op]++;
	if (f->fail[op].times) {
		f->fail[op].times--;
		return f->fail[op].error;
	}
	return 0;
}

static int fake_create(NfpSource *source, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N])
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_CREATE);

	if (r)
		return r;
	if (find(f, id))
		return -EEXIST;
	g_ptr_array_add(f->buckets, bucket_new(id));
	memcpy(f->room, max_entries, sizeof(f->room));
	return 0;
}

static int fake_close(NfpSource *source, struct nfp_bucket id)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_CLOSE);
	Bucket *b = find(f, id);

	if (r)
		return r;
	if (!b)
		return -ENOENT;
	b->closed = true;
	return 0;
}

static int fake_read(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpEntries *ret)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	Bucket *b = find(f, id);
	int r = 0;

	if (f->fail_row < 0 || f->fail_row == (int)row)
		r = enter(f, NFP_FAKE_READ);
	if (r)
		return r;
	g_assert(b && b->closed); /* the harvester reads no live bucket */
	*ret = (NfpEntries){
		.keys = b->keys[row]->data,
		.values = (const void *)b->values[row]->data,
		.n = b->values[row]->len,
		.key_size = key_size[row],
	};
	if (ret->n && f->omit) {
		f->omit--;
		ret->n--;
	}
	return 0;
}

static int fake_scan(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpScan **ret)
{
	NfpEntries entries;
	int r = fake_read(source, id, row, &entries);

	if (!r)
		*ret = nfp_scan_new(&entries);
	return r;
}

static int fake_read_hooks(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_READ_HOOKS);
	Bucket *b = find(f, id);

	if (r)
		return r;
	g_assert(b && b->closed);
	*ret = (NfpHookRows){
		.keys = (const void *)b->hook_keys->data,
		.rows = (const void *)b->hook_rows->data,
		.n = b->hook_keys->len,
	};
	return 0;
}

static int fake_remove(NfpSource *source, struct nfp_bucket id)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_REMOVE);
	Bucket *b = find(f, id);

	if (r)
		return r;
	if (!b)
		return -ENOENT;
	g_assert(b->closed);
	g_ptr_array_remove(f->buckets, b);
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const NfpBucketInfo *x = a, *y = b;

	if (x->id.start_ts != y->id.start_ts)
		return x->id.start_ts < y->id.start_ts ? -1 : 1;
	return (x->id.end_ts > y->id.end_ts) - (x->id.end_ts < y->id.end_ts);
}

static int fake_list(NfpSource *source, GArray *ret_buckets)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_LIST);

	if (r)
		return r;
	for (guint i = 0; i < f->buckets->len; i++) {
		const Bucket *b = g_ptr_array_index(f->buckets, i);
		NfpBucketInfo info = {
			.id = b->id,
			.state = b->closed ? NFP_BUCKET_CLOSED : NFP_BUCKET_OPEN,
			.spill = b->spill,
		};

		if (b->id.end_ts)
			g_array_append_val(ret_buckets, info);
	}
	g_array_sort(ret_buckets, by_age);
	return 0;
}

static int fake_swap_spill(NfpSource *source, uint64_t since, uint64_t now, struct nfp_bucket *ret_id)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_SWAP_SPILL);
	Bucket *b = find(f, (struct nfp_bucket){ 0 });

	if (r)
		return r;
	g_assert(since && since < now);
	if (!b->hook_keys->len)
		return 0;
	b->id = (struct nfp_bucket){ .start_ts = since, .end_ts = now };
	b->closed = true;
	b->spill = true;
	*ret_id = b->id;
	g_ptr_array_add(f->buckets, bucket_new((struct nfp_bucket){ 0 }));
	return 1;
}

static int fake_get_clock(NfpSource *source, struct nfp_clock *ret_clock)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_GET_CLOCK);

	if (!r)
		*ret_clock = f->clock;
	return r;
}

static int fake_set_clock(NfpSource *source, const struct nfp_clock *clock, bool wait)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_SET_CLOCK);
	bool killed = f->die_at && f->steps >= f->die_at;

	if (!r || (f->unwaited && !killed))
		f->clock = *clock;
	return r;
}

static gint64 books_key(const struct nfp_books_key *key)
{
	return (gint64)key->ifindex << 8 | key->flags;
}

static int fake_add_books(NfpSource *source, const struct nfp_books_key *key,
			  const struct nfp_books_value *value)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	gint64 packed = books_key(key);
	int r = enter(f, NFP_FAKE_ADD_BOOKS);
	struct nfp_books_value *sum;

	if (r)
		return r;
	sum = g_hash_table_lookup(f->books, &packed);
	if (!sum) {
		sum = g_new0(struct nfp_books_value, 1);
		g_hash_table_insert(f->books, g_memdup2(&packed, sizeof(packed)), sum);
	}
	if (!memcmp(&sum->last, &value->last, sizeof(sum->last)))
		return 0;
	sum->seen += value->seen;
	sum->seen_skbs += value->seen_skbs;
	sum->seen_skb_bytes += value->seen_skb_bytes;
	sum->recorded += value->recorded;
	sum->coarsened += value->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		sum->lost[i] += value->lost[i];
	sum->last = value->last;
	return 0;
}

static int fake_get_books(NfpSource *source, const struct nfp_books_key *key,
			  struct nfp_books_value *ret_value)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	gint64 packed = books_key(key);
	int r = enter(f, NFP_FAKE_GET_BOOKS);
	const struct nfp_books_value *sum = g_hash_table_lookup(f->books, &packed);

	if (r)
		return r;
	if (!sum)
		return -ENOENT;
	*ret_value = *sum;
	return 0;
}

static int fake_counter(NfpSource *source, enum nfp_counter counter, uint64_t *ret_value)
{
	NfpFakeSource *f = (NfpFakeSource *)source;
	int r = enter(f, NFP_FAKE_COUNTER);

	if (r)
		return r;
	g_assert(counter == NFP_C_spilled);
	*ret_value = f->spilled;
	return 0;
}

static void fake_create_all(NfpSource *source, const struct nfp_bucket *ids, guint n,
			    const uint32_t max_entries[NFP_P_N], int *ret_rc)
{
	for (guint i = 0; i < n; i++)
		ret_rc[i] = fake_create(source, ids[i], max_entries);
}

static void fake_close_all(NfpSource *source, const struct nfp_bucket *ids, guint n, int *ret_rc)
{
	for (guint i = 0; i < n; i++)
		ret_rc[i] = fake_close(source, ids[i]);
}

static void fake_expect(NfpSource *source, const uint32_t slots[NFP_P_N])
{
	memcpy(((NfpFakeSource *)source)->slots, slots, sizeof(((NfpFakeSource *)source)->slots));
}

NfpFakeSource *nfp_fake_source_new(void)
{
	NfpFakeSource *f = g_new0(NfpFakeSource, 1);

	f->source = (NfpSource){
		.create = fake_create,
		.create_all = fake_create_all,
		.close_all = fake_close_all,
		.expect = fake_expect,
		.close = fake_close,
		.read = fake_read,
		.scan = fake_scan,
		.read_hooks = fake_read_hooks,
		.remove = fake_remove,
		.list = fake_list,
		.swap_spill = fake_swap_spill,
		.get_clock = fake_get_clock,
		.set_clock = fake_set_clock,
		.add_books = fake_add_books,
		.get_books = fake_get_books,
		.counter = fake_counter,
	};
	f->buckets = g_ptr_array_new_with_free_func(bucket_free);
	g_ptr_array_add(f->buckets, bucket_new((struct nfp_bucket){ 0 }));
	f->books = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	f->fail_row = -1;
	return f;
}

void nfp_fake_source_free(NfpFakeSource *f)
{
	if (!f)
		return;
	g_ptr_array_unref(f->buckets);
	g_hash_table_unref(f->books);
	g_free(f);
}

static Bucket *bucket_of_packet(NfpFakeSource *f, uint64_t now, uint64_t packets)
{
	const struct nfp_clock *c = &f->clock;
	Bucket *b = NULL;

	if (c->length) {
		uint64_t start = now - now % c->length + c->step;

		b = find(f, (struct nfp_bucket){ start, start + c->length });
	}
	if (b && !b->closed)
		return b;
	f->spilled += packets;
	return find(f, (struct nfp_bucket){ 0 });
}

static struct nfp_hook_row *row_of_hook(Bucket *b, const struct nfp_hook_key *key)
{
	struct nfp_hook_row fresh = { 0 };

	for (guint i = 0; i < b->hook_keys->len; i++)
		if (!memcmp(&g_array_index(b->hook_keys, struct nfp_hook_key, i), key, sizeof(*key)))
			return &g_array_index(b->hook_rows, struct nfp_hook_row, i);
	g_array_append_val(b->hook_keys, *key);
	g_array_append_val(b->hook_rows, fresh);
	return &g_array_index(b->hook_rows, struct nfp_hook_row, b->hook_rows->len - 1);
}

static struct nfp_value *value_of(Bucket *b, enum nfp_protocol row, const void *key, uint64_t now)
{
	struct nfp_value fresh = { .first = now, .len_min = OCTETS, .len_max = OCTETS, .ttl_min = 64, .ttl_max = 64 };
	size_t size = key_size[row];

	for (guint i = 0; i < b->values[row]->len; i++)
		if (!memcmp(b->keys[row]->data + i * size, key, size))
			return &g_array_index(b->values[row], struct nfp_value, i);
	g_byte_array_append(b->keys[row], key, size);
	g_array_append_val(b->values[row], fresh);
	return &g_array_index(b->values[row], struct nfp_value, b->values[row]->len - 1);
}

static void make_key(const NfpFakePacket *p, uint8_t key[sizeof(struct nfp_key_tunnel)])
{
	struct nfp_key_meta meta = {
		.sport = GUINT16_TO_BE(1024),
		.dport = GUINT16_TO_BE(443),
		.ifindex = p->ifindex,
		.cpu = p->cpu,
		.flags = p->flags,
	};

	memset(key, 0, sizeof(struct nfp_key_tunnel));
	memcpy(key, &p->flow, sizeof(p->flow));
	memcpy(key + key_size[p->row] - sizeof(meta), &meta, sizeof(meta));
}

void nfp_fake_source_packet(NfpFakeSource *f, int64_t boot, const NfpFakePacket *p)
{
	uint64_t now = boot + f->clock.offset;
	Bucket *b = bucket_of_packet(f, now, p->packets);
	struct nfp_hook_key hook = {
		.ifindex = p->ifindex,
		.cpu = p->cpu,
		.flags = p->flags & (NFP_KEY_EGRESS | NFP_KEY_XDP),
	};
	struct nfp_hook_row *row = row_of_hook(b, &hook);
	uint8_t key[sizeof(struct nfp_key_tunnel)];
	struct nfp_value *v;

	f->injected += p->packets;
	row->seen += p->packets;
	row->seen_skbs++;
	row->seen_skb_bytes += p->packets * OCTETS + FRAME_HEAD;
	if (p->lost) {
		row->lost[NFP_LOST_filtered] += p->packets;
		return;
	}
	if (p->row == NFP_P_hook) {
		row->packets += p->packets;
		row->octets += p->packets * OCTETS;
		row->l2_octets += p->packets * (OCTETS + FRAME_HEAD);
		row->first = row->first ? row->first : now;
		row->last = now;
		return;
	}
	make_key(p, key);
	v = value_of(b, p->row, key, now);
	v->packets += p->packets;
	v->octets += p->packets * OCTETS;
	v->l2_octets += p->packets * (OCTETS + FRAME_HEAD);
	v->last = now;
}

guint nfp_fake_source_buckets(const NfpFakeSource *f, NfpBucketState state)
{
	guint n = 0;

	for (guint i = 0; i < f->buckets->len; i++) {
		const Bucket *b = g_ptr_array_index(f->buckets, i);

		n += b->id.end_ts && b->closed == (state == NFP_BUCKET_CLOSED);
	}
	return n;
}

void nfp_fake_source_books(const NfpFakeSource *f, struct nfp_books_value *ret_sum)
{
	GHashTableIter iter;
	struct nfp_books_value *v;

	memset(ret_sum, 0, sizeof(*ret_sum));
	g_hash_table_iter_init(&iter, f->books);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&v)) {
		ret_sum->seen += v->seen;
		ret_sum->seen_skbs += v->seen_skbs;
		ret_sum->seen_skb_bytes += v->seen_skb_bytes;
		ret_sum->recorded += v->recorded;
		ret_sum->coarsened += v->coarsened;
		for (int i = 0; i < NFP_LOST_N; i++)
			ret_sum->lost[i] += v->lost[i];
	}
}
