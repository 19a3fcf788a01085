/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long texts for people: in lines that a terminal has room for. */
#ifndef NFP_BASE_WRAP_H
#define NFP_BASE_WRAP_H

#include <glib.h>

#define NFP_WRAP_COLUMNS 100

/*
 * Appends text (UTF-8) behind what is in the last line of out, and breaks it at blanks so that no line has more than
 * NFP_WRAP_COLUMNS characters, but for words that are longer; lines after the first begin with indent blanks. No line end
 * is added behind it.
 */
void nfp_wrap(GString *out, guint indent, const char *text);

#endif
