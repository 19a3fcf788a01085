/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/errors.h"

#include <string.h>

#include "base/error.h"

#define SHOWN_MAX 50	/* errors told of one file */
#define KEPT_MAX  10000 /* errors kept, so that a hostile file cannot fill the memory */

typedef struct {
	guint line, column, order;
	gboolean whole; /* text stands for itself, without file and position */
	char *text;
} Fault;

struct NfpConfErrors {
	GArray *faults; /* Fault */
	guint n;	/* all, kept or not */
};

static void fault_clear(void *data)
{
	g_free(((Fault *)data)->text);
}

NfpConfErrors *nfp_conf_errors_new(void)
{
	NfpConfErrors *errors = g_new0(NfpConfErrors, 1);

	errors->faults = g_array_new(FALSE, FALSE, sizeof(Fault));
	g_array_set_clear_func(errors->faults, fault_clear);
	return errors;
}

void nfp_conf_errors_free(NfpConfErrors *errors)
{
	if (!errors)
		return;
	g_array_unref(errors->faults);
	g_free(errors);
}

static void add(NfpConfErrors *errors, guint line, guint column, gboolean whole, char *text)
{
	Fault fault = { line, column, errors->n++, whole, text };

	if (errors->faults->len < KEPT_MAX)
		g_array_append_val(errors->faults, fault);
	else
		g_free(text);
}

void nfp_conf_errors_add(NfpConfErrors *errors, guint line, guint column, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	add(errors, line, column, FALSE, nfp_error_line(text));
}

void nfp_conf_errors_add_lines(NfpConfErrors *errors, guint line, guint column, const char *lines)
{
	add(errors, line, column, TRUE, g_strdup(lines));
}

guint nfp_conf_errors_n(const NfpConfErrors *errors)
{
	return errors->n;
}

static int compare(const void *a, const void *b)
{
	const Fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

gboolean nfp_conf_errors_none(NfpConfErrors *errors, const char *file, GError **err)
{
	g_autoptr(GString) all = g_string_new(NULL);

	if (errors->n == 0)
		return TRUE;
	g_array_sort(errors->faults, compare);
	for (guint i = 0; i < errors->faults->len && i < SHOWN_MAX; i++) {
		const Fault *fault = &g_array_index(errors->faults, Fault, i);

		if (i > 0)
			g_string_append_c(all, '\n');
		if (!fault->whole)
			g_string_append_printf(all, "%s:%u:%u: ", file, fault->line, fault->column);
		g_string_append(all, fault->text);
	}
	if (errors->n > SHOWN_MAX)
		g_string_append_printf(all, "\n%s: and %u more errors", file,
				       errors->n - SHOWN_MAX);
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, all->str);
	return FALSE;
}
