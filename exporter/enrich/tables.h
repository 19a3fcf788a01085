/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database's tables and columns, one row each: what import and export, the loader and docs/enrichment.md go by. */
#ifndef NFP_ENRICH_TABLES_H
#define NFP_ENRICH_TABLES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What a column's text has to be. */
typedef enum {
	NFP_COLUMN_CIDR,
	NFP_COLUMN_ADDRESS,
	NFP_COLUMN_AS,       /* 64500 or AS64500 */
	NFP_COLUMN_TEXT,     /* UTF-8, at most NFP_TEXT_MAX octets */
	NFP_COLUMN_PROTOCOL, /* tcp, udp, ... or a number */
	NFP_COLUMN_PORT,
	NFP_COLUMN_UINT32,
	NFP_COLUMN_PRIORITY,
} NfpColumnKind;

#define NFP_COLUMN_ALIASES 4
#define NFP_PRIORITY_MAX 1000000 /* and as many below 0 */

typedef struct {
	const char *name;
	NfpColumnKind kind;
	gboolean required;
	const char *aliases[NFP_COLUMN_ALIASES]; /* of other people's files; lower case */
} NfpColumn;

typedef struct {
	const char *name;
	const NfpColumn *columns; /* the first one is the key; `source` is not among them */
	guint n;
} NfpTable;

typedef enum { NFP_TABLE_PREFIX, NFP_TABLE_HOST, NFP_TABLE_SERVICE, NFP_TABLE_INTERFACE, NFP_TABLES_N } NfpTableId;

#define NFP_COLUMNS_MAX 16
#define NFP_VALUE_TEXT 256 /* octets of a checked value with its NUL */

extern const NfpTable nfp_tables[NFP_TABLES_N];

/* -1: none of that name. */
int nfp_table_find(const char *name);
int nfp_column_find(const NfpTable *table, const char *name);
/* name as in a file's first line: any case, aliases too. */
int nfp_column_guess(const NfpTable *table, const char *name);

/* The value as the database has it ("AS64500" becomes "64500"). An empty text is empty, if it may be. false: *ret_why is a
 * half sentence (static). */
bool nfp_column_check(const NfpColumn *column, const char *text, char ret[NFP_VALUE_TEXT], const char **ret_why);
/* "tcp", "17". false: no protocol. */
bool nfp_protocol_parse(const char *text, uint8_t *ret_protocol);
const char *nfp_protocol_name(uint8_t protocol); /* NULL: it has none here */

#endif
