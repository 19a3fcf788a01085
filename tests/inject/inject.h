/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a chosen call of a chosen function fail. As a library that is loaded ahead of all others (LD_PRELOAD) it takes its
 * orders from the environment:
 *
 *   NFPT_INJECT="FUNCTION ERROR WHICH [OBJECT]"    NFPT_INJECT_REPORT=FILE
 *
 * FUNCTION: the name of a row of calls.c, "malloc" (calloc and realloc with it) or bpf_<command>; "*" counts them all. ERROR: an errno, or 0: the
 * call works by halves (writes take half, reads find other octets). WHICH: "N", the N-th call; "N+", it and all later ones;
 * "@STACK", the first call by those callers; "list", none, but their stacks are put down. OBJECT: counted are calls of
 * the library (or program) of this name alone.
 *
 * FILE: an NfptReport, which is there whatever ends the process. Not for builds with a sanitizer: they stand in for the
 * same functions.
 */
#ifndef NFPT_INJECT_H
#define NFPT_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#define NFPT_FUNCTIONS 128
#define NFPT_STACKS 16384 /* a power of two */

/* tests/support/inject.py knows the layout. */
typedef struct {
	uint64_t calls;  /* that were counted */
	uint64_t failed; /* of these */
	char where[4080]; /* the first that failed: its callers, OBJECT+0xOFFSET a line */
	struct {
		char name[24];
		uint64_t calls;
	} counts[NFPT_FUNCTIONS]; /* for the function "*": how often each was called */
	uint64_t stacks[NFPT_STACKS]; /* hashes, 0: none */
} NfptReport;

/* Whether this call of a function fails, and with which errno (0: by halves). */
bool nfpt_inject(const char *function, const void *caller, int *ret_error);

#endif
