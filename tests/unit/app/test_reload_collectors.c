/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collectors that write lines of JSON into files, and others in their place. */
#include "app/reload_collectors.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "app/parts.h"
#include "support/sink.h"

typedef struct {
	NfpDaemon d;
	char *folder;
} World;

static NfpConf *conf_of(const World *w, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "@", -1);
	g_autofree char *whole = g_strjoinv(w->folder, parts);
	g_autoptr(GError) err = NULL;
	NfpConf *conf = nfp_conf_parse("f", whole, &err);

	cr_assert(conf, "%s", err ? err->message : "");
	return conf;
}

static World world_new(const char *text)
{
	World w = { .folder = g_dir_make_tmp("nfp-reload-XXXXXX", NULL) };
	g_autoptr(GError) err = NULL;

	w.d.conf = conf_of(&w, text);
	w.d.collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free);
	w.d.templates = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_template_set_free);
	w.d.owners = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_conf_free);
	w.d.names = nfp_names_new(NULL);
	for (guint i = 0; i < w.d.conf->collectors->len; i++)
		cr_assert(nfp_parts_add_collector(&w.d, i, &err), "%s", err ? err->message : "");
	return w;
}

static void clear(World *w)
{
	g_autoptr(GDir) dir = g_dir_open(w->folder, 0, NULL);
	const char *name;

	for (guint i = 0; i < w->d.collectors->len; i++)
		nfp_collector_stop(g_ptr_array_index(w->d.collectors, i),
				   g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	g_ptr_array_unref(w->d.collectors);
	g_ptr_array_unref(w->d.templates);
	g_ptr_array_unref(w->d.owners);
	nfp_names_free(w->d.names);
	nfp_conf_free(w->d.conf);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(w->folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(w->folder);
	g_free(w->folder);
}

static void publish(World *w, guint collector)
{
	g_autoptr(NfpBatch) batch = nfp_sink_batch(0, 0, 10, NULL);

	nfp_collector_publish(g_ptr_array_index(w->d.collectors, collector), batch);
}

static guint64 records(World *w, guint collector)
{
	NfpCollectorStatus status;

	nfp_collector_stop(g_ptr_array_index(w->d.collectors, collector), g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	nfp_collector_status(g_ptr_array_index(w->d.collectors, collector), &status);
	return status.records;
}

/* Takes the daemon's reference to the conf before. */
static char *take_over(World *w, NfpConf *conf, gboolean fine, guint *ret_kept)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpExchange) x = nfp_exchange_new(&w->d, conf, &err);
	g_autoptr(GPtrArray) texts = g_ptr_array_new();

	cr_assert(x, "%s", err ? err->message : "");
	if (!nfp_exchange_do(x, &err)) {
		cr_expect_not(fine, "%s", err->message);
		nfp_conf_free(conf);
		return g_strdup(err->message);
	}
	cr_expect(fine);
	nfp_conf_free(w->d.conf);
	w->d.conf = conf;
	for (guint i = 0; i < nfp_exchange_restarted(x)->len; i++)
		g_ptr_array_add(texts, g_ptr_array_index(nfp_exchange_restarted(x), i));
	g_ptr_array_add(texts, NULL);
	*ret_kept = nfp_exchange_kept(x)->len;
	return g_strjoinv("|", (char **)texts->pdata);
}

#define A "  - { name: a, endpoint: \"file://@/a\", protocol: json }\n"
#define B "  - { name: b, endpoint: \"file://@/b\", protocol: json }\n"

Test(reload_collectors, one_changes_one_stays_one_goes_one_comes)
{
	World w = world_new("collectors:\n" A B "  - { name: c, endpoint: \"file://@/c\", protocol: json }\n");
	NfpCollector *a = g_ptr_array_index(w.d.collectors, 0);
	g_autofree char *done = NULL;
	guint kept;

	for (guint i = 0; i < 3; i++)
		publish(&w, i);
	done = take_over(&w, conf_of(&w, "collectors:\n  - { name: d, endpoint: \"file://@/d\", protocol: json }\n"
				     "  - { name: b, endpoint: \"file://@/b\", protocol: json, domain: 2 }\n" A),
			 TRUE, &kept);
	cr_expect_str_eq(done, "collector c: stopped, 10 records sent by it, 0 refused (0 of them now, at its end)|"
			       "collector d: started|collector b: a new session");
	cr_expect_eq(kept, 1);
	cr_expect_eq(g_ptr_array_index(w.d.collectors, 2), a, "the same one, in its new place");
	for (guint i = 0; i < 3; i++)
		publish(&w, i);
	cr_expect_eq(records(&w, 0), 10);
	cr_expect_eq(records(&w, 1), 20, "counts go on");
	cr_expect_eq(records(&w, 2), 20);
	clear(&w);
}

Test(reload_collectors, another_name_for_the_same_place)
{
	World w = world_new("collectors:\n" A B);
	g_autofree char *done = NULL;
	guint kept;

	publish(&w, 0);
	done = take_over(&w, conf_of(&w, "collectors:\n" B "  - { name: x, endpoint: \"file://@/a\", protocol: json }\n"),
			 TRUE, &kept);
	cr_expect_str_eq(done, "collector x: a new session");
	publish(&w, 1);
	cr_expect_eq(records(&w, 1), 20);
	clear(&w);
}

#define SPOOLED(name, spool) "  - { name: " name ", endpoint: \"tcp://127.0.0.1:1\", domain: 3" spool " }\n"
#define SPOOL ", spool: { path: \"@\" }"

static gboolean exists(const World *w, const char *name)
{
	g_autofree char *path = g_build_filename(w->folder, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static guint64 waiting(World *w)
{
	NfpCollectorStatus status;

	nfp_collector_status(g_ptr_array_index(w->d.collectors, 0), &status);
	return status.spool.waiting;
}

/* A daemon whose collector x has 10 records on disk. */
static World spooled_world(void)
{
	World w = world_new("collectors:\n" SPOOLED("x", SPOOL));
	g_autoptr(GError) err = NULL;

	publish(&w, 0);
	nfp_collector_stop(g_ptr_array_index(w.d.collectors, 0), 0);
	g_ptr_array_set_size(w.d.collectors, 0);
	g_ptr_array_set_size(w.d.templates, 0);
	g_ptr_array_set_size(w.d.owners, 0);
	cr_assert(nfp_parts_add_collector(&w.d, 0, &err), "%s", err ? err->message : "");
	cr_assert_eq(waiting(&w), 10);
	return w;
}

/* What waits on disk goes on by the new name, and by the old one again. */
Test(reload_collectors, the_spool_goes_with_the_name)
{
	World w = spooled_world();
	g_autofree char *done = NULL, *back = NULL;
	guint kept;

	done = take_over(&w, conf_of(&w, "collectors:\n" SPOOLED("y", SPOOL)), TRUE, &kept);
	cr_expect(g_str_has_prefix(done, "collector y: a new session, its spool is now "), "%s", done);
	cr_expect_eq(waiting(&w), 10);
	cr_expect(exists(&w, "y.spool") && !exists(&w, "x.spool"));
	back = take_over(&w, conf_of(&w, "collectors:\n" SPOOLED("x", SPOOL)), TRUE, &kept);
	cr_expect_eq(waiting(&w), 10);
	cr_expect(exists(&w, "x.spool") && !exists(&w, "y.spool"));
	clear(&w);
}

/* There is another file by that name: neither is lost, and somebody is told. */
Test(reload_collectors, a_spool_that_cannot_be_moved)
{
	World w = spooled_world();
	g_autofree char *file = g_build_filename(w.folder, "y.spool", NULL);
	g_autoptr(NfpConf) named = conf_of(&w, "collectors:\n" SPOOLED("y", SPOOL));
	g_autoptr(NfpExchange) x = nfp_exchange_new(&w.d, named, NULL);
	const char *warning;

	cr_assert(g_file_set_contents(file, "", 0, NULL));
	cr_assert(nfp_exchange_do(x, NULL));
	cr_assert_eq(nfp_exchange_warnings(x)->len, 1);
	warning = g_ptr_array_index(nfp_exchange_warnings(x), 0);
	cr_expect(g_str_has_prefix(warning, "collector y: 10 records stay in ") && strstr(warning, "x.spool, which nobody reads") &&
		  strstr(warning, "File exists"), "%s", warning);
	cr_expect(exists(&w, "x.spool"));
	clear(&w);
}

Test(reload_collectors, a_spool_that_is_taken_out)
{
	World w = spooled_world();
	g_autoptr(NfpConf) without = conf_of(&w, "collectors:\n" SPOOLED("x", ""));
	g_autoptr(NfpExchange) x = nfp_exchange_new(&w.d, without, NULL);

	cr_assert(nfp_exchange_do(x, NULL));
	cr_assert_eq(nfp_exchange_warnings(x)->len, 1);
	cr_expect(exists(&w, "x.spool"));
	clear(&w);
}

/* An earlier reload failed and could not bring it back: the next one does, with the same file. */
Test(reload_collectors, one_that_is_over_begins_anew)
{
	World w = world_new("collectors:\n" A B);
	NfpConf *same = conf_of(&w, "collectors:\n" A B);
	g_autofree char *done = NULL;
	guint kept;

	publish(&w, 0);
	nfp_collector_retire(g_ptr_array_index(w.d.collectors, 0), g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	done = take_over(&w, same, TRUE, &kept);
	cr_expect_str_eq(done, "collector a: a new session");
	publish(&w, 0);
	cr_expect_eq(records(&w, 0), 20);
	clear(&w);
}

/* What is announced of sampling stands at the interfaces. */
Test(reload_collectors, sampling_that_is_announced)
{
	static const char sampled[] = "interfaces:\n  - { match: e0, sampling: 10, sampling_mode: %s }\ncollectors:\n" A;
	g_autofree char *random = g_strdup_printf(sampled, "random"), *counted = g_strdup_printf(sampled, "deterministic");
	World w = world_new(random);
	g_autoptr(NfpConf) same = conf_of(&w, random), other = conf_of(&w, counted);
	g_autoptr(NfpExchange) x = nfp_exchange_new(&w.d, same, NULL), y = nfp_exchange_new(&w.d, other, NULL);

	cr_assert(x && y);
	cr_expect(nfp_exchange_is_empty(x));
	cr_expect_not(nfp_exchange_is_empty(y), "by counting, and the collector was told by chance");
	clear(&w);
}

/* The spool of the new one is somebody else's: all is as before, and what was under way still leaves. */
Test(reload_collectors, one_that_cannot_be_made)
{
	World w = world_new("collectors:\n" A B);
	World other = world_new("collectors:\n  - { name: a, endpoint: \"file://@/a\", protocol: json, "
				"spool: { path: \"@\" } }\n");
	NfpCollector *b = g_ptr_array_index(w.d.collectors, 1);
	g_autofree char *text = g_strdup_printf("collectors:\n  - { name: a, endpoint: \"file://@/a\", protocol: json, "
						"spool: { path: \"%s\" } }\n" B, other.folder);
	g_autofree char *why = NULL;
	guint kept;

	publish(&w, 0);
	why = take_over(&w, conf_of(&w, text), FALSE, &kept);
	cr_expect(strstr(why, "collector a: the spool: "), "%s", why);
	cr_expect_eq(g_ptr_array_index(w.d.collectors, 1), b);
	publish(&w, 0);
	publish(&w, 1);
	cr_expect_eq(records(&w, 0), 20);
	cr_expect_eq(records(&w, 1), 10);
	clear(&w);
	clear(&other);
}

Test(reload_collectors, what_is_wrong_is_told_before)
{
	World w = world_new("templates: \"@\"\ncollectors:\n" A);
	g_autofree char *file = g_build_filename(w.folder, "standard.yaml", NULL);
	g_autoptr(NfpConf) tls = conf_of(&w, "collectors:\n  - { name: a, endpoint: \"tls://127.0.0.1\", tls: { ca: /no/ca } }\n");
	g_autoptr(NfpConf) own = conf_of(&w, "templates: \"@\"\ncollectors:\n" A);
	g_autoptr(NfpExchange) x = NULL, y = NULL, z = NULL, u = NULL;
	g_autoptr(GError) err = NULL;
	g_autofree char *done = NULL;
	guint kept;

	x = nfp_exchange_new(&w.d, tls, &err);
	cr_expect_null(x);
	cr_expect(strstr(err->message, "/no/ca"), "%s", err->message);
	g_clear_error(&err);
	y = nfp_exchange_new(&w.d, own, &err);
	cr_assert(y, "%s", err ? err->message : "");
	cr_expect(nfp_exchange_is_empty(y));

	cr_assert(g_file_set_contents(file, "templates: [{name: x, need: [], fields: [flowId]}]\n", -1, NULL));
	z = nfp_exchange_new(&w.d, own, &err);
	cr_assert_not_null(z);
	cr_expect_not(nfp_exchange_is_empty(z), "the file was not there before");
	done = take_over(&w, nfp_conf_ref(own), TRUE, &kept);
	g_unlink(file);
	u = nfp_exchange_new(&w.d, own, &err);
	cr_expect_null(u);
	cr_expect(strstr(err->message, "standard.yaml, which is not there any more"), "%s", err->message);
	clear(&w);
}
