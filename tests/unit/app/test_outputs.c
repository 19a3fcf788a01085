/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/outputs.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "support/sink.h"

/* Collectors that write lines of JSON into files. */
typedef struct {
	NfpConf *conf;
	char *folder;
	NfpTemplateSet *templates;
	GPtrArray *collectors;
	NfpOutputs *outputs;
} World;

static World world_new(const char *groups)
{
	World w = { .folder = g_dir_make_tmp("nfp-outputs-XXXXXX", NULL) };
	g_autoptr(GString) text = g_string_new("collectors:\n");
	g_autoptr(GError) err = NULL;

	for (const char *name = "abc"; *name; name++)
		g_string_append_printf(text, "  - { name: %c, endpoint: \"file://%s/%c\", protocol: json }\n", *name,
				       w.folder, *name);
	g_string_append_printf(text, "groups: [%s]\n", groups);
	w.conf = nfp_conf_parse("f", text->str, &err);
	cr_assert(w.conf, "%s", err ? err->message : "");
	w.templates = nfp_template_set_load(NULL, "standard", NULL);
	w.collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free);
	for (guint i = 0; i < 3; i++)
		g_ptr_array_add(w.collectors,
				nfp_collector_new(&g_array_index(w.conf->collectors, NfpCollectorOptions, i),
						  w.templates, "h", &nfp_clock_system, NULL));
	w.outputs = nfp_outputs_new(w.collectors, w.conf->collectors, w.conf->groups);
	return w;
}

static void stop(World *w)
{
	nfp_outputs_close(w->outputs);
	for (guint i = 0; i < w->collectors->len; i++)
		nfp_collector_stop(g_ptr_array_index(w->collectors, i),
				   g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
}

static guint lines(const World *w, const char *name)
{
	g_autofree char *path = g_build_filename(w->folder, name, NULL);
	g_autofree char *text = NULL;
	guint n = 0;

	g_file_get_contents(path, &text, NULL, NULL);
	for (const char *at = text; at && (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void clear(World *w)
{
	g_ptr_array_unref(w->collectors);
	nfp_outputs_free(w->outputs);
	for (const char *name = "abc"; *name; name++) {
		g_autofree char *path = g_strdup_printf("%s/%c", w->folder, *name);

		g_unlink(path);
	}
	g_rmdir(w->folder);
	nfp_template_set_free(w->templates);
	nfp_conf_free(w->conf);
	g_free(w->folder);
}

static void publish(World *w, gboolean biflow)
{
	g_autoptr(NfpBatch) batch = nfp_sink_batch(0, 0, 90, NULL);

	for (uint32_t i = 0; i < batch->n; i++)
		batch->records[i].src4[3] = (uint8_t)i;
	nfp_outputs_publish(w->outputs, batch, biflow);
}

static char *report(World *w)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonNode) node = NULL;

	json_builder_begin_array(b);
	nfp_outputs_report(w->outputs, b);
	json_builder_end_array(b);
	node = json_builder_get_root(b);
	return json_to_string(node, FALSE);
}

Test(outputs, balance_and_one_alone)
{
	World w = world_new("{ name: pair, policy: balance, members: [a, c] }");
	g_autofree char *text = report(&w);

	cr_assert_str_eq(text, "[{\"name\":\"pair\",\"policy\":\"balance\",\"members\":[\"a\",\"c\"]}]");
	publish(&w, FALSE);
	publish(&w, TRUE); /* nobody wants biflows */
	stop(&w);
	cr_assert_eq(lines(&w, "b"), 90);
	cr_assert_eq(lines(&w, "a") + lines(&w, "c"), 90);
	cr_assert_gt(lines(&w, "a"), 0);
	cr_assert_gt(lines(&w, "c"), 0);
	clear(&w);
}

static void count(void *data)
{
	(*(guint *)data)++;
}

/* What a member that was away had in its queue when it was taken out of the configuration: another one gets it, and the
 * bucket is delivered. after: the rest of the configuration. */
static void taken_out(const char *after, guint want)
{
	World w = world_new("{ name: pair, policy: mirror, members: [a, c] }");
	g_autofree char *lines_of = g_strdup_printf("endpoint: \"file://%s/b\", protocol: json", w.folder);
	g_autofree char *first = g_strdup_printf(
		"collectors:\n- { name: x, endpoint: \"tcp://127.0.0.1:1\" }\n- { name: b, %s }\n"
		"groups: [ { name: ha, policy: failover, members: [x, b], down_after: 1h } ]\n", lines_of);
	g_autofree char *second = g_strdup_printf("collectors:\n- { name: b, %s }\n%s", lines_of, after);
	g_autoptr(NfpConf) before = nfp_conf_parse("f", first, NULL), now = nfp_conf_parse("f", second, NULL);
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	NfpCollector *gone, *stays = g_ptr_array_index(w.collectors, 1);
	g_autoptr(GPtrArray) two = g_ptr_array_new(), one = g_ptr_array_new();
	guint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	NfpBatch *batch = nfp_sink_batch(0, 0, 90, delivery);
	NfpOutputs *outputs;

	cr_assert(before && now);
	gone = nfp_collector_new(&g_array_index(before->collectors, NfpCollectorOptions, 0), set, "h", &nfp_clock_system, NULL);
	g_ptr_array_add(two, gone);
	g_ptr_array_add(two, stays);
	g_ptr_array_add(one, stays);
	outputs = nfp_outputs_new(two, before->collectors, before->groups);
	nfp_outputs_publish(outputs, batch, FALSE);
	nfp_batch_unref(batch);
	nfp_delivery_unref(delivery);
	nfp_collector_stop(gone, 0);
	cr_expect_eq(delivered, 0);
	outputs = nfp_outputs_renew(outputs, one, now->collectors, now->groups);
	nfp_collector_free(gone);
	stop(&w);
	nfp_outputs_close(outputs);
	nfp_outputs_step(outputs);
	cr_expect_eq(delivered, 1);
	cr_expect_eq(lines(&w, "b"), want);
	nfp_outputs_free(outputs);
	clear(&w);
}

Test(outputs, a_member_taken_out_of_its_group)
{
	taken_out("groups: [ { name: ha, policy: failover, members: [b] } ]\n", 90);
}

Test(outputs, a_member_taken_out_with_its_group)
{
	taken_out("", 90);
	taken_out("groups: [ { name: other, policy: mirror, members: [b] } ]\n", 90);
}

Test(outputs, failover)
{
	World w = world_new("{ name: ha, policy: failover, members: [b, a] }");
	g_autofree char *text = NULL;

	nfp_outputs_step(w.outputs);
	publish(&w, FALSE);
	stop(&w);
	text = report(&w);
	cr_assert(strstr(text, "\"active\":\"b\",\"switches\":0,\"pending\":0,\"moved\":0,\"lost_records\":0"), "%s", text);
	cr_assert_eq(lines(&w, "b"), 90);
	cr_assert_eq(lines(&w, "a"), 0);
	cr_assert_eq(lines(&w, "c"), 90);
	clear(&w);
}

/* After a reload: a group that is the same goes on, one that is not is let go when it has nothing on its way. */
Test(outputs, renewed)
{
	World w = world_new("{ name: ha, policy: failover, members: [b, a] }");
	g_autoptr(NfpConf) other = NULL;
	g_autofree char *text = NULL;

	publish(&w, FALSE);
	w.outputs = nfp_outputs_renew(w.outputs, w.collectors, w.conf->collectors, w.conf->groups);
	publish(&w, FALSE);
	other = nfp_conf_parse("f", "collectors:\n  - { name: a, endpoint: \"file:///x\" }\n"
				    "  - { name: b, endpoint: \"file:///y\" }\n  - { name: c, endpoint: \"file:///z\" }\n"
				    "groups: [{ name: ha, policy: failover, members: [a, b] }]\n", NULL);
	cr_assert_not_null(other);
	w.outputs = nfp_outputs_renew(w.outputs, w.collectors, other->collectors, other->groups);
	publish(&w, FALSE);
	nfp_outputs_step(w.outputs);
	stop(&w);
	nfp_outputs_step(w.outputs);
	text = report(&w);
	cr_expect(strstr(text, "\"members\":[\"a\",\"b\"],\"active\":\"a\",\"switches\":0,\"pending\":0"), "%s", text);
	cr_expect_eq(lines(&w, "b"), 180);
	cr_expect_eq(lines(&w, "a"), 90);
	cr_expect_eq(lines(&w, "c"), 270);
	clear(&w);
}
