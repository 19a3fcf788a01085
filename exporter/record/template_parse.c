// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Template sets from YAML:
 *
 *   lists:                      # optional: named lists, for use through YAML aliases
 *     times: &times [flowStartMilliseconds, flowEndMilliseconds]
 *   templates:                  # tried in order; a record leaves by the first that it meets
 *     - name: ipv4-tcp
 *       need: [ipv4, tcp]       # words of record/have.c
 *       fields: [*times, sourceIPv4Address, ...]   # names of fields.def; a list in a list is its
 * fields
 *
 * Parsing goes on after an error, so that a file's errors are all seen at once.
 */
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "record/have.h"
#include "record/suggest.h"
#include "record/templates.h"

#define ERRORS_MAX 100 /* told of one file */
#define NAME_MAX_ 63   /* octets of a template's name */
#define NESTING_MAX 8  /* lists in lists; also ends a list that is an alias of itself */
#define VISITS_MAX (4 * NFP_TEMPLATE_FIELDS) /* names and lists read for one template */

typedef struct {
	const char *file;
	yaml_document_t document;
	GPtrArray *errors; /* char *, in file order as found */
	guint left_out;    /* errors above ERRORS_MAX */
	GPtrArray *fields; /* const NfpField *: of the template in hand */
	GArray *marks;     /* yaml_mark_t: where each of them stands */
	guint visits;      /* names and lists read for it */
	gboolean too_long; /* it has more than NFP_TEMPLATE_FIELDS */
} Parser;

static void G_GNUC_PRINTF(3, 4) complain(Parser *parser, yaml_mark_t mark, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *told = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *what = nfp_error_line(told);
	g_autofree char *line = g_strdup_printf("%s:%zu:%zu: %s", parser->file, mark.line + 1,
						mark.column + 1, what);

	/* A list used by several templates is read for each of them. */
	if (g_ptr_array_find_with_equal_func(parser->errors, line, g_str_equal, NULL))
		return;
	if (parser->errors->len < ERRORS_MAX)
		g_ptr_array_add(parser->errors, g_steal_pointer(&line));
	else
		parser->left_out++;
}

/* ", did you mean X?" or "" */
static const char *hint(char *buffer, gsize size, const char *near)
{
	if (near == NULL)
		return "";
	g_snprintf(buffer, size, ", did you mean %s?", near);
	return buffer;
}

static const char *scalar(const yaml_node_t *node)
{
	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return NULL;
	return (const char *)node->data.scalar.value;
}

static const char *type_name(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE: return "a single value";
	case YAML_SEQUENCE_NODE: return "a list";
	case YAML_MAPPING_NODE: return "a mapping";
	default: return "nothing";
	}
}

/* Puts the values of a mapping into values[] by the order of keys[0..n); complains of the rest. */
static gboolean read_mapping(Parser *parser, yaml_node_t *node, const char *what,
			     const char *const *keys, guint n, yaml_node_t **values)
{
	char buffer[128];

	memset(values, 0, n * sizeof(*values));
	if (node->type != YAML_MAPPING_NODE) {
		complain(parser, node->start_mark, "%s is a mapping, not %s", what,
			 type_name(node));
		return FALSE;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&parser->document, pair->key);
		const char *word = scalar(key);
		guint i = 0;

		while (i < n && (word == NULL || strcmp(keys[i], word) != 0))
			i++;
		if (i == n)
			complain(parser, key->start_mark, "unknown key \"%s\" in %s%s",
				 word != NULL ? word : "?", what,
				 hint(buffer, sizeof(buffer),
				      word ? nfp_suggest(word, keys, n) : NULL));
		else if (values[i] != NULL)
			complain(parser, key->start_mark, "\"%s\" is there twice", word);
		else
			values[i] = yaml_document_get_node(&parser->document, pair->value);
	}
	return TRUE;
}

static void add_field(Parser *parser, yaml_node_t *node, const char *name)
{
	const NfpField *field = nfp_field_find(name);
	char buffer[128];

	if (field == NULL)
		complain(parser, node->start_mark, "unknown field \"%s\"%s", name,
			 hint(buffer, sizeof(buffer), nfp_field_suggest(name)));
	else if (parser->fields->len < NFP_TEMPLATE_FIELDS) {
		g_ptr_array_add(parser->fields, (void *)field);
		g_array_append_val(parser->marks, node->start_mark);
	} else {
		parser->too_long = TRUE;
	}
}

/* Appends the fields of a list, and of the lists in it, to parser->fields. */
static void read_fields(Parser *parser, yaml_node_t *node, guint depth)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(parser, node->start_mark, "expected a list of field names, not %s",
			 type_name(node));
		return;
	}
	if (depth > NESTING_MAX) {
		complain(parser, node->start_mark, "lists nested deeper than %d", NESTING_MAX);
		return;
	}
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top && !parser->too_long; item++) {
		yaml_node_t *entry = yaml_document_get_node(&parser->document, *item);
		const char *name = scalar(entry);

		if (++parser->visits > VISITS_MAX)
			parser->too_long = TRUE;
		else if (name != NULL)
			add_field(parser, entry, name);
		else
			read_fields(parser, entry, depth + 1);
	}
}

static void start_fields(Parser *parser, yaml_node_t *node)
{
	g_ptr_array_set_size(parser->fields, 0);
	g_array_set_size(parser->marks, 0);
	parser->visits = 0;
	parser->too_long = FALSE;
	read_fields(parser, node, 0);
	if (parser->too_long)
		complain(parser, node->start_mark, "more than %d fields", NFP_TEMPLATE_FIELDS);
}

static void read_lists(Parser *parser, yaml_node_t *node)
{
	if (node->type != YAML_MAPPING_NODE) {
		complain(parser, node->start_mark, "lists is a mapping, not %s", type_name(node));
		return;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		start_fields(parser, yaml_document_get_node(&parser->document, pair->value));
}

static uint32_t read_need(Parser *parser, yaml_node_t *node)
{
	uint32_t need = NFP_HAVE_ALWAYS;
	char buffer[128];

	if (node->type != YAML_SEQUENCE_NODE) {
		complain(parser, node->start_mark, "need is a list of words, not %s",
			 type_name(node));
		return need;
	}
	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		yaml_node_t *entry = yaml_document_get_node(&parser->document, *item);
		const char *word = scalar(entry), *near = NULL;
		uint32_t bit = word != NULL ? nfp_have_find(word, &near) : 0;

		if (bit == 0)
			complain(parser, entry->start_mark, "unknown need \"%s\"%s",
				 word != NULL ? word : "?", hint(buffer, sizeof(buffer), near));
		need |= bit;
	}
	need = nfp_have_implied(need);
	if ((need & NFP_HAVE_IPV4) && (need & NFP_HAVE_IPV6))
		complain(parser, node->start_mark, "no record is of IPv4 and of IPv6");
	return need;
}

static char *read_name(Parser *parser, yaml_node_t *node)
{
	const char *name = scalar(node);
	gsize length = name != NULL ? strlen(name) : 0;

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum(name[i]) && name[i] != '-' && name[i] != '_' && name[i] != '.')
			length = 0;
	if (length == 0 || length > NAME_MAX_) {
		complain(parser, node->start_mark,
			 "a template's name is 1 to %d letters, digits, \"-\", \"_\" or \".\"",
			 NAME_MAX_);
		return g_strdup("?");
	}
	return g_strdup(name);
}

/* A field whose value not every record of the template has would be sent as a made-up zero
 * (RFC 7011 8: another template instead); one that is there twice is read differently by each
 * collector. */
static void check_fields(Parser *parser, yaml_node_t *node, uint32_t need)
{
	for (guint i = 0; i < parser->fields->len; i++) {
		const NfpField *field = g_ptr_array_index(parser->fields, i);
		guint earlier = 0;

		while (g_ptr_array_index(parser->fields, earlier) != field)
			earlier++;
		if (earlier < i)
			complain(parser, node->start_mark, "field %s is there twice", field->name);
		if ((need & field->need) != field->need) {
			g_autoptr(GString) words = g_string_new(NULL);

			nfp_have_print(words, field->need);
			complain(parser, node->start_mark, "field %s needs \"%s\" under need",
				 field->name, words->str);
		}
	}
}

static void read_template(Parser *parser, yaml_node_t *node, GArray *templates)
{
	static const char *const keys[] = { "name", "need", "fields" };
	yaml_node_t *values[G_N_ELEMENTS(keys)];

	if (!read_mapping(parser, node, "a template", keys, G_N_ELEMENTS(keys), values))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (values[i] == NULL) {
			complain(parser, node->start_mark, "a template has a \"%s\"", keys[i]);
			return;
		}
	}

	NfpTemplate template = { .name = read_name(parser, values[0]) };

	template.need = read_need(parser, values[1]);
	start_fields(parser, values[2]);
	if (parser->fields->len == 0)
		complain(parser, values[2]->start_mark, "a template has at least one field");
	check_fields(parser, values[2], template.need);

	for (guint i = 0; i < templates->len; i++) {
		const NfpTemplate *earlier = &g_array_index(templates, NfpTemplate, i);

		if (strcmp(earlier->name, template.name) == 0 && strcmp(template.name, "?") != 0)
			complain(parser, values[0]->start_mark, "there is a template %s already",
				 template.name);
		if ((template.need & earlier->need) == earlier->need)
			complain(parser, values[1]->start_mark,
				 "%s is never reached: %s above takes all its records",
				 template.name, earlier->name);
	}
	template.n = parser->fields->len;
	template.fields = g_memdup2(parser->fields->pdata, template.n * sizeof(*template.fields));
	template.marks = g_malloc_n(template.n, sizeof(*template.marks));
	for (guint i = 0; i < template.n; i++) {
		const yaml_mark_t *mark = &g_array_index(parser->marks, yaml_mark_t, i);

		template.marks[i].line = (guint)mark->line + 1;
		template.marks[i].column = (guint)mark->column + 1;
	}
	g_array_append_val(templates, template);
}

static void clear_template(gpointer data)
{
	NfpTemplate *template = data;

	g_free(template->name);
	g_free(template->fields);
	g_free(template->marks);
}

static void read_set(Parser *parser, yaml_node_t *root, GArray *templates)
{
	static const char *const keys[] = { "lists", "templates" };
	yaml_node_t *values[G_N_ELEMENTS(keys)];

	if (!read_mapping(parser, root, "a template set", keys, G_N_ELEMENTS(keys), values))
		return;
	if (values[0] != NULL)
		read_lists(parser, values[0]);
	if (values[1] == NULL) {
		complain(parser, root->start_mark, "a template set has \"templates\"");
		return;
	}
	if (values[1]->type != YAML_SEQUENCE_NODE) {
		complain(parser, values[1]->start_mark, "templates is a list, not %s",
			 type_name(values[1]));
		return;
	}

	const yaml_node_item_t *first = values[1]->data.sequence.items.start;
	gsize n = values[1]->data.sequence.items.top - first;

	if (n == 0 || n > NFP_SET_TEMPLATES) {
		complain(parser, values[1]->start_mark, "a template set has 1 to %d templates",
			 NFP_SET_TEMPLATES);
		return;
	}
	for (gsize i = 0; i < n; i++)
		read_template(parser, yaml_document_get_node(&parser->document, first[i]),
			      templates);
}

static gboolean load_document(Parser *parser, const char *text)
{
	yaml_parser_t yaml;

	if (!yaml_parser_initialize(&yaml)) {
		g_ptr_array_add(parser->errors, g_strdup_printf("%s: out of memory", parser->file));
		return FALSE;
	}
	yaml_parser_set_input_string(&yaml, (const unsigned char *)text, strlen(text));

	gboolean fine = yaml_parser_load(&yaml, &parser->document) != 0;

	if (!fine) {
		yaml_mark_t mark = yaml.error == YAML_READER_ERROR ? yaml.mark : yaml.problem_mark;

		complain(parser, mark, "not YAML: %s%s%s",
			 yaml.problem != NULL ? yaml.problem : "?", yaml.context != NULL ? " " : "",
			 yaml.context != NULL ? yaml.context : "");
	}
	yaml_parser_delete(&yaml);
	return fine;
}

static char *set_name(const char *file)
{
	char *name = g_path_get_basename(file);

	if (g_str_has_suffix(name, ".yaml"))
		name[strlen(name) - strlen(".yaml")] = '\0';
	return name;
}

NfpTemplateSet *nfp_template_set_parse(const char *file, const char *text, GError **err)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) fields = g_ptr_array_new();
	g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(yaml_mark_t));
	g_autoptr(GArray) templates = g_array_new(FALSE, FALSE, sizeof(NfpTemplate));
	Parser parser = { .file = file, .errors = errors, .fields = fields, .marks = marks };

	g_array_set_clear_func(templates, clear_template);
	if (load_document(&parser, text)) {
		yaml_node_t *root = yaml_document_get_root_node(&parser.document);

		if (root == NULL)
			complain(&parser, (yaml_mark_t){ 0 },
				 "empty: a template set has \"templates\"");
		else
			read_set(&parser, root, templates);
		yaml_document_delete(&parser.document);
	}
	if (errors->len > 0) {
		if (parser.left_out > 0)
			g_ptr_array_add(errors,
					g_strdup_printf("%s: %u more", file, parser.left_out));
		g_ptr_array_add(errors, NULL);
		g_autofree char *all = g_strjoinv("\n", (char **)errors->pdata);

		g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, all);
		return NULL;
	}

	NfpTemplateSet *set = g_new0(NfpTemplateSet, 1);

	set->name = set_name(file);
	set->file = g_strdup(file);
	set->n = templates->len;
	set->templates = g_memdup2(templates->data, templates->len * sizeof(NfpTemplate));
	g_array_set_clear_func(templates, NULL); /* what they point to belongs to the set now */
	return set;
}
