/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flowId: the 64-bit hash of a record's UID (hostname, domain, start_ts, end_ts, row, key). The
 * bytes that are hashed are those of docs/uid.md, big-endian on every machine, so that anybody can
 * compute it. Pure.
 */
#ifndef NFP_HARVEST_UID_H
#define NFP_HARVEST_UID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ebpf/abi.h"

#define NFP_UID_KEY_MAX 120     /* octets of the longest canonical key */
#define NFP_UID_NO_CPU 0xffff  /* stands for the CPU where entries are merged */

/* Seed of a bucket: once a bucket, then one short hash a record. */
uint64_t nfp_uid_seed(const char *hostname, uint32_t domain, struct nfp_bucket id);
/* key: of the row (struct nfp_hook_key for NFP_P_hook). with_cpu: the CPU is part of the UID. */
uint64_t nfp_uid_flow_id(uint64_t seed, enum nfp_protocol row, const void *key, bool with_cpu);
/* Of n keys that stand end to end. */
void nfp_uid_flow_ids(uint64_t seed, enum nfp_protocol row, const void *keys, size_t n, bool with_cpu, uint64_t *ret_ids);
/* The canonical key; returns its length. */
size_t nfp_uid_key(enum nfp_protocol row, const void *key, bool with_cpu, uint8_t out[NFP_UID_KEY_MAX]);

#endif
