/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances of commands: what killed ones left is removed, and nothing else. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "app/transient.h"
#include "support/metered.h"
#include "support/netns.h"

#define DEAD "4194999" /* above every pid_max */

Test(app_transient, clears_up_behind_the_dead_only)
{
	NfpConf conf = { .pin_root = (char *)NFPT_PIN_ROOT };
	g_autofree char *living = NULL, *own = NULL, *left = NULL, *expected = NULL;

	nfpt_sandbox();
	living = g_strdup_printf("look-%d", getppid());
	nfp_probe_free(nfpt_open("look-" DEAD, NULL, false));
	nfp_probe_free(nfpt_open(living, NULL, false));
	nfp_probe_free(nfpt_open("look-" DEAD "x", NULL, false));
	nfp_probe_free(nfpt_open("look-", NULL, false));
	nfp_probe_free(nfpt_open("other-" DEAD, NULL, false));
	own = nfp_transient_begin(&conf, "look");
	cr_expect_eq(g_ascii_strtoll(own + 5, NULL, 10), getpid());
	left = nfpt_output("ls -d " NFPT_PIN_ROOT "/look-" DEAD " 2>/dev/null; ls " NFPT_PIN_ROOT " | wc -l");
	cr_expect_str_eq(left, "4\n", "%s", left);

	nfp_probe_free(nfpt_open(own, NULL, false));
	nfp_transient_end(&conf, own);
	expected = g_build_filename(NFPT_PIN_ROOT, own, NULL);
	cr_expect_not(g_file_test(expected, G_FILE_TEST_EXISTS));
}
