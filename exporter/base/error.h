/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of constructors: one GError domain, codes that decide the exit code. */
#ifndef NFP_BASE_ERROR_H
#define NFP_BASE_ERROR_H

#include <glib.h>

#define NFP_ERROR (nfp_error_quark())
GQuark nfp_error_quark(void);

/* Values are the exit codes of design section 9. */
typedef enum {
	NFP_ERROR_FAILED = 1,  /* it was tried and did not work */
	NFP_ERROR_USAGE = 2,   /* command line or configuration is wrong */
	NFP_ERROR_CANNOT = 77, /* cannot run here: privilege, kernel feature, missing mount */
} NfpErrorCode;

/* Sets err to "<what>: <strerror(errnum)>". Returns FALSE, so that callers can return it. */
gboolean nfp_error_errno(GError **err, NfpErrorCode code, int errnum, const char *what, ...)
	G_GNUC_PRINTF(4, 5);

/* Exit code for an error of any domain: its code in NFP_ERROR, else 1. */
int nfp_error_exit_code(const GError *err);

/* Foreign words in a message of one line: valid UTF-8 (a text that was cut may end inside of a character), ? for what
 * controls a terminal. Caller frees. */
char *nfp_error_line(const char *text);

/* A file descriptor that closes itself: NFP_AUTO_FD int fd = -1; steal with nfp_fd_steal(&fd). */
void nfp_fd_clear(int *fd);
int nfp_fd_steal(int *fd);
#define NFP_AUTO_FD __attribute__((cleanup(nfp_fd_clear)))

#endif
