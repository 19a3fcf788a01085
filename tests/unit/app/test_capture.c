/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files of every link type, whole, cut and damaged, written here byte by byte. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "app/capture.h"

/* https://www.tcpdump.org/linktypes.html: what stands in files */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_PPP_HDLC = 50,
	LINK_PPP_ETHER = 51,
	LINK_RAW = 101,
	LINK_C_HDLC = 104,
	LINK_IEEE802_11 = 105,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_PPP_PPPD = 166,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define SECOND 1500000000u

typedef struct {
	char *path;
	GByteArray *bytes;
} File;

static void u16(File *f, guint16 v)
{
	g_byte_array_append(f->bytes, (const guint8 *)&v, sizeof(v));
}

static void u32(File *f, guint32 v)
{
	g_byte_array_append(f->bytes, (const guint8 *)&v, sizeof(v));
}

static File file_new(void)
{
	File f = { .bytes = g_byte_array_new() };
	int fd = g_file_open_tmp("nfprobe-capture-XXXXXX", &f.path, NULL);

	cr_assert_geq(fd, 0);
	close(fd);
	return f;
}

/* Header of a pcap file, by byte order of this machine. */
static File pcap(guint32 magic, guint32 link)
{
	File f = file_new();

	u32(&f, magic);
	u16(&f, 2);
	u16(&f, 4);
	u32(&f, 0);
	u32(&f, 0);
	u32(&f, 262144);
	u32(&f, link);
	return f;
}

static void record(File *f, guint32 fraction, const void *data, guint32 captured, guint32 wire)
{
	u32(f, SECOND);
	u32(f, fraction);
	u32(f, captured);
	u32(f, wire);
	g_byte_array_append(f->bytes, data, captured);
}

static NfpCapture *try_open(File *f, GError **err)
{
	cr_assert(g_file_set_contents(f->path, (const char *)f->bytes->data, f->bytes->len, NULL));
	return nfp_capture_open(f->path, err);
}

static NfpCapture *open_file(File *f)
{
	g_autoptr(GError) error = NULL;
	NfpCapture *capture = try_open(f, &error);

	cr_assert_not_null(capture, "%s", error ? error->message : "");
	return capture;
}

static void file_clear(File *f)
{
	g_unlink(f->path);
	g_free(f->path);
	g_byte_array_unref(f->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_clear)

static NfpFrame next(NfpCapture *capture)
{
	g_autoptr(GError) error = NULL;
	NfpFrame frame = { 0 };

	cr_assert_eq(nfp_capture_next(capture, &frame, &error), 1, "%s", error ? error->message : "no frame");
	return frame;
}

static void expect_end(NfpCapture *capture)
{
	g_autoptr(GError) error = NULL;
	NfpFrame frame;

	cr_expect_eq(nfp_capture_next(capture, &frame, &error), 0);
	cr_expect_null(error);
}

/* ---- link types ------------------------------------------------------------------------------------ */

static const guint8 payload[] = { 0x45, 0, 0, 20, 1, 2, 3, 4, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
static const guint8 no_source[6];
static const guint8 source[6] = { 2, 0, 0, 0, 0, 7 };

typedef struct {
	guint32 link;
	guint8 header[20];
	guint32 size;
	gboolean ethernet; /* begins with an Ethernet header afterwards */
	guint16 ethertype; /* of that, when it was made up */
	const guint8 *source;
} Case;

static const Case cases[] = {
	{ LINK_NULL, { 2, 0, 0, 0 }, 4, FALSE, 0, NULL },
	{ LINK_LOOP, { 0, 0, 0, 2 }, 4, FALSE, 0, NULL },
	{ LINK_RAW, { 0 }, 0, FALSE, 0, NULL },
	{ LINK_IPV4, { 0 }, 0, FALSE, 0, NULL },
	{ LINK_IPV6, { 0 }, 0, FALSE, 0, NULL },
	{ LINK_LINUX_SLL, { 0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 0x08, 0x00 }, 16, TRUE, 0x0800, source },
	{ LINK_LINUX_SLL, { 0, 4, 0xff, 0xfe, 0, 0, 9, 9, 9, 9, 9, 9, 0, 0, 0x86, 0xdd }, 16, TRUE, 0x86dd, no_source },
	{ LINK_LINUX_SLL, { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 0x81, 0x00 }, 16, TRUE, 0x8100, source },
	{ LINK_LINUX_SLL2, { 0x08, 0x00, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0 }, 20, TRUE, 0x0800, source },
	{ LINK_LINUX_SLL2, { 0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 9, 9, 9, 9, 9, 9, 0, 0 }, 20, TRUE, 0x86dd,
	  no_source },
	{ LINK_PPP, { 0xff, 0x03, 0x00, 0x21 }, 4, TRUE, 0x0800, no_source },
	{ LINK_PPP, { 0x00, 0x21 }, 2, TRUE, 0x0800, no_source },
	{ LINK_PPP, { 0x21 }, 1, TRUE, 0x0800, no_source },
	{ LINK_PPP, { 0xff, 0x03, 0x57 }, 3, TRUE, 0x86dd, no_source },
	{ LINK_PPP, { 0xff, 0x03, 0x02, 0x81 }, 4, TRUE, 0x8847, no_source },
	{ LINK_PPP, { 0x02, 0x83 }, 2, TRUE, 0x8848, no_source },
	{ LINK_PPP, { 0xff, 0x03, 0xc0, 0x21 }, 4, TRUE, 0, no_source },
	{ LINK_PPP_PPPD, { 0x00, 0x03, 0x00, 0x57 }, 4, TRUE, 0x86dd, no_source },
	{ LINK_PPP_PPPD, { 0x01, 0x03, 0x00, 0x21 }, 4, TRUE, 0x0800, no_source },
	{ LINK_PPP_HDLC, { 0xff, 0x03, 0x00, 0x57 }, 4, TRUE, 0x86dd, no_source },
	{ LINK_PPP_HDLC, { 0x0f, 0x00, 0x08, 0x00 }, 4, TRUE, 0x0800, no_source },
	{ LINK_PPP_HDLC, { 0x8f, 0x00, 0x86, 0xdd }, 4, TRUE, 0x86dd, no_source },
	{ LINK_PPP_ETHER, { 0 }, 0, TRUE, 0x8864, no_source },
	{ LINK_C_HDLC, { 0x0f, 0x00, 0x88, 0x47 }, 4, TRUE, 0x8847, no_source },
};

static void expect_frame(const Case *c, const NfpFrame *frame, guint i)
{
	const guint8 *rest = frame->data;

	if (c->ethernet) {
		const guint8 type[2] = { c->ethertype >> 8, c->ethertype & 0xff };

		cr_assert_eq(frame->captured, 14 + sizeof(payload), "case %u: %u", i, frame->captured);
		cr_expect_arr_eq(frame->data, no_source, 6, "case %u: there is no destination", i);
		cr_expect_arr_eq(frame->data + 6, c->source, 6, "case %u: source", i);
		cr_expect_arr_eq(frame->data + 12, type, 2, "case %u: EtherType %02x%02x", i, frame->data[12],
				 frame->data[13]);
		rest += 14;
	} else {
		cr_assert_eq(frame->captured, sizeof(payload), "case %u: %u", i, frame->captured);
	}
	cr_expect_arr_eq(rest, payload, sizeof(payload), "case %u", i);
}

Test(capture, every_link_type)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Case *c = &cases[i];
		g_auto(File) f = pcap(MICRO, c->link);
		g_autoptr(NfpCapture) capture = NULL;
		guint8 bytes[64];
		guint32 size = c->size + sizeof(payload);
		NfpFrame frame;

		memcpy(bytes, c->header, c->size);
		memcpy(bytes + c->size, payload, sizeof(payload));
		record(&f, 1, bytes, size, size);
		/* A frame cut in its link header leaves nothing that could be read, and is a frame. */
		if (c->size)
			record(&f, 2, bytes, c->size - 1, size);
		record(&f, 3, bytes, 0, size);
		record(&f, 4, bytes, size, size + 1000);
		capture = open_file(&f);
		cr_expect_eq(nfp_capture_is_ethernet(capture), c->ethernet, "case %u", i);

		frame = next(capture);
		expect_frame(c, &frame, i);
		cr_expect_eq(frame.wire, size, "case %u: the length is that of the wire, link header included", i);
		cr_expect_not(frame.cut);
		cr_expect_eq(frame.time, SECOND * 1000000000ull + 1000);
		if (c->size) {
			frame = next(capture);
			cr_expect_eq(frame.captured, 0, "case %u: %u", i, frame.captured);
			cr_expect_eq(frame.wire, size);
			cr_expect(frame.cut);
		}
		frame = next(capture);
		cr_expect_eq(frame.captured, c->ethernet && !c->size ? 14 : 0, "case %u: %u", i, frame.captured);
		cr_expect_eq(frame.wire, size);
		frame = next(capture);
		expect_frame(c, &frame, i);
		cr_expect_eq(frame.wire, size + 1000);
		cr_expect(frame.cut);
		expect_end(capture);
	}
}

Test(capture, ethernet_is_left_as_it_is)
{
	g_auto(File) f = pcap(MICRO, LINK_ETHERNET);
	g_autoptr(NfpCapture) capture = NULL;
	guint8 jumbo[9000];
	NfpFrame frame;

	for (guint i = 0; i < sizeof(jumbo); i++)
		jumbo[i] = (guint8)i;
	record(&f, 0, jumbo, 3, 3);
	record(&f, 0, jumbo, sizeof(jumbo), sizeof(jumbo));
	record(&f, 0, jumbo, 60, 200000);
	record(&f, 0, jumbo, 60, 59); /* a writer's mistake: there is as much as there is */
	capture = open_file(&f);
	cr_expect(nfp_capture_is_ethernet(capture));
	frame = next(capture);
	cr_expect(frame.captured == 3 && frame.wire == 3 && !frame.cut);
	frame = next(capture);
	cr_expect(frame.captured == 9000 && frame.wire == 9000 && !frame.cut);
	cr_expect_arr_eq(frame.data, jumbo, sizeof(jumbo));
	frame = next(capture);
	cr_expect(frame.captured == 60 && frame.wire == 200000 && frame.cut);
	frame = next(capture);
	cr_expect(frame.captured == 60 && frame.wire == 60 && !frame.cut);
	expect_end(capture);
}

Test(capture, a_link_type_that_is_not_metered)
{
	g_auto(File) f = pcap(MICRO, LINK_IEEE802_11), g = pcap(MICRO, 65000);
	g_autoptr(GError) error = NULL;

	cr_expect_null(try_open(&f, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, f.path) && strstr(error->message, "IEEE802_11"), "%s", error->message);
	cr_expect(strstr(error->message, "EN10MB") && strstr(error->message, "LINUX_SLL2"), "%s", error->message);
	g_clear_error(&error);
	cr_expect_null(try_open(&g, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, "not metered"), "%s", error->message);
}

/* ---- time ------------------------------------------------------------------------------------------ */

static void expect_time(guint32 magic, guint32 fraction, guint64 want)
{
	g_auto(File) f = pcap(magic, LINK_ETHERNET);
	g_autoptr(NfpCapture) capture = NULL;

	record(&f, fraction, payload, sizeof(payload), sizeof(payload));
	capture = open_file(&f);
	cr_expect_eq(next(capture).time, SECOND * 1000000000ull + want);
}

Test(capture, microseconds_and_nanoseconds)
{
	expect_time(MICRO, 0, 0);
	expect_time(MICRO, 999999, 999999000);
	expect_time(NANO, 1, 1);
	expect_time(NANO, 999999999, 999999999);
}

/* The other byte order. */
Test(capture, written_on_another_machine)
{
	static const guint32 words[] = { MICRO, 2u << 16 | 4, 0, 0, 262144, LINK_ETHERNET, SECOND, 5, 4, 4 };
	g_auto(File) f = file_new();
	g_autoptr(NfpCapture) capture = NULL;
	NfpFrame frame;

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		u32(&f, GUINT32_SWAP_LE_BE(words[i]));
	g_byte_array_append(f.bytes, payload, 4);
	capture = open_file(&f);
	frame = next(capture);
	cr_expect_eq(frame.captured, 4);
	cr_expect_eq(frame.time, SECOND * 1000000000ull + 5000);
	expect_end(capture);
}

/* draft-ietf-opsawg-pcapng 4.1 to 4.3 */
Test(capture, pcapng)
{
	const guint64 time = SECOND * 1000000000ull + 123456789;
	g_auto(File) f = file_new();
	g_autoptr(NfpCapture) capture = NULL;
	NfpFrame frame;

	u32(&f, 0x0a0d0d0a); /* section header */
	u32(&f, 28);
	u32(&f, 0x1a2b3c4d);
	u16(&f, 1);
	u16(&f, 0);
	u32(&f, G_MAXUINT32);
	u32(&f, G_MAXUINT32);
	u32(&f, 28);
	u32(&f, 1); /* interface, if_tsresol 10^-9 */
	u32(&f, 32);
	u16(&f, LINK_RAW);
	u16(&f, 0);
	u32(&f, 0);
	u16(&f, 9);
	u16(&f, 1);
	u32(&f, GUINT32_TO_LE(9));
	u32(&f, 0);
	u32(&f, 32);
	u32(&f, 6); /* packet */
	u32(&f, 32 + sizeof(payload));
	u32(&f, 0);
	u32(&f, time >> 32);
	u32(&f, time & G_MAXUINT32);
	u32(&f, sizeof(payload));
	u32(&f, 1500);
	g_byte_array_append(f.bytes, payload, sizeof(payload));
	u32(&f, 32 + sizeof(payload));
	capture = open_file(&f);
	cr_expect_not(nfp_capture_is_ethernet(capture));
	frame = next(capture);
	cr_expect_eq(frame.captured, sizeof(payload));
	cr_expect_eq(frame.wire, 1500);
	cr_expect(frame.cut);
	cr_expect_eq(frame.time, time);
	expect_end(capture);
}

/* ---- what is no capture, or not all of one ---------------------------------------------------------- */

Test(capture, without_frames)
{
	g_auto(File) f = pcap(MICRO, LINK_ETHERNET);
	g_autoptr(NfpCapture) capture = open_file(&f);

	expect_end(capture);
	expect_end(capture);
}

static void expect_damage(NfpCapture *capture, const char *path, guint frames)
{
	g_autofree char *after = g_strdup_printf("after frame %u:", frames);
	g_autoptr(GError) error = NULL;
	NfpFrame frame;

	for (guint i = 0; i < frames; i++)
		cr_expect_eq(next(capture).captured, sizeof(payload));
	cr_expect_eq(nfp_capture_next(capture, &frame, &error), -1);
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, path) && strstr(error->message, after), "%s", error->message);
}

Test(capture, ends_within_a_frame)
{
	/* Within the bytes, within the record's header. */
	static const guint cuts[] = { 1, sizeof(payload), sizeof(payload) + 1, sizeof(payload) + 15 };

	for (guint i = 0; i < G_N_ELEMENTS(cuts); i++) {
		g_auto(File) f = pcap(MICRO, LINK_ETHERNET);
		g_autoptr(NfpCapture) capture = NULL;

		for (guint n = 0; n < 3; n++)
			record(&f, n, payload, sizeof(payload), sizeof(payload));
		g_byte_array_set_size(f.bytes, f.bytes->len - cuts[i]);
		capture = open_file(&f);
		expect_damage(capture, f.path, 2);
	}
}

Test(capture, nonsense_in_the_middle)
{
	g_auto(File) f = pcap(NANO, LINK_ETHERNET);
	g_autoptr(NfpCapture) capture = NULL;

	record(&f, 0, payload, sizeof(payload), sizeof(payload));
	for (guint i = 0; i < 64; i++)
		u32(&f, 0xf0e1d2c3);
	record(&f, 0, payload, sizeof(payload), sizeof(payload));
	capture = open_file(&f);
	expect_damage(capture, f.path, 1);
}

static void expect_refused(const char *path, const char *why)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpCapture) capture = nfp_capture_open(path, &error);

	cr_expect_null(capture);
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, path), "names the file: %s", error->message);
	cr_expect(strstr(error->message, why), "%s", error->message);
}

Test(capture, what_is_no_capture)
{
	static const char text[] = "this is a text, and long enough for the header of a capture";
	g_auto(File) f = file_new();

	expect_refused("/nowhere/at/all.pcap", "No such file");
	expect_refused("/", "irectory");
	expect_refused(f.path, "truncated"); /* it is empty */
	g_byte_array_append(f.bytes, (const guint8 *)text, sizeof(text));
	cr_assert(g_file_set_contents(f.path, text, sizeof(text), NULL));
	expect_refused(f.path, "unknown file format");
	nfp_capture_close(NULL);
}
