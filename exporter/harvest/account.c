/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/account.h"

#include <string.h>

typedef struct {
	struct nfp_books_key key;
	struct nfp_books_value value;
	uint32_t rate; /* 1-in-N; 0: no packet yet */
} Line;

struct NfpAccount {
	struct nfp_bucket id;
	GArray *lines;
	GHashTable *index; /* ifindex << 8 | flags -> line + 1 */
	bool sampled;
	guint last;        /* entries of one interface come in runs */
};

NfpAccount *nfp_account_new(struct nfp_bucket id)
{
	NfpAccount *a = g_new0(NfpAccount, 1);

	a->id = id;
	a->lines = g_array_new(FALSE, TRUE, sizeof(Line));
	a->index = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return a;
}

void nfp_account_free(NfpAccount *a)
{
	if (!a)
		return;
	g_array_unref(a->lines);
	g_hash_table_unref(a->index);
	g_free(a);
}

static Line *find(NfpAccount *a, uint32_t ifindex, uint8_t flags)
{
	gint64 packed = (gint64)ifindex << 8 | (flags & (NFP_KEY_EGRESS | NFP_KEY_XDP));
	Line *line = NULL;
	guint i;

	flags = packed & 0xff;
	if (a->last < a->lines->len)
		line = &g_array_index(a->lines, Line, a->last);
	if (line && line->key.ifindex == ifindex && line->key.flags == flags)
		return line;
	i = GPOINTER_TO_UINT(g_hash_table_lookup(a->index, &packed));
	if (!i) {
		Line fresh = { .key = { .ifindex = ifindex, .flags = flags }, .value = { .last = a->id } };

		g_array_append_val(a->lines, fresh);
		i = a->lines->len;
		g_hash_table_insert(a->index, g_memdup2(&packed, sizeof(packed)), GUINT_TO_POINTER(i));
	}
	a->last = i - 1;
	return &g_array_index(a->lines, Line, i - 1);
}

void nfp_account_recorded(NfpAccount *a, uint32_t ifindex, uint8_t flags, uint64_t packets)
{
	find(a, ifindex, flags)->value.recorded += packets;
}

void nfp_account_hook(NfpAccount *a, const struct nfp_hook_key *key, const struct nfp_hook_row *row)
{
	Line *line = find(a, key->ifindex, key->flags);
	struct nfp_books_value *v = &line->value;
	uint32_t rate = MAX(row->sampler.rate, 1);

	if (row->seen != row->lost[NFP_LOST_filtered]) {
		line->rate = !line->rate || line->rate == rate ? rate : NFP_SAMPLE_SEVERAL;
		a->sampled |= line->rate > 1;
	}
	v->seen += row->seen;
	v->seen_skbs += row->seen_skbs;
	v->seen_skb_bytes += row->seen_skb_bytes;
	v->coarsened += row->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		v->lost[i] += row->lost[i];
	v->recorded += row->packets;
}

bool nfp_account_sampled(const NfpAccount *a)
{
	return a->sampled;
}

uint32_t nfp_account_rate(NfpAccount *a, uint32_t ifindex, uint8_t flags)
{
	const Line *line = find(a, ifindex, flags);
	uint64_t left = line->value.lost[NFP_LOST_unsampled];
	uint64_t seen = line->value.seen - line->value.lost[NFP_LOST_filtered];

	if (line->rate != NFP_SAMPLE_SEVERAL)
		return MAX(line->rate, 1);
	return left < seen ? (uint32_t)CLAMP((seen + (seen - left) / 2) / (seen - left), 1, NFP_SAMPLE_MAX) : 1;
}

void nfp_account_unreadable(NfpAccount *a)
{
	for (guint i = 0; i < a->lines->len; i++) {
		struct nfp_books_value *v = &g_array_index(a->lines, Line, i).value;
		int64_t missing = nfp_books_difference(v);

		if (missing > 0)
			v->lost[NFP_LOST_unreadable] += missing;
	}
}

guint nfp_account_n(const NfpAccount *a)
{
	return a->lines->len;
}

void nfp_account_get(const NfpAccount *a, guint i, struct nfp_books_key *ret_key,
		     struct nfp_books_value *ret_value)
{
	const Line *line = &g_array_index(a->lines, Line, i);

	*ret_key = line->key;
	*ret_value = line->value;
}

void nfp_books_add(struct nfp_books_value *to, const struct nfp_books_value *from)
{
	to->seen += from->seen;
	to->seen_skbs += from->seen_skbs;
	to->seen_skb_bytes += from->seen_skb_bytes;
	to->recorded += from->recorded;
	to->coarsened += from->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		to->lost[i] += from->lost[i];
}

int64_t nfp_books_difference(const struct nfp_books_value *v)
{
	uint64_t known = v->recorded;

	for (int i = 0; i < NFP_LOST_N; i++)
		known += v->lost[i];
	return (int64_t)(v->seen - known);
}
