/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/ledger.h"

#include <errno.h>
#include <string.h>

#include "app/app.h"
#include "base/error.h"
#include "harvest/rows.h"

#define RETRIES 100 /* of what is cheap to read, while a daemon moves buckets into the books under our eyes */
/* A spill bucket that becomes an ordinary one meanwhile is waited for: one that was left half-way by a kill stays so until a
 * daemon runs. Where one look takes long, so many are made all the same. */
#define MOVE_WAIT_US 2000000
#define MOVE_PAUSE_US 5000
#define MOVE_LOOKS 3
#define HOOK_FLAGS (NFP_KEY_EGRESS | NFP_KEY_XDP)

const char *const nfp_lost_names[NFP_LOST_N] = {
	[NFP_LOST_no_bucket] = "no_bucket",
	[NFP_LOST_no_row] = "no_row",
	[NFP_LOST_unreadable] = "unreadable",
	[NFP_LOST_filtered] = "filtered",
	[NFP_LOST_unsampled] = "unsampled",
};

/* One domain while it is read. */
typedef struct {
	const NfpDomain *domain;
	NfpProbe *probe;
	NfpSource *source;
	GArray *hooks;   /* NfpLedgerHook */
	GArray *buckets; /* NfpLedgerBucket */
	GPtrArray *found; /* Found */
	GArray *lines;   /* Line: the map "books" */
} Reader;

/* A bucket as it was found, hook by hook: some of it may be in the books by the time all is read. */
typedef struct {
	NfpLedgerBucket bucket;
	GArray *hooks; /* NfpLedgerHook */
} Found;

typedef struct {
	struct nfp_books_key key;
	struct nfp_books_value value;
} Line;

int64_t nfp_ledger_difference(const NfpBooks *b)
{
	uint64_t known = b->recorded + b->open;

	for (int i = 0; i < NFP_LOST_N; i++)
		known += b->lost[i];
	return (int64_t)(b->seen - known);
}

double nfp_ledger_fill(const NfpLedgerBucket *bucket, int *ret_row)
{
	double most = 0;

	*ret_row = NFP_P_N;
	for (int row = 0; row < NFP_P_N; row++) {
		uint64_t capacity = nfp_ledger_capacity(bucket, row);
		double fill = capacity ? MIN((double)bucket->entries[row] / (double)capacity, 1) : 0;

		if (fill > most) {
			most = fill;
			*ret_row = row;
		}
	}
	return most;
}

static void add(NfpBooks *to, const NfpBooks *from)
{
	to->seen += from->seen;
	to->seen_skbs += from->seen_skbs;
	to->seen_skb_bytes += from->seen_skb_bytes;
	to->recorded += from->recorded;
	to->open += from->open;
	to->coarsened += from->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		to->lost[i] += from->lost[i];
}

static void hook_clear(void *data)
{
	g_free(((NfpLedgerHook *)data)->netns);
}

static void bucket_clear(void *data)
{
	g_free(((NfpLedgerBucket *)data)->netns);
}

static void found_free(void *data)
{
	Found *found = data;

	g_array_unref(found->hooks);
	g_free(found);
}

/* netns: for a new one, copied. */
static NfpLedgerHook *hook_in(GArray *hooks, uint32_t domain, const char *netns, uint32_t ifindex, uint8_t flags)
{
	NfpLedgerHook fresh = { .domain = domain, .info = { .ifindex = ifindex, .flags = flags & HOOK_FLAGS } };

	for (guint i = 0; i < hooks->len; i++) {
		NfpLedgerHook *hook = &g_array_index(hooks, NfpLedgerHook, i);

		if (hook->info.ifindex == ifindex && hook->info.flags == fresh.info.flags)
			return hook;
	}
	fresh.netns = g_strdup(netns);
	g_array_append_val(hooks, fresh);
	return &g_array_index(hooks, NfpLedgerHook, hooks->len - 1);
}

static NfpLedgerHook *hook_of(Reader *r, uint32_t ifindex, uint8_t flags)
{
	return hook_in(r->hooks, r->domain->domain, r->domain->netns, ifindex, flags);
}

static NfpBooks books_of_row(const struct nfp_hook_row *row)
{
	NfpBooks b = {
		.seen = row->seen,
		.seen_skbs = row->seen_skbs,
		.seen_skb_bytes = row->seen_skb_bytes,
		.open = row->packets,
		.coarsened = row->coarsened,
	};

	memcpy(b.lost, row->lost, sizeof(b.lost));
	return b;
}

static void note_line(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data)
{
	Line line = { .key = *key, .value = *value };

	g_array_append_val((GArray *)data, line);
}

static void add_line(Reader *r, const Line *line)
{
	const struct nfp_books_value *value = &line->value;
	NfpBooks b = {
		.seen = value->seen,
		.seen_skbs = value->seen_skbs,
		.seen_skb_bytes = value->seen_skb_bytes,
		.recorded = value->recorded,
		.coarsened = value->coarsened,
	};

	/* The line of all that found no room for one of their own: nearly always nobody. */
	if (!line->key.ifindex && !value->seen && !value->recorded)
		return;
	memcpy(b.lost, value->lost, sizeof(b.lost));
	add(&hook_of(r, line->key.ifindex, line->key.flags)->books, &b);
}

static gboolean in_books(const Reader *r, struct nfp_bucket id, uint32_t ifindex, uint8_t flags)
{
	for (guint i = 0; i < r->lines->len; i++) {
		const Line *line = &g_array_index(r->lines, Line, i);

		if (line->key.ifindex == ifindex && line->key.flags == (flags & HOOK_FLAGS))
			return line->value.last.start_ts == id.start_ts && line->value.last.end_ts == id.end_ts;
	}
	return FALSE;
}

static int read_rows(Reader *r, Found *found)
{
	NfpLedgerBucket *bucket = &found->bucket;
	NfpHookRows rows = { 0 };
	int rc = r->source->read_hooks(r->source, bucket->id, &rows);

	for (size_t i = 0; !rc && i < rows.n; i++) {
		NfpBooks b = books_of_row(&rows.rows[i]);

		add(&hook_in(found->hooks, 0, NULL, rows.keys[i].ifindex, rows.keys[i].flags)->books, &b);
		bucket->entries[NFP_P_hook] += b.open > 0;
		bucket->packets[NFP_P_hook] += b.open;
	}
	return rc;
}

static void add_entries(Found *found, enum nfp_protocol row, const NfpEntries *entries)
{
	for (size_t i = 0; i < entries->n; i++) {
		const void *key = (const char *)entries->keys + i * entries->key_size;
		const struct nfp_key_meta *meta = nfp_key_meta_of(key, entries->key_size);
		uint64_t packets = entries->values[i].packets;

		found->bucket.entries[row]++;
		found->bucket.packets[row] += packets;
		hook_in(found->hooks, 0, NULL, meta->ifindex, meta->flags)->books.open += packets;
	}
}

/* In pieces: a copy of a million entries has no place beside the daemon, where a container's health is asked. */
static int read_row(Reader *r, Found *found, enum nfp_protocol row)
{
	NfpScan *scan = NULL;
	NfpEntries entries;
	int rc = r->source->scan(r->source, found->bucket.id, row, &scan);

	if (rc == -ENOENT)
		return 0; /* left out when the bucket was made, for want of memory */
	if (rc)
		return rc;
	while (scan->next(scan, &entries))
		add_entries(found, row, &entries);
	scan->free(scan);
	return found->bucket.entries[row] ? nfp_probe_room(r->probe, found->bucket.id, row, &found->bucket.room[row]) : 0;
}

/* One that is gone meanwhile is in the books by then. */
static int find_bucket(Reader *r, struct nfp_bucket id, const char *state)
{
	Found *found = g_new0(Found, 1);
	int rc;

	found->bucket = (NfpLedgerBucket){ .domain = r->domain->domain, .id = id, .state = state };
	found->hooks = g_array_new(FALSE, TRUE, sizeof(NfpLedgerHook));
	rc = read_rows(r, found);
	for (int row = 0; !rc && row < NFP_P_N; row++)
		rc = read_row(r, found, row);
	if (rc)
		found_free(found);
	else
		g_ptr_array_add(r->found, found);
	return rc == -ENOENT ? 0 : rc;
}

static gboolean is_found(const Reader *r, struct nfp_bucket id)
{
	for (guint i = 0; i < r->found->len; i++) {
		const Found *found = g_ptr_array_index(r->found, i);

		if (found->bucket.id.start_ts == id.start_ts && found->bucket.id.end_ts == id.end_ts)
			return TRUE;
	}
	return FALSE;
}

/* Those that are not found yet. */
static int find_buckets(Reader *r)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	int rc = r->source->list(r->source, list);

	for (guint i = 0; !rc && i < list->len; i++) {
		const NfpBucketInfo *info = &g_array_index(list, NfpBucketInfo, i);

		if (!is_found(r, info->id))
			rc = find_bucket(r, info->id, info->state == NFP_BUCKET_OPEN ? "open" : "closed");
	}
	return rc;
}

/* Both of them, which take turns. *ret_moved: one of them may have gone meanwhile, and with it what it held. */
static int find_spill(Reader *r, gboolean *ret_moved)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	gboolean moved = nfp_probe_spill_moves(r->probe);
	int rc = find_bucket(r, (struct nfp_bucket){ 0, 0 }, "spill");

	moved = nfp_probe_spill_moves(r->probe) || moved;
	if (!rc)
		rc = r->source->list(r->source, list);
	for (guint i = 0; !rc && i < list->len; i++) {
		const NfpBucketInfo *info = &g_array_index(list, NfpBucketInfo, i);

		moved = moved || (info->state != NFP_BUCKET_OPEN && !is_found(r, info->id));
	}
	*ret_moved = moved;
	return rc;
}

static gboolean is_listed(const GArray *list, struct nfp_bucket id)
{
	if (!id.start_ts)
		return TRUE;
	for (guint i = 0; i < list->len; i++) {
		const NfpBucketInfo *info = &g_array_index(list, NfpBucketInfo, i);

		if (info->id.start_ts == id.start_ts && info->id.end_ts == id.end_ts)
			return TRUE;
	}
	return FALSE;
}

/* What of the bucket is not in the books. */
static void add_found(Reader *r, const Found *found)
{
	NfpLedgerBucket bucket = found->bucket;

	for (guint i = 0; i < found->hooks->len; i++) {
		const NfpLedgerHook *hook = &g_array_index(found->hooks, NfpLedgerHook, i);

		if (in_books(r, bucket.id, hook->info.ifindex, hook->info.flags))
			continue;
		add(&bucket.books, &hook->books);
		add(&hook_of(r, hook->info.ifindex, hook->info.flags)->books, &hook->books);
	}
	bucket.netns = g_strdup(r->domain->netns);
	g_array_append_val(r->buckets, bucket);
}

static int read_base(Reader *r)
{
	NfpHookRows rows = { 0 };
	int rc = nfp_probe_base(r->probe, &rows);

	for (size_t i = 0; !rc && i < rows.n; i++) {
		NfpBooks b = books_of_row(&rows.rows[i]);

		add(&hook_of(r, rows.keys[i].ifindex, rows.keys[i].flags)->books, &b);
	}
	return rc;
}

static gboolean same_lines(const GArray *a, const GArray *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len * sizeof(Line)));
}

/* A moment at which books and pins belong together: neither changed while the other was read. */
static int read_moment(Reader *r, GArray *list)
{
	int rc = 0;

	for (int i = 0; i < RETRIES; i++) {
		g_autoptr(GArray) before = g_array_new(FALSE, TRUE, sizeof(Line));

		g_array_set_size(r->lines, 0);
		g_array_set_size(list, 0);
		rc = nfp_probe_books(r->probe, note_line, before);
		if (!rc)
			rc = r->source->list(r->source, list);
		if (!rc)
			rc = nfp_probe_books(r->probe, note_line, r->lines);
		if (rc || same_lines(before, r->lines))
			break;
	}
	return rc;
}

/* Buckets first, which takes long; then what of them went into the books meanwhile; the spill bucket last. One that is
 * taken away comes back as a bucket that nobody has found yet: then once more. */
static int find_all(Reader *r, GArray *list)
{
	gint64 until = g_get_monotonic_time() + MOVE_WAIT_US;

	for (int looks = 1;; looks++) {
		gboolean moved = FALSE;
		int rc = find_buckets(r);
		guint found = r->found->len;

		if (!rc)
			rc = read_moment(r, list);
		if (!rc)
			rc = find_spill(r, &moved);
		if (rc || !moved || (looks >= MOVE_LOOKS && g_get_monotonic_time() >= until))
			return rc;
		g_ptr_array_set_size(r->found, (int)found);
		g_usleep(MOVE_PAUSE_US);
	}
}

static int read_domain(Reader *r)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	int rc = find_all(r, list);

	if (rc)
		return rc;
	for (guint i = 0; i < r->lines->len; i++)
		add_line(r, &g_array_index(r->lines, Line, i));
	for (guint i = 0; i < r->found->len; i++) {
		const Found *found = g_ptr_array_index(r->found, i);

		if (is_listed(list, found->bucket.id))
			add_found(r, found);
	}
	return read_base(r);
}

static void name_hooks(Reader *r)
{
	g_autoptr(GArray) infos = g_array_new(FALSE, TRUE, sizeof(NfpHookInfo));
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));

	if (!nfp_probe_hooks(r->probe, infos)) {
		for (guint i = 0; i < infos->len; i++) {
			const NfpHookInfo *info = &g_array_index(infos, NfpHookInfo, i);

			hook_of(r, info->ifindex, info->flags)->info = *info;
		}
	}
	if (nfp_probe_links(r->probe, links))
		return;
	for (guint i = 0; i < r->hooks->len; i++) {
		NfpHookInfo *info = &g_array_index(r->hooks, NfpLedgerHook, i).info;

		for (guint j = 0; j < links->len && !*info->ifname; j++) {
			const NfpLink *link = &g_array_index(links, NfpLink, j);

			if (link->ifindex == info->ifindex)
				g_strlcpy(info->ifname, link->name, sizeof(info->ifname));
		}
	}
}

static int by_hook(gconstpointer a, gconstpointer b)
{
	const NfpLedgerHook *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->info.ifindex != y->info.ifindex)
		return x->info.ifindex < y->info.ifindex ? -1 : 1;
	return (int)x->info.flags - (int)y->info.flags;
}

/* Packets that found no room for their hook's row are known by the status map alone. */
static int sum_up(NfpLedger *l, const Reader *r)
{
	uint64_t counters[NFP_C_N];
	NfpBooks no_row = { 0 };
	int rc = nfp_probe_counters(r->probe, counters);

	if (rc)
		return rc;
	no_row.seen = counters[NFP_C_lost_no_row];
	no_row.lost[NFP_LOST_no_row] = counters[NFP_C_lost_no_row];
	add(&l->total, &no_row);
	for (int i = 0; i < NFP_C_N; i++)
		l->counters[i] += counters[i];
	for (guint i = 0; i < r->hooks->len; i++) {
		const NfpLedgerHook *hook = &g_array_index(r->hooks, NfpLedgerHook, i);

		add(&l->total, &hook->books);
		l->balanced &= !nfp_ledger_difference(&hook->books);
	}
	for (guint i = 0; i < r->buckets->len; i++)
		l->balanced &= !nfp_ledger_difference(&g_array_index(r->buckets, NfpLedgerBucket, i).books);
	return 0;
}

static gboolean add_domain(NfpLedger *l, const NfpConf *conf, const NfpDomain *domain, GError **err)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
	g_autoptr(NfpProbe) probe = nfp_probe_open_readonly(&options, err);
	g_autoptr(GArray) lines = g_array_new(FALSE, TRUE, sizeof(Line));
	g_autoptr(GArray) hooks = g_array_new(FALSE, TRUE, sizeof(NfpLedgerHook));
	g_autoptr(GArray) buckets = g_array_new(FALSE, TRUE, sizeof(NfpLedgerBucket));
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(found_free);
	Reader r = {
		.domain = domain, .probe = probe, .hooks = hooks, .buckets = buckets, .found = found, .lines = lines,
	};
	int rc;

	if (!probe)
		return FALSE;
	g_array_set_clear_func(hooks, hook_clear);
	g_array_set_clear_func(buckets, bucket_clear);
	r.source = nfp_probe_source(probe);
	rc = read_domain(&r);
	if (!rc) {
		name_hooks(&r);
		g_array_sort(hooks, by_hook);
		rc = sum_up(l, &r);
	}
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot read the maps under %s/%s",
				       conf->pin_root, domain->instance);
	/* The strings change hands. */
	g_array_set_clear_func(hooks, NULL);
	g_array_set_clear_func(buckets, NULL);
	if (hooks->len)
		g_array_append_vals(l->hooks, hooks->data, hooks->len);
	if (buckets->len)
		g_array_append_vals(l->buckets, buckets->data, buckets->len);
	return TRUE;
}

NfpLedger *nfp_ledger_read(const NfpConf *conf, GError **err)
{
	g_autoptr(NfpLedger) l = g_new0(NfpLedger, 1);
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	guint found = 0;

	l->hooks = g_array_new(FALSE, TRUE, sizeof(NfpLedgerHook));
	l->buckets = g_array_new(FALSE, TRUE, sizeof(NfpLedgerBucket));
	g_array_set_clear_func(l->hooks, hook_clear);
	g_array_set_clear_func(l->buckets, bucket_clear);
	l->balanced = TRUE;
	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);
		g_autofree char *pins = nfp_domain_pins(conf, domain);

		if (!g_file_test(pins, G_FILE_TEST_IS_DIR))
			continue;
		found++;
		if (!add_domain(l, conf, domain, err))
			return NULL;
	}
	if (!found) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "nothing is metered: there is nothing under %s/%s (start `nfprobe run`; `ip netns exec` "
			    "hides the host's bpffs, `nsenter --net=` does not)", conf->pin_root, conf->instance);
		return NULL;
	}
	l->balanced &= !nfp_ledger_difference(&l->total);
	return g_steal_pointer(&l);
}

void nfp_ledger_free(NfpLedger *l)
{
	if (!l)
		return;
	g_array_unref(l->hooks);
	g_array_unref(l->buckets);
	g_free(l);
}
