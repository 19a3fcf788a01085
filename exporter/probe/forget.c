/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks that ended while nobody looked: by a kill between two system calls, with their network namespace. What is pinned of
 * them would stay until a reboot, and room is limited: NFP_FAST_ROWS are those of 63 hooks on 64 CPUs, `base` of 128, `rates`
 * of NFP_HOOKS_MAX.
 */
#include <bpf/bpf.h>

#include "probe/buckets.h"
#include "probe/sampling.h"
#include "probe/table.h"

GArray *nfp_buckets_hooks(NfpBuckets *buckets)
{
	GArray *hooks;

	g_mutex_lock(&buckets->mutex);
	hooks = g_array_copy(buckets->hooks);
	g_mutex_unlock(&buckets->mutex);
	return hooks;
}

static gint64 number_of(uint32_t ifindex, uint8_t flags)
{
	return (gint64)ifindex << 8 | flags;
}

static GHashTable *known_hooks(NfpBuckets *buckets)
{
	g_autoptr(GArray) hooks = nfp_buckets_hooks(buckets);
	GHashTable *known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	for (guint i = 0; i < hooks->len; i++) {
		const struct nfp_hook_key *hook = &g_array_index(hooks, struct nfp_hook_key, i);
		gint64 number = number_of(hook->ifindex, hook->flags);

		g_hash_table_add(known, g_memdup2(&number, sizeof(number)));
	}
	return known;
}

static bool is_known(GHashTable *known, uint32_t ifindex, uint8_t flags)
{
	gint64 number = number_of(ifindex, flags);

	return g_hash_table_contains(known, &number);
}

static void forget_slots(const NfpBuckets *buckets, GHashTable *known)
{
	static const uint8_t flags[] = { 0, NFP_KEY_EGRESS, NFP_KEY_XDP, NFP_KEY_XDP | NFP_KEY_EGRESS };
	g_auto(NfpMapped) mapped = { 0 };
	struct nfp_hook_slots *slots;

	if (nfp_table_map_fd(buckets->maps->hookslot, true, &mapped))
		return;
	slots = mapped.data;
	for (uint32_t ifindex = 0; ifindex < MIN(mapped.entries, NFP_FAST_IFINDEX); ifindex++)
		for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
			if (slots[ifindex].row[NFP_HOOK_SLOT(flags[i])] && !is_known(known, ifindex, flags[i]))
				__atomic_store_n(&slots[ifindex].row[NFP_HOOK_SLOT(flags[i])], 0, __ATOMIC_SEQ_CST);
}

/* Those that hold packets stay. */
static void forget_base(const NfpBuckets *buckets, GHashTable *known)
{
	g_autoptr(GByteArray) keys = g_byte_array_new(), values = g_byte_array_new();
	NfpReadBuffer rows = { keys, values };

	if (nfp_read_map(buckets->maps->base, sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row), &rows))
		return;
	for (size_t i = 0; i < keys->len / sizeof(struct nfp_hook_key); i++) {
		const struct nfp_hook_key *key = &((const struct nfp_hook_key *)keys->data)[i];

		if (!((const struct nfp_hook_row *)values->data)[i].seen && !is_known(known, key->ifindex, key->flags))
			bpf_map_delete_elem(buckets->maps->base, key);
	}
}

static void forget_rates(NfpBuckets *buckets, GHashTable *known)
{
	g_autoptr(GByteArray) keys = g_byte_array_new(), values = g_byte_array_new();
	NfpReadBuffer rates = { keys, values };

	if (nfp_read_map(buckets->maps->rates, sizeof(struct nfp_books_key), sizeof(struct nfp_rate), &rates))
		return;
	for (size_t i = 0; i < keys->len / sizeof(struct nfp_books_key); i++) {
		const struct nfp_books_key *key = &((const struct nfp_books_key *)keys->data)[i];

		if (!is_known(known, key->ifindex, key->flags))
			nfp_sampling_forget(buckets, key->ifindex, key->flags);
	}
}

void nfp_buckets_forget_others(NfpBuckets *buckets)
{
	g_autoptr(GHashTable) known = known_hooks(buckets);

	forget_slots(buckets, known);
	forget_base(buckets, known);
	forget_rates(buckets, known);
}
