/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/transient.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static gboolean is_alive(const char *pid)
{
	return kill((pid_t)g_ascii_strtoll(pid, NULL, 10), 0) == 0 || errno == EPERM;
}

void nfp_transient_end(const NfpConf *conf, const char *instance)
{
	NfpProbeOptions options = { .pin_root = conf->pin_root, .instance = instance };

	nfp_probe_purge(&options, NULL);
}

char *nfp_transient_begin(const NfpConf *conf, const char *purpose)
{
	g_autoptr(GDir) dir = g_dir_open(conf->pin_root, 0, NULL);
	g_autofree char *prefix = g_strconcat(purpose, "-", NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		const char *pid = name + strlen(prefix);

		if (g_str_has_prefix(name, prefix) && *pid && strspn(pid, "0123456789") == strlen(pid) &&
		    !is_alive(pid))
			nfp_transient_end(conf, name);
	}
	return g_strdup_printf("%s%d", prefix, getpid());
}
