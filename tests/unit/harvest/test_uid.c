/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/uid.md is right: its worked example, and its Python program on records of every row. */
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "harvest/convert.h"
#include "harvest/rows.h"
#include "harvest/uid.h"
#include "record/format.h"

#define START 1795390440000000000ull
#define END 1795390500000000000ull

static const struct nfp_bucket bucket = { START, END };

static struct nfp_key_v4 example_key(void)
{
	struct nfp_key_v4 key = {
		.saddr = GUINT32_TO_BE(0xc0000201),
		.daddr = GUINT32_TO_BE(0xc6336407),
		.meta = { .sport = GUINT16_TO_BE(54321), .dport = GUINT16_TO_BE(443), .ifindex = 2, .cpu = 5 },
	};

	return key;
}

static char *document(void)
{
	char *text = NULL;

	cr_assert(g_file_get_contents(NFP_SOURCE_DIR "/docs/uid.md", &text, NULL, NULL));
	return text;
}

static void hex(GString *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		g_string_append_printf(out, "%02x", bytes[i]);
}

Test(uid, worked_example_of_the_document)
{
	g_autofree char *text = document();
	g_autoptr(GString) key_hex = g_string_new(NULL);
	g_autofree char *id = NULL, *seed_line = NULL;
	struct nfp_key_v4 key = example_key();
	uint64_t seed = nfp_uid_seed("edge1", 0, bucket);
	uint8_t canonical[NFP_UID_KEY_MAX];
	GString *doc;

	id = g_strdup_printf("flowId      %016" G_GINT64_MODIFIER "x", nfp_uid_flow_id(seed, NFP_P_tcp4, &key, false));
	cr_expect(strstr(text, id), "%s", id);
	seed_line = g_strdup_printf("seed        %016" G_GINT64_MODIFIER "x", seed);
	cr_expect(strstr(text, seed_line), "%s", seed_line);
	hex(key_hex, canonical, nfp_uid_key(NFP_P_tcp4, &key, false, canonical));
	/* In the document with spaces. */
	doc = g_string_new(strstr(text, "    key  "));
	g_string_truncate(doc, strcspn(doc->str, "\n"));
	g_string_replace(doc, " ", "", 0);
	cr_expect_str_eq(doc->str + strlen("key"), key_hex->str);
	g_string_free(doc, TRUE);
}

Test(uid, cpu_counts_only_when_asked)
{
	struct nfp_key_v4 a = example_key(), b = example_key();

	b.meta.cpu = 6;
	cr_expect_eq(nfp_uid_flow_id(1, NFP_P_tcp4, &a, false), nfp_uid_flow_id(1, NFP_P_tcp4, &b, false));
	cr_expect_neq(nfp_uid_flow_id(1, NFP_P_tcp4, &a, true), nfp_uid_flow_id(1, NFP_P_tcp4, &b, true));
	cr_expect_neq(nfp_uid_flow_id(1, NFP_P_tcp4, &a, false), nfp_uid_flow_id(1, NFP_P_udp4, &a, false));
}

Test(uid, every_part_of_the_bucket_counts)
{
	uint64_t seed = nfp_uid_seed("edge1", 0, bucket);

	cr_expect_neq(seed, nfp_uid_seed("edge2", 0, bucket));
	cr_expect_neq(seed, nfp_uid_seed("edge1", 1, bucket));
	cr_expect_neq(seed, nfp_uid_seed("edge1", 0, (struct nfp_bucket){ START + 1, END }));
	cr_expect_neq(seed, nfp_uid_seed("edge1", 0, (struct nfp_bucket){ START, END + 1 }));
}

Test(uid, every_octet_of_every_key_counts)
{
	for (int row = 0; row < NFP_P_N; row++) {
		size_t size = nfp_rows[row].key_size;
		uint8_t key[sizeof(struct nfp_key_tunnel)] = { 0 };
		uint64_t id = nfp_uid_flow_id(7, row, key, true);

		for (size_t i = 0; i < size; i++) {
			key[i] = 1;
			cr_expect_neq(nfp_uid_flow_id(7, row, key, true), id, "%s, octet %zu", nfp_rows[row].name, i);
			key[i] = 0;
		}
	}
}

/* Records of a row with this and that in the key. */
static void append_records(GString *json, enum nfp_protocol row, bool with_cpu)
{
	const NfpConvert convert = {
		.id = bucket, .domain = 3, .seed = nfp_uid_seed("edge1", 3, bucket), .with_cpu = with_cpu,
	};
	struct nfp_value value = { .packets = 1, .first = START, .last = END, .smac = "\2abcde", .dmac = "\2vwxyz" };

	for (int variant = 0; variant < 4; variant++) {
		uint8_t key[sizeof(struct nfp_key_tunnel)];
		struct nfp_key_meta meta = {
			.l4 = 0x01020304, .ifindex = 70000, .cpu = 9,
			.vlan = variant & 1 ? NFP_VLAN_PRESENT | 100 : 0,
			.cvlan = variant == 3 ? NFP_VLAN_PRESENT : 0,
			.flags = variant & 2 ? NFP_KEY_EGRESS | NFP_KEY_ALT : 0,
			.dscp = variant == 1 ? 46 : 0,
		};
		NfpRecord record;

		for (guint i = 0; i < sizeof(key); i++)
			key[i] = 17 * i + row;
		if (row == NFP_P_tunnel) {
			static const uint8_t inner[] = { NFP_P_tcp4, NFP_P_tcp6, NFP_P_icmp4, NFP_P_ipv6 };
			struct nfp_key_tunnel *tunnel = (void *)key;

			tunnel->row = inner[variant];
			tunnel->tunnel_version = variant & 1 ? 6 : 4;
			memset(tunnel->zero, 0, sizeof(tunnel->zero));
			for (guint i = 0; i < NFP_DECAP_MAX; i++) {
				tunnel->type[i] = i <= (guint)variant ? NFP_T_gre + i : 0;
				tunnel->id[i] = i <= (guint)variant ? 4000000000u + i : 0;
			}
			if (nfp_rows[tunnel->row].ip_version == 4) {
				memset(tunnel->saddr + 4, 0, 12);
				memset(tunnel->daddr + 4, 0, 12);
			}
			if (tunnel->tunnel_version == 4) {
				memset(tunnel->tunnel_saddr + 4, 0, 12);
				memset(tunnel->tunnel_daddr + 4, 0, 12);
			}
			if (nfp_rows[tunnel->row].l4 == NFP_L4_ICMP)
				meta.icmp_zero = 0;
			if (nfp_rows[tunnel->row].l4 == NFP_L4_PROTOCOL)
				memset(meta.protocol_zero, 0, sizeof(meta.protocol_zero));
		}
		if (row == NFP_P_eth) {
			struct nfp_key_eth *eth = (void *)key;

			memcpy(eth->smac, value.smac, 6);
			memcpy(eth->dmac, value.dmac, 6);
			eth->zero = 0;
			meta.l4 = 0;
			meta.dscp = 0;
		}
		if (nfp_rows[row].l4 == NFP_L4_ICMP)
			meta.icmp_zero = 0;
		if (nfp_rows[row].l4 == NFP_L4_PROTOCOL)
			memset(meta.protocol_zero, 0, sizeof(meta.protocol_zero));
		memcpy(key + nfp_rows[row].key_size - sizeof(meta), &meta, sizeof(meta));
		nfp_convert_entry(&convert, row, nfp_uid_flow_id(convert.seed, row, key, with_cpu), key, &value,
				  &record);
		nfp_format_json(json, "edge1", &record);
	}
}

Test(uid, program_of_the_document_agrees)
{
	static const char import[] = "/usr/bin/python3 -c 'import xxhash'";
	g_autofree char *text = document(), *script = NULL, *input = NULL, *command = NULL, *out = NULL;
	g_autoptr(GString) json = g_string_new(NULL);
	char *begin = strstr(text, "```python\n") + strlen("```python\n");
	struct nfp_hook_key hook = { .ifindex = 4, .flags = NFP_KEY_XDP };
	struct nfp_hook_row row = { .packets = 1, .first = START };
	const NfpConvert convert = { .id = bucket, .seed = nfp_uid_seed("edge1", 0, bucket) };
	NfpRecord record;
	int status;

	if (!g_spawn_command_line_sync(import, NULL, NULL, &status, NULL) || status)
		cr_skip_test("python3-xxhash is not installed");
	for (int r = 0; r < NFP_P_N; r++) {
		append_records(json, r, false);
		append_records(json, r, true);
	}
	nfp_convert_hook(&convert, &hook, &row, &record);
	nfp_format_json(json, "edge1", &record);
	*strstr(begin, "```") = '\0';
	close(g_file_open_tmp("nfp-uid-XXXXXX.py", &script, NULL));
	close(g_file_open_tmp("nfp-uid-XXXXXX.json", &input, NULL));
	g_file_set_contents(script, begin, -1, NULL);
	g_file_set_contents(input, json->str, json->len, NULL);
	command = g_strdup_printf("/bin/sh -c '/usr/bin/python3 %s <%s'", script, input);
	cr_assert(g_spawn_command_line_sync(command, &out, NULL, &status, NULL));
	cr_expect(status == 0, "%s", out);
	g_unlink(script);
	g_unlink(input);
}

Test(uid, ids_of_many_keys_are_those_of_each)
{
	struct nfp_key_tunnel keys[5];

	for (guint i = 0; i < sizeof(keys); i++)
		((uint8_t *)keys)[i] = (uint8_t)(i * 31);
	for (int row = 0; row < NFP_P_N; row++) {
		for (int with_cpu = 0; with_cpu < 2; with_cpu++) {
			uint64_t ids[5];

			if (row == NFP_P_tunnel)
				for (guint i = 0; i < 5; i++)
					keys[i].row = NFP_P_tcp4;
			nfp_uid_flow_ids(9, row, keys, 5, with_cpu, ids);
			for (guint i = 0; i < 5; i++)
				cr_expect_eq(ids[i], nfp_uid_flow_id(9, row, (const char *)keys + i * nfp_rows[row].key_size,
								     with_cpu));
		}
	}
}
