/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/error.h"
#include "cli/cli.h"

static gboolean has_hook(NfpProbe *probe, const char *ifname, GError **err)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));
	int rc = nfp_probe_hooks(probe, hooks);

	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc,
				       "cannot tell what is attached to %s", ifname);
	for (guint i = 0; i < hooks->len; i++)
		if (g_str_equal(g_array_index(hooks, NfpHookInfo, i).ifname, ifname))
			return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "%s: nothing of this instance is attached to it", ifname);
	return FALSE;
}

/* Every domain of the instance; goes on after a failure and returns the first. */
static gboolean detach_all(const NfpConf *conf, GError **err)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	gboolean fine = TRUE;
	guint removed = 0;

	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);
		NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
		g_autofree char *pins = nfp_domain_pins(conf, domain);

		if (!g_file_test(pins, G_FILE_TEST_IS_DIR))
			continue;
		if (nfp_probe_purge(&options, fine ? err : NULL)) {
			printf("%s: removed programs, links and maps\n", pins);
			removed++;
		} else {
			fine = FALSE;
		}
	}
	if (fine && removed == 0)
		printf("nothing to detach: there is nothing of instance \"%s\" under %s\n",
		       conf->instance, conf->pin_root);
	return fine;
}

int nfp_cmd_detach(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliTarget) target = { 0 };
	const GOptionEntry entries[] = {
		NFP_CLI_TARGET(target),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 1, &argc, &argv, &code))
		return code;
	if (argc > 1) {
		if (!nfp_cli_open(command, &target, argv[1], FALSE, NULL, &code))
			return code;
		if (!has_hook(target.probe, argv[1], &error) ||
		    !nfp_probe_detach(target.probe, argv[1], &error))
			return nfp_cli_fail(command, error);
		printf("%s: detached\n", argv[1]);
		return 0;
	}
	if (target.netns)
		return nfp_cli_usage(
			command,
			"--netns goes with an interface; without one all namespaces are detached");
	target.conf = nfp_cli_conf(command, &target.common, &code);
	if (!target.conf || !nfp_cli_may_look(command, target.conf, &code))
		return code;
	return detach_all(target.conf, &error) ? 0 : nfp_cli_fail(command, error);
}
