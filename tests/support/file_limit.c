/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/file_limit.h"

#include <glib.h>
#include <signal.h>

void nfp_file_limit(rlim_t octets)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	g_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = MIN(octets, limit.rlim_max);
	g_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}
