/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/web.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "app/control.h"
#include "app/http.h"
#include "app/ledger.h"
#include "app/metrics.h"
#include "app/status_view.h"
#include "record/templates.h"

#define FRESH G_USEC_PER_SEC
#define PATIENCE_S 5 /* with the daemon's main loop */

extern const NfpEmbeddedFile nfp_embedded_page[]; /* made by the build of page/ */

struct NfpWeb {
	const NfpConf *conf;
	NfpTalkers *talkers;
	NfpHttp *http;
	GCancellable *cancel; /* of the question that the server's thread has for the main loop */
	/* of the server's thread */
	gint64 read_at; /* monotonic us; 0 = never */
	NfpLedger *ledger;
	JsonObject *daemon;
	char *error;
};

static void forget(NfpWeb *web)
{
	g_clear_pointer(&web->ledger, nfp_ledger_free);
	g_clear_pointer(&web->daemon, json_object_unref);
	g_clear_pointer(&web->error, g_free);
}

/* FALSE: *ret_answer says why there is nothing to tell. */
static gboolean look(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	gint64 now = g_get_monotonic_time();

	if (!web->read_at || now - web->read_at >= FRESH) {
		g_autoptr(GError) error = NULL;

		forget(web);
		web->ledger = nfp_ledger_read(web->conf, &error);
		if (web->ledger)
			web->daemon = nfp_control_ask_within(web->conf, "status", PATIENCE_S, web->cancel, NULL);
		else
			web->error = g_strdup(error->message);
		web->read_at = g_get_monotonic_time();
	}
	if (web->ledger)
		return TRUE;
	*ret_answer = (NfpHttpAnswer){ .text = g_strconcat(web->error, "\n", NULL), .status = 503,
				       .type = "text/plain; charset=utf-8" };
	return FALSE;
}

static void get_page(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	*ret_answer = (NfpHttpAnswer){ .text = g_strdup(nfp_embedded_page[0].text), .status = 200,
				       .type = "text/html; charset=utf-8" };
}

static void get_metrics(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	if (look(web, ret_answer))
		*ret_answer = (NfpHttpAnswer){ .text = nfp_metrics_text(web->ledger, web->daemon), .status = 200,
					       .type = "text/plain; version=0.0.4; charset=utf-8" };
}

static void get_status(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	if (look(web, ret_answer))
		*ret_answer = (NfpHttpAnswer){ .text = nfp_status_view_json(web->ledger, web->daemon), .status = 200,
					       .type = "application/json" };
}

static void get_flows(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	*ret_answer = (NfpHttpAnswer){ .text = nfp_talkers_json(web->talkers), .status = 200, .type = "application/json" };
}

/* The daemon answers and its books can be read. A collector that is away is none of our illnesses. */
static void get_health(NfpWeb *web, NfpHttpAnswer *ret_answer)
{
	if (!look(web, ret_answer))
		return;
	*ret_answer = (NfpHttpAnswer){ .text = g_strdup(web->daemon ? "ok\n" : "the daemon does not answer\n"),
				       .status = web->daemon ? 200 : 503, .type = "text/plain; charset=utf-8" };
}

static const struct {
	const char *path;
	void (*get)(NfpWeb *web, NfpHttpAnswer *ret_answer);
} pages[] = {
	{ "/", get_page },	       { "/metrics", get_metrics }, { "/status.json", get_status },
	{ "/flows.json", get_flows }, { "/healthz", get_health },
};

static void get(const char *path, void *data, NfpHttpAnswer *ret_answer)
{
	*ret_answer = (NfpHttpAnswer){ .status = 404, .type = "text/plain; charset=utf-8" };
	for (guint i = 0; i < G_N_ELEMENTS(pages); i++)
		if (g_str_equal(path, pages[i].path))
			pages[i].get(data, ret_answer);
	if (!ret_answer->text)
		ret_answer->text = g_strdup("there is no such page; there are / /metrics /status.json /flows.json /healthz\n");
	ret_answer->length = strlen(ret_answer->text);
}

NfpWeb *nfp_web_new(const NfpConf *conf, NfpTalkers *talkers, GError **err)
{
	g_autoptr(NfpWeb) web = g_new0(NfpWeb, 1);

	web->conf = conf;
	web->talkers = talkers;
	web->cancel = g_cancellable_new();
	web->http = nfp_http_new(conf->metrics_listen, get, web, err);
	return web->http ? g_steal_pointer(&web) : NULL;
}

guint16 nfp_web_port(const NfpWeb *web)
{
	return nfp_http_port(web->http);
}

void nfp_web_free(NfpWeb *web)
{
	if (!web)
		return;
	/* Its thread is waited for, by the loop that would have to answer it. */
	g_cancellable_cancel(web->cancel);
	nfp_http_free(web->http);
	g_object_unref(web->cancel);
	forget(web);
	g_free(web);
}
