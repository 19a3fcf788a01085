/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain that was left with flows in it, things to put among its pins, and a start over what is there then. Failures fail
 * the test. In the sandbox of support/netns.h. */
#ifndef NFP_TESTS_HOSTILE_PINS_H
#define NFP_TESTS_HOSTILE_PINS_H

#include <linux/bpf.h>

#include "probe/probe.h"
#include "support/netns.h"

#define NFPT_HOSTILE NFPT_PIN_ROOT "/default"
#define NFPT_HOSTILE_PACKETS 35 /* of the flows in the closed bucket */

/* A closed bucket with flows, an open one, what else there is; then everybody goes. Label of the closed one; buckets are of
 * 10 s, the open one is two behind it. */
struct nfp_bucket nfpt_leave_behind(void);

typedef struct {
	struct nfp_bucket id;
	uint64_t packets; /* of its records */
	uint64_t records; /* of all */
} NfptPublished;

/* What `status` reads and what the daemon does in its first seconds. FALSE: it was refused, with *ret_why. */
gboolean nfpt_start(gboolean attach, NfptPublished *published, char **ret_why);
/* As `nfprobe detach`: all of it goes. */
void nfpt_purge(void);

/* File descriptors, or -1. */
int nfpt_some_map(enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags);
int nfpt_some_program(void);
/* Pins it there, in the place of what is there; closes it. */
void nfpt_put_object(const char *path, int fd);
/* Path of a bucket's pin; row: its name. */
char *nfpt_bucket_pin(const char *row, struct nfp_bucket id, const char *suffix);
/* A label in the directory that packets read, with a map of the right shape, pinned too or not. */
void nfpt_add_label(struct nfp_bucket id, enum nfp_protocol row, gboolean pinned);

#endif
