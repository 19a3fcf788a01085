/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of the configuration: one row each (schema.c). Parsing, ranges, defaults, error
 * texts, the commented sample (config/nfprobe.yaml) and docs/config.md are made from the rows.
 */
#ifndef NFP_CONF_SCHEMA_H
#define NFP_CONF_SCHEMA_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* How the text becomes a member; a row of nfp_conf_types[] each (values.c). */
typedef enum {
	NFP_CONF_HOSTNAME, /* char * from here on */
	NFP_CONF_NAME,	   /* part of a path or a label */
	NFP_CONF_GLOB,
	NFP_CONF_PATH,
	NFP_CONF_ENDPOINT,
	NFP_CONF_ADDRESS,
	NFP_CONF_LISTEN,
	NFP_CONF_IFNAME,
	NFP_CONF_PROTOCOL,
	NFP_CONF_BOOL,	    /* gboolean */
	NFP_CONF_UINT,	    /* uint32_t */
	NFP_CONF_AUTO_UINT, /* uint32_t, 0 = auto */
	NFP_CONF_DURATION,  /* uint64_t, ns */
	NFP_CONF_SIZE,	    /* uint64_t, octets */
	NFP_CONF_CHOICE,       /* an enum or gboolean */
	NFP_CONF_TUNNELS,      /* uint32_t, 1 << kind of tunnel; a YAML list, or a text with commas */
	NFP_CONF_NAMES,        /* char *, with commas between; a YAML list, or a text with commas */
	NFP_CONF_FILTER,       /* char * */
	NFP_CONF_PREFIXES,     /* NfpPrefixes *; a text with commas, or a path; a YAML list, too */
	NFP_CONF_TYPES_N,
} NfpConfType;

/* What the rows of a table describe: the document, or one item of a list. */
typedef enum {
	NFP_CONF_TOP,
	NFP_CONF_INTERFACES,
	NFP_CONF_COLLECTORS,
	NFP_CONF_GROUPS,
	NFP_CONF_TABLES_N
} NfpConfTable;

/* What has to start anew for a changed value to count: what a reload restarts. */
typedef enum {
	NFP_CONF_PART_PROCESS,   /* nothing less: a reload keeps the value and says so */
	NFP_CONF_PART_HARVESTER, /* no packet and no record notices; `interval` ends the open buckets */
	NFP_CONF_PART_HOOKS,     /* programs are put in the place of the old ones, atomically */
	NFP_CONF_PART_COLLECTOR, /* sessions of the collectors concerned */
	NFP_CONF_PART_ENRICHMENT,
	NFP_CONF_PART_PAGE,
	NFP_CONF_PART_LOG
} NfpConfPart;

typedef struct {
	const char *text; /* NULL ends the list */
	int value;
	gboolean later; /* documented, but not in this version */
} NfpConfChoice;

typedef struct {
	NfpConfTable table;
	const char *path; /* key, or section.key */
	NfpConfType type;
	size_t offset;	   /* of the member in NfpConf, NfpInterfaceOptions, NfpCollectorOptions, NfpGroupOptions */
	uint64_t min, max; /* numbers: in the member's unit; both 0: any that fits */
	const NfpConfChoice *choices;
	const char *value;  /* default, as one writes it; NULL: none */
	const char *absent; /* without a default: what happens then */
	gboolean required;
	NfpConfPart part;
	const char *example; /* for the sample, where there is no default */
	const char *help;    /* one or two sentences */
	const char *limit;   /* behind the range in an error, why it is so narrow; or NULL */
} NfpConfRow;

extern const NfpConfRow nfp_conf_rows[];
extern const guint nfp_conf_rows_n;

/* The lists: key, where the GArray is, what an item is. Index: NfpConfTable; the document's row has
 * no key. */
typedef struct {
	const char *key;
	const char *item; /* "interface" */
	size_t offset;	  /* of the GArray * in NfpConf */
	size_t size;	  /* of an item */
	guint max;	  /* items, at most */
	const char *help;
} NfpConfList;
extern const NfpConfList nfp_conf_lists[NFP_CONF_TABLES_N];

extern const char *const nfp_conf_part_names[];

/* Keys of the documented future: an error of their own instead of "unknown". */
typedef struct {
	NfpConfTable table;
	const char *path;
} NfpConfLater;
extern const NfpConfLater nfp_conf_later[];
extern const guint nfp_conf_later_n;

/* NULL: no such option. */
const NfpConfRow *nfp_conf_row_find(NfpConfTable table, const char *path);
/* A mapping that holds options, as "maps" or "template_refresh". */
gboolean nfp_conf_is_section(NfpConfTable table, const char *path);
gboolean nfp_conf_is_later(NfpConfTable table, const char *path);
/* The list with this key, or NFP_CONF_TOP. */
NfpConfTable nfp_conf_list_find(const char *key);
/* Keys that may stand in a section (NULL or "": the top of the table), in row order; strings owned
 * by the array. */
GPtrArray *nfp_conf_keys(NfpConfTable table, const char *section);

/* Gives every member of an item (or of the NfpConf) its row's default; members are zero before. */
void nfp_conf_set_defaults(NfpConfTable table, void *base);
/* Frees the strings and lists that rows describe and sets them to NULL. */
void nfp_conf_clear_strings(NfpConfTable table, void *base);

/* ---- values.c
 * ------------------------------------------------------------------------------------------- */

typedef struct {
	const char *name; /* for the reference: "duration" */
	const char *hint; /* what one writes: "a number and ms, s, m or h" */
	gboolean is_string;
	/* Reads text into member; FALSE and *ret_why (a half sentence that starts with the fault
	 * and ends with what is allowed), the member untouched. */
	gboolean (*parse)(const NfpConfRow *row, const char *text, void *member, char **ret_why);
	void (*print)(uint64_t value, GString *out); /* a bound of a range; NULL: decimal */
} NfpConfTypeRow;
extern const NfpConfTypeRow nfp_conf_types[NFP_CONF_TYPES_N];

gboolean nfp_conf_value_parse(const NfpConfRow *row, const char *text, void *base, char **ret_why);
/* "1s to 1h", "ingress, egress or both", "true or false", ... what the row allows. */
char *nfp_conf_value_allowed(const NfpConfRow *row);

#endif
