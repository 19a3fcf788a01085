/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are finished: PATH.20261122T025240.123456Z beside PATH, by the time (UTC) they were finished at, so that names
 * sort by age. A name that ends otherwise is not ours.
 */
#ifndef NFP_TRANSPORT_FILE_NAMES_H
#define NFP_TRANSPORT_FILE_NAMES_H

#include "transport/transport.h"

/* Renames the open file `fd` at path to a finished one's name, never over another file, and makes both last (fsync). 0 or
 * -errno; -ESTALE: what stands at path is another file now. */
int nfp_file_finish(int fd, const char *path);
/* Removes the oldest finished files of path but the last `keep`. 0 or -errno. */
int nfp_file_prune(const char *path, uint32_t keep);
/* Cuts off what stands behind the last whole message of a file. *ret_size: octets that are left. 0 or -errno. */
int nfp_file_trim(int fd, NfpFraming framing, uint64_t *ret_size);
/* fd is the file that stands at path. */
gboolean nfp_file_is_at(int fd, const char *path);

#endif
