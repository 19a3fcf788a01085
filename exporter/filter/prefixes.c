/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter/prefixes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define FILE_MAX (16u << 20) /* octets of a file */

struct NfpPrefixes {
	gint refs;
	char *text;
	GBytes *v4, *v6;
	/* The same without those inside others: disjoint, in order. */
	GArray *ranges4, *ranges6; /* NfpPrefix4, NfpPrefix6 */
};

typedef struct {
	GArray *v4, *v6;
} Lists;

/* Clears the bits behind the length; TRUE: there were some. */
static gboolean clear_host(uint8_t *address, guint octets, uint32_t length)
{
	gboolean any = FALSE;

	for (guint i = length / 8; i < octets; i++) {
		uint8_t keep = i == length / 8 && length % 8 ? (uint8_t)(0xff00 >> length % 8) : 0;

		any |= (address[i] & ~keep) != 0;
		address[i] &= keep;
	}
	return any;
}

static gboolean parse_length(const char *slash, uint32_t max, uint32_t *ret)
{
	guint64 length = max;

	if (slash && !g_ascii_string_to_unsigned(slash + 1, 10, 0, max, &length, NULL))
		return FALSE;
	*ret = (uint32_t)length;
	return TRUE;
}

/* Why not, or NULL: it was added. */
static const char *add_prefix(Lists *lists, const char *text)
{
	const char *slash = strchr(text, '/');
	g_autofree char *address = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
	NfpPrefix4 v4 = { 0 };
	NfpPrefix6 v6 = { 0 };

	if (inet_pton(AF_INET, address, v4.address) == 1) {
		if (!parse_length(slash, 32, &v4.length))
			return "has no length of 0 to 32 bits";
		if (clear_host(v4.address, 4, v4.length))
			return "has bits behind its length";
		g_array_append_val(lists->v4, v4);
	} else if (inet_pton(AF_INET6, address, v6.address) == 1) {
		if (!parse_length(slash, 128, &v6.length))
			return "has no length of 0 to 128 bits";
		if (clear_host(v6.address, 16, v6.length))
			return "has bits behind its length";
		g_array_append_val(lists->v6, v6);
	} else {
		return "is no prefix, as 192.0.2.0/24 or 2001:db8::/32";
	}
	return lists->v4->len + lists->v6->len > NFP_PREFIXES_MAX ? "is one too many: 65536 are allowed" : NULL;
}

static gboolean add_words(Lists *lists, const char *text, GError **err)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);

	for (guint i = 0; words[i]; i++) {
		const char *word = g_strstrip(words[i]), *why = add_prefix(lists, word);

		if (!why)
			continue;
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%.80s\" %s", word, why);
		return FALSE;
	}
	return TRUE;
}

/* All of a file. What is no file (a pipe that nobody writes to) is not waited for. */
static char *read_file(const char *path, GError **err)
{
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	g_autofree char *text = NULL;
	size_t n = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		nfp_error_errno(err, NFP_ERROR_USAGE, errno, "%s cannot be read", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s is %s", path,
			    S_ISREG(st.st_mode) ? "larger than 16 MiB" : "no file");
		return NULL;
	}
	if (st.st_mode & S_IWOTH) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s can be written by everybody, who could hide traffic by it: "
			    "chmod o-w %s", path, path);
		return NULL;
	}
	text = g_malloc((gsize)st.st_size + 1);
	while (n < (size_t)st.st_size) { /* it may have become shorter since */
		ssize_t got = read(fd, text + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			nfp_error_errno(err, NFP_ERROR_USAGE, errno, "%s cannot be read", path);
			return NULL;
		}
		if (!got)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	return g_steal_pointer(&text);
}

static gboolean add_file(Lists *lists, const char *path, GError **err)
{
	g_autofree char *text = read_file(path, err);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (guint i = 0; lines && lines[i]; i++) {
		const char *why;

		lines[i][strcspn(lines[i], "#")] = '\0';
		if (!*g_strstrip(lines[i]) || !(why = add_prefix(lists, lines[i])))
			continue;
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s:%u: \"%.80s\" %s", path, i + 1, lines[i], why);
		return FALSE;
	}
	return lines != NULL;
}

/* NfpPrefix4 and NfpPrefix6 are both a length and then the address: what follows is for either, by the size of an element. */
G_STATIC_ASSERT(offsetof(NfpPrefix4, address) == sizeof(uint32_t) && offsetof(NfpPrefix6, address) == sizeof(uint32_t));

static const uint8_t *prefix_at(const GArray *prefixes, guint i)
{
	return (const uint8_t *)prefixes->data + (gsize)i * g_array_get_element_size((GArray *)prefixes);
}

static const uint8_t *address_of(const uint8_t *prefix)
{
	return prefix + sizeof(uint32_t);
}

static uint32_t length_of(const uint8_t *prefix)
{
	uint32_t length;

	memcpy(&length, prefix, sizeof(length));
	return length;
}

static guint octets_of(const GArray *prefixes)
{
	return g_array_get_element_size((GArray *)prefixes) - (guint)sizeof(uint32_t);
}

/* By address, the shorter first. */
static int compare(const void *a, const void *b, void *octets)
{
	int order = memcmp(address_of(a), address_of(b), GPOINTER_TO_UINT(octets));

	return order ? order : (length_of(a) > length_of(b)) - (length_of(a) < length_of(b));
}

static gboolean contains(const uint8_t *prefix, const uint8_t *address)
{
	uint32_t length = length_of(prefix);
	guint octets = length / 8, bits = length % 8;

	return !memcmp(address_of(prefix), address, octets) &&
	       (!bits || !((address_of(prefix)[octets] ^ address[octets]) & (uint8_t)(0xff00 >> bits)));
}

static GArray *disjoint(const GArray *sorted)
{
	GArray *out = g_array_new(FALSE, FALSE, g_array_get_element_size((GArray *)sorted));

	for (guint i = 0; i < sorted->len; i++)
		if (!out->len || !contains(prefix_at(out, out->len - 1), address_of(prefix_at(sorted, i))))
			g_array_append_vals(out, prefix_at(sorted, i), 1);
	return out;
}

NfpPrefixes *nfp_prefixes_new(const char *text, GError **err)
{
	g_autoptr(GArray) v4 = g_array_new(FALSE, FALSE, sizeof(NfpPrefix4));
	g_autoptr(GArray) v6 = g_array_new(FALSE, FALSE, sizeof(NfpPrefix6));
	Lists lists = { v4, v6 };
	NfpPrefixes *prefixes;

	if (!(text[0] == '/' ? add_file(&lists, text, err) : add_words(&lists, text, err)))
		return NULL;
	if (v4->len + v6->len == 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s has no prefix, so that nothing would pass",
			    *text ? text : "an empty list");
		return NULL;
	}
	g_array_sort_with_data(v4, compare, GUINT_TO_POINTER(octets_of(v4)));
	g_array_sort_with_data(v6, compare, GUINT_TO_POINTER(octets_of(v6)));
	prefixes = g_new0(NfpPrefixes, 1);
	prefixes->refs = 1;
	prefixes->text = g_strdup(text);
	prefixes->v4 = g_bytes_new(v4->data, v4->len * sizeof(NfpPrefix4));
	prefixes->v6 = g_bytes_new(v6->data, v6->len * sizeof(NfpPrefix6));
	prefixes->ranges4 = disjoint(v4);
	prefixes->ranges6 = disjoint(v6);
	return prefixes;
}

NfpPrefixes *nfp_prefixes_ref(NfpPrefixes *prefixes)
{
	g_atomic_int_inc(&prefixes->refs);
	return prefixes;
}

void nfp_prefixes_free(NfpPrefixes *prefixes)
{
	if (!prefixes || !g_atomic_int_dec_and_test(&prefixes->refs))
		return;
	g_free(prefixes->text);
	g_bytes_unref(prefixes->v4);
	g_bytes_unref(prefixes->v6);
	g_array_unref(prefixes->ranges4);
	g_array_unref(prefixes->ranges6);
	g_free(prefixes);
}

const char *nfp_prefixes_text(const NfpPrefixes *prefixes)
{
	return prefixes->text;
}

gboolean nfp_prefixes_same(const NfpPrefixes *a, const NfpPrefixes *b)
{
	return a == b || (a && b && g_str_equal(a->text, b->text) && g_bytes_equal(a->v4, b->v4) && g_bytes_equal(a->v6, b->v6));
}

GBytes *nfp_prefixes_v4(const NfpPrefixes *prefixes)
{
	return prefixes->v4;
}

GBytes *nfp_prefixes_v6(const NfpPrefixes *prefixes)
{
	return prefixes->v6;
}

/* The last prefix that does not begin behind the address is the only one that can hold it. */
static gboolean holds(const GArray *ranges, const uint8_t *address)
{
	guint low = 0, high = ranges->len, octets = octets_of(ranges);

	while (low < high) {
		guint middle = (low + high) / 2;

		if (memcmp(address_of(prefix_at(ranges, middle)), address, octets) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && contains(prefix_at(ranges, low - 1), address);
}

gboolean nfp_prefixes_record(const NfpPrefixes *prefixes, const NfpRecord *record)
{
	if (record->have & NFP_HAVE_IPV4)
		return holds(prefixes->ranges4, record->src4) || holds(prefixes->ranges4, record->dst4);
	if (record->have & NFP_HAVE_IPV6)
		return holds(prefixes->ranges6, record->src6) || holds(prefixes->ranges6, record->dst6);
	return FALSE;
}
