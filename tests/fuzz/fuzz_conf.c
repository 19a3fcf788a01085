/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text is a configuration or an error that names a place; nothing leaks, nothing hangs. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = nfp_conf_parse("fuzz", text, &err);

	if ((conf == NULL) != (err != NULL))
		abort();
	if (err && (err->domain != NFP_ERROR || err->code != NFP_ERROR_USAGE ||
		    !strstr(err->message, ":")))
		abort();
	if (conf && (conf->interval < 1000000000ull || !conf->hostname || !conf->interfaces ||
		     !conf->collectors))
		abort();
	return 0;
}
