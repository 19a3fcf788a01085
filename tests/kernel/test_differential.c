// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser natively and the loaded program on the same bytes: the frames of both tables, mutated. The same
 * sequence at each run; NFP_FUZZ_SEED gives another, NFP_FUZZ_SECONDS more time than 10 s.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "nfprobe.skel.h"
#include "support/packets.h"
#include "support/same.h"

#define LENGTH_MAX NFP_HEAD_MAX /* a copy reaches no further */

typedef struct Frame {
	guint8 bytes[LENGTH_MAX];
	guint32 length;
	const char *name;
} Frame;

static void pick(GRand *rand, Frame *frame)
{
	gsize tunnels, packets;
	const NfpTestTunnel *t = nfp_test_tunnels(&tunnels);
	const NfpTestPacket *p = nfp_test_packets(&packets);

	if (g_rand_boolean(rand)) {
		t += g_rand_int_range(rand, 0, (gint32)tunnels);
		frame->length = MIN(t->length, LENGTH_MAX);
		memcpy(frame->bytes, t->bytes, frame->length);
		frame->name = t->name;
	} else {
		p += g_rand_int_range(rand, 0, (gint32)packets);
		frame->length = MIN(p->length, LENGTH_MAX);
		memcpy(frame->bytes, p->bytes, frame->length);
		frame->name = p->name;
	}
}

/* Bits, bytes that headers like, bytes of another frame, other lengths. */
static void mutate(GRand *rand, Frame *frame)
{
	static const guint8 likely[] = { 0x00, 0x01, 0x04, 0x06, 0x08, 0x11, 0x21, 0x29, 0x2b, 0x2c, 0x2f, 0x33,
					 0x3c, 0x40, 0x45, 0x57, 0x60, 0x65, 0x81, 0x86, 0x88, 0xbe, 0xdd, 0xff };
	Frame other;
	guint32 at = (guint32)g_rand_int_range(rand, 0, (gint32)MAX(frame->length, 1)), n;

	switch (g_rand_int_range(rand, 0, 6)) {
	case 0: frame->bytes[at] ^= 1 << g_rand_int_range(rand, 0, 8); break;
	case 1: frame->bytes[at] = likely[g_rand_int_range(rand, 0, G_N_ELEMENTS(likely))]; break;
	case 2: frame->bytes[at] = (guint8)g_rand_int(rand); break;
	case 3: frame->length = (guint32)g_rand_int_range(rand, 14, LENGTH_MAX + 1); break;
	case 4: /* one frame's tail behind another's head */
		pick(rand, &other);
		n = MIN(other.length, LENGTH_MAX - at);
		memcpy(frame->bytes + at, other.bytes, n);
		frame->length = at + n;
		break;
	default:
		pick(rand, &other);
		n = MIN(MIN(other.length, frame->length) - at % MIN(other.length, frame->length), 8);
		memcpy(frame->bytes + at % (frame->length - n + 1), other.bytes + at % (other.length - n + 1), n);
	}
}

static void run(guint32 mask, double seconds, guint32 seed)
{
	struct nfprobe_bpf *skel = nfp_test_decap_start(mask);
	g_autoptr(GTimer) timer = g_timer_new();
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	guint64 ran = 0;
	Frame frame = { 0 };

	while (g_timer_elapsed(timer, NULL) < seconds) {
		memset(&frame, 0, sizeof(frame));
		pick(rand, &frame);
		for (int n = g_rand_int_range(rand, 0, 5); n > 0; n--)
			mutate(rand, &frame);
		frame.bytes[6] &= 0xfe; /* a multicast source address is nobody's; the kernel does not care */
		ran += nfp_test_same(skel, frame.bytes, frame.length, mask, frame.name);
	}
	cr_expect_gt(ran, 100);
	cr_log_info("%lu frames of seed %u", (gulong)ran, seed);
	nfprobe_bpf__destroy(skel);
}

static double seconds(void)
{
	const char *text = g_getenv("NFP_FUZZ_SECONDS");

	return (text ? atof(text) : 10) / 2;
}

static guint32 seed(void)
{
	const char *text = g_getenv("NFP_FUZZ_SEED");

	return text ? (guint32)strtoul(text, NULL, 0) : 20240229;
}

Test(differential, outermost)
{
	run(0, seconds(), seed());
}

Test(differential, inside_tunnels)
{
	run(NFP_TEST_DECAP_ALL, seconds(), seed() + 1);
}
