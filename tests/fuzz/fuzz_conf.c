/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text is a configuration or an error that names a place; what differs between two can be told, and what a reload keeps is the
 * same then. Two texts: with an octet of 0 between them. A short text is also tried as the value of each option.
 */
#include <stdlib.h>
#include <string.h>

#include "app/reload.h"
#include "base/error.h"
#include "conf/conf.h"
#include "conf/diff.h"
#include "conf/schema.h"
#include "fuzz/no_names.h"

#define SHORT 300 /* octets of a value */

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

static gboolean is_text(const char *text)
{
	return *text && g_utf8_validate(text, -1, NULL);
}

/* ---- a document ------------------------------------------------------------------------------------ */

static void check_items(const NfpConf *conf)
{
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const NfpInterfaceOptions *interface = &g_array_index(conf->interfaces, NfpInterfaceOptions, i);

		check(interface->match && interface->sampling <= NFP_SAMPLE_MAX && interface->sampling_budget >= 100);
		check(!interface->filter || *interface->filter);
	}
	for (guint i = 0; i < conf->collectors->len; i++) {
		const NfpCollectorOptions *collector = &g_array_index(conf->collectors, NfpCollectorOptions, i);

		check(collector->name && collector->endpoint && collector->protocol && collector->template_set);
	}
	for (guint i = 0; i < conf->groups->len; i++)
		check(g_array_index(conf->groups, NfpGroupOptions, i).members != NULL);
}

static NfpConf *parse(const char *text)
{
	g_autoptr(GError) err = NULL;
	NfpConf *conf = nfp_conf_parse("fuzz", text, &err);

	check((conf == NULL) == (err != NULL));
	check(!err || (g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE) && strchr(err->message, ':') && is_text(err->message)));
	if (!conf)
		return NULL;
	check(conf->interval >= 1000000000ull && conf->hostname && conf->interfaces && conf->collectors);
	check_items(conf);
	return conf;
}

/* ---- two of them ----------------------------------------------------------------------------------- */

static void check_answer(const GArray *changes)
{
	g_autoptr(JsonObject) answer = json_object_new();
	JsonObject *reload = json_object_new();
	JsonArray *texts = json_array_new();
	g_autofree char *told = NULL;
	int code = 77;

	for (guint i = 0; i < changes->len; i++) {
		const NfpConfChange *change = &g_array_index(changes, NfpConfChange, i);

		check(change->text && is_text(change->text) && !strchr(change->text, '\n'));
		check((change->table == NFP_CONF_TOP) == (change->item == NULL));
		json_array_add_string_element(texts, change->text);
	}
	json_object_set_array_member(reload, "changed", texts);
	json_object_set_object_member(answer, "reload", reload);
	told = nfp_reload_text(answer, &code);
	check(code == 0 && is_text(told));
	for (guint i = 0; i < changes->len; i++)
		check(strstr(told, g_array_index(changes, NfpConfChange, i).text) != NULL);
}

/* Names may stand twice among interfaces, and then one of them is not compared. */
static gboolean is_same(const GArray *changes)
{
	return changes->len == 0;
}

static void check_same(const NfpConf *conf)
{
	g_autoptr(GArray) changes = nfp_conf_diff(conf, conf);

	for (guint i = 0; i < changes->len; i++)
		check(g_array_index(changes, NfpConfChange, i).table == NFP_CONF_INTERFACES);
	check(conf->interfaces->len > 1 || is_same(changes));
}

static void check_two(const NfpConf *from, NfpConf *to)
{
	g_autoptr(GArray) forth = nfp_conf_diff(from, to), back = nfp_conf_diff(to, from);

	check_answer(forth);
	check_answer(back);
	check(is_same(forth) == is_same(back));
	for (guint part = NFP_CONF_PART_PROCESS; part <= NFP_CONF_PART_LOG; part++) {
		nfp_conf_keep(from, to, part);
		check(nfp_conf_same_part(NFP_CONF_TOP, part, from, to));
	}
	check(nfp_conf_same_item(NFP_CONF_TOP, from, to));
}

/* ---- values of the command line -------------------------------------------------------------------- */

static void check_said(gboolean ok, GError **err)
{
	check(ok == (*err == NULL));
	check(!*err || (g_error_matches(*err, NFP_ERROR, NFP_ERROR_USAGE) && is_text((*err)->message)));
	g_clear_error(err);
}

static void check_value(const char *text)
{
	g_autoptr(NfpConf) conf = nfp_conf_default();
	g_autoptr(GError) err = NULL;
	NfpDirection direction;
	NfpHookKind hook;
	uint64_t ns;

	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];

		if (row->table == NFP_CONF_TOP)
			check_said(nfp_conf_set(conf, row->path, text, &err), &err);
		else if (!(row->type == NFP_CONF_PREFIXES && *text == '/')) /* no files of this machine */
			check_said(nfp_conf_check(nfp_conf_lists[row->table].key, row->path, text, &err), &err);
	}
	check_said(nfp_conf_add_interface(conf, text, &err), &err);
	check_said(nfp_conf_add_collector(conf, text, &err), &err);
	check_said(nfp_conf_hook(text, &hook, &err), &err);
	check_said(nfp_conf_decapsulate(conf, text, &err), &err);
	check_said(nfp_conf_duration(text, &ns, &err), &err);
	check_said(nfp_conf_direction(text, &direction, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t length = nul ? (size_t)(nul - data) : size;
	g_autofree char *first = g_strndup((const char *)data, length);
	g_autofree char *second = nul ? g_strndup((const char *)nul + 1, size - length - 1) : NULL;
	g_autoptr(NfpConf) from = parse(first), to = second ? parse(second) : NULL;

	if (from)
		check_same(from);
	if (from && to)
		check_two(from, to);
	if (size < SHORT && g_utf8_validate(first, -1, NULL))
		check_value(first);
	return 0;
}
