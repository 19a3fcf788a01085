/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/source.h"

typedef struct {
	NfpScan base; /* first */
	NfpEntries entries;
	bool given;
} Whole;

static bool whole_next(NfpScan *base, NfpEntries *ret)
{
	Whole *w = (Whole *)base;

	if (w->given || !w->entries.n)
		return false;
	w->given = true;
	*ret = w->entries;
	return true;
}

static void whole_rewind(NfpScan *base, bool keys_only)
{
	((Whole *)base)->given = false;
}

static void whole_free(NfpScan *base)
{
	g_free(base);
}

NfpScan *nfp_scan_new(const NfpEntries *entries)
{
	Whole *w = g_new0(Whole, 1);

	w->base = (NfpScan){ .next = whole_next, .rewind = whole_rewind, .free = whole_free, .entries = entries->n };
	w->entries = *entries;
	return &w->base;
}
