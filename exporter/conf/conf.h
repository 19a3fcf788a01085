/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: YAML -> NfpConf along a schema of one row an option (conf/schema.c). */
#ifndef NFP_CONF_CONF_H
#define NFP_CONF_CONF_H

#include <glib.h>

#include "base/syscalls.h"
#include "collector/collector.h"
#include "collector/group.h"
#include "probe/probe.h"

typedef struct {
	gint refs;	      /* of nfp_conf_ref() */
	char *hostname;	      /* default: the system's; part of the UID */
	char *instance;	      /* "default": names the pin directory */
	char *pin_root;	      /* "/sys/fs/bpf/nfprobe" */
	char *run_dir;	      /* "/run/nfprobe": control socket <instance>.sock */
	char *state_dir;      /* "/var/lib/nfprobe": <instance>.state */
	uint64_t interval;    /* ns */
	gboolean clock_exact; /* clock: exact */
	gboolean merge_cpus;
	uint32_t nice;	      /* nice(2), of all threads */
	gboolean stacked;	/* run without interfaces: take every device of a stack */
	uint64_t maps_memory;	/* octets */
	uint32_t maps_flows;	/* 0 = auto */
	gboolean maps_table;
	gboolean enrichment_routes;
	char *enrichment;	/* database, or NULL: records have no facts */
	char *metrics_listen;	/* where the page and the metrics are, or NULL: nowhere */
	uint64_t biflow_memory; /* octets of records that wait for the other direction */
	int log_level;		/* NfpLogLevel: the least that is logged */
	uint32_t pen;		/* enterprise number of our own elements */
	NfpSyscalls syscalls;	/* security.seccomp */
	char *templates;	/* folder, or NULL: embedded sets only */
	GArray *interfaces;	/* NfpInterfaceOptions; empty = nearest to the wire, ingress */
	GArray *collectors;	/* NfpCollectorOptions; may be empty: table on stdout */
	GArray *groups;		/* NfpGroupOptions */
	gboolean fragments;	/* fragments: track */
	uint32_t decapsulate;	/* alike: `--decapsulate`, no YAML; 1 << kind of tunnel */
	NfpHookKind hook; /* alike: tc; `run --hook`, no YAML */
	NfpDirection direction; /* of every hook when `interfaces` is empty: ingress; `run
				   --direction`, no YAML */
} NfpConf;

/* Errors: one line each, `file:line:column: what is wrong, what is allowed`, all at once
 * (NFP_ERROR_USAGE). */
NfpConf *nfp_conf_load(const char *path, GError **err);
NfpConf *nfp_conf_parse(const char *file, const char *text, GError **err);
/* Without a file: the rows' defaults, but buckets of 10 s, since somebody is looking. */
NfpConf *nfp_conf_default(void);
/* Another holder, who calls nfp_conf_free() too; the last one frees. Any thread. */
NfpConf *nfp_conf_ref(NfpConf *conf);
void nfp_conf_free(NfpConf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpConf, nfp_conf_free)

/* ---- options of the command line, by the same rows. Errors (NFP_ERROR_USAGE) are half sentences:
 * what is wrong with the text and what is allowed; the caller names the option. The configuration
 * is unchanged then. ------ */

/* path: a row of the document's top, as "interval". */
gboolean nfp_conf_set(NfpConf *conf, const char *path, const char *text, GError **err);
/* Appends to `interfaces`, with conf->direction and conf->hook. */
gboolean nfp_conf_add_interface(NfpConf *conf, const char *match, GError **err);
/* Appends to `collectors`, named after its endpoint. */
gboolean nfp_conf_add_collector(NfpConf *conf, const char *endpoint, GError **err);
/* Whether text is allowed for an option of a list's item, as ("interfaces", "netns"). */
gboolean nfp_conf_check(const char *list, const char *path, const char *text, GError **err);
/* "tc", "xdp". */
gboolean nfp_conf_hook(const char *text, NfpHookKind *ret_hook, GError **err);
/* "vxlan,gre", "all": the tunnels to take off, for every interface that there is and that is added. */
gboolean nfp_conf_decapsulate(NfpConf *conf, const char *text, GError **err);
/* As `interval`: 1s to 1h, in ns. */
gboolean nfp_conf_duration(const char *text, uint64_t *ret_ns, GError **err);
/* "ingress", "egress", "both". */
gboolean nfp_conf_direction(const char *text, NfpDirection *ret_direction, GError **err);

/* Commented sample and reference, made from the schema rows. */
void nfp_conf_print_sample(GString *out);
void nfp_conf_print_reference(GString *out); /* Markdown: docs/config.md */
void nfp_conf_print_manual(GString *out);    /* mdoc: nfprobe.yaml(5) */

#endif
