/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame through the loaded program, beside what the parser makes of it natively. */
#ifndef NFP_TEST_SAME_H
#define NFP_TEST_SAME_H

#include "support/program.h"
#include "support/tunnels.h"

typedef enum { NFP_TEST_TC, NFP_TEST_XDP, NFP_TEST_XDP_FRAGS } NfpTestHook;

gboolean nfp_test_has_xdp_frags(void);

/* A program with these settings, its clock that of captures, and bucket 0 with room. */
struct nfprobe_bpf *nfp_test_decap_start(guint32 mask);
/* The same for an XDP program; test runs of XDP have no time, so that there is the spill bucket instead. */
struct nfprobe_bpf *nfp_test_decap_start_xdp(NfpTestHook hook, guint32 mask);

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
/* By the program that was started. */
gboolean nfp_test_same_by(struct nfprobe_bpf *skel, NfpTestHook hook, const guint8 *bytes, guint32 length, guint32 mask,
			  const char *name);

#endif
