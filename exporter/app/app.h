/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: builds the rooms from a configuration, runs them, takes them down in order. */
#ifndef NFP_APP_APP_H
#define NFP_APP_APP_H

#include <glib.h>

#include "conf/conf.h"
#include "probe/probe.h"

typedef struct {
	gboolean json;  /* records as JSON lines on stdout, whatever collectors there are */
	gboolean table; /* a table per bucket on stdout although collectors are configured (without any: always) */
	gboolean confine; /* give away what metering does not take, for the rest of this process's life (app/confine.h) */
	gboolean flush; /* on the way out, export the open buckets too (flowEndReason 4) */
	/* The configuration as a start would have it now; for a reload. NULL: there is no file. */
	NfpConf *(*load)(void *data, GError **err);
	void *data;     /* for load */
} NfpRunOptions;

/* Runs until SIGTERM or SIGINT; a second signal ends the waiting for collectors. SIGHUP reloads (app/reload.h), or stops
 * where there is nothing to load or the terminal has gone. Takes a reference to conf. Main thread only; blocks
 * these signals and SIGPIPE's and SIGXFSZ's effect for the process. What cannot be attached is a warning; only what
 * leaves nothing to do is an error, logged in a sentence. Returns the exit code (design section 9). */
int nfp_app_run(NfpConf *conf, const NfpRunOptions *options);

/* ---- network namespaces as observation domains, for every command that touches pins ---------------------- */

typedef struct {
	char *netns;     /* NULL: the daemon's own; else a name under /run/netns */
	char *instance;  /* "<instance>" or "<instance>@<netns>": for people and logs */
	uint32_t domain; /* 0: own; n: the n-th other namespace in the order of the configuration */
} NfpDomain;

void nfp_domain_free(NfpDomain *domain);
/* NfpDomain: those of the configuration's interfaces (own one first, even if no interface names it when
 * `interfaces` is empty), then those that are only pinned, by name. Never NULL. */
GPtrArray *nfp_domains_list(const NfpConf *conf);
/* The domain of a namespace (NULL: own), whether or not the configuration names it. */
NfpDomain *nfp_domain_new(const NfpConf *conf, const char *netns);
/* Directory of the domain's pins, whether it is there or not. Caller frees. */
char *nfp_domain_pins(const NfpConf *conf, const NfpDomain *domain);
/* Options for nfp_probe_open; strings borrowed from both. */
NfpProbeOptions nfp_domain_probe_options(const NfpConf *conf, const NfpDomain *domain);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpDomain, nfp_domain_free)

#endif
