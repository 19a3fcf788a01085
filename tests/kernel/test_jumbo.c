/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames larger than a page, as one buffer: counted once, with all of their octets, at each kind of hook. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/raw.h"

#define ETHERNET 14
#define TAG 4
#define EACH 3

/* Of IP: those of everyday life, those around the size of a page, jumbo frames, the largest there are. */
static const guint sizes[] = { 1500, 3000, 4082, 4096, 9000, 16110, 65535 };

static guint8 frame[ETHERNET + 2 * TAG + 65536];

static const struct nfp_value *find(const NfpEntries *entries, guint16 source_port)
{
	for (size_t i = 0; i < entries->n; i++)
		if (((const struct nfp_key_v4 *)entries->keys)[i].meta.sport == g_htons(source_port))
			return &entries->values[i];
	return NULL;
}

/* Of one bucket: one flow a size. tag: octets of what the sender put between. */
static void judge(NfpProbe *probe, struct nfp_bucket id, guint tag)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpEntries entries;

	cr_assert_eq(source->read(source, id, NFP_P_udp4, &entries), 0);
	cr_expect_eq(entries.n, G_N_ELEMENTS(sizes));
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const struct nfp_value *v = find(&entries, (guint16)sizes[i]);

		cr_assert_not_null(v, "%u", sizes[i]);
		cr_expect_eq(v->packets, EACH, "%u: %" G_GUINT64_FORMAT " packets", sizes[i], (guint64)v->packets);
		cr_expect_eq(v->octets, EACH * sizes[i], "%u: %" G_GUINT64_FORMAT " octets", sizes[i], (guint64)v->octets);
		cr_expect_eq(v->l2_octets, EACH * (sizes[i] + ETHERNET + tag), "%u: %" G_GUINT64_FORMAT " of frames", sizes[i],
			     (guint64)v->l2_octets);
		cr_expect(v->len_min == sizes[i] && v->len_max == sizes[i], "%u: %u to %u", sizes[i], v->len_min, v->len_max);
	}
}

static void send_all(int fd, const guint32 *tags)
{
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		gsize length = nfpt_raw_udp(frame, tags, (guint16)sizes[i], sizes[i]);

		for (guint n = 0; n < EACH; n++)
			nfpt_raw_send(fd, frame, length);
	}
}

/* direction: of a0, where all is metered. */
static void counts(NfpDirection direction, NfpHookKind hook, const char *method, const guint32 *tags)
{
	bool out = direction == NFP_DIRECTION_EGRESS;
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL;
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int sender = -1;
	struct nfp_bucket id;

	nfpt_sandbox();
	nfpt_raw_wire("a0", "b0", 65535);
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	cr_assert(nfp_probe_attach(probe, "a0", direction, hook, &error), "%s", error ? error->message : "");
	hooks = nfpt_hooks(probe);
	if (method && !strstr(hooks, method))
		cr_skip_test("this kernel attaches %s", hooks);
	sender = nfpt_raw_sender(out ? "a0" : "b0");
	send_all(sender, tags);
	for (int i = 0; nfpt_seen_all(probe, id) < EACH * G_N_ELEMENTS(sizes) && i < 30000; i++)
		g_usleep(1000);
	cr_expect_eq(nfpt_seen_all(probe, id), EACH * G_N_ELEMENTS(sizes));
	cr_expect_eq(nfpt_recorded(probe, id), EACH * G_N_ELEMENTS(sizes));
	judge(probe, id, tags ? TAG : 0);
}

Test(jumbo, in_by_tc)
{
	counts(NFP_DIRECTION_INGRESS, NFP_HOOK_TC, NULL, NULL);
}

Test(jumbo, out_by_tc)
{
	counts(NFP_DIRECTION_EGRESS, NFP_HOOK_TC, NULL, NULL);
}

/* The kernel takes the tag out of the frame. */
Test(jumbo, tagged_in_by_tc)
{
	static const guint32 tags[] = { 0x81000007, 0 };

	counts(NFP_DIRECTION_INGRESS, NFP_HOOK_TC, NULL, tags);
}

/* More than a page is a frame of several buffers there, which programs for them take (Linux 5.18). */
Test(jumbo, by_xdp_in_several_buffers)
{
	counts(NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, "xdp-native", NULL);
}

/* A tag stays in the frame there. */
Test(jumbo, tagged_by_xdp_in_several_buffers)
{
	static const guint32 tags[] = { 0x81000007, 0 };

	counts(NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, "xdp-native", tags);
}

/* A bridge has no native mode: a frame of one buffer, linear or not. */
Test(jumbo, by_generic_xdp)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *hooks = NULL;
	g_autoptr(GError) error = NULL;
	NFP_AUTO_FD int sender = -1;
	struct nfp_bucket id;

	nfpt_sandbox();
	if (nfpt_try("ip link add br0 type bridge && echo 1 > /proc/sys/net/ipv6/conf/br0/disable_ipv6 && ip link set br0 up"))
		cr_skip_test("this kernel has no bridge");
	nfpt_raw_wire("a0", "b0", 65535);
	/* Frames to its own address go up, through its ingress. */
	nfpt_run("ip link set a0 master br0 && ip link set br0 address 02:00:00:00:09:02 && ip link set br0 mtu 65535");
	probe = nfpt_open("default", NULL, false);
	id = nfpt_meter(probe);
	cr_assert(nfp_probe_attach(probe, "br0", NFP_DIRECTION_INGRESS, NFP_HOOK_XDP, &error), "%s",
		  error ? error->message : "");
	hooks = nfpt_hooks(probe);
	cr_assert_str_eq(hooks, "br0/in/xdp-generic ");
	sender = nfpt_raw_sender("b0");
	send_all(sender, NULL);
	for (int i = 0; nfpt_seen_all(probe, id) < EACH * G_N_ELEMENTS(sizes) && i < 30000; i++)
		g_usleep(1000);
	cr_expect_eq(nfpt_recorded(probe, id), EACH * G_N_ELEMENTS(sizes));
	judge(probe, id, 0);
}
