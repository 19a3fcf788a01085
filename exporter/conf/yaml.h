/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document as a tree of nodes that know where they stand. Bounded: one document, no deeper
 * than NFP_YAML_DEPTH, no more than NFP_YAML_NODES nodes with every alias counted as what it stands
 * for (so that a "billion laughs" file is refused while it is read).
 */
#ifndef NFP_CONF_YAML_H
#define NFP_CONF_YAML_H

#include <glib.h>

#include "conf/errors.h"

#define NFP_YAML_DEPTH 16
#define NFP_YAML_NODES 10000
#define NFP_YAML_BYTES (1024 * 1024)

typedef enum { NFP_YAML_SCALAR, NFP_YAML_SEQUENCE, NFP_YAML_MAPPING } NfpYamlKind;

typedef struct NfpYamlNode NfpYamlNode;
struct NfpYamlNode {
	NfpYamlKind kind;
	guint line, column;  /* from 1 */
	char *text;	     /* scalar */
	gboolean null;	     /* plain scalar that says "no value": empty, ~, null */
	GPtrArray *children; /* sequence: items; mapping: key, value, key, value ... (borrowed) */
	guint weight;	     /* nodes below and this one, aliases counted as what they stand for */
};

typedef struct {
	NfpYamlNode *root; /* NULL: the document is empty */
	GPtrArray *nodes;  /* owns all */
} NfpYamlDoc;

/* NULL when the text is no YAML or passes a limit: at least one error was added. length: octets. */
NfpYamlDoc *nfp_yaml_parse(const char *text, gsize length, NfpConfErrors *errors);
void nfp_yaml_doc_free(NfpYamlDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpYamlDoc, nfp_yaml_doc_free)

/* Value of a key, or NULL. The first one where the key stands twice. */
const NfpYamlNode *nfp_yaml_get(const NfpYamlNode *mapping, const char *key);
const char *nfp_yaml_kind_name(const NfpYamlNode *node); /* "a list", ... */

#endif
