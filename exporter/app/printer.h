/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard output as a receiver of records, with a thread of its own: JSON lines, or a table a bucket.
 * A slow reader fills its queue, then the newest batches are refused and counted; a reader that has
 * gone (closed pipe), or a full disk, leaves what it did not get undelivered, for the next start.
 */
#ifndef NFP_APP_PRINTER_H
#define NFP_APP_PRINTER_H

#include <glib.h>

#include "probe/source.h"
#include "record/batch.h"

#define NFP_PRINTER_RECORDS (1u << 20) /* that it holds, or one bucket, if that is more */

typedef enum { NFP_PRINT_TABLE, NFP_PRINT_JSON } NfpPrintForm;

typedef struct {
	int broken_by;          /* errno of the write that failed, EPIPE: nobody reads any more; 0: none has */
	uint32_t queued;        /* batches */
	uint64_t records, packets, refused_records, refused_packets;
} NfpPrinterStatus;

typedef struct NfpPrinter NfpPrinter;

/* fd: borrowed, blocking or not. broken(data): once, on the printer's thread, when a write failed. */
NfpPrinter *nfp_printer_new(int fd, NfpPrintForm form, const char *hostname, void (*broken)(void *data),
			    void *data, GError **err);
/* Harvester's thread. */
void nfp_printer_publish(NfpPrinter *printer, NfpBatch *batch);
void nfp_printer_bucket_done(NfpPrinter *printer, uint32_t domain, struct nfp_bucket id);
void nfp_printer_status(NfpPrinter *printer, NfpPrinterStatus *ret_status); /* any thread */
/* Writes what is queued and joins the thread. */
void nfp_printer_free(NfpPrinter *printer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPrinter, nfp_printer_free)

#endif
