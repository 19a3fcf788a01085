/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>

#include "app/app.h"

typedef struct {
	NfpConf conf;
	char *root;
} World;

static void world_init(World *w, const char *const *pinned)
{
	w->root = g_dir_make_tmp("nfp-domains-XXXXXX", NULL);
	w->conf = (NfpConf){
		.instance = (char *)"i", .pin_root = w->root,
		.interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)),
	};
	for (; *pinned; pinned++) {
		g_autofree char *path = g_build_filename(w->root, *pinned, NULL);

		cr_assert_eq(g_mkdir(path, 0700), 0);
	}
}

static void world_clear(World *w, const char *const *pinned)
{
	for (; *pinned; pinned++) {
		g_autofree char *path = g_build_filename(w->root, *pinned, NULL);

		g_rmdir(path);
	}
	g_rmdir(w->root);
	g_free(w->root);
	g_array_unref(w->conf.interfaces);
}

static void add(World *w, const char *netns)
{
	NfpInterfaceOptions o = { .match = (char *)"*", .netns = (char *)netns };

	g_array_append_val(w->conf.interfaces, o);
}

/* "instance:number instance:number" */
static char *listed(World *w)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(&w->conf);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *d = g_ptr_array_index(domains, i);

		g_string_append_printf(text, "%s%s:%u", i ? " " : "", d->instance, d->domain);
	}
	return g_string_free(text, FALSE);
}

static void expect(World *w, const char *want)
{
	g_autofree char *got = listed(w);

	cr_expect_str_eq(got, want);
}

static const char *const nothing[] = { NULL };

Test(domains, own_without_interfaces)
{
	World w;

	world_init(&w, nothing);
	expect(&w, "i:0");
	world_clear(&w, nothing);
}

Test(domains, numbers_follow_the_configuration)
{
	World w;

	world_init(&w, nothing);
	add(&w, "red");
	add(&w, "blue");
	add(&w, "red");
	expect(&w, "i@red:1 i@blue:2");
	add(&w, NULL);
	expect(&w, "i:0 i@red:1 i@blue:2");
	world_clear(&w, nothing);
}

Test(domains, pinned_ones_come_last_by_name)
{
	static const char *const pinned[] = { "i", "i@zoo", "i@ant", "i@red", "other", "ii@x", NULL };
	World w;

	world_init(&w, pinned);
	add(&w, "red");
	expect(&w, "i:0 i@red:1 i@ant:2 i@zoo:3");
	world_clear(&w, pinned);
}

Test(domains, one_by_name)
{
	World w;
	g_autoptr(NfpDomain) red = NULL;
	g_autoptr(NfpDomain) green = NULL;
	g_autoptr(NfpDomain) own = NULL;

	world_init(&w, nothing);
	add(&w, "blue");
	add(&w, "red");
	red = nfp_domain_new(&w.conf, "red");
	green = nfp_domain_new(&w.conf, "green");
	own = nfp_domain_new(&w.conf, NULL);
	cr_expect_eq(red->domain, 2);
	cr_expect_eq(green->domain, 3);
	cr_expect_str_eq(green->instance, "i@green");
	cr_expect_eq(own->domain, 0);
	cr_expect_str_eq(own->instance, "i");
	world_clear(&w, nothing);
}
