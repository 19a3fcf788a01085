/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a domain, for who gives their privileges away. */
#include "probe/domain.h"

int nfp_probe_run(NfpProbe *probe, int (*fn)(void *data), void *data)
{
	return nfp_netns_call(probe->netns, fn, data);
}

void nfp_probe_rest(NfpProbe *probe)
{
	nfp_buckets_rest(probe->buckets);
}
