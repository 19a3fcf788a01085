/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/backoff.h"

/* A collector that restarts closes its sessions first and listens a moment later; an attempt in between would
 * fail and cost the whole of `least`. */
#define SETTLE G_USEC_PER_SEC
#define DOUBLINGS_MAX 16

void nfp_backoff_init(NfpBackoff *backoff, gint64 least, gint64 most)
{
	*backoff = (NfpBackoff){ .least = MAX(least, 1), .most = MAX(most, least), .random = g_rand_new() };
}

void nfp_backoff_clear(NfpBackoff *backoff)
{
	g_clear_pointer(&backoff->random, g_rand_free);
}

void nfp_backoff_started(NfpBackoff *backoff, gint64 now)
{
	backoff->started = now;
}

gint64 nfp_backoff_next(NfpBackoff *backoff, gint64 now, gboolean was_up)
{
	gint64 delay;
	gint64 next;

	backoff->failures = was_up ? 0 : MIN(backoff->failures + 1, DOUBLINGS_MAX);
	delay = backoff->least << (backoff->failures ? backoff->failures - 1 : 0);
	delay = MIN(delay, backoff->most);
	next = backoff->started + delay;
	if (was_up)
		next = MAX(next, now + MIN(backoff->least, SETTLE));
	next = MAX(next, now);
	return next + (gint64)(g_rand_double(backoff->random) * (double)delay / 10);
}
