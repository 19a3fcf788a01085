/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/uid.h"

#include <glib.h>
#include <string.h>

/* In the header, the hash of a short key is a dozen instructions; through the library, a call each. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "harvest/rows.h"

#define HEAD 24 /* octets before the addresses */

static void put16(uint8_t *p, uint16_t v)
{
	v = GUINT16_TO_BE(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = GUINT32_TO_BE(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = GUINT64_TO_BE(v);
	memcpy(p, &v, sizeof(v));
}

uint64_t nfp_uid_seed(const char *hostname, uint32_t domain, struct nfp_bucket id)
{
	uint8_t head[20];
	XXH3_state_t state;

	put32(head, domain);
	put64(head + 4, id.start_ts);
	put64(head + 12, id.end_ts);
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset(&state);
	XXH3_64bits_update(&state, head, sizeof(head));
	XXH3_64bits_update(&state, hostname, strlen(hostname));
	return XXH3_64bits_digest(&state);
}

/* Rows' names as they are hashed: 8 octets, zeros behind (the rows' lengths are checked in harvest/rows.c). */
static const char names[NFP_P_N + 1][8] = {
#define NFP_PROTOCOL(name, key, parent) [NFP_P_##name] = #name,
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	[NFP_P_hook] = "hook",
};

/* Octets 13 and 16 to 23 are the caller's. */
static void put_head(uint8_t *out, enum nfp_protocol row, uint32_t ifindex, uint8_t flags, uint16_t cpu)
{
	memcpy(out, names[MIN(row, NFP_P_hook)], 8);
	put32(out + 8, ifindex);
	out[12] = flags;
	put16(out + 14, cpu);
}

static void put_meta(uint8_t *out, const struct nfp_key_meta *meta)
{
	out[13] = meta->dscp;
	put16(out + 16, meta->vlan);
	put16(out + 18, meta->cvlan);
	memcpy(out + 20, &meta->l4, 4);
}

/* Addresses, ids, kinds, the name of the flow's own row, and what is left of the key. */
static size_t put_tunnel(const struct nfp_key_tunnel *key, uint8_t *out)
{
	const char *inner = nfp_row_name(key->row);

	memcpy(out, key, 64);
	for (int i = 0; i < NFP_DECAP_MAX; i++)
		put32(out + 64 + 4 * i, key->id[i]);
	memcpy(out + 80, key->type, NFP_DECAP_MAX);
	memset(out + 84, 0, 12);
	memcpy(out + 84, inner, strlen(inner));
	out[92] = key->tunnel_version;
	memcpy(out + 93, key->zero, sizeof(key->zero));
	return 96;
}
_Static_assert(HEAD + 96 == NFP_UID_KEY_MAX, "the longest key");

size_t nfp_uid_key(enum nfp_protocol row, const void *key, bool with_cpu, uint8_t out[NFP_UID_KEY_MAX])
{
	const struct nfp_key_meta *meta;
	size_t addresses;

	if (row >= NFP_P_N) {
		const struct nfp_hook_key *hook = key;

		put_head(out, row, hook->ifindex, hook->flags, with_cpu ? hook->cpu : NFP_UID_NO_CPU);
		out[13] = 0;
		memset(out + 16, 0, HEAD - 16);
		return HEAD;
	}
	meta = nfp_key_meta_of(key, nfp_rows[row].key_size);
	put_head(out, row, meta->ifindex, meta->flags, with_cpu ? meta->cpu : NFP_UID_NO_CPU);
	put_meta(out, meta);
	if (row == NFP_P_tunnel)
		return HEAD + put_tunnel(key, out + HEAD);
	addresses = nfp_rows[row].key_size - sizeof(*meta);
	/* Addresses are bytes or already big-endian in every key. */
	memcpy(out + HEAD, key, addresses);
	return HEAD + addresses;
}
_Static_assert(HEAD + sizeof(struct nfp_key_v6) - sizeof(struct nfp_key_meta) <= NFP_UID_KEY_MAX, "room");

uint64_t nfp_uid_flow_id(uint64_t seed, enum nfp_protocol row, const void *key, bool with_cpu)
{
	uint8_t canonical[NFP_UID_KEY_MAX];
	size_t n = nfp_uid_key(row, key, with_cpu, canonical);

	return XXH3_64bits_withSeed(canonical, n, seed);
}

/* IPv4: 32 octets, a length known when compiling. */
static void flow_ids_v4(uint64_t seed, enum nfp_protocol row, const struct nfp_key_v4 *keys, size_t n, bool with_cpu,
			uint64_t *ret_ids)
{
	uint8_t canonical[HEAD + 8];

	for (size_t i = 0; i < n; i++) {
		const struct nfp_key_meta *meta = &keys[i].meta;

		put_head(canonical, row, meta->ifindex, meta->flags, with_cpu ? meta->cpu : NFP_UID_NO_CPU);
		put_meta(canonical, meta);
		memcpy(canonical + HEAD, &keys[i], 8);
		ret_ids[i] = XXH3_64bits_withSeed(canonical, sizeof(canonical), seed);
	}
}

void nfp_uid_flow_ids(uint64_t seed, enum nfp_protocol row, const void *keys, size_t n, bool with_cpu, uint64_t *ret_ids)
{
	size_t size = row < NFP_P_N ? nfp_rows[row].key_size : sizeof(struct nfp_hook_key);

	if (size == sizeof(struct nfp_key_v4)) {
		flow_ids_v4(seed, row, keys, n, with_cpu, ret_ids);
		return;
	}
	for (size_t i = 0; i < n; i++)
		ret_ids[i] = nfp_uid_flow_id(seed, row, (const char *)keys + i * size, with_cpu);
}
