/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The faults of one file, collected so that all of them are told at once. */
#ifndef NFP_CONF_ERRORS_H
#define NFP_CONF_ERRORS_H

#include <glib.h>

typedef struct NfpConfErrors NfpConfErrors;

NfpConfErrors *nfp_conf_errors_new(void);
void nfp_conf_errors_free(NfpConfErrors *errors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpConfErrors, nfp_conf_errors_free)

/* line and column from 1. */
void nfp_conf_errors_add(NfpConfErrors *errors, guint line, guint column, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* Whole lines that name their own file (a template set's errors), sorted in at this position. */
void nfp_conf_errors_add_lines(NfpConfErrors *errors, guint line, guint column, const char *lines);
guint nfp_conf_errors_n(const NfpConfErrors *errors);
/* FALSE and err (NFP_ERROR_USAGE) when there are any: `file:line:column: text`, one a line in the
 * file's order, the first 50. */
gboolean nfp_conf_errors_none(NfpConfErrors *errors, const char *file, GError **err);

#endif
