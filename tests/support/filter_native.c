/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/filter_native.h"

#include <string.h>

#include "base/error.h"
#include "support/filter_world.h"

#define LINEAR 18 /* octets: less than any header that is looked at */
#define TAG_TYPE 0x88a8
#define TAG_TCI 0x2005

char *nfpt_filter_differs(GBytes *code, const GArray *insns, const NfpTranslateOptions *options, const NfptEbpfFrame *on)
{
	guint8 seen[NFPT_FRAME_MAX + 4];
	guint n = on->length, wire = on->length + (on->tagged ? 4 : 0), want;
	const char *why = "";
	gint64 got;

	memcpy(seen, on->frame, n);
	if (on->tagged && options->tags)
		n = nfpt_filter_tag(seen, n, on->tag_type, on->tci);
	else if (options->ethernet && !options->tags)
		n = nfpt_filter_strip(seen, n);
	want = nfpt_filter_run(code, seen, wire, n);
	got = nfpt_ebpf_run(insns, options->context, on, &why);
	if (got == (gint64)want)
		return NULL;
	return g_strdup_printf("context %d, %s%s%s: %d, not %u%s%s", options->context, options->ethernet ? "Ethernet" : "bare IP",
			       options->tags ? ", tags" : "", on->tagged ? ", one in metadata" : "", (int)got, want, *why ? ": " : "",
			       why);
}

static char *try_context(GBytes *code, const NfpTranslateOptions *options, const guint8 *frame, guint length, char **ret_refused)
{
	gboolean skb = options->context == NFP_CONTEXT_SKB, copies = options->context != NFP_CONTEXT_XDP;
	g_autoptr(GError) error = NULL;
	gsize size;
	const void *classic = g_bytes_get_data(code, &size);
	g_autoptr(GArray) insns = nfp_translate(classic, size / sizeof(struct sock_filter), *options, &error);

	if (!insns != (error != NULL) || (error && !g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE)))
		return g_strdup("neither instructions nor an error of usage");
	if (!insns) {
		g_free(*ret_refused);
		*ret_refused = g_strdup(error->message);
		return NULL;
	}
	for (gboolean tagged = FALSE; tagged <= (skb && options->ethernet); tagged++) {
		for (gboolean cut = FALSE; cut <= copies; cut++) {
			NfptEbpfFrame on = { .frame = frame, .length = length, .linear = cut ? MIN(length, LINEAR) : length,
					     .tagged = tagged, .tag_type = TAG_TYPE, .tci = TAG_TCI };
			char *complaint = nfpt_filter_differs(code, insns, options, &on);

			if (complaint)
				return complaint;
		}
	}
	return NULL;
}

char *nfpt_filter_differs_anyhow(GBytes *code, gboolean ethernet, gboolean tags, const guint8 *frame, guint length,
				 char **ret_refused)
{
	*ret_refused = NULL;
	for (NfpContext context = NFP_CONTEXT_SKB; context <= NFP_CONTEXT_XDP_FRAGS; context++) {
		NfpTranslateOptions options = { .context = context, .ethernet = ethernet, .tags = tags };
		char *complaint = try_context(code, &options, frame, length, ret_refused);

		if (complaint)
			return complaint;
	}
	return NULL;
}
