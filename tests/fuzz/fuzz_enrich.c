/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file is rows that hold, rejects, or an error; nothing hangs. First byte: the format. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "enrich/cidr.h"
#include "enrich/format.h"

/* libmaxminddb 1.7.1 leaves parts of a file's description behind when it refuses the file. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

typedef struct {
	NfpSink sink; /* first */
	uint64_t rows, rejected;
	gboolean begun;
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

static bool insert(NfpSink *sink, const char *const *values, GError **err)
{
	const NfpTable *table = &nfp_tables[sink->table];

	check(((Counter *)sink)->begun);
	((Counter *)sink)->rows++;
	for (guint i = 0; i < table->n; i++) {
		check(strlen(values[i]) < NFP_VALUE_TEXT && g_utf8_validate(values[i], -1, NULL));
		check(*values[i] || !table->columns[i].required);
	}
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Counter counter = { .sink = { .begin = begin, .insert = insert, .reject = reject, .note = note, .progress = progress } };
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
	return 0;
}
