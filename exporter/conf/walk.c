/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/walk.h"

#include <string.h>

#include "collector/biflow.h"
#include "conf/schema.h"
#include "record/suggest.h"
#include "record/templates.h"
#include "transport/endpoint.h"

typedef struct {
	NfpConf *conf;
	NfpConfErrors *errors;
} Walk;

#define FAULT(walk, node, ...) \
	nfp_conf_errors_add((walk)->errors, (node)->line, (node)->column, __VA_ARGS__)

/* "a list is expected here" and what was found instead. */
static gboolean expect(Walk *walk, const NfpYamlNode *node, NfpYamlKind kind, const char *path)
{
	static const char *const wanted[] = {
		[NFP_YAML_SCALAR] = "a single value",
		[NFP_YAML_SEQUENCE] = "a list (lines that begin with \"- \")",
		[NFP_YAML_MAPPING] = "a section of keys (\"key: value\")",
	};

	if (node->kind == kind && !node->null)
		return TRUE;
	if (node->null)
		FAULT(walk, node,
		      "%s has no value; allowed: %s, or leave the line out for the default", path,
		      wanted[kind]);
	else
		FAULT(walk, node, "%s is %s; allowed: %s", path, nfp_yaml_kind_name(node),
		      wanted[kind]);
	return FALSE;
}

/* A key that is known, of another list or of the document. NULL: of none. Caller frees. */
static char *where_else(const char *key, NfpConfTable table)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		size_t n = strcspn(row->path, ".");
		const char *list = nfp_conf_lists[row->table].key;

		if (row->table == table || strlen(key) != n || strncmp(row->path, key, n) != 0)
			continue;
		return list ? g_strdup_printf(", it is one of an item of %s;", list)
			    : g_strdup(", it is one of the document, not of an item;");
	}
	return NULL;
}

static void unknown_key(Walk *walk, const NfpYamlNode *node, NfpConfTable table,
			const char *section, const char *path)
{
	g_autoptr(GPtrArray) keys = nfp_conf_keys(table, section);
	const char *const *words = (const char *const *)keys->pdata;
	const char *near = nfp_suggest(node->text, words, keys->len);
	g_autofree char *list = NULL;
	g_autofree char *hint =
		near ? g_strdup_printf(", did you mean \"%s\"?", near) : g_strdup("");
	g_autofree char *home = where_else(node->text, table);

	if (nfp_conf_is_later(table, path)) {
		FAULT(walk, node, "\"%s\" is not in this version; leave it out", path);
		return;
	}
	g_ptr_array_add(keys, NULL);
	list = g_strjoinv(", ", (char **)keys->pdata);
	FAULT(walk, node, "unknown key \"%.80s\"%s allowed here: %s", node->text,
	      *hint ? hint : home ? home : ";", list);
}

/* Each item is a value of its own, for its place in the file; they add up. */
static void apply_values(Walk *walk, const NfpConfRow *row, const NfpYamlNode *list, void *base)
{
	uint32_t *member = (uint32_t *)((char *)base + row->offset), all = 0;

	for (guint i = 0; i < list->children->len; i++) {
		const NfpYamlNode *item = g_ptr_array_index(list->children, i);
		g_autofree char *why = NULL;

		if (!expect(walk, item, NFP_YAML_SCALAR, row->path))
			continue;
		if (nfp_conf_value_parse(row, item->text, base, &why))
			all |= *member;
		else
			FAULT(walk, item, "%s: %s", row->path, why);
	}
	*member = all;
}

/* The same for names, which are put end to end. */
static void apply_names(Walk *walk, const NfpConfRow *row, const NfpYamlNode *list, void *base)
{
	char **member = (char **)((char *)base + row->offset);
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < list->children->len; i++) {
		const NfpYamlNode *item = g_ptr_array_index(list->children, i);
		g_autofree char *why = NULL;

		if (!expect(walk, item, NFP_YAML_SCALAR, row->path))
			continue;
		if (nfp_conf_value_parse(row, item->text, base, &why))
			g_string_append_printf(all, "%s%s", all->len ? "," : "", *member);
		else
			FAULT(walk, item, "%s: %s", row->path, why);
	}
	g_free(*member);
	*member = g_string_free(g_steal_pointer(&all), FALSE);
}

/* And for prefixes, which are one list. */
static void apply_prefixes(Walk *walk, const NfpConfRow *row, const NfpYamlNode *list, void *base)
{
	g_autoptr(GString) all = g_string_new(NULL);
	g_autofree char *why = NULL;
	gboolean fine = TRUE;

	for (guint i = 0; i < list->children->len; i++) {
		const NfpYamlNode *item = g_ptr_array_index(list->children, i);
		g_autofree char *fault = NULL;

		if (!expect(walk, item, NFP_YAML_SCALAR, row->path)) {
			fine = FALSE;
		} else if (!nfp_conf_value_parse(row, item->text, base, &fault)) {
			FAULT(walk, item, "%s: %s", row->path, fault);
			fine = FALSE;
		}
		g_string_append_printf(all, "%s%s", i ? "," : "", item->text ? item->text : "");
	}
	if (fine && !nfp_conf_value_parse(row, all->str, base, &why))
		FAULT(walk, list, "%s: %s", row->path, why);
}

static void apply_value(Walk *walk, const NfpConfRow *row, const NfpYamlNode *value, void *base)
{
	g_autofree char *why = NULL;

	if (row->type == NFP_CONF_TUNNELS && value->kind == NFP_YAML_SEQUENCE) {
		apply_values(walk, row, value, base);
		return;
	}
	if (row->type == NFP_CONF_NAMES && value->kind == NFP_YAML_SEQUENCE) {
		apply_names(walk, row, value, base);
		return;
	}
	if (row->type == NFP_CONF_PREFIXES && value->kind == NFP_YAML_SEQUENCE) {
		apply_prefixes(walk, row, value, base);
		return;
	}

	if (expect(walk, value, NFP_YAML_SCALAR, row->path) &&
	    !nfp_conf_value_parse(row, value->text, base, &why))
		FAULT(walk, value, "%s: %s", row->path, why);
}

static void apply_list(Walk *walk, NfpConfTable table, const NfpYamlNode *node);

/* section: NULL at the top of the table. */
static void apply_mapping(Walk *walk, NfpConfTable table, const char *section,
			  const NfpYamlNode *node, void *base)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i + 1 < node->children->len; i += 2) {
		const NfpYamlNode *key = g_ptr_array_index(node->children, i);
		const NfpYamlNode *value = g_ptr_array_index(node->children, i + 1);
		const NfpYamlNode *first;
		g_autofree char *path = NULL;
		const NfpConfRow *row;
		NfpConfTable list;

		if (key->kind != NFP_YAML_SCALAR) {
			FAULT(walk, key, "a key is %s; allowed: a word", nfp_yaml_kind_name(key));
			continue;
		}
		first = g_hash_table_lookup(seen, key->text);
		if (first) {
			FAULT(walk, key,
			      "\"%.80s\" stands here a second time (first in line %u); keep one",
			      key->text, first->line);
			continue;
		}
		g_hash_table_insert(seen, key->text, (void *)key);
		path = section ? g_strconcat(section, ".", key->text, NULL) : g_strdup(key->text);
		row = nfp_conf_row_find(table, path);
		list = table == NFP_CONF_TOP && !section ? nfp_conf_list_find(path) : NFP_CONF_TOP;
		if (row)
			apply_value(walk, row, value, base);
		else if (list != NFP_CONF_TOP)
			apply_list(walk, list, value);
		else if (!section && nfp_conf_is_section(table, path)) {
			if (expect(walk, value, NFP_YAML_MAPPING, path))
				apply_mapping(walk, table, path, value, base);
		} else
			unknown_key(walk, key, table, section, path);
	}
}

static void check_required(Walk *walk, NfpConfTable table, const NfpYamlNode *item)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		g_autofree char *allowed = NULL;

		if (row->table != table || !row->required || nfp_yaml_get(item, row->path))
			continue;
		allowed = nfp_conf_value_allowed(row);
		FAULT(walk, item, "this %s has no \"%s\"; allowed: %s", nfp_conf_lists[table].item,
		      row->path, allowed);
	}
}

static void apply_list(Walk *walk, NfpConfTable table, const NfpYamlNode *node)
{
	const NfpConfList *list = &nfp_conf_lists[table];
	GArray *array = *(GArray **)((char *)walk->conf + list->offset);

	if (!expect(walk, node, NFP_YAML_SEQUENCE, list->key))
		return;
	if (node->children->len == 0)
		FAULT(walk, node,
		      "%s is empty; write at least one %s, or leave it out for the default",
		      list->key, list->item);
	if (node->children->len > list->max)
		FAULT(walk, node, "%s has %u entries; allowed: at most %u", list->key,
		      node->children->len, list->max);
	for (guint i = 0; i < MIN(node->children->len, list->max); i++) {
		const NfpYamlNode *item = g_ptr_array_index(node->children, i);
		void *base;

		if (!expect(walk, item, NFP_YAML_MAPPING, list->item))
			continue;
		g_array_set_size(array, array->len + 1); /* cleared by the array */
		base = array->data + (size_t)(array->len - 1) * list->size;
		nfp_conf_set_defaults(table, base);
		apply_mapping(walk, table, NULL, item, base);
		check_required(walk, table, item);
	}
}

/* The node of a key of the n-th item, where there is one, else the item; the walk has appended an
 * option struct for every item that is a mapping. */
static const NfpYamlNode *item_node(const NfpYamlNode *root, NfpConfTable table, guint n,
				    const char *key)
{
	const NfpYamlNode *list = nfp_yaml_get(root, nfp_conf_lists[table].key);

	for (guint i = 0; i < list->children->len; i++) {
		const NfpYamlNode *item = g_ptr_array_index(list->children, i);

		if (item->kind == NFP_YAML_MAPPING && n-- == 0) {
			const NfpYamlNode *node = nfp_yaml_get(item, key);

			return node ? node : item;
		}
	}
	g_return_val_if_reached(list);
}

static NfpTemplateSet *check_template_set(Walk *walk, const NfpYamlNode *node, const NfpCollectorOptions *options)
{
	g_autoptr(GError) error = NULL;
	NfpTemplateSet *set = nfp_template_set_load(walk->conf->templates, options->template_set, &error);

	if (set && options->protocol && !nfp_collector_fields_check(options, set, &error))
		nfp_conf_errors_add_lines(walk->errors, node->line, node->column, error->message);
	else if (!set && strchr(error->message, '\n'))
		nfp_conf_errors_add_lines(walk->errors, node->line, node->column, error->message);
	else if (!set)
		FAULT(walk, node, "template_set: %s", error->message);
	return set;
}

static void check_templates(Walk *walk, const NfpYamlNode *root, guint n, NfpCollectorOptions *options)
{
	const NfpYamlNode *item = item_node(root, NFP_CONF_COLLECTORS, n, "");
	const NfpYamlNode *node = nfp_yaml_get(item, "template_set");
	g_autoptr(NfpTemplateSet) set = NULL;
	g_autoptr(GError) error = NULL;
	const char *option;

	if (options->biflow && !node) {
		g_free(options->template_set);
		options->template_set = g_strdup(NFP_BIFLOW_SET);
	}
	if (!options->template_set)
		return;
	set = check_template_set(walk, node ? node : item, options);
	if (set && options->endpoint && !nfp_collector_biflow_check(options, set, &option, &error))
		FAULT(walk, item_node(root, NFP_CONF_COLLECTORS, n, option), "%s: %s", option, error->message);
}

/* Two writers in one place would mix their messages. */
static void check_place(Walk *walk, GHashTable *places, const NfpYamlNode *node, const char *endpoint)
{
	g_auto(NfpEndpoint) parsed = { 0 };

	if (!nfp_endpoint_parse(endpoint, &parsed, NULL) || (parsed.host && strcmp(parsed.host, "*") != 0))
		return;
	if (!g_hash_table_add(places, g_ascii_strdown(endpoint, -1)))
		FAULT(walk, node, "endpoint: another collector writes to \"%.80s\" already; allowed: one",
		      endpoint);
}

static void check_pair(Walk *walk, const NfpYamlNode *root, guint n, NfpCollectorOptions *options)
{
	g_autoptr(GError) error = NULL;
	const char *option;

	if (!options->protocol)
		options->protocol = g_strdup(nfp_collector_protocol(options->endpoint));
	if (!nfp_collector_options_check(options, &option, &error))
		FAULT(walk, item_node(root, NFP_CONF_COLLECTORS, n, option), "%s: %s", option, error->message);
}

/* What collectors are told of the sampling of all interfaces. */
static void tell_sampling(const NfpConf *conf, NfpCollectorOptions *options)
{
	for (guint i = 0; i < conf->interfaces->len; i++) {
		const NfpInterfaceOptions *interface = &g_array_index(conf->interfaces, NfpInterfaceOptions, i);

		options->sampled |= interface->sampling != 1;
		options->sampled_random |= interface->sampling != 1 && interface->sampling_mode == NFP_SAMPLE_RANDOM;
		if (i == 0)
			options->sampling = interface->sampling;
		else if (options->sampling != interface->sampling)
			options->sampling = 1;
	}
}

/* What no row can tell alone. */
static void check_collectors(Walk *walk, const NfpYamlNode *root)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < walk->conf->collectors->len; i++) {
		NfpCollectorOptions *options =
			&g_array_index(walk->conf->collectors, NfpCollectorOptions, i);

		if (options->name && !g_hash_table_add(names, options->name))
			FAULT(walk, item_node(root, NFP_CONF_COLLECTORS, i, "name"),
			      "name: another collector is called \"%s\" already; allowed: a name "
			      "of its own",
			      options->name);
		options->pen = walk->conf->pen;
		tell_sampling(walk->conf, options);
		if (options->endpoint) {
			check_place(walk, places, item_node(root, NFP_CONF_COLLECTORS, i, "endpoint"),
				    options->endpoint);
			check_pair(walk, root, i, options);
		}
		check_templates(walk, root, i, options);
	}
}

static void unknown_member(Walk *walk, const NfpYamlNode *node, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *allowed = NULL;
	const char *near;

	for (guint i = 0; i < walk->conf->collectors->len; i++) {
		char *known = g_array_index(walk->conf->collectors, NfpCollectorOptions, i).name;

		if (known)
			g_ptr_array_add(names, known);
	}
	near = nfp_suggest(name, (const char *const *)names->pdata, names->len);
	if (near) {
		FAULT(walk, node, "members: there is no collector \"%s\", did you mean \"%s\"?", name, near);
		return;
	}
	g_ptr_array_add(names, NULL);
	allowed = g_strjoinv(", ", (char **)names->pdata);
	FAULT(walk, node, "members: there is no collector \"%s\"; allowed: %s", name,
	      *allowed ? allowed : "names of `collectors`, which is empty");
}

static const NfpCollectorOptions *collector_of(const Walk *walk, const char *name)
{
	for (guint i = 0; i < walk->conf->collectors->len; i++) {
		const NfpCollectorOptions *options =
			&g_array_index(walk->conf->collectors, NfpCollectorOptions, i);

		if (!g_strcmp0(name, options->name))
			return options;
	}
	return NULL;
}

/* taken: collector -> its group. */
static void check_members(Walk *walk, const NfpYamlNode *node, const NfpGroupOptions *group, GHashTable *taken)
{
	g_auto(GStrv) names = g_strsplit(group->members, ",", -1);
	const NfpCollectorOptions *first = names[0] ? collector_of(walk, names[0]) : NULL;

	if (!names[0])
		FAULT(walk, node, "members: a group of nobody; allowed: names of collectors");
	if (g_strv_length(names) > NFP_GROUP_MEMBERS)
		FAULT(walk, node, "members: allowed: at most %d", NFP_GROUP_MEMBERS);
	for (guint i = 0; names[i]; i++) {
		gboolean inside = node->kind == NFP_YAML_SEQUENCE && i < node->children->len;
		const NfpYamlNode *place = inside ? g_ptr_array_index(node->children, i) : node;
		const char *other = g_hash_table_lookup(taken, names[i]);
		const NfpCollectorOptions *member = collector_of(walk, names[i]);

		if (!member)
			unknown_member(walk, place, names[i]);
		else if (other)
			FAULT(walk, place, "members: \"%s\" is in group \"%s\" already; allowed: one group, once",
			      names[i], other);
		else if (first && member->biflow != first->biflow)
			FAULT(walk, place, "members: \"%s\" and \"%s\" differ in biflow; allowed: all with it or none",
			      names[0], names[i]);
		else
			g_hash_table_insert(taken, g_strdup(names[i]), group->name ? group->name : (char *)"");
	}
}

static void check_groups(Walk *walk, const NfpYamlNode *root)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < walk->conf->groups->len; i++) {
		NfpGroupOptions *group = &g_array_index(walk->conf->groups, NfpGroupOptions, i);

		if (group->name && !g_hash_table_add(names, group->name))
			FAULT(walk, item_node(root, NFP_CONF_GROUPS, i, "name"),
			      "name: another group is called \"%s\" already; allowed: a name of its own", group->name);
		if (group->members)
			check_members(walk, item_node(root, NFP_CONF_GROUPS, i, "members"), group, taken);
	}
}

static void check_interfaces(Walk *walk, const NfpYamlNode *root)
{
	for (guint i = 0; i < walk->conf->interfaces->len; i++) {
		const NfpInterfaceOptions *options =
			&g_array_index(walk->conf->interfaces, NfpInterfaceOptions, i);

		if (options->hook == NFP_HOOK_XDP && options->direction == NFP_DIRECTION_EGRESS)
			FAULT(walk, item_node(root, NFP_CONF_INTERFACES, i, "hook"),
			      "hook: XDP sees what comes in only; allowed: tc for direction: egress");
	}
}

/* Elements of others have their numbers: ours would be taken for theirs. */
static void check_pen(Walk *walk, const NfpYamlNode *root)
{
	const NfpYamlNode *node = nfp_yaml_get(root, "pen");

	for (guint i = 0; node && i < nfp_fields_n; i++) {
		if (nfp_fields[i].pen != walk->conf->pen || nfp_fields[i].pen == NFP_PEN_OWN)
			continue;
		FAULT(walk, node, "pen: %u is the number of others' elements, as %s; allowed: one of your own",
		      walk->conf->pen, nfp_fields[i].name);
		return;
	}
}

void nfp_conf_walk(const NfpYamlNode *root, NfpConf *conf, NfpConfErrors *errors)
{
	Walk walk = { conf, errors };

	if (!expect(&walk, root, NFP_YAML_MAPPING, "the document"))
		return;
	apply_mapping(&walk, NFP_CONF_TOP, NULL, root, conf);
	check_pen(&walk, root);
	check_interfaces(&walk, root);
	check_collectors(&walk, root);
	check_groups(&walk, root);
}
