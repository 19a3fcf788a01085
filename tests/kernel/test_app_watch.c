/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at an interface that nobody meters leaves nothing behind. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/watch.h"
#include "support/metered.h"
#include "support/netns.h"

static NfpConf conf_new(void)
{
	return (NfpConf){ .instance = (char *)"watch", .pin_root = (char *)NFPT_PIN_ROOT,
			  .hostname = (char *)"edge1",
			  .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
}

/* What a watch of a second prints. Caller frees. */
static char *watch(const NfpConf *conf, const NfpWatchOptions *options, int *ret_code)
{
	g_autofree char *path = g_strdup_printf("/run/netns/.watch-%d", getpid());
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), before = dup(STDOUT_FILENO);
	char *text;

	cr_assert(file >= 0 && before >= 0 && dup2(file, STDOUT_FILENO) >= 0);
	*ret_code = nfp_watch_run(conf, options);
	cr_assert_geq(dup2(before, STDOUT_FILENO), 0);
	close(before);
	close(file);
	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static void leaves_nothing(NfpFlowsHook hook)
{
	NfpConf conf = conf_new();
	const NfpWatchOptions options = { .flows = { .ifname = "a0", .hook = hook, .json = TRUE }, .seconds = 1 };
	g_autofree char *text = NULL, *left = NULL;
	int code;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	cr_expect_not(nfp_watch_is_metered(&conf, &options.flows));
	nfpt_run("ping -q -c 200 -i 0.02 10.9.0.2 >/dev/null 2>&1 &");
	text = watch(&conf, &options, &code);
	cr_expect_eq(code, 0);
	cr_expect(strstr(text, "\"sourceIPv4Address\":\"10.9.0.2\""), "%s", text);
	left = nfpt_output("ls " NFPT_PIN_ROOT "; ip -d link show a0 | grep xdp; tc qdisc show dev a0 | grep clsact; true");
	cr_expect_str_eq(left, "", "%s", left);
	g_array_unref(conf.interfaces);
}

Test(app_watch, leaves_nothing_by_xdp)
{
	leaves_nothing(NFP_FLOWS_XDP);
}

Test(app_watch, leaves_nothing_by_tc)
{
	leaves_nothing(NFP_FLOWS_ANY);
}

Test(app_watch, what_is_metered_is_looked_at)
{
	NfpConf conf = conf_new();
	const NfpWatchOptions options = { .flows = { .ifname = "a0", .hook = NFP_FLOWS_TC, .json = TRUE }, .seconds = 1 };
	const NfpFlowsOptions xdp = { .ifname = "a0", .hook = NFP_FLOWS_XDP };
	const NfpFlowsOptions other = { .ifname = "lo" };
	g_autoptr(NfpProbe) probe = NULL;
	g_autofree char *text = NULL, *hooks = NULL;
	int code;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("watch", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_INGRESS);
	cr_expect(nfp_watch_is_metered(&conf, &options.flows));
	cr_expect_not(nfp_watch_is_metered(&conf, &xdp));
	cr_expect_not(nfp_watch_is_metered(&conf, &other));
	nfpt_run("ping -q -c 3 -i 0.01 10.9.0.2");
	text = watch(&conf, &options, &code);
	cr_expect_eq(code, 0);
	cr_expect(strstr(text, "\"packetDeltaCount\":3"), "counted before anybody looked: %s", text);
	hooks = nfpt_hooks(probe);
	cr_expect(g_str_has_prefix(hooks, "a0/in/"), "%s", hooks);
	g_array_unref(conf.interfaces);
}
