/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/probe.h"
#include "support/metered.h"
#include "support/netns.h"

static const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "default" };

/* Pinned maps as of another ABI, with a bucket that was counted in, attached to lo. */
static void make_other(bool force_clsact)
{
	NfpProbe *probe = nfpt_open("default", NULL, force_clsact);

	nfpt_meter(probe);
	nfpt_attach(probe, "lo", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 3 -i 0.01 127.0.0.1");
	nfpt_other_abi("default");
	nfp_probe_free(probe);
}

static void check_aside(bool force_clsact)
{
	NfpProbeOptions asking = options;
	g_autoptr(NfpProbe) probe = NULL, second = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL, *hooks = NULL;
	struct nfp_bucket id;

	nfpt_sandbox();
	asking.set_aside = true;
	asking.force_clsact = force_clsact;
	make_other(force_clsact);
	before = nfpt_output("cd %s/default && find . -path ./links -prune -o -print | sort", NFPT_PIN_ROOT);
	probe = nfp_probe_open(&asking, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
	cr_expect_str_eq(nfp_probe_set_aside(probe), "default-old");
	after = nfpt_output("cd %s/default-old && find . -path ./links -prune -o -print | sort", NFPT_PIN_ROOT);
	cr_expect_str_eq(after, before);
	hooks = nfpt_hooks(probe);
	cr_expect_str_eq(hooks, "");
	/* Nothing of the other build counts any more, all of ours does. */
	id = nfpt_meter(probe);
	nfpt_attach(probe, "lo", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 2 -i 0.01 127.0.0.1");
	cr_expect_eq(nfpt_seen_all(probe, id), 8);
	cr_expect_eq(nfpt_recorded(probe, id), 8);
	nfp_probe_free(g_steal_pointer(&probe));

	/* A second time, beside the first. */
	make_other(force_clsact);
	second = nfp_probe_open(&asking, &error);
	cr_assert_not_null(second, "%s", error ? error->message : "");
	cr_expect_str_eq(nfp_probe_set_aside(second), "default-old2");
	asking.instance = "default-old";
	cr_assert(nfp_probe_purge(&asking, &error), "%s", error ? error->message : "");
	cr_expect_neq(access(NFPT_PIN_ROOT "/default-old", F_OK), 0);
}

Test(probe_aside, another_abi)
{
	check_aside(false);
}

Test(probe_aside, another_abi_by_clsact)
{
	check_aside(true);
}

Test(probe_aside, not_what_somebody_drains)
{
	NfpProbeOptions asking = options;
	g_autoptr(NfpProbe) running = NULL, probe = NULL;
	g_autoptr(GError) error = NULL;

	nfpt_sandbox();
	asking.set_aside = true;
	make_other(false);
	running = nfp_probe_open(&asking, &error);
	cr_assert(running && nfp_probe_claim(running, &error), "%s", error ? error->message : "");
	nfpt_other_abi("default");
	probe = nfp_probe_open(&asking, &error);
	cr_assert_null(probe);
	cr_expect_not_null(strstr(error->message, "another build"), "%s", error->message);
}
