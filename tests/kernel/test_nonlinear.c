/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet table as live traffic, in buffers of which only the first octets are linear: the attached
 * program reads their headers from a copy and must make of them what it makes of linear ones. Each packet gets
 * a source of its own, so that its entry can be told.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "support/metered.h"
#include "support/netns.h"
#include "support/packets.h"
#include "support/tap.h"

#define MAC_AT 6
#define ETH_HLEN 14
/* What the stack pulls before the hook to take a tag out of the frame: net/core/skbuff.c, skb_vlan_untag(). */
#define UNTAG_HLEN (ETH_HLEN + 4 + 2)
#define WAIT_US 10000000

static guint64 counter(NfpProbe *probe, enum nfp_counter row)
{
	NfpSource *source = nfp_probe_source(probe);
	uint64_t value;

	cr_assert_eq(source->counter(source, row, &value), 0);
	return value;
}

/* Until that many buffers have passed the hook. */
static void wait_for(NfpProbe *probe, guint64 skbs, const char *name)
{
	gint64 until = g_get_monotonic_time() + WAIT_US;

	while (counter(probe, NFP_C_seen_skbs) < skbs)
		cr_assert_lt(g_get_monotonic_time(), until, "%s: not seen", name);
}

static gboolean is_tagged(const NfpTestPacket *t)
{
	return !memcmp(t->bytes + 12, "\x81\x00", 2) || !memcmp(t->bytes + 12, "\x88\xa8", 2);
}

/* What reaches the hook as it stands in the table and lies within the copy. The stack takes the outermost tag
 * out: one too many in the frame is none too many here. */
static gboolean can_pass(const NfpTestPacket *t)
{
	if (is_tagged(t) && (t->length < UNTAG_HLEN || t->outcome == NFP_O_ext_limit))
		return FALSE;
	return t->link == NFP_LINK_ETHERNET && !t->gso_size && t->length >= ETH_HLEN && t->header_len <= NFP_HEAD_MAX;
}

/* Number `i` in the packet's source: address, or MAC address where there is no IP. */
static void mark(NfpTestPacket *t, guint16 i)
{
	gsize at = MAC_AT + 4;

	if (t->addr_at)
		at = t->addr_at + (t->bytes[t->addr_at - 8] >> 4 == 6 ? 14 : 2);
	t->bytes[at] = i >> 8;
	t->bytes[at + 1] = i & 0xff;
}

static gboolean has_source(const NfpTestPacket *t, const void *key)
{
	if (t->row == NFP_P_eth)
		return !memcmp(((const struct nfp_key_eth *)key)->smac, t->bytes + MAC_AT, 6);
	return !memcmp(key, t->bytes + t->addr_at, t->bytes[t->addr_at - 8] >> 4 == 6 ? 32 : 8);
}

static const struct nfp_key_meta *meta_of(const void *key, size_t key_size)
{
	return (const void *)((const char *)key + key_size - sizeof(struct nfp_key_meta));
}

static void check(const NfpTestPacket *t, const struct nfp_key_meta *meta, const struct nfp_value *v)
{
	guint16 sport = GUINT16_FROM_BE(meta->sport), dport = GUINT16_FROM_BE(meta->dport);

	cr_expect_eq(v->packets, 1, "%s: %lu packets", t->name, (gulong)v->packets);
	cr_expect_eq(v->octets, t->octets, "%s: %lu octets, not %lu", t->name, (gulong)v->octets, (gulong)t->octets);
	cr_expect_eq(v->l2_octets, t->l2_octets, "%s: %lu layer 2 octets, not %lu", t->name, (gulong)v->l2_octets,
		     (gulong)t->l2_octets);
	cr_expect_eq(v->len_min, t->len_min, "%s: shortest", t->name);
	cr_expect_eq(v->tcp_flags, t->tcp_flags, "%s: tcp flags %#x", t->name, v->tcp_flags);
	cr_expect_eq(v->ttl_min, t->ttl, "%s: ttl", t->name);
	cr_expect_eq(v->flags, t->value_flags, "%s: flags %#x", t->name, v->flags);
	cr_expect_eq(meta->vlan, t->vlan[0], "%s: vlan %#x", t->name, meta->vlan);
	cr_expect_eq(meta->cvlan, t->vlan[1], "%s: inner vlan %#x", t->name, meta->cvlan);
	cr_expect_eq(meta->flags, t->key_flags, "%s: key flags %#x", t->name, meta->flags);
	if (t->row == NFP_P_eth)
		return;
	cr_expect_eq(meta->dscp, t->tos >> 2, "%s: dscp", t->name);
	if (t->row == NFP_P_ipv4 || t->row == NFP_P_ipv6)
		cr_expect_eq(meta->protocol, t->protocol, "%s: protocol", t->name);
	else
		cr_expect(sport == t->sport && dport == t->dport, "%s: ports %u %u", t->name, sport, dport);
}

static guint check_row(NfpProbe *probe, struct nfp_bucket id, const NfpTestPacket *t)
{
	NfpSource *source = nfp_probe_source(probe);
	guint found = 0;
	NfpEntries e;

	cr_assert_eq(source->read(source, id, t->row, &e), 0);
	for (size_t i = 0; i < e.n; i++) {
		const void *key = (const char *)e.keys + i * e.key_size;

		if (!has_source(t, key))
			continue;
		found++;
		check(t, meta_of(key, e.key_size), &e.values[i]);
	}
	return found;
}

/* The whole table, cut like this; at least one octet of the IP header is not linear. */
static void run_table(const gsize *cuts, guint n_cuts)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree NfpTestPacket *sent = NULL;
	struct nfp_bucket id;
	guint n = 0, v6 = 0, tagged = 0, ip = 0;
	const NfpTestPacket *t;
	gsize count;
	int fd;

	nfpt_sandbox();
	fd = nfpt_tap("t0", true);
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	nfpt_attach(probe, "t0", NFP_DIRECTION_INGRESS);
	t = nfp_test_packets(&count);
	sent = g_new(NfpTestPacket, count);
	for (gsize i = 0; i < count; i++, t++) {
		guint64 copied = counter(probe, NFP_C_nonlinear), outcome = counter(probe, NFP_C_outcome_ok + t->outcome);
		int rc;

		if (!can_pass(t))
			continue;
		sent[n] = *t;
		mark(&sent[n], n);
		rc = nfpt_tap_write(fd, NULL, sent[n].bytes, t->length, cuts, n_cuts);
		cr_assert_eq(rc, 0, "%s: %s", t->name, strerror(-rc));
		wait_for(probe, ++n, t->name);
		cr_expect_eq(counter(probe, NFP_C_outcome_ok + t->outcome), outcome + 1, "%s: outcome", t->name);
		if (t->addr_at)
			cr_expect_eq(counter(probe, NFP_C_nonlinear), copied + 1, "%s: not from a copy", t->name);
		tagged += is_tagged(t);
		ip += t->addr_at != 0;
		v6 += t->addr_at && t->ethertype == 0x86dd;
	}
	for (guint i = 0; i < n; i++)
		cr_expect_eq(check_row(probe, id, &sent[i]), 1, "%s: not one entry", sent[i].name);
	cr_expect_eq(counter(probe, NFP_C_seen), n);
	cr_expect_eq(counter(probe, NFP_C_recorded), n);
	cr_expect_eq(nfpt_recorded(probe, id), n);
	cr_expect(n > 80 && ip > 60 && v6 > 20 && tagged > 5, "%u packets: %u IP, %u IPv6, %u tagged", n, ip, v6,
		  tagged);
	close(fd);
}

Test(nonlinear, only_the_ethernet_header_is_linear)
{
	const gsize cuts[] = { 14 };

	run_table(cuts, G_N_ELEMENTS(cuts));
}

Test(nonlinear, headers_lie_in_many_pieces)
{
	const gsize cuts[] = { 15, 3, 7, 1, 11, 2, 13, 5, 8, 1, 17, 4, 9, 21 };

	run_table(cuts, G_N_ELEMENTS(cuts));
}

Test(nonlinear, ethernet_header_in_pieces)
{
	const gsize cuts[] = { 2, 9, 5, 23 };

	run_table(cuts, G_N_ELEMENTS(cuts));
}
