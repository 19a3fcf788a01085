/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/pages.h"

#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *nfp_pages_alloc(size_t octets)
{
	void *memory = NULL;

	if (posix_memalign(&memory, octets < HUGE_PAGE ? 64 : HUGE_PAGE, octets + !octets))
		g_error("%" G_GSIZE_FORMAT " octets of memory are not to be had", octets);
	/* A kernel without them refuses, and small pages do. */
	if (octets >= HUGE_PAGE)
		madvise(memory, octets / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
	return memory;
}
