/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A batch as octets, for a file, and back: with what its records point to, without its delivery.
 *
 * What is written describes itself (names, places and sizes of members), so that a later version reads what it
 * knows by name and leaves the rest at zero. Numbers stand in the machine's own byte order: octets from a machine of
 * the other order are refused. Layout: record/pack.c.
 */
#ifndef NFP_RECORD_PACK_H
#define NFP_RECORD_PACK_H

#include "record/batch.h"

/* Any thread. */
GBytes *nfp_pack(const NfpBatch *batch);
/* data may be anything: a wrong octet is an error (NFP_ERROR_FAILED, half a sentence), never more. */
NfpBatch *nfp_unpack(const uint8_t *data, gsize size, GError **err);

#endif
