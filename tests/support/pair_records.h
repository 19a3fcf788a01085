/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of flows, for the tests of pairing. */
#ifndef NFP_TESTS_PAIR_RECORDS_H
#define NFP_TESTS_PAIR_RECORDS_H

#include "record/record.h"

#define NFP_TEST_TCP 6
#define NFP_TEST_UDP 17

/* A packet of 100 octets from 192.0.2.<source> to 192.0.2.<destination>, seen at `first_ns` by the ingress hook of
 * interface 1. TCP flags: ACK. */
NfpRecord nfp_test_flow(uint8_t protocol, uint8_t source, uint16_t src_port, uint8_t destination, uint16_t dst_port,
			uint64_t first_ns);
NfpRecord nfp_test_icmp(uint8_t type, uint8_t source, uint8_t destination);
/* Puts it into a tunnel of a kind (ebpf/tunnels.def) between 198.51.100.<source> and .<destination>. */
void nfp_test_in_tunnel(NfpRecord *record, uint8_t type, uint32_t id, uint8_t source, uint8_t destination);
/* The same packets back. */
NfpRecord nfp_test_back(const NfpRecord *record);

#endif
