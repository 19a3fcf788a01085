/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux capabilities (capabilities(7)) of the calling thread: given away, never taken. */
#ifndef NFP_BASE_CAPABILITIES_H
#define NFP_BASE_CAPABILITIES_H

#include <glib.h>

#define NFP_CAPABILITY(number) (G_GUINT64_CONSTANT(1) << (number))

/* All that metering takes while it runs: programs and maps (BPF), hooks and links (NET_ADMIN), pointers in programs and
 * the buffers of error events (PERFMON). */
guint64 nfp_capabilities_needed(void);

/* What the calling thread has in force (effective), as bits. */
guint64 nfp_capabilities(void);

/*
 * Gives away whatever is not in `keep`, in all five sets, for good: there is no way back, by exec() neither. What is in
 * `keep` and was not there does not come. Threads made later begin with what is left; others are not touched. Returns
 * 0 or -errno.
 */
int nfp_capabilities_keep(guint64 keep);

/* Name of a thread of this process that may take more than `kept`, or NULL: none. */
char *nfp_capabilities_thread(guint64 kept);

/* "cap_net_admin,cap_perfmon,cap_bpf", or "none". */
char *nfp_capabilities_text(guint64 capabilities);

#endif
