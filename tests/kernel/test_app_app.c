/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as a whole, in process: exit codes, orderly end, what it refuses. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/control.h"
#include "app/ledger.h"
#include "support/netns.h"

static NfpConf *conf_of(const char *match)
{
	NfpConf *conf = nfp_conf_default();
	g_autoptr(GError) error = NULL;

	cr_assert(nfp_conf_set(conf, "instance", "app", &error));
	cr_assert(nfp_conf_set(conf, "interval", "1s", &error));
	g_free(conf->run_dir);
	conf->run_dir = g_dir_make_tmp("nfp-app-XXXXXX", NULL);
	g_clear_pointer(&conf->state_dir, g_free);
	cr_assert(nfp_conf_add_interface(conf, match, &error), "%s", error ? error->message : "");
	return conf;
}

static void conf_end(NfpConf *conf)
{
	g_autofree char *lock = g_build_filename(conf->run_dir, "app.lock", NULL);

	g_unlink(lock);
	g_rmdir(conf->run_dir);
	nfp_conf_free(conf);
}

/* Standard output of this process into a file. */
static char *redirect(void)
{
	char *path = NULL;
	int fd = g_file_open_tmp("nfp-app-out-XXXXXX", &path, NULL);

	cr_assert_geq(fd, 0);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	return path;
}

static gboolean end(gpointer data)
{
	kill(getpid(), SIGTERM);
	return G_SOURCE_REMOVE;
}

/* The daemon answers, so it is up: send packets, then ask it to end. */
static gboolean traffic(gpointer data)
{
	nfpt_run("ping -q -c 4 -i 0.01 10.9.0.2");
	return end(NULL);
}

Test(app_app, flushes_what_it_saw_and_ends_well)
{
	const NfpRunOptions options = { .json = TRUE, .flush = TRUE };
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	g_autoptr(NfpLedger) l = NULL;
	NfpConf *conf;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	conf = conf_of("a0");
	path = redirect();
	g_idle_add(traffic, NULL);
	cr_assert_eq(nfp_app_run(conf, &options), 0);
	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	cr_expect(strstr(text, "\"sourceIPv4Address\":\"10.9.0.2\""), "%s", text);
	l = nfp_ledger_read(conf, NULL);
	cr_assert_not_null(l);
	cr_expect_geq(l->total.recorded, 4);
	cr_expect_eq(l->total.open, 0);
	cr_expect(l->balanced);
	g_unlink(path);
	conf_end(conf);
}

Test(app_app, second_daemon_of_an_instance_is_refused)
{
	const NfpRunOptions options = { .json = TRUE };
	gboolean taken;
	NfpControl *control;
	NfpConf *conf;

	nfpt_sandbox();
	conf = conf_of("a0");
	control = nfp_control_new(conf, NULL, NULL, &taken, NULL);
	cr_expect_eq(nfp_app_run(conf, &options), 1);
	nfp_control_free(control);
	conf_end(conf);
}

Test(app_app, collector_that_makes_no_sense_is_told_before_anything_runs)
{
	const NfpRunOptions options = { 0 };
	NfpConf *conf;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	conf = conf_of("a0");
	cr_assert(nfp_conf_add_collector(conf, "udp://127.0.0.1:4739", NULL));
	g_free(g_array_index(conf->collectors, NfpCollectorOptions, 0).template_set);
	g_array_index(conf->collectors, NfpCollectorOptions, 0).template_set = g_strdup("nosuchset");
	cr_expect_neq(nfp_app_run(conf, &options), 0);
	conf_end(conf);
}

Test(app_app, reader_that_goes_away_ends_the_run)
{
	const NfpRunOptions options = { .json = TRUE, .flush = TRUE };
	int fds[2];
	NfpConf *conf;
	g_autoptr(NfpLedger) l = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	conf = conf_of("a0");
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	g_idle_add(traffic, NULL);
	cr_expect_eq(nfp_app_run(conf, &options), 0);
	l = nfp_ledger_read(conf, NULL);
	cr_assert_not_null(l);
	cr_expect_geq(l->total.open, 4, "nobody read it: it stays for the next start");
	cr_expect(l->balanced);
	conf_end(conf);
}
