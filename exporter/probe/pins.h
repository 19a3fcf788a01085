/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are pinned: names, directories, the BPF file system below them.
 *
 * bpffs refuses names with a dot, so every byte of an instance's or namespace's name that is not
 * [A-Za-z0-9_-] is written %XX.
 */
#ifndef NFP_PROBE_PINS_H
#define NFP_PROBE_PINS_H

#include <glib.h>
#include <stdbool.h>

#include "probe/probe.h"

#define NFP_PIN_NAME_MAX 64 /* of what is below an instance's directory */

char *nfp_pins_escape(const char *name);
/* <pin_root>/<instance>, or <pin_root>/<instance>@<netns> */
char *nfp_pins_directory(const NfpProbeOptions *options);

/* Is there a BPF file system at the path, or at the nearest of its parents that exists? */
bool nfp_pins_is_bpffs(const char *path);
/* Mounts one where it is missing and makes the directory. /sys/fs/bpf/...: at /sys/fs/bpf, any other
 * path: at the path itself. */
gboolean nfp_pins_prepare(const char *pin_root, GError **err);
/* Why nfp_pins_prepare would fail, NULL when it would not. Changes nothing. Caller frees. */
char *nfp_pins_obstacle(const char *pin_root);

/* Directory for pins, parents too. 0 or -errno. */
int nfp_pins_mkdir(const char *path);
/* Removes a directory tree of pins (does not follow symbolic links). 0 or the first -errno. */
int nfp_pins_remove_tree(const char *path);

/* Opens the object that is pinned at the path itself: descriptor or -errno. A symbolic link may lead to an object of
 * another instance (-ELOOP), a folder is none (-EISDIR). */
int nfp_pins_get(const char *path);
/* Removes a pin. 0 also when there is none, or when a folder that is not empty has its name. */
int nfp_pins_unlink(const char *path);

/* Name of a bucket's pins: "<start>-<end>", "spill0" and "spill1" for {0, 0} and {0, 1}. */
void nfp_pins_bucket_name(struct nfp_bucket id, char ret[NFP_PIN_NAME_MAX]);
/* Only what nfp_pins_bucket_name() writes, of an interval that is not empty. */
bool nfp_pins_bucket_parse(const char *name, struct nfp_bucket *ret_id);
/* Behind a bucket's name, that of its flow table. */
#define NFP_PIN_TABLE "-table"
bool nfp_pins_table_parse(const char *name, struct nfp_bucket *ret_id);

#endif
