/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <sched.h>
#include <unistd.h>

#include "base/capabilities.h"
#include "probe/probe.h"
#include "support/netns.h"

static NfpProbe *open_in(const char *netns)
{
	const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "threads", .netns = netns };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe = nfp_probe_open(&options, &error);

	cr_assert_not_null(probe, "%s", error ? error->message : "");
	return probe;
}

static int who(void *data)
{
	*(pid_t *)data = gettid();
	return 7;
}

static int give_away(void *data)
{
	return nfp_capabilities_keep(nfp_capabilities_needed());
}

/* The probe works on without CAP_SYS_ADMIN, also where it gave its threads back. */
Test(probe_threads, a_namespace_has_a_thread_that_can_be_told)
{
	g_autoptr(NfpProbe) own = NULL, blue = NULL;
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	pid_t thread = 0;

	nfpt_sandbox();
	nfpt_wire("a0", "blue", "b0");
	own = open_in(NULL);
	blue = open_in("blue");
	cr_expect_eq(nfp_probe_run(own, who, &thread), 7);
	cr_expect_eq(thread, gettid());
	cr_expect_eq(nfp_probe_run(blue, who, &thread), 7);
	cr_expect_neq(thread, gettid());
	cr_assert_eq(nfp_probe_run(blue, give_away, NULL), 0);
	nfp_probe_rest(blue);
	nfp_probe_rest(blue);
	cr_expect_eq(nfp_probe_links(blue, links), 0);
	cr_expect_eq(links->len, 2);
	cr_expect(nfp_probe_attach(blue, "b0", NFP_DIRECTION_INGRESS, NFP_HOOK_TC, NULL));
}
