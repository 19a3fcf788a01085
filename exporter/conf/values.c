/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text <-> value, one row a type. */
#include <gio/gio.h>
#include <string.h>

#include "base/clock.h"
#include "base/listen.h"
#include "conf/schema.h"
#include "filter/filter.h"
#include "filter/prefixes.h"
#include "record/suggest.h"
#include "record/tunnels.h"
#include "encode/encoder.h"
#include "transport/endpoint.h"

#define NAME_MAX_LENGTH	    64
#define HOSTNAME_MAX_LENGTH 253 /* RFC 1035 2.3.4, as text */
#define IFNAME_MAX_LENGTH   15	/* IFNAMSIZ - 1 */

typedef struct {
	const char *suffix;
	uint64_t factor;
} Unit;

static const Unit durations[] = { { "h", 3600 * NFP_NS_PER_S },
				  { "m", 60 * NFP_NS_PER_S },
				  { "s", NFP_NS_PER_S },
				  { "ms", NFP_NS_PER_MS } };
static const Unit sizes[] = {
	{ "TiB", 1ull << 40 }, { "GiB", 1ull << 30 }, { "MiB", 1ull << 20 }, { "KiB", 1ull << 10 }
};

/* The whole text is [a-zA-Z0-9] and `others`, at most `max` long. */
static gboolean made_of(const char *text, const char *others, size_t max)
{
	size_t n = strlen(text);

	for (const char *c = text; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr(others, *c))
			return FALSE;
	return n > 0 && n <= max;
}

static gboolean refuse(const NfpConfRow *row, const char *text, const char *fault, char **ret_why)
{
	g_autofree char *allowed = nfp_conf_value_allowed(row);

	*ret_why = g_strdup_printf("\"%.80s\" %s; allowed: %s", text, fault, allowed);
	return FALSE;
}

static gboolean take_string(const char *text, void *member)
{
	char **string = member;

	g_free(*string);
	*string = g_strdup(text);
	return TRUE;
}

static gboolean parse_hostname(const NfpConfRow *row, const char *text, void *member,
			       char **ret_why)
{
	if (!made_of(text, "-._", HOSTNAME_MAX_LENGTH))
		return refuse(row, text, "is no host name", ret_why);
	return take_string(text, member);
}

static gboolean parse_name(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	if (!made_of(text, "-._", NAME_MAX_LENGTH) || !g_ascii_isalnum(text[0]))
		return refuse(row, text, "cannot be used as a name", ret_why);
	return take_string(text, member);
}

static gboolean parse_glob(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	const char *open = strchr(text, '[');

	if (text[0] == '\0' || strlen(text) > NAME_MAX_LENGTH || strpbrk(text, "/ \t\n"))
		return refuse(row, text, "cannot match an interface's name", ret_why);
	if (open && !strchr(open + 1, ']'))
		return refuse(row, text, "has a [ without ]", ret_why);
	return take_string(text, member);
}

static gboolean parse_path(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	if (text[0] != '/')
		return refuse(row, text, "is no absolute path", ret_why);
	return take_string(text, member);
}

static gboolean parse_ifname(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	if (text[0] == '\0' || strlen(text) > IFNAME_MAX_LENGTH || strpbrk(text, "/ \t\n"))
		return refuse(row, text, "cannot be an interface's name", ret_why);
	return take_string(text, member);
}

static gboolean parse_address(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);

	if (!address)
		return refuse(row, text, strchr(text, '%') ? "names an interface, which is what `device` is for"
							   : "is no IP address", ret_why);
	return take_string(text, member);
}

static gboolean parse_protocol(const NfpConfRow *row, const char *text, void *member,
			       char **ret_why)
{
	const char *const *names = nfp_encoder_protocols();

	if (!g_strv_contains(names, text))
		return refuse(row, text, "is no export protocol of this version", ret_why);
	return take_string(text, member);
}

static gboolean parse_bool(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	gboolean yes =
		g_str_equal(text, "true") || g_str_equal(text, "yes") || g_str_equal(text, "on");

	if (!yes && !g_str_equal(text, "false") && !g_str_equal(text, "no") &&
	    !g_str_equal(text, "off"))
		return refuse(row, text, "is neither true nor false", ret_why);
	*(gboolean *)member = yes;
	return TRUE;
}

static gboolean in_range(const NfpConfRow *row, uint64_t value)
{
	return value >= row->min && value <= row->max;
}

static gboolean parse_uint(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &value, NULL))
		return refuse(row, text, "is no whole number", ret_why);
	if (!in_range(row, value))
		return refuse(row, text, "is out of range", ret_why);
	*(uint32_t *)member = value;
	return TRUE;
}

static gboolean parse_auto_uint(const NfpConfRow *row, const char *text, void *member,
				char **ret_why)
{
	if (g_str_equal(text, "auto")) {
		*(uint32_t *)member = 0;
		return TRUE;
	}
	return parse_uint(row, text, member, ret_why);
}

/* A whole number and one of the units. */
static gboolean parse_with_unit(const NfpConfRow *row, const char *text, const Unit *units, guint n,
				const char *example, uint64_t *member, char **ret_why)
{
	size_t digits = strspn(text, "0123456789");
	g_autofree char *number = g_strndup(text, digits);
	g_autofree char *fault = NULL;
	guint64 value = 0;

	if (digits > 0 && text[digits] == '\0')
		fault = g_strdup_printf("lacks a unit, as in %s%s", text, example);
	else if (digits == 0 ||
		 !g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &value, NULL))
		fault = g_strdup_printf("is not a number with a unit, as in 10%s", example);
	for (guint i = 0; i < n && !fault; i++) {
		if (!g_str_equal(text + digits, units[i].suffix))
			continue;
		if (!g_uint64_checked_mul(&value, value, units[i].factor) || !in_range(row, value))
			return refuse(row, text, "is out of range", ret_why);
		*member = value;
		return TRUE;
	}
	if (!fault) {
		g_autoptr(GString) names = g_string_new(NULL);

		for (guint i = n; i-- > 0;)
			g_string_append_printf(names, "%s%s", units[i].suffix,
					       i > 1 ? ", "
					       : i   ? " or "
						     : "");
		fault = g_strdup_printf("has an unknown unit \"%.20s\" (%s)", text + digits,
					names->str);
	}
	return refuse(row, text, fault, ret_why);
}

static gboolean parse_duration(const NfpConfRow *row, const char *text, void *member,
			       char **ret_why)
{
	return parse_with_unit(row, text, durations, G_N_ELEMENTS(durations), "s", member, ret_why);
}

static gboolean parse_size(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	return parse_with_unit(row, text, sizes, G_N_ELEMENTS(sizes), "MiB", member, ret_why);
}

static void print_with_unit(uint64_t value, const Unit *units, guint n, GString *out)
{
	for (guint i = 0; i < n; i++) {
		if ((value && value % units[i].factor == 0) || i == n - 1) {
			g_string_append_printf(out, "%" G_GUINT64_FORMAT "%s",
					       value / units[i].factor, units[i].suffix);
			return;
		}
	}
}

static void print_duration(uint64_t value, GString *out)
{
	print_with_unit(value, durations, G_N_ELEMENTS(durations), out);
}

static void print_size(uint64_t value, GString *out)
{
	print_with_unit(value, sizes, G_N_ELEMENTS(sizes), out);
}

static gboolean parse_choice(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *fault = NULL;
	const char *near;

	for (const NfpConfChoice *choice = row->choices; choice->text; choice++) {
		if (g_str_equal(choice->text, text)) {
			if (choice->later)
				return refuse(row, text, "is not in this version", ret_why);
			*(int *)member = choice->value;
			return TRUE;
		}
		if (!choice->later)
			g_ptr_array_add(names, (char *)choice->text);
	}
	near = nfp_suggest(text, (const char *const *)names->pdata, names->len);
	fault = near ? g_strdup_printf("is no choice, did you mean \"%s\"?", near)
		     : g_strdup("is no choice");
	return refuse(row, text, fault, ret_why);
}

static gboolean parse_listen(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	struct sockaddr_storage address;
	g_autoptr(GError) error = NULL;
	socklen_t length;

	if (!nfp_listen_parse(text, &address, &length, &error)) {
		*ret_why = g_strdup(error->message);
		return FALSE;
	}
	return take_string(text, member);
}

static gboolean parse_endpoint(const NfpConfRow *row, const char *text, void *member,
			       char **ret_why)
{
	g_autoptr(GError) error = NULL;
	g_auto(NfpEndpoint) endpoint = { 0 };

	if (!nfp_endpoint_parse(text, &endpoint, &error)) {
		*ret_why = g_strdup(error->message);
		return FALSE;
	}
	return take_string(text, member);
}

static gboolean parse_tunnels(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	uint32_t all = 0;

	for (guint i = 0; words[i]; i++) {
		const char *name = g_strstrip(words[i]);
		uint32_t bits = nfp_tunnel_bits(name);
		const char *near = bits ? NULL : nfp_tunnel_suggest(name);
		g_autofree char *fault =
			near ? g_strdup_printf("is no kind of tunnel, did you mean \"%s\"?", near)
			     : g_strdup("is no kind of tunnel");

		if (!bits)
			return refuse(row, name, fault, ret_why);
		all |= bits;
	}
	if (!all)
		return refuse(row, text, "is no kind of tunnel", ret_why);
	*(uint32_t *)member = all;
	return TRUE;
}

/* libpcap says what is wrong, and not what is allowed. */
static gboolean parse_filter(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpFilter) filter = nfp_filter_new(text, &error);

	if (!filter)
		return refuse(row, text, error->message, ret_why);
	return take_string(text, member);
}

static gboolean parse_prefixes(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpPrefixes) prefixes = nfp_prefixes_new(text, &error);

	if (!prefixes) {
		*ret_why = g_strdup(error->message);
		return FALSE;
	}
	nfp_prefixes_free(*(NfpPrefixes **)member);
	*(NfpPrefixes **)member = g_steal_pointer(&prefixes);
	return TRUE;
}

static gboolean parse_names(const NfpConfRow *row, const char *text, void *member, char **ret_why)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	g_autofree char *joined = NULL;

	for (guint i = 0; words[i]; i++) {
		g_autofree char *name = NULL;

		if (!parse_name(row, g_strstrip(words[i]), &name, ret_why))
			return FALSE;
	}
	if (!words[0])
		return refuse(row, text, "names nothing", ret_why);
	joined = g_strjoinv(",", words);
	return take_string(joined, member);
}

const NfpConfTypeRow nfp_conf_types[NFP_CONF_TYPES_N] = {
	[NFP_CONF_HOSTNAME] = { "host name", "letters, digits, - . and _", TRUE, parse_hostname,
				NULL },
	[NFP_CONF_NAME] = { "name",
			    "letters, digits, - . and _, at most " G_STRINGIFY(
				    NAME_MAX_LENGTH) ", a letter or digit first",
			    TRUE, parse_name, NULL },
	[NFP_CONF_GLOB] = { "glob", "a name with *, ? or [abc]", TRUE, parse_glob, NULL },
	[NFP_CONF_PATH] = { "path", "a path that begins with /", TRUE, parse_path, NULL },
	[NFP_CONF_ENDPOINT] = { "endpoint", NULL, TRUE, parse_endpoint, NULL },
	[NFP_CONF_LISTEN] = { "listen", "ADDRESS:PORT, [IPv6 address]:PORT or PORT (on 127.0.0.1)", TRUE, parse_listen, NULL },
	[NFP_CONF_ADDRESS] = { "address", "an IPv4 or IPv6 address", TRUE, parse_address, NULL },
	[NFP_CONF_IFNAME] = { "interface",
			      "an interface's name, at most " G_STRINGIFY(
				      IFNAME_MAX_LENGTH) " characters",
			      TRUE, parse_ifname, NULL },
	[NFP_CONF_PROTOCOL] = { "protocol", NULL, TRUE, parse_protocol, NULL },
	[NFP_CONF_BOOL] = { "yes or no", "true or false", FALSE, parse_bool, NULL },
	[NFP_CONF_UINT] = { "number", NULL, FALSE, parse_uint, NULL },
	[NFP_CONF_AUTO_UINT] = { "number or auto", NULL, FALSE, parse_auto_uint, NULL },
	[NFP_CONF_DURATION] = { "duration", NULL, FALSE, parse_duration, print_duration },
	[NFP_CONF_SIZE] = { "size", NULL, FALSE, parse_size, print_size },
	[NFP_CONF_CHOICE] = { "choice", NULL, FALSE, parse_choice, NULL },
	[NFP_CONF_TUNNELS] = { "list", NULL, FALSE, parse_tunnels, NULL },
	[NFP_CONF_FILTER] = { "filter", "an expression of pcap-filter(7), as `not port 22`", TRUE, parse_filter, NULL },
	[NFP_CONF_PREFIXES] = { "list", "prefixes, or the path of a file with one a line", FALSE, parse_prefixes, NULL },
	[NFP_CONF_NAMES] = { "list of names", "names of collectors", TRUE, parse_names, NULL },
};

gboolean nfp_conf_value_parse(const NfpConfRow *row, const char *text, void *base, char **ret_why)
{
	return nfp_conf_types[row->type].parse(row, text, (char *)base + row->offset, ret_why);
}

static void print_bound(const NfpConfRow *row, uint64_t value, GString *out)
{
	if (nfp_conf_types[row->type].print)
		nfp_conf_types[row->type].print(value, out);
	else
		g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

/* "a", "a or b", "a, b or c" */
static void append_words(GString *out, const char *const *words, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "%s%s",
				       i == 0	    ? ""
				       : i == n - 1 ? " or "
						    : ", ",
				       words[i]);
}

char *nfp_conf_value_allowed(const NfpConfRow *row)
{
	GString *out = g_string_new(NULL);

	if (row->type == NFP_CONF_CHOICE) {
		g_autoptr(GPtrArray) names = g_ptr_array_new();

		for (const NfpConfChoice *choice = row->choices; choice->text; choice++)
			if (!choice->later)
				g_ptr_array_add(names, (char *)choice->text);
		append_words(out, (const char *const *)names->pdata, names->len);
	} else if (row->type == NFP_CONF_TUNNELS) {
		g_autofree char *names = nfp_tunnel_names();

		g_string_append(out, names);
	} else if (row->type == NFP_CONF_ENDPOINT) {
		g_autofree char *forms = nfp_endpoint_forms();

		g_string_append(out, forms);
	} else if (row->type == NFP_CONF_PROTOCOL) {
		const char *const *names = nfp_encoder_protocols();

		append_words(out, names, g_strv_length((char **)names));
	} else if (row->max > 0) {
		if (row->type == NFP_CONF_AUTO_UINT)
			g_string_append(out, "auto or ");
		print_bound(row, row->min, out);
		if (row->max > row->min) {
			g_string_append(out, " to ");
			print_bound(row, row->max, out);
		}
	} else {
		g_string_append(out, nfp_conf_types[row->type].hint);
	}
	if (row->limit)
		g_string_append_printf(out, " (%s)", row->limit);
	return g_string_free(out, FALSE);
}
