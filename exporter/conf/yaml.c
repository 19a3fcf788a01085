/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/yaml.h"

#include <string.h>
#include <yaml.h>

typedef struct {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at, if have_event */
	gboolean have_event;
	const char *text;
	gsize length;
	NfpYamlDoc *doc;
	GHashTable *anchors; /* name -> NfpYamlNode *, complete nodes only */
	NfpConfErrors *errors;
} Reader;

static void node_free(void *data)
{
	NfpYamlNode *node = data;

	g_free(node->text);
	if (node->children)
		g_ptr_array_unref(node->children);
	g_free(node);
}

void nfp_yaml_doc_free(NfpYamlDoc *doc)
{
	if (!doc)
		return;
	g_ptr_array_unref(doc->nodes);
	g_free(doc);
}

static void reader_clear(Reader *reader)
{
	if (reader->have_event)
		yaml_event_delete(&reader->event);
	yaml_parser_delete(&reader->parser);
	g_hash_table_unref(reader->anchors);
	nfp_yaml_doc_free(reader->doc);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

/* Line and column (in characters, from 1) of an offset. */
static void locate(const char *text, gsize offset, guint *ret_line, guint *ret_column)
{
	guint line = 1, column = 1;

	for (gsize i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

/* libyaml calls it a character that cannot start a token. */
static gboolean is_tab(const char *text, gsize length, guint line, guint column)
{
	const char *end = text + length;

	while (line-- > 1) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text)
			return FALSE;
		text++;
	}
	return g_utf8_strlen(text, end - text) >= (glong)column && *g_utf8_offset_to_pointer(text, column - 1) == '\t';
}

static void parser_error(Reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	guint line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
	g_autofree char *where = NULL;

	if (parser->error == YAML_MEMORY_ERROR) {
		nfp_conf_errors_add(reader->errors, 1, 1, "out of memory while reading");
		return;
	}
	if (parser->error == YAML_READER_ERROR)
		locate(reader->text, MIN(parser->problem_offset, reader->length), &line, &column);
	if (parser->error == YAML_SCANNER_ERROR && is_tab(reader->text, reader->length, line, column)) {
		nfp_conf_errors_add(reader->errors, line, column, "not valid YAML: a tab; indent with spaces");
		return;
	}
	if (parser->context)
		where = g_strdup_printf(" (%s that starts in line %zu)", parser->context,
					parser->context_mark.line + 1);
	nfp_conf_errors_add(reader->errors, line, column, "not valid YAML: %s%s",
			    parser->problem ? parser->problem : "cannot be read",
			    where ? where : "");
}

static gboolean next_event(Reader *reader)
{
	if (reader->have_event)
		yaml_event_delete(&reader->event);
	reader->have_event = FALSE;
	if (!yaml_parser_parse(&reader->parser, &reader->event)) {
		parser_error(reader);
		return FALSE;
	}
	reader->have_event = TRUE;
	return TRUE;
}

static gboolean fault(Reader *reader, const char *text)
{
	nfp_conf_errors_add(reader->errors, reader->event.start_mark.line + 1,
			    reader->event.start_mark.column + 1, "%s", text);
	return FALSE;
}

static NfpYamlNode *node_new(Reader *reader, NfpYamlKind kind)
{
	NfpYamlNode *node = g_new0(NfpYamlNode, 1);

	node->kind = kind;
	node->line = reader->event.start_mark.line + 1;
	node->column = reader->event.start_mark.column + 1;
	node->weight = 1;
	if (kind != NFP_YAML_SCALAR)
		node->children = g_ptr_array_new();
	g_ptr_array_add(reader->doc->nodes, node);
	return node;
}

static gboolean is_null(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || strcmp(text, "~") == 0 || g_ascii_strcasecmp(text, "null") == 0);
}

static NfpYamlNode *read_node(Reader *reader, guint depth);

/* Items of a sequence or mapping up to its end event. */
static gboolean read_children(Reader *reader, NfpYamlNode *node, yaml_event_type_t end, guint depth)
{
	for (;;) {
		NfpYamlNode *child;

		if (!next_event(reader))
			return FALSE;
		if (reader->event.type == end)
			return TRUE;
		child = read_node(reader, depth + 1);
		if (!child)
			return FALSE;
		node->weight += child->weight;
		if (node->weight > NFP_YAML_NODES)
			return fault(reader,
				     "more than " G_STRINGIFY(
					     NFP_YAML_NODES) " values (with every alias counted as "
							     "what it stands for)");
		g_ptr_array_add(node->children, child);
	}
}

/* The node that the current event begins; NULL after an error. */
static NfpYamlNode *read_node(Reader *reader, guint depth)
{
	const yaml_event_t *event = &reader->event;
	g_autofree char *anchor = NULL;
	NfpYamlNode *node;
	gboolean fine = TRUE;

	if (depth > NFP_YAML_DEPTH || reader->doc->nodes->len >= NFP_YAML_NODES) {
		fault(reader, depth > NFP_YAML_DEPTH
				      ? "nested deeper than " G_STRINGIFY(NFP_YAML_DEPTH) " levels"
				      : "more than " G_STRINGIFY(NFP_YAML_NODES) " values");
		return NULL;
	}
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		node = g_hash_table_lookup(reader->anchors, event->data.alias.anchor);
		if (!node)
			fault(reader, "alias of an anchor that is not defined above it; a glob that begins with "
				      "* stands in quotes, as in \"*0\"");
		return node;
	case YAML_SCALAR_EVENT:
		anchor = g_strdup((const char *)event->data.scalar.anchor);
		node = node_new(reader, NFP_YAML_SCALAR);
		node->text = g_strdup((const char *)event->data.scalar.value);
		node->null = is_null(event);
		if (strlen(node->text) != event->data.scalar.length) {
			fault(reader, "NUL character in a value");
			return NULL;
		}
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = g_strdup((const char *)event->data.sequence_start.anchor);
		node = node_new(reader, NFP_YAML_SEQUENCE);
		fine = read_children(reader, node, YAML_SEQUENCE_END_EVENT, depth);
		break;
	default: /* no other event can begin a node */
		anchor = g_strdup((const char *)event->data.mapping_start.anchor);
		node = node_new(reader, NFP_YAML_MAPPING);
		fine = read_children(reader, node, YAML_MAPPING_END_EVENT, depth);
		break;
	}
	if (fine && anchor)
		g_hash_table_replace(reader->anchors, g_steal_pointer(&anchor), node);
	return fine ? node : NULL;
}

static gboolean read_document(Reader *reader)
{
	do {
		if (!next_event(reader))
			return FALSE;
		if (reader->event.type == YAML_STREAM_END_EVENT)
			return TRUE;
	} while (reader->event.type != YAML_DOCUMENT_START_EVENT);
	if (!next_event(reader))
		return FALSE;
	reader->doc->root = read_node(reader, 1);
	if (!reader->doc->root || !next_event(reader) /* end of document */ || !next_event(reader))
		return FALSE;
	if (reader->event.type != YAML_STREAM_END_EVENT)
		return fault(reader, "a second document; only one is allowed");
	return TRUE;
}

NfpYamlDoc *nfp_yaml_parse(const char *text, gsize length, NfpConfErrors *errors)
{
	g_auto(Reader) reader = { .text = text, .length = length, .errors = errors };
	const char *bad;

	reader.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	reader.doc = g_new0(NfpYamlDoc, 1);
	reader.doc->nodes = g_ptr_array_new_with_free_func(node_free);
	if (!yaml_parser_initialize(&reader.parser)) {
		nfp_conf_errors_add(errors, 1, 1, "out of memory while reading");
		return NULL;
	}
	if (length > NFP_YAML_BYTES) {
		nfp_conf_errors_add(errors, 1, 1, "larger than 1 MiB: this is no configuration");
		return NULL;
	}
	if (!g_utf8_validate_len(text, length, &bad)) {
		guint line, column;

		locate(text, bad - text, &line, &column);
		nfp_conf_errors_add(errors, line, column,
				    "octet 0x%02x is not UTF-8 text; save the file as UTF-8",
				    (guint8)*bad);
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
	if (!read_document(&reader))
		return NULL;
	return g_steal_pointer(&reader.doc);
}

const NfpYamlNode *nfp_yaml_get(const NfpYamlNode *mapping, const char *key)
{
	for (guint i = 0; i + 1 < mapping->children->len; i += 2) {
		const NfpYamlNode *node = g_ptr_array_index(mapping->children, i);

		if (node->kind == NFP_YAML_SCALAR && strcmp(node->text, key) == 0)
			return g_ptr_array_index(mapping->children, i + 1);
	}
	return NULL;
}

const char *nfp_yaml_kind_name(const NfpYamlNode *node)
{
	static const char *const names[] = {
		[NFP_YAML_SCALAR] = "a single value",
		[NFP_YAML_SEQUENCE] = "a list",
		[NFP_YAML_MAPPING] = "a section of keys",
	};

	return names[node->kind];
}
