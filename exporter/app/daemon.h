/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running daemon, between the files of this room: building (app.c), telling about itself (report.c). */
#ifndef NFP_APP_DAEMON_H
#define NFP_APP_DAEMON_H

#include <json-glib/json-glib.h>

#include "app/app.h"
#include "app/control.h"
#include "app/identity.h"
#include "app/fanout.h"
#include "app/meter.h"
#include "app/names.h"
#include "app/notify.h"
#include "app/printer.h"
#include "app/routes.h"
#include "app/talkers.h"
#include "app/web.h"
#include "harvest/harvester.h"
#include "record/templates.h"

typedef struct {
	NfpConf *conf;         /* a reference: a reload puts another in its place */
	const NfpRunOptions *options;
	GMainLoop *loop;
	GPtrArray *domains;    /* NfpDomain */
	GPtrArray *meters;     /* NfpMeter; those that could be opened */
	GPtrArray *templates;  /* NfpTemplateSet, one a collector */
	NfpNames *names;       /* of interfaces, for the collectors */
	GPtrArray *collectors; /* NfpCollector, in the order of the configuration */
	GPtrArray *owners;     /* NfpConf, a reference each: whose options the collector borrows */
	NfpFanout *fanout;     /* NULL: not yet made */
	NfpPrinter *printer;   /* NULL: standard output is not ours */
	NfpEnrich *enrich;     /* NULL: not configured */
	NfpHarvester *harvester;
	GPtrArray *routes;     /* NfpRouteFollower, before enrich goes */
	NfpControl *control;   /* NULL: could not be made */
	NfpTalkers *talkers;   /* NULL: nobody looks */
	NfpWeb *web;           /* NULL: not wanted, or could not be made */
	NfpConf *web_conf;     /* what it borrows, a reference; or NULL */
	NfpIdentity *identity;
	NfpNotify *notify;
	gint published;        /* atomic: batches, which a bucket of many flows has between two turns of the harvester */
	gint64 started;        /* monotonic us */
	gboolean stopping, hurried;
	gint reader_gone;      /* atomic */
} NfpDaemon;

/* An NfpControlAnswer. */
JsonNode *nfp_daemon_answer(const char *command, void *daemon, GError **err);
/* A line for the service manager: what is metered, and which collectors are away. Caller frees. */
char *nfp_daemon_summary(NfpDaemon *daemon);
/* A GSourceFunc: stops it, or hurries a stop that is under way. */
gboolean nfp_daemon_quit(gpointer daemon);
/* Tells the collectors' options data what was lost. */
void nfp_daemon_report_lost(NfpDaemon *daemon);

#endif
