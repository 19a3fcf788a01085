/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text file line by line, whatever is in it. One thread. */
#ifndef NFP_ENRICH_LINES_H
#define NFP_ENRICH_LINES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFP_LINE_MAX 65535 /* octets */

typedef struct {
	char *text;        /* may be written to; without its end of line, with a NUL behind it */
	size_t length;
	uint64_t number;   /* from 1 on */
	const char *fault; /* half a sentence when the line cannot be used; text is its beginning then. NULL: it can */
} NfpLine;

typedef struct NfpLines NfpLines;

NfpLines *nfp_lines_open(const char *path, GError **err); /* "-": standard input */
NfpLines *nfp_lines_of(const void *data, size_t size);    /* borrowed, must live as long */
/* 1: a line, until the next call; 0: there are no more; -errno: it cannot be read. */
int nfp_lines_next(NfpLines *lines, NfpLine *ret_line);
double nfp_lines_done(const NfpLines *lines); /* 0 to 1; -1: nobody knows how much there is */
void nfp_lines_free(NfpLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpLines, nfp_lines_free)

#endif
