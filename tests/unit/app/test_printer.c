/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard output as a receiver: every record, a table a bucket, a reader that goes away. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/printer.h"
#include "app/table.h"
#include "base/error.h"

static const struct nfp_bucket bucket = { 1795390440000000000, 1795390450000000000 };

static void delivered(void *data)
{
	g_atomic_int_inc((gint *)data);
}

static NfpBatch *batch_of(uint32_t n, uint32_t first, NfpDelivery *delivery)
{
	NfpBatch *batch = nfp_batch_new(NFP_BATCH_RECORDS, delivery);

	batch->bucket_start_ns = bucket.start_ts;
	batch->bucket_end_ns = bucket.end_ts;
	for (uint32_t i = 0; i < n; i++)
		batch->records[i] = (NfpRecord){
			.have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_TIMES,
			.flow_id = first + i, .packets = 1, .octets = 100 + first + i, .l2_octets = 114 + first + i,
			.ifindex = 1, .ip_version = 4, .protocol = 47, .protocol_row = 1,
			.bucket_start_ns = bucket.start_ts, .bucket_end_ns = bucket.end_ts,
		};
	batch->n = n;
	return batch;
}

static void gone(void *data)
{
	g_atomic_int_inc((gint *)data);
}

static gpointer read_all(gpointer data)
{
	int fd = GPOINTER_TO_INT(data);
	GString *text = g_string_new(NULL);
	char buffer[65536];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		g_string_append_len(text, buffer, n);
	close(fd);
	return text;
}

static guint lines_of(const GString *text)
{
	guint n = 0;

	for (gsize i = 0; i < text->len; i++)
		n += text->str[i] == '\n';
	return n;
}

/* Publishes batches to a pipe with a slow reader; returns what arrived. */
static GString *print(NfpPrintForm form, guint batches, uint32_t n, gint *deliveries)
{
	int fds[2];
	gint broken = 0;
	NfpPrinter *printer;
	GThread *reader;
	NfpDelivery *delivery = nfp_delivery_new(delivered, deliveries);
	GString *text;

	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	g_unix_set_fd_nonblocking(fds[1], TRUE, NULL);
	printer = nfp_printer_new(fds[1], form, "edge1", gone, &broken, NULL);
	for (guint i = 0; i < batches; i++) {
		g_autoptr(NfpBatch) batch = batch_of(n, i * n, delivery);

		nfp_printer_publish(printer, batch);
	}
	nfp_delivery_unref(delivery);
	nfp_printer_bucket_done(printer, 0, bucket);
	reader = g_thread_new("reader", read_all, GINT_TO_POINTER(fds[0]));
	nfp_printer_free(printer);
	close(fds[1]);
	text = g_thread_join(reader);
	cr_expect_eq(broken, 0);
	return text;
}

Test(printer, json_prints_every_record)
{
	gint deliveries = 0;
	GString *text = print(NFP_PRINT_JSON, 5, NFP_BATCH_RECORDS, &deliveries);

	cr_expect_eq(lines_of(text), 5 * NFP_BATCH_RECORDS);
	cr_expect(g_str_has_prefix(text->str, "{\"uid\":\"edge1/"));
	cr_expect(g_str_has_suffix(text->str, "}\n"));
	cr_expect_eq(deliveries, 1);
	g_string_free(text, TRUE);
}

Test(printer, table_shows_the_largest_and_sums_the_rest)
{
	gint deliveries = 0;
	GString *text = print(NFP_PRINT_TABLE, 2, 100, &deliveries);

	cr_expect(strstr(text->str, "200 flows, 200 packets, 39900 IP octets\n"), "%s", text->str);
	cr_expect_eq(lines_of(text), 1 + 1 + NFP_TABLE_ROWS + 1 + 1);
	cr_expect(strstr(text->str, " 299\n"), "the largest is there");
	cr_expect_not(strstr(text->str, " 100\n"), "the smallest is not");
	cr_expect(strstr(text->str, "... and 160 smaller flows with 160 packets"));
	cr_expect_eq(deliveries, 1);
	g_string_free(text, TRUE);
}

Test(printer, table_of_an_empty_bucket_is_nothing)
{
	gint deliveries = 0;
	GString *text = print(NFP_PRINT_TABLE, 0, 0, &deliveries);

	cr_expect_eq(text->len, 0);
	g_string_free(text, TRUE);
}

Test(printer, closed_pipe_leaves_the_rest_undelivered)
{
	int fds[2];
	gint broken = 0, deliveries = 0;
	NfpPrinterStatus status;
	NfpPrinter *printer;
	NfpDelivery *delivery = nfp_delivery_new(delivered, &deliveries);

	signal(SIGPIPE, SIG_IGN);
	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	close(fds[0]);
	printer = nfp_printer_new(fds[1], NFP_PRINT_JSON, "edge1", gone, &broken, NULL);
	for (guint i = 0; i < 3; i++) {
		g_autoptr(NfpBatch) batch = batch_of(10, i * 10, delivery);

		nfp_printer_publish(printer, batch);
	}
	nfp_delivery_unref(delivery);
	do {
		g_thread_yield();
		nfp_printer_status(printer, &status);
	} while (!status.broken_by || status.queued);
	cr_expect_eq(status.broken_by, EPIPE);
	cr_expect_eq(status.records, 0);
	cr_expect_eq(deliveries, 0, "not before the end of the process");
	nfp_printer_free(printer);
	cr_expect_eq(broken, 1, "told once");
	close(fds[1]);
}

Test(printer, full_queue_refuses_and_counts)
{
	int fds[2];
	gint broken = 0;
	NfpPrinterStatus status;
	NfpPrinter *printer;
	GThread *reader;

	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	printer = nfp_printer_new(fds[1], NFP_PRINT_JSON, "edge1", gone, &broken, NULL);
	/* Nobody reads: the pipe holds less than the first batch. */
	for (guint i = 0; i < 4200; i++) {
		g_autoptr(NfpBatch) batch = batch_of(i ? 1 : 1000, i, NULL);

		nfp_printer_publish(printer, batch);
	}
	nfp_printer_status(printer, &status);
	cr_expect_gt(status.refused_records, 0);
	reader = g_thread_new("reader", read_all, GINT_TO_POINTER(fds[0]));
	nfp_printer_status(printer, &status);
	nfp_printer_free(printer);
	close(fds[1]);
	{
		GString *text = g_thread_join(reader);

		cr_expect_eq(lines_of(text) + status.refused_records, 1000 + 4199);
		g_string_free(text, TRUE);
	}
}

/* However large batches are: a terminal that stands still takes no more memory than that. */
Test(printer, holds_no_more_than_its_records)
{
	int fds[2];
	gint broken = 0;
	NfpPrinterStatus status;
	g_autoptr(NfpBatch) batch = batch_of(NFP_BATCH_RECORDS, 0, NULL);
	g_autoptr(NfpBatch) next = batch_of(NFP_BATCH_RECORDS, 0, NULL);
	NfpPrinter *printer;

	next->bucket_start_ns++;
	signal(SIGPIPE, SIG_IGN);
	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	printer = nfp_printer_new(fds[1], NFP_PRINT_JSON, "edge1", gone, &broken, NULL);
	nfp_printer_publish(printer, batch);
	for (guint i = 1; i < NFP_PRINTER_RECORDS / NFP_BATCH_RECORDS + 3; i++)
		nfp_printer_publish(printer, next);
	nfp_printer_status(printer, &status);
	cr_expect_eq(status.refused_records, 3 * NFP_BATCH_RECORDS);
	close(fds[0]); /* the reader goes, so that nobody waits for it */
	nfp_printer_free(printer);
	close(fds[1]);
}

/* All of it, before a line of its table can leave. What comes behind it waits its turn. */
Test(printer, a_bucket_larger_than_that_passes_whole)
{
	const uint32_t batches = NFP_PRINTER_RECORDS / NFP_BATCH_RECORDS + 3, n = batches * NFP_BATCH_RECORDS;
	g_autofree char *flows = g_strdup_printf("%u flows, %u packets", n, n);
	g_autoptr(NfpBatch) batch = batch_of(NFP_BATCH_RECORDS, 0, NULL);
	g_autoptr(NfpBatch) next = batch_of(1, 0, NULL);
	int fds[2];
	gint broken = 0;
	NfpPrinterStatus status;
	NfpPrinter *printer;
	GThread *reader;
	GString *text;

	next->domain = 1;
	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	printer = nfp_printer_new(fds[1], NFP_PRINT_TABLE, "edge1", gone, &broken, NULL);
	reader = g_thread_new("reader", read_all, GINT_TO_POINTER(fds[0]));
	for (guint i = 0; i < batches; i++)
		nfp_printer_publish(printer, batch);
	nfp_printer_status(printer, &status);
	cr_assert_eq(status.refused_records, 0);
	nfp_printer_publish(printer, next);
	nfp_printer_status(printer, &status);
	cr_expect_eq(status.refused_records, 1);
	nfp_printer_bucket_done(printer, 0, bucket);
	do {
		g_usleep(1000);
		nfp_printer_status(printer, &status);
	} while (status.records < n);
	nfp_printer_publish(printer, next);
	nfp_printer_bucket_done(printer, 1, bucket);
	nfp_printer_status(printer, &status);
	cr_expect_eq(status.refused_records, 1);
	nfp_printer_free(printer);
	close(fds[1]);
	text = g_thread_join(reader);
	cr_expect(strstr(text->str, flows), "%s", text->str);
	cr_expect(strstr(text->str, "1 flow"));
	g_string_free(text, TRUE);
}

Test(printer, full_disk_is_told_from_a_closed_pipe)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	gint broken = 0, deliveries = 0;
	NfpPrinterStatus status;
	NfpDelivery *delivery = nfp_delivery_new(delivered, &deliveries);
	g_autoptr(NfpBatch) batch = batch_of(1, 0, delivery);
	NfpPrinter *printer;

	nfp_delivery_unref(delivery);
	cr_assert_geq(fd, 0);
	printer = nfp_printer_new(fd, NFP_PRINT_JSON, "edge1", gone, &broken, NULL);
	nfp_printer_publish(printer, batch);
	do {
		g_thread_yield();
		nfp_printer_status(printer, &status);
	} while (!status.broken_by);
	cr_expect_eq(status.broken_by, ENOSPC);
	cr_expect_eq(status.records, 0);
	cr_expect_eq(deliveries, 0);
	nfp_printer_free(printer);
	cr_expect_eq(broken, 1);
	close(fd);
}

Test(printer, closed_pipe_is_noticed_with_nothing_to_print)
{
	int fds[2];
	gint broken = 0;
	NfpPrinter *printer;

	cr_assert(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
	printer = nfp_printer_new(fds[1], NFP_PRINT_TABLE, "edge1", gone, &broken, NULL);
	close(fds[0]);
	while (!g_atomic_int_get(&broken))
		g_thread_yield();
	nfp_printer_free(printer);
	cr_expect_eq(broken, 1);
	close(fds[1]);
}
