/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any file is rows that hold, rejects, or an error; nothing hangs; rows that are written as an export writes them are read as the
 * same rows. First byte: the format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "enrich/csv.h"
#include "enrich/format.h"

/* libmaxminddb 1.7.1 leaves parts of a file's description behind when it refuses the file. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

#define EXPORTED 200 /* rows */

typedef struct {
	NfpSink sink; /* first */
	uint64_t rows, rejected;
	gboolean begun;
	GString *exported; /* NULL: what was exported is read */
	GPtrArray *values; /* of the rows that were exported */
} Counter;

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

static bool begin(NfpSink *sink, NfpTableId table, GError **err)
{
	check(!((Counter *)sink)->begun && table < NFP_TABLES_N);
	((Counter *)sink)->begun = TRUE;
	return true;
}

static void export_row(Counter *counter, const NfpTable *table, const char *const *values)
{
	for (guint i = 0; counter->rows == 1 && i < table->n; i++)
		g_string_append_printf(counter->exported, "%s%s", i ? "," : "", table->columns[i].name);
	g_string_append_c(counter->exported, '\n');
	for (guint i = 0; i < table->n; i++) {
		if (i)
			g_string_append_c(counter->exported, ',');
		nfp_csv_append(counter->exported, values[i]);
		/* Ends of lines become blanks. */
		g_ptr_array_add(counter->values, g_strdelimit(g_strdup(values[i]), "\r\n", ' '));
	}
}

static void compare_row(const Counter *counter, const NfpTable *table, const char *const *values)
{
	check(counter->rows * table->n <= counter->values->len);
	for (guint i = 0; i < table->n; i++)
		check(g_str_equal(values[i], g_ptr_array_index(counter->values, (counter->rows - 1) * table->n + i)));
}

static bool insert(NfpSink *sink, const char *const *values, GError **err)
{
	const NfpTable *table = &nfp_tables[sink->table];

	check(((Counter *)sink)->begun);
	((Counter *)sink)->rows++;
	for (guint i = 0; i < table->n; i++) {
		check(strlen(values[i]) < NFP_VALUE_TEXT && g_utf8_validate(values[i], -1, NULL));
		check(*values[i] || !table->columns[i].required);
	}
	if (!((Counter *)sink)->exported)
		compare_row((Counter *)sink, table, values);
	else if (((Counter *)sink)->rows <= EXPORTED)
		export_row((Counter *)sink, table, values);
	return ((Counter *)sink)->rows < 100000;
}

static void reject(NfpSink *sink, uint64_t line, const char *value, const char *why)
{
	check(line && value && *why);
	((Counter *)sink)->rejected++;
}

static void note(NfpSink *sink, const char *text)
{
	check(*text);
}

static void progress(NfpSink *sink, double done)
{
	check(done == -1 || (done >= 0 && done <= 1));
}

static gboolean read_file(const NfpFormat *format, const void *data, size_t size, NfpSink *sink, GError **err)
{
	int fd = memfd_create("fuzz", 0);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	gboolean done;

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	done = format->read_file(path, sink, err);
	close(fd);
	return done;
}

static Counter counter_of(GString *exported, GPtrArray *values)
{
	return (Counter){ .sink = { .begin = begin, .insert = insert, .reject = reject, .note = note, .progress = progress },
			  .exported = exported, .values = values };
}

static void read_exported(const GString *text, GPtrArray *values)
{
	Counter counter = counter_of(NULL, values);
	g_autoptr(NfpLines) lines = nfp_lines_of(text->str, text->len);

	check(nfp_format_csv(lines, &counter.sink, NULL) && counter.begun && !counter.rejected);
	check(counter.rows * nfp_tables[counter.sink.table].n == values->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) exported = g_string_new(NULL);
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	Counter counter = counter_of(exported, values);
	const NfpFormat *format;
	g_autoptr(GError) err = NULL;

	if (!size)
		return 0;
	format = &nfp_formats[data[0] % nfp_formats_n];
	if (format->read_file) {
		read_file(format, data + 1, size - 1, &counter.sink, &err);
	} else {
		g_autoptr(NfpLines) lines = nfp_lines_of(data + 1, size - 1);

		format->read_lines(lines, &counter.sink, &err);
	}
	check(counter.rows == counter.sink.rows && counter.rejected == counter.sink.rejected);
	if (counter.rows)
		read_exported(exported, values);
	return 0;
}
