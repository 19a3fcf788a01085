/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame through the loaded program, beside what the parser makes of it natively. */
#ifndef NFP_TEST_SAME_H
#define NFP_TEST_SAME_H

#include "support/program.h"
#include "support/tunnels.h"

/* A program with these settings, its clock that of captures, and bucket 0 with room. */
struct nfprobe_bpf *nfp_test_decap_start(guint32 mask);

typedef struct NfpTestEntry {
	guint count;  /* entries in the bucket */
	int row;
	guint8 key[sizeof(struct nfp_key_tunnel)];
	struct nfp_value value;
} NfpTestEntry;

/* Runs the program on a frame and takes the entry out of bucket 0. FALSE: the kernel takes no such frame in a
 * test run (shorter than the header that its EtherType announces). */
gboolean nfp_test_entry(struct nfprobe_bpf *skel, const guint8 *bytes, guint32 length, NfpTestEntry *ret_entry);

/* Fails the test unless the program makes of the frame what the parser does natively; FALSE as above. */
gboolean nfp_test_same(struct nfprobe_bpf *skel, const guint8 *bytes, guint32 length, guint32 mask,
		       const char *name);

#endif
