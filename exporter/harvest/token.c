/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/token.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

struct NfpWakeup {
	gint refs; /* by g_atomic_int_*: macros, which ThreadSanitizer sees */
	int fd;
};

struct NfpToken {
	gint refs;
	gint delivered;
	NfpWakeup *wakeup;
};

NfpWakeup *nfp_wakeup_new(GError **err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	NfpWakeup *wakeup;

	if (fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an eventfd");
		return NULL;
	}
	wakeup = g_new0(NfpWakeup, 1);
	wakeup->refs = 1;
	wakeup->fd = fd;
	return wakeup;
}

NfpWakeup *nfp_wakeup_ref(NfpWakeup *wakeup)
{
	g_atomic_int_inc(&wakeup->refs);
	return wakeup;
}

void nfp_wakeup_unref(NfpWakeup *wakeup)
{
	if (!wakeup || !g_atomic_int_dec_and_test(&wakeup->refs))
		return;
	close(wakeup->fd);
	g_free(wakeup);
}

int nfp_wakeup_fd(const NfpWakeup *wakeup)
{
	return wakeup->fd;
}

void nfp_wakeup_raise(NfpWakeup *wakeup)
{
	const uint64_t one = 1;

	/* EAGAIN: the counter is at its end, so the descriptor is readable anyhow. */
	if (write(wakeup->fd, &one, sizeof(one)) < 0)
		return;
}

void nfp_wakeup_clear(NfpWakeup *wakeup)
{
	uint64_t n;

	if (read(wakeup->fd, &n, sizeof(n)) < 0)
		return; /* EAGAIN: nobody called */
}

NfpToken *nfp_token_new(NfpWakeup *wakeup)
{
	NfpToken *token = g_new0(NfpToken, 1);

	token->refs = 1;
	token->wakeup = nfp_wakeup_ref(wakeup);
	return token;
}

NfpToken *nfp_token_ref(NfpToken *token)
{
	g_atomic_int_inc(&token->refs);
	return token;
}

void nfp_token_unref(NfpToken *token)
{
	if (!token || !g_atomic_int_dec_and_test(&token->refs))
		return;
	nfp_wakeup_unref(token->wakeup);
	g_free(token);
}

void nfp_token_delivered(void *data)
{
	NfpToken *token = data;

	g_atomic_int_set(&token->delivered, 1);
	nfp_wakeup_raise(token->wakeup);
	nfp_token_unref(token);
}

gboolean nfp_token_is_delivered(NfpToken *token)
{
	return g_atomic_int_get(&token->delivered);
}
