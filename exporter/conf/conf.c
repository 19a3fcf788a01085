/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/trust.h"
#include "conf/errors.h"
#include "conf/schema.h"
#include "conf/walk.h"
#include "conf/yaml.h"

#define DEFAULT_INTERVAL (10 * NFP_NS_PER_S) /* somebody is looking at the table */

static void interface_clear(void *data)
{
	nfp_conf_clear_strings(NFP_CONF_INTERFACES, data);
}

static void collector_clear(void *data)
{
	nfp_conf_clear_strings(NFP_CONF_COLLECTORS, data);
}

static void group_clear(void *data)
{
	nfp_conf_clear_strings(NFP_CONF_GROUPS, data);
}

static NfpConf *conf_new(void)
{
	NfpConf *conf = g_new0(NfpConf, 1);

	conf->refs = 1;
	conf->interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions));
	g_array_set_clear_func(conf->interfaces, interface_clear);
	conf->collectors = g_array_new(FALSE, TRUE, sizeof(NfpCollectorOptions));
	g_array_set_clear_func(conf->collectors, collector_clear);
	conf->groups = g_array_new(FALSE, TRUE, sizeof(NfpGroupOptions));
	g_array_set_clear_func(conf->groups, group_clear);
	conf->direction = NFP_DIRECTION_INGRESS;
	nfp_conf_set_defaults(NFP_CONF_TOP, conf);
	conf->hostname = g_strdup(g_get_host_name());
	return conf;
}

NfpConf *nfp_conf_default(void)
{
	NfpConf *conf = conf_new();

	conf->interval = DEFAULT_INTERVAL;
	return conf;
}

NfpConf *nfp_conf_ref(NfpConf *conf)
{
	g_atomic_int_inc(&conf->refs);
	return conf;
}

void nfp_conf_free(NfpConf *conf)
{
	if (!conf || !g_atomic_int_dec_and_test(&conf->refs))
		return;
	nfp_conf_clear_strings(NFP_CONF_TOP, conf);
	g_clear_pointer(&conf->interfaces, g_array_unref);
	g_clear_pointer(&conf->collectors, g_array_unref);
	g_clear_pointer(&conf->groups, g_array_unref);
	g_free(conf);
}

static NfpConf *parse(const char *file, const char *text, gsize length, GError **err)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	g_autoptr(NfpYamlDoc) doc = nfp_yaml_parse(text, length, errors);
	g_autoptr(NfpConf) conf = conf_new();

	if (doc && doc->root)
		nfp_conf_walk(doc->root, conf, errors);
	else if (doc)
		nfp_conf_errors_add(
			errors, 1, 1,
			"there is no option in this file; write at least one (\"interval: 60s\")");
	return nfp_conf_errors_none(errors, file, err) ? g_steal_pointer(&conf) : NULL;
}

NfpConf *nfp_conf_parse(const char *file, const char *text, GError **err)
{
	return parse(file, text, strlen(text), err);
}

/* Up to `limit` octets of an open file. 0 or an errno. */
static int read_some(int fd, GByteArray *bytes, gsize limit)
{
	guint8 buffer[16384];

	while (bytes->len < limit) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		g_byte_array_append(bytes, buffer, n);
	}
	return 0;
}

NfpConf *nfp_conf_load(const char *path, GError **err)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int fault = fd < 0 ? errno : 0;

	if (!fault) /* one octet past the limit: the parser says that it is too large */
		fault = read_some(fd, bytes, NFP_YAML_BYTES + 1);
	if (fault) {
		nfp_error_errno(err, NFP_ERROR_USAGE, fault, "configuration %s cannot be read",
				path);
		return NULL;
	}
	if (!nfp_trust_configuration(fd, path, err))
		return NULL;
	return parse(path, bytes->len ? (const char *)bytes->data : "", bytes->len, err);
}

/* Reads text into the member of a row, with the reason as an error. */
static gboolean parse_member(NfpConfTable table, const char *path, const char *text, void *base,
			     GError **err)
{
	const NfpConfRow *row = nfp_conf_row_find(table, path);
	g_autofree char *why = NULL, *line = NULL;

	g_return_val_if_fail(row, FALSE);
	if (nfp_conf_value_parse(row, text, base, &why))
		return TRUE;
	line = nfp_error_line(why);
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, line);
	return FALSE;
}

gboolean nfp_conf_set(NfpConf *conf, const char *path, const char *text, GError **err)
{
	return parse_member(NFP_CONF_TOP, path, text, conf, err);
}

/* Appends an item whose member `path` is text. */
static void *append(GArray *array, NfpConfTable table, const char *path, const char *text,
		    GError **err)
{
	void *base;

	g_array_set_size(array, array->len + 1);
	base = array->data + (size_t)(array->len - 1) * nfp_conf_lists[table].size;
	nfp_conf_set_defaults(table, base);
	if (parse_member(table, path, text, base, err))
		return base;
	g_array_set_size(array, array->len - 1);
	return NULL;
}

gboolean nfp_conf_add_interface(NfpConf *conf, const char *match, GError **err)
{
	NfpInterfaceOptions *options =
		append(conf->interfaces, NFP_CONF_INTERFACES, "match", match, err);

	if (!options)
		return FALSE;
	options->direction = conf->direction;
	options->hook = conf->hook;
	options->decapsulate = conf->decapsulate;
	return TRUE;
}

gboolean nfp_conf_add_collector(NfpConf *conf, const char *endpoint, GError **err)
{
	NfpCollectorOptions *options =
		append(conf->collectors, NFP_CONF_COLLECTORS, "endpoint", endpoint, err);

	if (!options)
		return FALSE;
	options->name = g_strdup(endpoint);
	options->protocol = g_strdup(nfp_collector_protocol(endpoint));
	return TRUE;
}

gboolean nfp_conf_check(const char *list, const char *path, const char *text, GError **err)
{
	NfpConfTable table = nfp_conf_list_find(list);
	g_autofree void *item = g_malloc0(MAX(nfp_conf_lists[table].size, sizeof(NfpConf)));
	gboolean fine = parse_member(table, path, text, item, err);

	nfp_conf_clear_strings(table, item);
	return fine;
}

gboolean nfp_conf_duration(const char *text, uint64_t *ret_ns, GError **err)
{
	NfpConf conf = { 0 };

	if (!nfp_conf_set(&conf, "interval", text, err))
		return FALSE;
	*ret_ns = conf.interval;
	return TRUE;
}

gboolean nfp_conf_hook(const char *text, NfpHookKind *ret_hook, GError **err)
{
	NfpInterfaceOptions item = { 0 };

	if (!parse_member(NFP_CONF_INTERFACES, "hook", text, &item, err))
		return FALSE;
	*ret_hook = item.hook;
	return TRUE;
}

gboolean nfp_conf_decapsulate(NfpConf *conf, const char *text, GError **err)
{
	NfpInterfaceOptions item = { 0 };

	if (!parse_member(NFP_CONF_INTERFACES, "decapsulate", text, &item, err))
		return FALSE;
	conf->decapsulate = item.decapsulate;
	for (guint i = 0; i < conf->interfaces->len; i++)
		g_array_index(conf->interfaces, NfpInterfaceOptions, i).decapsulate = item.decapsulate;
	return TRUE;
}

gboolean nfp_conf_direction(const char *text, NfpDirection *ret_direction, GError **err)
{
	NfpInterfaceOptions item = { 0 };

	if (!parse_member(NFP_CONF_INTERFACES, "direction", text, &item, err))
		return FALSE;
	*ret_direction = item.direction;
	return TRUE;
}
