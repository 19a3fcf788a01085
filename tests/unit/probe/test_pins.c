/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/pins.h"

Test(pins, names_without_dots)
{
	static const struct {
		const char *name, *escaped;
	} rows[] = {
		{ "default", "default" },
		{ "A-z_09", "A-z_09" },
		{ "edge.1", "edge%2E1" },
		{ "..", "%2E%2E" },
		{ "a/b@c%", "a%2Fb%40c%25" },
		{ "\xc3\xa9", "%C3%A9" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *escaped = nfp_pins_escape(rows[i].name);

		cr_expect_str_eq(escaped, rows[i].escaped);
	}
}

Test(pins, directory_of_an_instance)
{
	NfpProbeOptions options = { .pin_root = "/sys/fs/bpf/nfprobe", .instance = "edge.1" };
	g_autofree char *own = nfp_pins_directory(&options);
	g_autofree char *named = NULL;

	options.netns = "blue@1";
	named = nfp_pins_directory(&options);
	cr_expect_str_eq(own, "/sys/fs/bpf/nfprobe/edge%2E1");
	cr_expect_str_eq(named, "/sys/fs/bpf/nfprobe/edge%2E1@blue%401");
}

Test(pins, bucket_names)
{
	static const struct nfp_bucket ids[] = {
		{ 1, 2 }, { 1700000000000000001ull, 1700000060000000001ull }, { 0, 0 }, { 0, 1 },
	};
	static const char *const wrong[] = {
		"", "1", "1-", "-1", "0-1", "01-2", "1-2x", "x1-2", "spill", "spill00", "spillx", "swap",
		"99999999999999999999-1",
	};
	struct nfp_bucket id;
	char name[NFP_PIN_NAME_MAX];

	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
		nfp_pins_bucket_name(ids[i], name);
		cr_expect_null(strchr(name, '.'));
		cr_assert(nfp_pins_bucket_parse(name, &id), "%s", name);
		cr_expect_arr_eq(&id, &ids[i], sizeof(id), "%s", name);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		cr_expect_not(nfp_pins_bucket_parse(wrong[i], &id), "%s", wrong[i]);
}

Test(pins, trees_are_removed_and_links_not_followed)
{
	g_autofree char *root = g_dir_make_tmp("nfpt-pins-XXXXXX", NULL);
	g_autofree char *tree = g_build_filename(root, "tree", NULL);
	g_autofree char *deep = g_build_filename(tree, "a", "b", NULL);
	g_autofree char *other = g_build_filename(root, "other", NULL);
	g_autofree char *link = g_build_filename(deep, "link", NULL);

	cr_assert_eq(nfp_pins_mkdir(deep), 0);
	cr_assert_eq(nfp_pins_mkdir(other), 0);
	cr_assert_eq(symlink(other, link), 0);
	cr_expect_eq(nfp_pins_remove_tree(tree), 0);
	cr_expect_not(g_file_test(tree, G_FILE_TEST_EXISTS));
	cr_expect(g_file_test(other, G_FILE_TEST_IS_DIR));
	cr_expect_eq(nfp_pins_remove_tree(tree), 0, "what is not there is removed");
	cr_expect_eq(nfp_pins_remove_tree(root), 0);
}

Test(pins, other_file_systems_are_not_bpffs)
{
	cr_expect_not(nfp_pins_is_bpffs("/proc"));
	cr_expect_not(nfp_pins_is_bpffs("/proc/no/such/file"));
}
