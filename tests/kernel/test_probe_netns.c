/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/netns.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/netns.h"

static int inode(void *data)
{
	struct stat st;

	cr_assert_eq(stat("/proc/thread-self/ns/net", &st), 0);
	*(ino_t *)data = st.st_ino;
	return 42;
}

Test(probe_netns, calls_run_there_and_only_there)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpNetns) own = NULL, blue = NULL, red = NULL;
	ino_t here, own_inode, blue_inode, red_inode;

	nfpt_sandbox();
	nfpt_run("ip netns add blue && ip netns add red");
	inode(&here);
	own = nfp_netns_new(NULL, &error);
	blue = nfp_netns_new("blue", &error);
	red = nfp_netns_new("red", &error);
	cr_assert(own && blue && red, "%s", error ? error->message : "");
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(nfp_netns_call(own, inode, &own_inode), 42);
		cr_expect_eq(nfp_netns_call(blue, inode, &blue_inode), 42);
		cr_expect_eq(nfp_netns_call(red, inode, &red_inode), 42);
		cr_expect_eq(own_inode, here);
		cr_expect_neq(blue_inode, here);
		cr_expect_neq(red_inode, here);
		cr_expect_neq(red_inode, blue_inode);
	}
	inode(&own_inode);
	cr_expect_eq(own_inode, here);
	cr_expect_neq(nfp_netns_cookie(blue), nfp_netns_cookie(red));
	cr_expect_neq(nfp_netns_cookie(blue), nfp_netns_cookie(own));
	cr_expect_eq(nfp_netns_cookie(blue), nfp_netns_cookie(blue));
}

/* Not the inode number in its place: the namespace would be another one from then on. */
Test(probe_netns, without_a_descriptor_there_is_no_cookie)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpNetns) own = nfp_netns_new(NULL, &error);
	struct rlimit limit, none;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_expect_eq(nfp_netns_cookie(own), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_neq(nfp_netns_cookie(own), 0);
}

typedef struct {
	NfpNetns *netns;
	int wrong;
} Caller;

static gpointer many_calls(gpointer data)
{
	Caller *caller = data;
	ino_t first, again;

	nfp_netns_call(caller->netns, inode, &first);
	for (int i = 0; i < 2000; i++) {
		if (nfp_netns_call(caller->netns, inode, &again) != 42 || again != first)
			caller->wrong++;
	}
	return NULL;
}

Test(probe_netns, callers_wait_for_each_other)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpNetns) blue = NULL;
	Caller callers[4] = { { 0 } };
	GThread *threads[4];

	nfpt_sandbox();
	nfpt_run("ip netns add blue");
	blue = nfp_netns_new("blue", &error);
	cr_assert_not_null(blue, "%s", error ? error->message : "");
	for (int i = 0; i < 4; i++) {
		callers[i].netns = blue;
		threads[i] = g_thread_new("caller", many_calls, &callers[i]);
	}
	for (int i = 0; i < 4; i++) {
		g_thread_join(threads[i]);
		cr_expect_eq(callers[i].wrong, 0);
	}
}

Test(probe_netns, names_that_are_none)
{
	static const char *const wrong[] = { "", "..", ".", "a/b", "/proc/1/ns/net" };
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		cr_expect_null(nfp_netns_new(wrong[i], &error), "%s", wrong[i]);
		cr_expect(g_error_matches(error, NFP_ERROR, NFP_ERROR_USAGE), "%s", wrong[i]);
		g_clear_error(&error);
	}
	cr_expect_null(nfp_netns_new("nfpt-no-such-namespace", &error));
	cr_expect_not_null(strstr(error->message, "nfpt-no-such-namespace"), "%s", error->message);
	nfp_netns_free(NULL);
}

Test(probe_netns, a_file_that_is_no_namespace)
{
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	nfpt_run("echo >/run/netns/file");
	cr_expect_null(nfp_netns_new("file", &error));
	cr_expect_not_null(strstr(error->message, "cannot enter network namespace file"), "%s", error->message);
}
