// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "support/packets.h"

static void pick(GRand *rand, NfpTestFrame *frame)
{
	gsize tunnels, packets;
	const NfpTestTunnel *t = nfp_test_tunnels(&tunnels);
	const NfpTestPacket *p = nfp_test_packets(&packets);

	if (g_rand_boolean(rand)) {
		t += g_rand_int_range(rand, 0, (gint32)tunnels);
		frame->length = MIN(t->length, NFP_TEST_FRAME_MAX);
		memcpy(frame->bytes, t->bytes, frame->length);
		frame->name = t->name;
	} else {
		p += g_rand_int_range(rand, 0, (gint32)packets);
		frame->length = MIN(p->length, NFP_TEST_FRAME_MAX);
		memcpy(frame->bytes, p->bytes, frame->length);
		frame->name = p->name;
	}
}

/* Bits, bytes that headers like, bytes of another frame, other lengths. */
static void mutate(GRand *rand, NfpTestFrame *frame)
{
	static const guint8 likely[] = { 0x00, 0x01, 0x04, 0x06, 0x08, 0x11, 0x21, 0x29, 0x2b, 0x2c, 0x2f, 0x33,
					 0x3c, 0x40, 0x45, 0x57, 0x60, 0x65, 0x81, 0x86, 0x88, 0xbe, 0xdd, 0xff };
	NfpTestFrame other;
	guint32 at = (guint32)g_rand_int_range(rand, 0, (gint32)MAX(frame->length, 1)), n;

	switch (g_rand_int_range(rand, 0, 6)) {
	case 0: frame->bytes[at] ^= 1 << g_rand_int_range(rand, 0, 8); break;
	case 1: frame->bytes[at] = likely[g_rand_int_range(rand, 0, G_N_ELEMENTS(likely))]; break;
	case 2: frame->bytes[at] = (guint8)g_rand_int(rand); break;
	case 3: frame->length = (guint32)g_rand_int_range(rand, 14, NFP_TEST_FRAME_MAX + 1); break;
	case 4: /* one frame's tail behind another's head */
		pick(rand, &other);
		n = MIN(other.length, NFP_TEST_FRAME_MAX - at);
		memcpy(frame->bytes + at, other.bytes, n);
		frame->length = at + n;
		break;
	default:
		pick(rand, &other);
		n = MIN(MIN(other.length, frame->length) - at % MIN(other.length, frame->length), 8);
		memcpy(frame->bytes + at % (frame->length - n + 1), other.bytes + at % (other.length - n + 1), n);
	}
}

void nfp_test_mutated(GRand *rand, NfpTestFrame *ret_frame)
{
	memset(ret_frame, 0, sizeof(*ret_frame));
	pick(rand, ret_frame);
	for (int n = g_rand_int_range(rand, 0, 5); n > 0; n--)
		mutate(rand, ret_frame);
	ret_frame->bytes[6] &= 0xfe; /* a multicast source address is nobody's; the kernel does not care */
}

static gboolean is_full(void)
{
	return g_strcmp0(g_getenv("NFPROBE_FULL"), "1") == 0;
}

double nfp_test_fuzz_seconds(double otherwise)
{
	const char *text = g_getenv("NFP_FUZZ_SECONDS");

	return text ? atof(text) : is_full() ? 30 : otherwise;
}

guint32 nfp_test_fuzz_seed(void)
{
	const char *text = g_getenv("NFP_FUZZ_SEED");

	return text ? (guint32)strtoul(text, NULL, 0) : is_full() ? (guint32)g_get_real_time() : 20240229;
}
