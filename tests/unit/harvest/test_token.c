/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <poll.h>

#include "harvest/token.h"

static gboolean readable(const NfpWakeup *wakeup)
{
	struct pollfd fd = { .fd = nfp_wakeup_fd(wakeup), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

Test(token, delivery_wakes)
{
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	NfpToken *token = nfp_token_new(wakeup);

	cr_expect_not(readable(wakeup));
	cr_expect_not(nfp_token_is_delivered(token));
	nfp_token_delivered(nfp_token_ref(token));
	cr_expect(readable(wakeup));
	cr_expect(nfp_token_is_delivered(token));
	nfp_wakeup_clear(wakeup);
	cr_expect_not(readable(wakeup));
	nfp_wakeup_clear(wakeup); /* nobody called: does not block */
	nfp_token_unref(token);
	nfp_wakeup_unref(wakeup);
}

/* The harvester is gone when the last batch is let go. */
Test(token, outlives_its_harvester)
{
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	NfpToken *token = nfp_token_new(wakeup);
	NfpToken *lent = nfp_token_ref(token);

	nfp_token_unref(token);
	nfp_wakeup_unref(wakeup);
	nfp_token_delivered(lent);
}

static gpointer deliver(gpointer data)
{
	nfp_token_delivered(data);
	return NULL;
}

Test(token, from_many_threads)
{
	NfpWakeup *wakeup = nfp_wakeup_new(NULL);
	NfpToken *tokens[32];
	GThread *threads[32];

	for (guint i = 0; i < G_N_ELEMENTS(tokens); i++) {
		tokens[i] = nfp_token_new(wakeup);
		threads[i] = g_thread_new("deliver", deliver, nfp_token_ref(tokens[i]));
	}
	for (guint i = 0; i < G_N_ELEMENTS(tokens); i++) {
		g_thread_join(threads[i]);
		cr_expect(nfp_token_is_delivered(tokens[i]));
		nfp_token_unref(tokens[i]);
	}
	cr_expect(readable(wakeup));
	nfp_wakeup_unref(wakeup);
}
