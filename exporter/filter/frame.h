/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame that a record could have been made from, for filters to look at: Ethernet header, tags, IP header, and the
 * transport's ports, flags, type and code. What a record does not hold is 0, up to the end of the buffer.
 */
#ifndef NFP_FILTER_FRAME_H
#define NFP_FILTER_FRAME_H

#include <glib.h>

#include "record/record.h"

#define NFP_FILTER_FRAME 256 /* octets */

/* tags: VLAN tags are in the frame. Returns the length that such frames had on the wire, in the mean. */
uint32_t nfp_filter_frame(const NfpRecord *record, gboolean tags, uint8_t ret_frame[NFP_FILTER_FRAME]);

#endif
