/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "encode/encoder.h"
#include "store/state.h"

static char *folder;
static char *path;

static void set_up(void)
{
	folder = g_dir_make_tmp("nfprobe-state.XXXXXX", NULL);
	path = g_build_filename(folder, "deep", "x.state", NULL);
}

static void tear_down(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_free(path);
	g_free(folder);
}

TestSuite(state, .init = set_up, .fini = tear_down);

static NfpState *load(void)
{
	char *news = NULL;
	NfpState *state = nfp_state_load(path, TRUE, &news);

	cr_assert_null(news, "%s", news);
	return state;
}

Test(state, comes_back)
{
	g_autoptr(NfpState) state = load();
	g_autoptr(NfpState) again = NULL;

	cr_assert_eq(nfp_state_get(state, "starts"), 0);
	nfp_state_set(state, "starts", UINT64_MAX);
	cr_assert_eq(nfp_state_domain(state, "blue"), 1);
	cr_assert_eq(nfp_state_domain(state, "a b=c]\n"), 2);
	cr_assert(nfp_state_save(state, NULL));
	again = load();
	cr_assert_eq(nfp_state_get(again, "starts"), UINT64_MAX);
	/* In whatever order they are asked for. */
	cr_assert_eq(nfp_state_domain(again, "a b=c]\n"), 2);
	cr_assert_eq(nfp_state_domain(again, "blue"), 1);
	cr_assert_eq(nfp_state_domain(again, "red"), 3);
}

Test(state, damage)
{
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autofree char *deep = g_path_get_dirname(path);
	g_autofree char *news = NULL;
	g_autofree char *other = NULL;
	g_autoptr(NfpState) reader = NULL;
	g_autoptr(NfpState) state = NULL;

	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_assert(g_file_set_contents(path, "[exporter]\nstarts=7\n[doma", -1, NULL));
	reader = nfp_state_load(path, FALSE, &other);
	cr_assert_not_null(strstr(other, "cannot read"), "%s", other);
	cr_assert_not(g_file_test(aside, G_FILE_TEST_EXISTS), "who only reads moves nothing");
	state = nfp_state_load(path, TRUE, &news);
	cr_assert_not_null(strstr(news, "is damaged"), "%s", news);
	cr_assert(g_file_test(aside, G_FILE_TEST_EXISTS));
	cr_assert_eq(nfp_state_get(state, "starts"), 0);
	cr_assert(nfp_state_save(state, NULL));
}

Test(state, numbers_that_are_none)
{
	g_autofree char *deep = g_path_get_dirname(path);
	g_autofree char *news = NULL;
	g_autoptr(NfpState) state = NULL;
	g_autoptr(NfpState) again = NULL;

	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_assert(g_file_set_contents(path, "[domains]\na=x\nb=-1\nc=99999999999\nd=5\ne=1024\nf=1023\ng=5\nh=0\n"
				      "i=2147483646\n", -1, NULL));
	state = nfp_state_load(path, TRUE, &news);
	cr_assert_not_null(news);
	cr_assert_not_null(strstr(news, "7 of its lines in [domains] are malformed, the first is of a"), "%s", news);
	cr_assert_eq(nfp_state_domain(state, "d"), 5);
	cr_assert_eq(nfp_state_domain(state, "f"), 1023);
	cr_assert_eq(nfp_state_domain(state, "i"), 1);
	cr_assert_eq(nfp_state_domain(state, "g"), 2);
	cr_assert(nfp_state_save(state, NULL));
	/* Told once: it is mended with the next save. */
	again = load();
	cr_assert_eq(nfp_state_domain(again, "i"), 1);
}

/* Twice in the file, a number for each: neither is lost track of. */
Test(state, a_name_twice)
{
	g_autofree char *deep = g_path_get_dirname(path);
	g_autofree char *news = NULL;
	g_autoptr(NfpState) state = NULL;

	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_assert(g_file_set_contents(path, "[domains]\nblue=5\nblue=7\nblue=5000\nred=7\n", -1, NULL));
	state = nfp_state_load(path, TRUE, &news);
	cr_expect_not_null(news);
	cr_expect_gt(nfp_state_domain(state, "blue"), 0);
	cr_expect_neq(nfp_state_domain(state, "blue"), nfp_state_domain(state, "red"));
	cr_expect_eq(nfp_state_domain(state, "blue"), nfp_state_domain(state, "blue"));
}

/* Nothing is waited for, and no memory is taken beyond measure. */
Test(state, no_plain_file)
{
	g_autofree char *deep = g_path_get_dirname(path), *news = NULL, *text = g_strnfill(2 << 20, '#');
	g_autoptr(NfpState) state = NULL;

	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	state = nfp_state_load(path, TRUE, &news);
	cr_expect(news && strstr(news, "it is no plain file"), "%s", news);
	cr_assert_eq(g_unlink(path), 0);

	cr_assert(g_file_set_contents(path, text, -1, NULL));
	g_clear_pointer(&news, g_free);
	nfp_state_free(g_steal_pointer(&state));
	state = nfp_state_load(path, TRUE, &news);
	cr_expect(news && strstr(news, "larger than"), "%s", news);
	cr_expect_eq(nfp_state_domain(state, "blue"), 1);
}

/* Encoders have room for numbers below 1024: NFP_ENCODER_DOMAINS. */
Test(state, lowest_free_number)
{
	g_autoptr(NfpState) state = load();
	g_autoptr(NfpState) again = NULL;

	for (guint i = 1; i < NFP_ENCODER_DOMAINS; i++) {
		g_autofree char *name = g_strdup_printf("n%u", i);

		cr_assert_eq(nfp_state_domain(state, name), i);
	}
	cr_assert_eq(nfp_state_domain(state, "more"), NFP_ENCODER_DOMAINS);
	cr_assert(nfp_state_save(state, NULL));
	again = load();
	cr_assert_eq(nfp_state_domain(again, "n1023"), 1023);
	cr_assert_eq(nfp_state_domain(again, "more"), NFP_ENCODER_DOMAINS);
}

Test(state, no_place_for_it)
{
	g_autoptr(GError) err = NULL;
	char *news = NULL;
	g_autoptr(NfpState) state = nfp_state_load("/proc/nothing/x.state", TRUE, &news);

	cr_assert_not(nfp_state_save(state, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
	g_free(news);
}
