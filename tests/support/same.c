// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/same.h"

#include <criterion/criterion.h>
#include <string.h>

#include <bpf/bpf.h>

#include "nfprobe.skel.h"
#include "probe/load.h"

static const guint8 key_sizes[NFP_P_N] = {
#define NFP_PROTOCOL(name, key, parent) [NFP_P_##name] = sizeof(struct key),
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
};

gboolean nfp_test_has_xdp_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
}

static struct nfprobe_bpf *start(NfpTestHook hook, guint32 mask, int bucket)
{
	struct nfprobe_bpf *skel;

	nfp_test_need_bpf();
	skel = nfp_load_open();
	cr_assert_not_null(skel);
	skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	skel->rodata->knob_decap = mask;
	skel->rodata->knob_fragments = 1;
	bpf_program__set_autoload(skel->progs.nfprobe_xdp, hook == NFP_TEST_XDP);
	bpf_program__set_autoload(skel->progs.nfprobe_xdp_frags, hook == NFP_TEST_XDP_FRAGS);
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	nfp_test_bucket_add(skel->obj, nfp_test_bucket(bucket), 64, -1);
	return skel;
}

struct nfprobe_bpf *nfp_test_decap_start(guint32 mask)
{
	return start(NFP_TEST_TC, mask, 0);
}

struct nfprobe_bpf *nfp_test_decap_start_xdp(NfpTestHook hook, guint32 mask)
{
	return start(hook, mask, -1);
}

static void take(int row, const void *key, const void *value, gpointer data)
{
	NfpTestEntry *entry = data;

	entry->count++;
	entry->row = row;
	memset(entry->key, 0, sizeof(entry->key));
	memcpy(entry->key, key, key_sizes[row]);
	entry->value = *(const struct nfp_value *)value;
}

gboolean nfp_test_entry(struct nfprobe_bpf *skel, const guint8 *bytes, guint32 length, NfpTestEntry *ret_entry)
{
	guint16 type = length < 14 ? 0 : bytes[12] << 8 | bytes[13];
	struct __sk_buff skb = nfp_test_skb(0, 1);

	if (length < (type == 0x0800 ? 34 : type == 0x86dd ? 54 : 14))
		return FALSE;
	memset(ret_entry, 0, sizeof(*ret_entry));
	nfp_test_run(skel->obj, "nfprobe_tc", bytes, length, &skb);
	nfp_test_bucket_take(skel->obj, nfp_test_bucket(0), take, ret_entry);
	return TRUE;
}

static void run_xdp(const struct bpf_program *program, const guint8 *bytes, guint32 length)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bytes, .data_size_in = length, .repeat = 1);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	cr_assert_eq(rc, 0, "test run of %u bytes: %s", length, strerror(-rc));
	cr_assert_eq(opts.retval, XDP_PASS, "verdict %u", opts.retval);
}

static gboolean entry_by(struct nfprobe_bpf *skel, NfpTestHook hook, const guint8 *bytes, guint32 length,
			 NfpTestEntry *ret_entry)
{
	if (hook == NFP_TEST_TC)
		return nfp_test_entry(skel, bytes, length, ret_entry);
	memset(ret_entry, 0, sizeof(*ret_entry));
	run_xdp(hook == NFP_TEST_XDP ? skel->progs.nfprobe_xdp : skel->progs.nfprobe_xdp_frags, bytes, length);
	nfp_test_bucket_take(skel->obj, nfp_test_bucket(-1), take, ret_entry);
	return TRUE;
}

static void meta_of(const struct nfp_packet *p, guint8 row, const struct nfp_key_meta *kernel,
		    struct nfp_key_meta *m)
{
	memset(m, 0, sizeof(*m));
	m->vlan = p->vlan[0];
	m->cvlan = p->vlan[1];
	m->ifindex = 1;
	m->cpu = kernel->cpu;
	if (row == NFP_P_eth)
		return;
	m->dscp = p->tos >> 2;
	if (row == NFP_P_ipv4 || row == NFP_P_ipv6) {
		m->protocol = p->protocol;
	} else {
		m->l4 = p->l4;
		m->flags = p->key_flags;
	}
}

/* The key that this result has to make, without help of the program's code. */
static void key_of(const struct nfp_decap *d, const struct nfp_packet *p, const NfpTestEntry *entry, guint8 *key)
{
	const guint32 size = key_sizes[entry->row];
	const struct nfp_key_meta *kernel =
		(const void *)(entry->key + size - sizeof(struct nfp_key_meta));
	struct nfp_key_meta *meta = (void *)(key + size - sizeof(struct nfp_key_meta));

	memset(key, 0, sizeof(struct nfp_key_tunnel));
	if (entry->row == NFP_P_tunnel) {
		struct nfp_key_tunnel *k = (void *)key;

		memcpy(k->saddr, p->addr, 32);
		memcpy(k->tunnel_saddr, d->tunnel, 32);
		for (guint i = 0; i < d->depth; i++) {
			k->id[i] = d->id[d->depth - 1 - i];
			k->type[i] = d->type[d->depth - 1 - i];
		}
		k->row = p->row;
		k->tunnel_version = d->version;
		meta_of(p, p->row, kernel, meta);
		return;
	}
	if (p->row == NFP_P_eth) {
		struct nfp_key_eth *k = (void *)key;

		memcpy(k->smac, p->smac, 6);
		memcpy(k->dmac, p->dmac, 6);
		k->ethertype = p->ethertype;
	} else if (p->family == 4) {
		memcpy(key, p->addr, 4);
		memcpy(key + 4, p->addr + 4, 4);
	} else {
		memcpy(key, p->addr, 32);
	}
	meta_of(p, p->row, kernel, meta);
}

gboolean nfp_test_same(struct nfprobe_bpf *skel, const guint8 *bytes, guint32 length, guint32 mask,
		       const char *name)
{
	return nfp_test_same_by(skel, NFP_TEST_TC, bytes, length, mask, name);
}

gboolean nfp_test_same_by(struct nfprobe_bpf *skel, NfpTestHook hook, const guint8 *bytes, guint32 length, guint32 mask,
			  const char *name)
{
	guint8 key[sizeof(struct nfp_key_tunnel)];
	const struct nfp_packet *p;
	NfpTestEntry entry;
	struct nfp_decap d;
	guint64 before;

	nfp_test_decap(bytes, length, mask, &d);
	p = &d.flow;
	before = nfp_test_status(skel->obj, NFP_C_outcome_ok + p->outcome);
	if (!entry_by(skel, hook, bytes, length, &entry))
		return FALSE;
	cr_assert_eq(entry.count, 1, "%s, %u bytes: %u entries", name, length, entry.count);
	cr_assert_eq(entry.row, d.depth ? NFP_P_tunnel : p->row, "%s, %u bytes: row %d, natively %u at depth %u", name,
		     length, entry.row, p->row, d.depth);
	cr_assert_eq(nfp_test_status(skel->obj, NFP_C_outcome_ok + p->outcome), before + 1,
		     "%s, %u bytes: outcome is not %u", name, length, p->outcome);
	key_of(&d, p, &entry, key);
	if (hook != NFP_TEST_TC)
		((struct nfp_key_meta *)(key + key_sizes[entry.row] - sizeof(struct nfp_key_meta)))->flags |= NFP_KEY_XDP;
	/* Fragments may have got the ports of their first one. */
	if (!(p->value_flags & NFP_V_FRAG_LATER))
		cr_assert(!memcmp(key, entry.key, key_sizes[entry.row]), "%s, %u bytes: key", name, length);
	cr_assert_eq(entry.value.packets, 1);
	cr_assert_eq(entry.value.l2_octets, length, "%s, %u bytes: layer 2 octets", name, length);
	if (p->ip_len)
		cr_assert_eq(entry.value.octets, p->ip_len, "%s, %u bytes: octets", name, length);
	cr_assert_eq(entry.value.tcp_flags, p->tcp_flags, "%s, %u bytes: tcp flags", name, length);
	cr_assert_eq(entry.value.flags, p->value_flags, "%s, %u bytes: flags", name, length);
	cr_assert_eq(entry.value.ttl_min, p->ttl, "%s, %u bytes: ttl", name, length);
	return TRUE;
}
