/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/fanout.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "support/pair_records.h"

#define START 1795390440000000000ull
#define END 1795390500000000000ull

/* Two collectors that write lines of JSON into files: uniflows, and biflows. */
typedef struct {
	char *folder;
	char *paths[2];
	GArray *options;
	NfpTemplateSet *templates;
	GPtrArray *collectors;
} World;

static World world_new(guint biflows)
{
	World w = {
		.folder = g_dir_make_tmp("nfp-fanout-XXXXXX", NULL),
		.options = g_array_new(FALSE, TRUE, sizeof(NfpCollectorOptions)),
		.templates = nfp_template_set_load(NULL, "standard", NULL),
		.collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free),
	};

	for (guint i = 0; i < 2; i++) {
		NfpCollectorOptions o = { .name = (char *)"c", .protocol = (char *)"json", .retry = 1000000000,
					  .refresh_interval = 60000000000, .domain = 1, .queue = 8,
					  .biflow = i >= 2 - biflows };

		w.paths[i] = g_strdup_printf("%s/%u.json", w.folder, i);
		o.endpoint = g_strconcat("file://", w.paths[i], NULL);
		g_array_append_val(w.options, o);
	}
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GError) err = NULL;
		NfpCollector *c = nfp_collector_new(&g_array_index(w.options, NfpCollectorOptions, i), w.templates,
						    "edge1", &nfp_clock_system, &err);

		cr_assert_not_null(c, "%s", err ? err->message : "?");
		g_ptr_array_add(w.collectors, c);
	}
	return w;
}

/* What each wrote, when all of it is written. */
static void world_end(World *w, char *ret_lines[2])
{
	for (guint i = 0; i < 2; i++) {
		nfp_collector_stop(g_ptr_array_index(w->collectors, i), g_get_monotonic_time() + 30 * G_USEC_PER_SEC);
		if (!g_file_get_contents(w->paths[i], &ret_lines[i], NULL, NULL))
			ret_lines[i] = g_strdup("");
		g_unlink(w->paths[i]);
		g_free(w->paths[i]);
		g_free(g_array_index(w->options, NfpCollectorOptions, i).endpoint);
	}
	g_ptr_array_unref(w->collectors);
	nfp_template_set_free(w->templates);
	g_array_unref(w->options);
	cr_assert_eq(g_rmdir(w->folder), 0);
	g_free(w->folder);
}

static NfpBatch *question_and_answer(void)
{
	NfpBatch *batch = nfp_batch_new(2, NULL);

	batch->records[0] = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, START);
	batch->records[1] = nfp_test_back(&batch->records[0]);
	batch->n = 2;
	batch->bucket_start_ns = START;
	batch->bucket_end_ns = END;
	return batch;
}

static guint lines(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\n", -1);

	return g_strv_length(parts) - 1;
}

Test(fanout, biflows_for_those_that_want_them)
{
	World w = world_new(1);
	g_autoptr(NfpFanout) fanout = nfp_fanout_new(w.collectors, w.options, NULL, 1 << 20);
	g_autoptr(NfpBatch) batch = question_and_answer();
	char *got[2];
	NfpPairingStatus status;

	nfp_fanout_publish(fanout, batch);
	nfp_fanout_bucket_done(fanout, 0, START, END);
	cr_assert(nfp_fanout_status(fanout, &status));
	cr_assert(status.biflows == 1 && status.uniflows == 0);
	world_end(&w, got);
	cr_assert_eq(lines(got[0]), 2, "%s", got[0]);
	cr_assert_null(strstr(got[0], "iflow"), "%s", got[0]);
	cr_assert_eq(lines(got[1]), 1, "%s", got[1]);
	cr_assert_not_null(strstr(got[1], "\"biflowDirection\":1"), "%s", got[1]);
	cr_assert_not_null(strstr(got[1], "\"reversePacketDeltaCount\":1"), "%s", got[1]);
	for (guint i = 0; i < 2; i++)
		g_free(got[i]);
}

Test(fanout, nothing_waits_where_nobody_wants_biflows)
{
	World w = world_new(0);
	g_autoptr(NfpFanout) fanout = nfp_fanout_new(w.collectors, w.options, NULL, 1 << 20);
	g_autoptr(NfpBatch) batch = question_and_answer();
	char *got[2];
	NfpPairingStatus status;

	nfp_fanout_publish(fanout, batch);
	nfp_fanout_bucket_done(fanout, 0, START, END);
	cr_assert_not(nfp_fanout_status(fanout, &status));
	world_end(&w, got);
	for (guint i = 0; i < 2; i++) {
		cr_assert_eq(lines(got[i]), 2);
		g_free(got[i]);
	}
	nfp_fanout_free(NULL);
}
