/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With a running daemon: e2e/confined.sh. */
#include "app/confine.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "base/capabilities.h"
#include "base/error.h"
#include "support/sanitized.h"

static NfpConf *conf_of(const char *folder)
{
	NfpConf *conf = nfp_conf_default();

	g_free(conf->run_dir);
	conf->run_dir = g_strdup(folder);
	g_free(conf->state_dir);
	conf->state_dir = g_strdup(folder);
	g_free(conf->pin_root);
	conf->pin_root = g_strdup(folder);
	return conf;
}

static char *folder_new(mode_t mode)
{
	char *folder = g_dir_make_tmp("nfp-confine-XXXXXX", NULL);

	cr_assert_not_null(folder);
	cr_assert_eq(g_chmod(folder, mode), 0);
	return folder;
}

Test(confine, files_are_closed_to_others_and_never_more_open_than_they_were)
{
	umask(0);
	nfp_confine_begin();
	cr_expect_eq(umask(0), 037);
	umask(0177);
	nfp_confine_begin();
	cr_expect_eq(umask(0), 0177);
}

Test(confine, places_that_everybody_can_change)
{
	g_autofree char *folder = folder_new(0700), *open = NULL;
	g_autoptr(NfpConf) conf = conf_of(folder);
	g_autoptr(GPtrArray) domains = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	NfpCollectorOptions *o;

	if (geteuid() != 0)
		cr_skip_test("needs root: other users are told in the log");
	cr_expect(nfp_confine_check(conf, domains, &error), "%s", error ? error->message : "");
	cr_assert(nfp_conf_add_collector(conf, "udp://127.0.0.1", NULL));
	o = &g_array_index(conf->collectors, NfpCollectorOptions, 0);
	open = folder_new(0777);
	o->spool_path = g_strdup(open);
	cr_expect_not(nfp_confine_check(conf, domains, &error));
	cr_assert_not_null(error);
	cr_expect_eq(error->code, NFP_ERROR_USAGE);
	cr_expect(strstr(error->message, "spool.path") && strstr(error->message, open), "%s", error->message);
	g_rmdir(open);
	g_rmdir(folder);
}

/* In a child, which has this thread alone: Criterion's own would keep what they have. What is left there. */
static guint64 confined(const NfpConf *conf)
{
	guint64 left = 0;
	int ends[2], status = 0;
	pid_t child;

	cr_assert_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		g_autoptr(GPtrArray) meters = g_ptr_array_new();

		if (!nfp_confine(conf, meters, NULL) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			_exit(1);
		left = nfp_capabilities();
		_exit(write(ends[1], &left, sizeof(left)) != sizeof(left));
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	cr_assert_eq(read(ends[0], &left, sizeof(left)), sizeof(left));
	return left;
}

/* The test's own end needs calls that a daemon does not. */
static NfpConf *unlisted_conf_of(const char *folder)
{
	NfpConf *conf = conf_of(folder);

	cr_assert(nfp_conf_set(conf, "security.seccomp", "no", NULL));
	return conf;
}

Test(confine, three_capabilities_at_most)
{
	g_autofree char *folder = folder_new(0700);
	g_autoptr(NfpConf) conf = unlisted_conf_of(folder);
	guint64 before = nfp_capabilities();

	if (NFPT_SANITIZED)
		cr_skip_test("a sanitizer has threads of its own, which keep what they have");

	cr_expect_eq(confined(conf), before & nfp_capabilities_needed());
	g_rmdir(folder);
}

Test(confine, a_low_port_takes_one_more)
{
	g_autofree char *folder = folder_new(0700);
	g_autoptr(NfpConf) conf = unlisted_conf_of(folder);
	guint64 before = nfp_capabilities(), wanted = nfp_capabilities_needed();

	if (NFPT_SANITIZED)
		cr_skip_test("a sanitizer has threads of its own, which keep what they have");

	conf->metrics_listen = g_strdup("[::1]:80");
	wanted |= NFP_CAPABILITY(CAP_NET_BIND_SERVICE);
	cr_expect_eq(confined(conf), before & wanted);
	g_rmdir(folder);
}

Test(confine, root_over_the_files_of_another_user)
{
	g_autofree char *folder = folder_new(0700), *theirs = folder_new(0755);
	g_autofree char *endpoint = g_strdup_printf("file://%s/flows", theirs);
	g_autoptr(NfpConf) conf = unlisted_conf_of(folder);
	guint64 wanted = nfp_capabilities_needed() | NFP_CAPABILITY(CAP_DAC_OVERRIDE);

	if (NFPT_SANITIZED)
		cr_skip_test("a sanitizer has threads of its own, which keep what they have");

	if (geteuid() != 0 || (nfp_capabilities() & wanted) != wanted)
		cr_skip_test("needs root, and its capability to pass over modes");
	cr_assert_eq(chown(theirs, 65534, 65534), 0);
	cr_assert(nfp_conf_add_collector(conf, endpoint, NULL));
	cr_expect_eq(confined(conf), wanted);
	g_rmdir(theirs);
	g_rmdir(folder);
}
