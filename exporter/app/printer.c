/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/printer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/table.h"
#include "base/ring.h"
#include "record/format.h"

#define QUEUE_MAX 4096          /* batches */
#define QUEUE_ENDS 1024         /* room for ends of buckets beside them: there are 256 at most at a time */
#define FLUSH_AT (64u << 10)    /* octets */

/* Queue item: a batch, the end of a bucket, or (neither) the end. */
typedef struct {
	NfpBatch *batch;
	gboolean done;
	uint32_t domain;
	struct nfp_bucket id;
} Item;

struct NfpPrinter {
	int fd;
	NfpPrintForm form;
	char *hostname;
	void (*broken)(void *data);
	void *data;
	NfpRing *queue; /* Item; produced by the harvester's thread, in the end by who frees */
	GThread *thread;
	NfpTables *tables;  /* printer's thread */
	GPtrArray *undelivered; /* batches that nobody read: held until the end */
	uint64_t taken;     /* records, in all; harvester's thread */
	uint64_t first;     /* taken, when the bucket that is being published began; harvester's thread */
	uint32_t domain;    /* that bucket's; harvester's thread */
	struct nfp_bucket id;
	uint64_t gone;      /* atomic: of taken, those that are printed */
	gint broken_by; /* errno of the write that failed; 0: none has */
	uint64_t records, packets, refused_records, refused_packets; /* atomic */
};

static void count(uint64_t *to, uint64_t n)
{
	__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

static uint64_t packets_of(const NfpBatch *batch)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		sum += batch->records[i].packets;
	return sum;
}

/* 0 or errno. */
static int write_all(NfpPrinter *p, const char *text, gsize left)
{
	while (left) {
		ssize_t n = write(p->fd, text, left);
		struct pollfd fd = { .fd = p->fd, .events = POLLOUT };

		if (n < 0 && errno == EAGAIN)
			poll(&fd, 1, -1);
		else if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			text += n;
			left -= n;
		}
	}
	return 0;
}

static void give_up(NfpPrinter *p, int errnum)
{
	g_atomic_int_set(&p->broken_by, errnum);
	p->broken(p->data);
}

static void flush(NfpPrinter *p, GString *out)
{
	int errnum = g_atomic_int_get(&p->broken_by) ? 0 : write_all(p, out->str, out->len);

	if (errnum)
		give_up(p, errnum);
	g_string_truncate(out, 0);
}

/* Delivered means written: a batch of which some is not stays undelivered. */
static void delivered(NfpPrinter *p, NfpBatch *batch)
{
	count(&p->gone, batch->n);
	if (g_atomic_int_get(&p->broken_by)) {
		g_ptr_array_add(p->undelivered, batch);
		return;
	}
	count(&p->records, batch->n);
	count(&p->packets, packets_of(batch));
	nfp_batch_unref(batch);
}

static void print_json(NfpPrinter *p, NfpBatch *batch, GString *out)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		nfp_format_json(out, p->hostname, &batch->records[i]);
		if (out->len >= FLUSH_AT)
			flush(p, out);
	}
	flush(p, out);
	delivered(p, batch);
}

static void print_table(NfpPrinter *p, const Item *item, GString *out)
{
	g_autoptr(GPtrArray) batches = nfp_tables_take(p->tables, item->domain, item->id);

	nfp_table_print(out, item->domain, item->id, batches);
	flush(p, out);
	for (guint i = 0; i < batches->len; i++)
		delivered(p, g_ptr_array_index(batches, i));
}

static Item *next(NfpPrinter *p)
{
	struct pollfd fds[] = {
		{ .fd = nfp_ring_fd(p->queue), .events = POLLIN },
		/* Only for the reader's end, which poll() tells unasked: with nothing to print it shows nowhere else. */
		{ .fd = g_atomic_int_get(&p->broken_by) ? -1 : p->fd },
	};
	Item *item;

	while (!(item = nfp_ring_pop(p->queue))) {
		poll(fds, G_N_ELEMENTS(fds), -1);
		if (fds[1].revents & (POLLERR | POLLHUP)) {
			fds[1] = (struct pollfd){ .fd = -1 };
			give_up(p, EPIPE);
		}
	}
	return item;
}

static void *run(void *data)
{
	NfpPrinter *p = data;
	g_autoptr(GString) out = g_string_sized_new(FLUSH_AT + 4096);

	for (;;) {
		g_autofree Item *item = next(p);

		if (item->done)
			print_table(p, item, out);
		else if (!item->batch)
			return NULL;
		else if (p->form == NFP_PRINT_TABLE)
			nfp_tables_add(p->tables, item->batch);
		else
			print_json(p, item->batch, out);
	}
}

NfpPrinter *nfp_printer_new(int fd, NfpPrintForm form, const char *hostname, void (*broken)(void *data),
			    void *data, GError **err)
{
	g_autoptr(NfpPrinter) p = g_new0(NfpPrinter, 1);

	p->fd = fd;
	p->form = form;
	p->hostname = g_strdup(hostname);
	p->broken = broken;
	p->data = data;
	p->queue = nfp_ring_new(QUEUE_MAX + QUEUE_ENDS, err);
	p->tables = nfp_tables_new();
	p->undelivered = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
	if (p->queue)
		p->thread = g_thread_try_new("printer", run, p, err);
	return p->thread ? g_steal_pointer(&p) : NULL;
}

/* A bucket with nothing before it passes whole: a table needs all of it before a line leaves, however fast one reads. */
static bool has_room(NfpPrinter *p, const NfpBatch *batch)
{
	uint64_t gone = __atomic_load_n(&p->gone, __ATOMIC_RELAXED);

	if (batch->domain != p->domain || batch->bucket_start_ns != p->id.start_ts ||
	    batch->bucket_end_ns != p->id.end_ts) {
		p->domain = batch->domain;
		p->id = (struct nfp_bucket){ batch->bucket_start_ns, batch->bucket_end_ns };
		p->first = p->taken;
	}
	return nfp_ring_length(p->queue) < QUEUE_MAX && (gone >= p->first || p->taken - gone < NFP_PRINTER_RECORDS);
}

void nfp_printer_publish(NfpPrinter *p, NfpBatch *batch)
{
	Item *item;

	if (!has_room(p, batch)) {
		count(&p->refused_records, batch->n);
		count(&p->refused_packets, packets_of(batch));
		return;
	}
	item = g_new0(Item, 1);
	item->batch = nfp_batch_ref(batch);
	p->taken += batch->n;
	nfp_ring_push(p->queue, item); /* there is room: see above */
}

void nfp_printer_bucket_done(NfpPrinter *p, uint32_t domain, struct nfp_bucket id)
{
	Item *item;

	if (p->form != NFP_PRINT_TABLE)
		return;
	item = g_new0(Item, 1);
	item->done = TRUE;
	item->domain = domain;
	item->id = id;
	if (!nfp_ring_push(p->queue, item))
		g_free(item); /* its batches stay undelivered, and pinned */
}

void nfp_printer_status(NfpPrinter *p, NfpPrinterStatus *ret_status)
{
	*ret_status = (NfpPrinterStatus){
		.broken_by = g_atomic_int_get(&p->broken_by),
		.queued = nfp_ring_length(p->queue),
		.records = __atomic_load_n(&p->records, __ATOMIC_RELAXED),
		.packets = __atomic_load_n(&p->packets, __ATOMIC_RELAXED),
		.refused_records = __atomic_load_n(&p->refused_records, __ATOMIC_RELAXED),
		.refused_packets = __atomic_load_n(&p->refused_packets, __ATOMIC_RELAXED),
	};
}

void nfp_printer_free(NfpPrinter *p)
{
	if (!p)
		return;
	if (p->thread) {
		Item *end = g_new0(Item, 1);

		while (!nfp_ring_push(p->queue, end))
			g_usleep(1000); /* full: its consumer makes room */
		g_thread_join(p->thread);
	}
	if (p->queue)
		nfp_ring_free(p->queue);
	nfp_tables_free(p->tables);
	g_ptr_array_unref(p->undelivered);
	g_free(p->hostname);
	g_free(p);
}
