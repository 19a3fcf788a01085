/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/filter.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "base/error.h"

bool nfp_packet_filter_is_set(const NfpPacketFilter *filter)
{
	return filter->ethernet || filter->raw || filter->prefixes4 || filter->prefixes6;
}

static bool same_code(GBytes *a, GBytes *b)
{
	return a == b || (a && b && g_bytes_equal(a, b));
}

bool nfp_packet_filter_same(const NfpPacketFilter *a, const NfpPacketFilter *b)
{
	return a->tags == b->tags && same_code(a->ethernet, b->ethernet) && same_code(a->raw, b->raw) &&
	       same_code(a->prefixes4, b->prefixes4) && same_code(a->prefixes6, b->prefixes6);
}

static void take(GBytes *bytes)
{
	if (bytes)
		g_bytes_ref(bytes);
}

void nfp_packet_filter_ref(const NfpPacketFilter *filter)
{
	take(filter->ethernet);
	take(filter->raw);
	take(filter->prefixes4);
	take(filter->prefixes6);
}

void nfp_packet_filter_unref(const NfpPacketFilter *filter)
{
	g_bytes_unref(filter->ethernet);
	g_bytes_unref(filter->raw);
	g_bytes_unref(filter->prefixes4);
	g_bytes_unref(filter->prefixes6);
}

/* An empty trie would hold nothing; -1 stands for it. */
static int make_trie(GBytes *prefixes, uint32_t key_size, GError **err)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	gsize size = 0;
	const uint8_t *keys = prefixes ? g_bytes_get_data(prefixes, &size) : NULL, value = 1;
	NFP_AUTO_FD int fd = -1;

	if (!size)
		return -1;
	fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "prefixes", key_size, sizeof(value), (uint32_t)(size / key_size), &options);
	for (gsize i = 0; fd >= 0 && i < size; i += key_size) {
		if (bpf_map_update_elem(fd, keys + i, &value, BPF_ANY)) {
			nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot fill the map of prefixes");
			return -2;
		}
	}
	if (fd >= 0)
		return nfp_fd_steal(&fd);
	nfp_error_errno(err, errno == EPERM ? NFP_ERROR_CANNOT : NFP_ERROR_FAILED, errno, "cannot make a map of prefixes");
	return -2;
}

void nfp_filter_code_clear(NfpFilterCode *code)
{
	g_clear_pointer(&code->insns, g_array_unref);
	nfp_fd_clear(&code->tries.v4);
	nfp_fd_clear(&code->tries.v6);
}

gboolean nfp_filter_code_make(const NfpPacketFilter *filter, NfpContext context, bool ethernet, NfpFilterCode *ret, GError **err)
{
	static const struct sock_filter all = { .code = BPF_RET | BPF_K, .k = 1 };
	g_auto(NfpFilterCode) made = NFP_FILTER_CODE_NONE;
	GBytes *code = ethernet ? filter->ethernet : filter->raw;
	NfpTranslateOptions options = { context, ethernet, filter->tags, false, { -1, -1 } };
	gsize size = sizeof(all);
	const void *data = code ? g_bytes_get_data(code, &size) : &all;

	if (filter->ethernet && !code) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "its filter asks for what is in the Ethernet header, and frames "
			    "of this interface have none");
		return FALSE;
	}
	options.listed = filter->prefixes4 || filter->prefixes6;
	made.tries.v4 = make_trie(filter->prefixes4, 8, err);
	if (made.tries.v4 >= -1)
		made.tries.v6 = make_trie(filter->prefixes6, 20, err);
	if (made.tries.v4 < -1 || made.tries.v6 < -1)
		return FALSE;
	options.tries = made.tries;
	made.insns = nfp_translate(data, size / sizeof(struct sock_filter), options, err);
	if (!made.insns)
		return FALSE;
	*ret = made;
	made = NFP_FILTER_CODE_NONE;
	return TRUE;
}
