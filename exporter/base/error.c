/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <unistd.h>

G_DEFINE_QUARK(nfp-error-quark, nfp_error)

gboolean nfp_error_errno(GError **err, NfpErrorCode code, int errnum, const char *what, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, what);
	text = g_strdup_vprintf(what, args);
	va_end(args);
	g_set_error(err, NFP_ERROR, (int)code, "%s: %s", text, g_strerror(errnum));
	return FALSE;
}

int nfp_error_exit_code(const GError *err)
{
	if (err && err->domain == NFP_ERROR)
		return err->code;
	return NFP_ERROR_FAILED;
}

char *nfp_error_line(const char *text)
{
	char *line = g_utf8_make_valid(text, -1);

	for (char *c = line; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	return line;
}

void nfp_fd_clear(int *fd)
{
	if (*fd < 0)
		return;
	/* Not again after EINTR: Linux has closed it by then, and its number may be another's. */
	close(*fd);
	*fd = -1;
}

int nfp_fd_steal(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}
