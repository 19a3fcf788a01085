/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database in a folder of its own, gone at the end. */
#ifndef NFP_TEST_ENRICH_DB_H
#define NFP_TEST_ENRICH_DB_H

#include "enrich/database.h"

typedef struct {
	char *folder, *path;
	sqlite3 *db; /* a writer, as sqlite3 on the command line is one; NULL: closed */
} NfpTestDb;

void nfp_test_db_init(NfpTestDb *test); /* made, empty */
void nfp_test_db_exec(NfpTestDb *test, const char *sql); /* fails the test with SQLite's words */
char *nfp_test_db_file(const NfpTestDb *test, const char *name); /* a path in the folder; caller frees */
void nfp_test_db_write(const char *path, const char *text, gssize length);
void nfp_test_db_clear(NfpTestDb *test);

#endif
