/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for tables that are read all over: in pages of 2 MiB where it is that large and the kernel gives them
 * (transparent_hugepage: madvise or always). With small ones, random look-ups in a full table wait for page tables as much as
 * for the table, above all in a virtual machine.
 */
#ifndef NFP_ENRICH_PAGES_H
#define NFP_ENRICH_PAGES_H

#include <stddef.h>

/* Never NULL; holds anything. free() it. What is left over of 2 MiB is in small pages: none is taken for nothing. */
void *nfp_pages_alloc(size_t octets);

#endif
