/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is refused before anything is touched; the rest takes a kernel (tests/e2e/reload.sh). */
#include "app/reload.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

typedef struct {
	const char *text;
	NfpRunOptions options;
	NfpDaemon d;
} World;

static NfpConf *load(void *data, GError **err)
{
	return nfp_conf_parse("file.yaml", ((World *)data)->text, err);
}

static void world_init(World *w, const char *text)
{
	*w = (World){ .text = text, .options = { .load = load, .data = w } };
	w->d = (NfpDaemon){ .conf = nfp_conf_parse("file.yaml", text, NULL), .options = &w->options,
			    .collectors = g_ptr_array_new(), .templates = g_ptr_array_new(),
			    .meters = g_ptr_array_new(),
			    .notify = nfp_notify_new(NULL) };
	cr_assert_not_null(w->d.conf);
}

static void world_clear(World *w)
{
	g_ptr_array_unref(w->d.collectors);
	g_ptr_array_unref(w->d.templates);
	g_ptr_array_unref(w->d.meters);
	nfp_notify_free(w->d.notify);
	nfp_conf_free(w->d.conf);
}

static void expect(World *w, int code, const char *want)
{
	NfpConf *before = w->d.conf;
	g_autoptr(JsonNode) answer = nfp_reload(&w->d);
	g_autofree char *text = NULL;
	int got;

	text = nfp_reload_text(json_node_get_object(answer), &got);
	cr_expect_eq(got, code);
	cr_expect(strstr(text, want), "\"%s\" in \"%s\"", want, text);
	cr_expect_eq(w->d.conf, before);
	cr_expect_eq(before->refs, 1, "nobody keeps it");
}

Test(reload, nothing_to_do)
{
	World w;

	world_init(&w, "interval: 60s\n");
	expect(&w, 0, "nothing has changed");
	w.text = "{ interval: 60s, run_dir: /elsewhere }\n";
	expect(&w, 0, "needs a restart of nfprobe, and is as it was:\n  run_dir: /run/nfprobe -> /elsewhere");
	world_clear(&w);
}

Test(reload, refused)
{
	World w;

	world_init(&w, "interval: 60s\n");
	w.text = "intervall: 10s\n";
	expect(&w, 2, "file.yaml:1:1: unknown key \"intervall\", did you mean \"interval\"?");
	w.text = "{ interval: 60s, metrics: { listen: \"192.0.2.77:1\" } }\n";
	expect(&w, 1, "metrics.listen: ");
	w.text = "{ interval: 60s, enrichment: { database: /no/such/file.db } }\n";
	expect(&w, 2, "enrichment.database: ");
	w.options.load = NULL;
	expect(&w, 2, "without a configuration file");
	w.d.stopping = TRUE;
	expect(&w, 1, "stopping");
	nfp_talkers_free(w.d.talkers);
	world_clear(&w);
}
