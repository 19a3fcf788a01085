/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter/filter.h"

#include <pcap/pcap.h>
#include <string.h>

#include "base/error.h"
#include "filter/frame.h"

#define SNAPLEN 65535
#define SPECIAL 0xfffff000u /* offsets from here on are no octets of the frame: SKF_AD_OFF of linux/filter.h */

struct NfpFilter {
	GBytes *code[NFP_FILTER_RAW + 1];
	gboolean tags;
};

static const int links[] = { [NFP_FILTER_ETHERNET] = DLT_EN10MB, [NFP_FILTER_RAW] = DLT_RAW };

/* Its instructions are the kernel's. */
G_STATIC_ASSERT(sizeof(struct bpf_insn) == 8 && G_STRUCT_OFFSET(struct bpf_insn, k) == 4);

static gboolean asks_the_stack(const struct bpf_program *program)
{
	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS && insn->k >= SPECIAL)
			return TRUE;
	}
	return FALSE;
}

/* Where it looks at what is behind a tunnel (`geneve`), libpcap reads slots that it writes only if there is one, and
 * bpf_filter(3PCAP) leaves in them what the stack had: the slots that are read begin with 0. */
static GBytes *code_of(const struct bpf_program *program)
{
	g_autoptr(GByteArray) code = g_byte_array_new();
	gboolean begun[BPF_MEMWORDS] = { FALSE };

	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];
		gboolean loads = BPF_CLASS(insn->code) == BPF_LD || BPF_CLASS(insn->code) == BPF_LDX;
		const struct bpf_insn store = { .code = BPF_ST, .k = insn->k };

		if (!loads || BPF_MODE(insn->code) != BPF_MEM || insn->k >= BPF_MEMWORDS || begun[insn->k])
			continue;
		begun[insn->k] = TRUE;
		g_byte_array_append(code, (const guint8 *)&store, sizeof(store));
	}
	g_byte_array_append(code, (const guint8 *)program->bf_insns, program->bf_len * (guint)sizeof(struct bpf_insn));
	return g_byte_array_free_to_bytes(g_steal_pointer(&code));
}

static GBytes *compile(const char *text, NfpFilterLink link, GError **err)
{
	pcap_t *pcap = pcap_open_dead(links[link], SNAPLEN);
	struct bpf_program program = { 0 };
	GBytes *code = NULL;

	if (!pcap) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "cannot be compiled for want of memory");
		return NULL;
	}
	if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s", pcap_geterr(pcap));
	} else if (asks_the_stack(&program)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "inbound, outbound and ifindex are no part of a frame: `direction` and `match` say that");
	} else {
		code = code_of(&program);
	}
	pcap_freecode(&program);
	pcap_close(pcap);
	return code;
}

/* As a word of its own: not as a part of a name. */
static gboolean has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n) {
		gboolean begins = at == text || (!g_ascii_isalnum(at[-1]) && !strchr("_.-\\:", at[-1]));
		gboolean ends = !at[n] || (!g_ascii_isalnum(at[n]) && !strchr("_.-:", at[n]));

		if (begins && ends)
			return TRUE;
	}
	return FALSE;
}

NfpFilter *nfp_filter_new(const char *text, GError **err)
{
	g_autoptr(NfpFilter) filter = g_new0(NfpFilter, 1);

	if (strlen(text) > NFP_FILTER_TEXT_MAX) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "is longer than %d octets; lists of networks go into `prefixes`", NFP_FILTER_TEXT_MAX);
		return NULL;
	}
	filter->tags = has_word(text, "vlan");
	filter->code[NFP_FILTER_ETHERNET] = compile(text, NFP_FILTER_ETHERNET, err);
	if (!filter->code[NFP_FILTER_ETHERNET])
		return NULL;
	filter->code[NFP_FILTER_RAW] = compile(text, NFP_FILTER_RAW, NULL);
	return g_steal_pointer(&filter);
}

void nfp_filter_free(NfpFilter *filter)
{
	if (!filter)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(filter->code); i++)
		g_bytes_unref(filter->code[i]);
	g_free(filter);
}

GBytes *nfp_filter_code(const NfpFilter *filter, NfpFilterLink link)
{
	return filter->code[link];
}

gboolean nfp_filter_has_tags(const NfpFilter *filter)
{
	return filter->tags;
}

gboolean nfp_filter_record(const NfpFilter *filter, const NfpRecord *record)
{
	const struct bpf_insn *code = g_bytes_get_data(filter->code[NFP_FILTER_ETHERNET], NULL);
	uint8_t frame[NFP_FILTER_FRAME];
	uint32_t length = nfp_filter_frame(record, filter->tags, frame);

	return bpf_filter(code, frame, length, sizeof(frame)) != 0;
}
