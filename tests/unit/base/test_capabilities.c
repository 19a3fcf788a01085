/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/capabilities.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

static guint64 row_of_status(const char *name)
{
	g_autofree char *text = NULL;
	const char *at;

	cr_assert(g_file_get_contents("/proc/thread-self/status", &text, NULL, NULL));
	at = strstr(text, name);
	cr_assert_not_null(at);
	return g_ascii_strtoull(at + strlen(name), NULL, 16);
}

Test(capabilities, in_force_as_the_kernel_tells)
{
	cr_expect_eq(nfp_capabilities(), row_of_status("\nCapEff:\t"));
}

/* By root all five sets; by a user nothing comes that was not there. */
Test(capabilities, what_is_not_kept_is_gone_for_good)
{
	guint64 before = nfp_capabilities(), keep = NFP_CAPABILITY(CAP_NET_ADMIN);

	cr_assert_eq(nfp_capabilities_keep(keep), 0);
	cr_expect_eq(row_of_status("\nCapEff:\t"), before & keep);
	cr_expect_eq(row_of_status("\nCapPrm:\t"), before & keep);
	cr_expect_eq(row_of_status("\nCapInh:\t"), 0);
	cr_expect_eq(row_of_status("\nCapAmb:\t"), 0);
	if (before & NFP_CAPABILITY(CAP_SETPCAP))
		cr_expect_eq(row_of_status("\nCapBnd:\t") & ~keep, 0);
	cr_assert_eq(nfp_capabilities_keep(nfp_capabilities_needed()), 0);
	cr_expect_eq(row_of_status("\nCapEff:\t"), before & keep, "none comes back");
	cr_assert_eq(nfp_capabilities_keep(0), 0);
	cr_expect_eq(nfp_capabilities(), 0);
}

static gpointer give_all_away(gpointer data)
{
	cr_expect_eq(nfp_capabilities_keep(0), 0);
	return NULL;
}

Test(capabilities, are_a_threads_own)
{
	guint64 before = nfp_capabilities();

	g_thread_join(g_thread_new("other", give_all_away, NULL));
	cr_expect_eq(nfp_capabilities(), before);
}

static gpointer wait_for_lock(gpointer data)
{
	g_mutex_lock(data);
	g_mutex_unlock(data);
	return NULL;
}

Test(capabilities, a_thread_that_was_forgotten_is_found)
{
	guint64 before = nfp_capabilities();
	g_autofree char *name = NULL, *nobody = NULL;
	GMutex lock;
	GThread *thread;

	if (!before)
		cr_skip_test("needs root: there is no capability to give away");
	g_mutex_init(&lock);
	g_mutex_lock(&lock);
	thread = g_thread_new("forgotten", wait_for_lock, &lock);
	name = nfp_capabilities_thread(0);
	cr_expect_not_null(name);
	nobody = nfp_capabilities_thread(before);
	cr_expect_null(nobody, "%s", nobody);
	cr_assert_eq(nfp_capabilities_keep(0), 0);
	g_free(name);
	name = nfp_capabilities_thread(0);
	cr_expect_not_null(name, "the other thread has them still");
	g_mutex_unlock(&lock);
	g_thread_join(thread);
}

Test(capabilities, names)
{
	g_autofree char *needed = nfp_capabilities_text(nfp_capabilities_needed());
	g_autofree char *none = nfp_capabilities_text(0);

	cr_expect_str_eq(needed, "cap_net_admin,cap_perfmon,cap_bpf");
	cr_expect_str_eq(none, "none");
}
