/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files (pcap, pcapng) by libpcap, as frames that the program takes: Ethernet or bare IP. */
#ifndef NFP_APP_CAPTURE_H
#define NFP_APP_CAPTURE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	const uint8_t *data; /* valid until the next frame is read */
	uint32_t captured;   /* bytes of data */
	uint32_t wire;       /* bytes that the frame had on the wire */
	uint64_t time;       /* ns since 1970 */
	bool cut;            /* less was captured than was on the wire */
} NfpFrame;

typedef struct NfpCapture NfpCapture;

/* path: "-" is standard input. Errors: no such file, no capture, a link type that is not metered. */
NfpCapture *nfp_capture_open(const char *path, GError **err);
/* Frames begin with an Ethernet header (made up for link types that only tell the protocol), else with IP. */
bool nfp_capture_is_ethernet(const NfpCapture *capture);
/* 1: a frame. 0: the end. -1: the file is damaged; *err says after which frame. */
int nfp_capture_next(NfpCapture *capture, NfpFrame *ret_frame, GError **err);
void nfp_capture_close(NfpCapture *capture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpCapture, nfp_capture_close)

#endif
