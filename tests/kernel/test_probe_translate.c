// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters in the kernel answer what bpf_filter() of libpcap answers on the same octets: on random frames, by all kinds of
 * context, with tags in the frame and in metadata, with octets that are not linear. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/error.h"
#include "filter/filter.h"
#include "filter/prefixes.h"
#include "probe/filter.h"
#include "probe/translate.h"
#include "support/filter_world.h"
#include "support/program.h"

#define FRAMES 300
#define TAG_PROTOCOL 0x88a8
#define TAG_TCI 0x2005

typedef enum { PLAIN, METADATA } Way;

static void put(GArray *insns, struct bpf_insn insn)
{
	g_array_append_val(insns, insn);
}

/* A program that gives the filter its frame with a tag in metadata. */
static GArray *pushing(const GArray *function)
{
	GArray *insns = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn));

	put(insns, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 });
	put(insns, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = GUINT16_TO_BE(TAG_PROTOCOL) });
	put(insns, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = TAG_TCI });
	put(insns, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_skb_vlan_push });
	put(insns, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 });
	put(insns, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 1 });
	put(insns, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	g_array_append_vals(insns, function->data, function->len);
	return insns;
}

static int load(const GArray *insns, NfpContext context, const char *text)
{
	static char log[1 << 20];
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	enum bpf_prog_type type = context == NFP_CONTEXT_SKB ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;
	int fd;

	if (context == NFP_CONTEXT_XDP_FRAGS)
		options.prog_flags = BPF_F_XDP_HAS_FRAGS;
	fd = bpf_prog_load(type, "filter", "GPL", (const struct bpf_insn *)insns->data, insns->len, &options);
	if (fd < 0) {
		size_t length = strlen(log);

		cr_assert_fail("\"%s\" is refused (%s): %s", text, strerror(-fd), length > 2000 ? log + length - 2000 : log);
	}
	return fd;
}

/* -1: the kernel makes no such buffer (IP headers that are cut, since 6.13). */
static int run(int fd, const guint8 *frame, guint length, guint linear)
{
	struct xdp_md md = { .data_end = linear };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length, .repeat = 1);

	if (linear) {
		options.ctx_in = &md;
		options.ctx_size_in = sizeof(md);
	}
	if (!bpf_prog_test_run_opts(fd, &options))
		return (int)options.retval;
	cr_assert(errno == EINVAL && length < 14 + 40, "%u octets: %s", length, strerror(errno));
	return -1;
}

static guint expected(const NfpFilter *filter, GBytes *code, const guint8 *frame, guint length, gboolean ethernet, Way way)
{
	guint8 seen[NFPT_FRAME_MAX + 4];
	guint n = length, wire = length + (way == METADATA ? 4 : 0);

	memcpy(seen, frame, length);
	if (way == METADATA && nfp_filter_has_tags(filter))
		n = nfpt_filter_tag(seen, length, TAG_PROTOCOL, TAG_TCI);
	else if (ethernet && !nfp_filter_has_tags(filter))
		n = nfpt_filter_strip(seen, length);
	return nfpt_filter_run(code, seen, wire, n);
}

static void dump(const guint8 *frame, guint length, GString *out)
{
	for (guint i = 0; i < length; i++)
		g_string_append_printf(out, "%02x", frame[i]);
}

/* Returns how many frames passed. */
static guint try_one(const char *text, NfpContext context, gboolean ethernet, Way way, gboolean cut)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpFilter) filter = nfp_filter_new(text, &error);
	g_autoptr(GRand) rand = g_rand_new_with_seed(g_str_hash(text));
	g_autoptr(GArray) function = NULL, insns = NULL;
	GBytes *code;
	guint passed = 0;
	gsize size;
	int fd;

	cr_assert(filter, "\"%s\": %s", text, error ? error->message : "");
	code = nfp_filter_code(filter, ethernet ? NFP_FILTER_ETHERNET : NFP_FILTER_RAW);
	if (!code)
		return 1; /* nothing that such a link has */
	function = nfp_translate(g_bytes_get_data(code, &size), g_bytes_get_size(code) / 8,
				 (NfpTranslateOptions){ .context = context, .ethernet = ethernet,
							.tags = nfp_filter_has_tags(filter) }, &error);
	cr_assert(function, "\"%s\": %s", text, error ? error->message : "");
	insns = way == METADATA ? pushing(function) : g_array_ref(function);
	fd = load(insns, context, text);
	for (guint i = 0; i < FRAMES; i++) {
		guint8 frame[NFPT_FRAME_MAX];
		guint length = nfpt_filter_frame(rand, ethernet, frame);
		guint linear = cut && length > 40 ? 14 + g_str_hash(text) % 24 : 0;
		int want = (int)expected(filter, code, frame, length, ethernet, way), got;
		g_autoptr(GString) hex = g_string_new(NULL);

		got = run(fd, frame, length, linear);
		if (got < 0 && context == NFP_CONTEXT_SKB)
			continue;
		dump(frame, length, hex);
		cr_assert_eq(got, want, "\"%s\" context %d ethernet %d way %d: %d, not %d, on %s", text, context, ethernet, way, got,
			     want, hex->str);
		passed += (guint)got;
	}
	close(fd);
	return passed;
}

/* An expression that no frame or each frame satisfies would prove little. */
static void try_all(NfpContext context, gboolean ethernet, Way way, gboolean cut)
{
	guint some = 0, n = 0;

	nfp_test_need_bpf();
	for (; nfpt_filters[n]; n++) {
		guint passed = try_one(nfpt_filters[n], context, ethernet, way, cut);

		some += passed > 0 && passed < FRAMES;
	}
	cr_expect_geq(n, 60);
	cr_expect_geq(some, n / 2, "%u of %u tell frames apart", some, n);
}

Test(probe_translate, tc)
{
	try_all(NFP_CONTEXT_SKB, TRUE, PLAIN, FALSE);
}

Test(probe_translate, tc_with_a_tag_in_metadata)
{
	try_all(NFP_CONTEXT_SKB, TRUE, METADATA, FALSE);
}

Test(probe_translate, tc_without_a_link_header)
{
	try_all(NFP_CONTEXT_SKB, FALSE, PLAIN, FALSE);
}

Test(probe_translate, xdp)
{
	try_all(NFP_CONTEXT_XDP, TRUE, PLAIN, FALSE);
}

Test(probe_translate, xdp_with_octets_that_are_not_linear)
{
	nfp_test_need_bpf();
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) != 1)
		cr_skip_test("this kernel has no XDP frames of several buffers");
	try_all(NFP_CONTEXT_XDP_FRAGS, TRUE, PLAIN, TRUE);
}

/* ---- programs that libpcap does not make ------------------------------------------------------------- */

static char *refusal(const struct sock_filter *code, size_t n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) insns = nfp_translate(code, n, (NfpTranslateOptions){ .ethernet = true }, &error);

	cr_assert_null(insns);
	cr_assert(g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE));
	return g_strdup(error->message);
}

Test(probe_translate, what_is_no_filter_is_refused)
{
	static const struct sock_filter codes[][2] = {
		{ { BPF_JMP | BPF_JA, 0, 0, 5 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_JMP | BPF_JEQ, 1, 0, 0 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_JMP | 0x50, 0, 0, 0 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_LD | BPF_MEM, 0, 0, 16 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_STX, 0, 0, 0xffffffff }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_LD | BPF_H | BPF_MEM, 0, 0, 0x10000000 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_ALU | BPF_DIV, 0, 0, 0 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_ALU | 0xb0, 0, 0, 1 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_LDX | BPF_ABS, 0, 0, 1 }, { BPF_RET, 0, 0, 1 } },
		{ { BPF_LD | 0xc0, 0, 0, 1 }, { BPF_RET, 0, 0, 1 } },
	};

	for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
		g_autofree char *why = refusal(codes[i], 2);

		cr_expect(strstr(why, "number 0"), "%u: %s", i, why);
	}
}

Test(probe_translate, a_long_one_is_refused)
{
	g_autoptr(GArray) code = g_array_new(FALSE, TRUE, sizeof(struct sock_filter));
	struct sock_filter load_octet = { BPF_LD | BPF_B | BPF_ABS, 0, 0, 3 }, end = { BPF_RET, 0, 0, 1 };
	g_autofree char *why = NULL;

	for (guint i = 0; i < NFP_TRANSLATE_ROOM + 100; i++)
		g_array_append_val(code, load_octet);
	g_array_append_val(code, end);
	why = refusal((const struct sock_filter *)code->data, code->len);
	cr_expect(strstr(why, "too long"), "%s", why);
}

/* ---- lists of prefixes ----------------------------------------------------------------------------------- */

#define LIST "10.0.0.1, 10.0.0.2/31, 192.0.2.0/24, 2001:db8::2/127, fe80::3"

/* What the list says of a frame without tags, read by hand. */
static int in_list(const NfpPrefixes *list, const guint8 *frame, guint length, gboolean ethernet)
{
	guint ip = ethernet ? 14 : 0;
	guint type = ethernet ? (guint)(frame[12] << 8 | frame[13]) : frame[0] >> 4 == 4 ? 0x800 : frame[0] >> 4 == 6 ? 0x86dd : 0;
	NfpRecord record = { 0 };
	guint at = ip + (type == 0x800 ? 12 : 8), n = type == 0x800 ? 4 : 16;

	if (type != 0x800 && type != 0x86dd)
		return 0;
	record.have = type == 0x800 ? NFP_HAVE_IPV4 : NFP_HAVE_IPV6;
	for (guint i = 0; i < 2; i++) { /* one after the other, as far as the frame reaches */
		if (at + (i + 1) * n > length)
			return 0;
		memcpy(type == 0x800 ? record.src4 : record.src6, frame + at + i * n, n);
		memcpy(type == 0x800 ? record.dst4 : record.dst6, frame + at + i * n, n);
		if (nfp_prefixes_record(list, &record))
			return 1;
	}
	return 0;
}

static void try_list(NfpContext context, gboolean ethernet, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpPrefixes) list = nfp_prefixes_new(LIST, &error);
	g_autoptr(NfpFilter) filter = text ? nfp_filter_new(text, &error) : NULL;
	g_autoptr(GRand) rand = g_rand_new_with_seed(context + (text != NULL) * 7);
	g_auto(NfpFilterCode) code = NFP_FILTER_CODE_NONE;
	NfpPacketFilter both = { .prefixes4 = nfp_prefixes_v4(list), .prefixes6 = nfp_prefixes_v6(list) };
	guint passed = 0;
	int fd;

	if (filter) {
		both.ethernet = nfp_filter_code(filter, NFP_FILTER_ETHERNET);
		both.raw = nfp_filter_code(filter, NFP_FILTER_RAW);
		both.tags = nfp_filter_has_tags(filter);
	}
	cr_assert(nfp_filter_code_make(&both, context, ethernet, &code, &error), "%s", error ? error->message : "");
	fd = load(code.insns, context, text ? text : LIST);
	for (guint i = 0; i < FRAMES; i++) {
		guint8 frame[NFPT_FRAME_MAX];
		guint length = nfpt_filter_frame(rand, ethernet, frame);
		int got = run(fd, frame, length, 0), want = 1;

		if (got < 0)
			continue;
		if (filter)
			want = (int)expected(filter, ethernet ? both.ethernet : both.raw, frame, length, ethernet, PLAIN);
		if (ethernet)
			length = nfpt_filter_strip(frame, length);
		want = want && in_list(list, frame, length, ethernet);
		cr_assert_eq(got, want, "frame %u: %d", i, got);
		passed += (guint)got;
	}
	close(fd);
	cr_expect(passed > FRAMES / 20 && passed < FRAMES * 19 / 20, "%u", passed);
}

Test(probe_translate, prefixes)
{
	nfp_test_need_bpf();
	for (NfpContext context = NFP_CONTEXT_SKB; context <= NFP_CONTEXT_XDP; context++) {
		try_list(context, TRUE, NULL);
		try_list(context, FALSE, NULL);
		try_list(context, TRUE, "tcp or udp or (vlan and (tcp or udp))");
		try_list(context, FALSE, "tcp");
	}
}
