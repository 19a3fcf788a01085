// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/fields_peers.h"

static NfpReads reads(NfpPeer peer, NfpFieldIndex field, gboolean netflow9)
{
	return nfp_peer_reads(peer, &nfp_fields[field], netflow9);
}

Test(fields_peers, what_was_tried_with_them)
{
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_flowStartMilliseconds, FALSE), NFP_READS_YES);
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_flowStartNanoseconds, FALSE), NFP_READS_NO);
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_applicationId, FALSE), NFP_READS_MISREAD);
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_applicationId, TRUE), NFP_READS_YES);
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_dot1qVlanId, FALSE), NFP_READS_NO);
	cr_assert_eq(reads(NFP_PEER_nfdump, NFP_F_dot1qVlanId, TRUE), NFP_READS_YES);
	cr_assert_eq(reads(NFP_PEER_pmacct, NFP_F_layer2SegmentId, FALSE), NFP_READS_MISREAD);
	cr_assert_eq(reads(NFP_PEER_goflow2, NFP_F_sourceCity, FALSE), NFP_READS_MAPPED);
	cr_assert_eq(reads(NFP_PEER_akvorado, NFP_F_sourceCity, FALSE), NFP_READS_NO, "it has no mapping");
	cr_assert_eq(reads(NFP_PEER_akvorado, NFP_F_octetDeltaCount, FALSE), NFP_READS_YES);
	cr_assert_eq(reads(NFP_PEER_nprobe, NFP_F_flowEndReason, FALSE), NFP_READS_YES);
	cr_assert_eq(reads(NFP_PEER_libfixbuf, NFP_F_tcpMss, FALSE), NFP_READS_MAPPED);
	cr_assert_eq(reads(NFP_PEER_other, NFP_F_applicationId, FALSE), NFP_READS_YES);
}

Test(fields_peers, every_peer_has_a_name)
{
	for (guint i = 0; i < NFP_PEERS_N; i++)
		cr_assert_gt(strlen(nfp_peer_names[i]), 2);
	cr_assert(nfp_peer_fixed_texts(NFP_PEER_pmacct));
	cr_assert(nfp_peer_fixed_texts(NFP_PEER_nfdump));
	cr_assert_not(nfp_peer_fixed_texts(NFP_PEER_other));
}

Test(fields_peers, are_told_by_name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_peers_print(out, &nfp_fields[NFP_F_icmpTypeCodeIPv6]);
	cr_assert_str_eq(out->str, "nfdump goflow2 libfixbuf");
	g_string_truncate(out, 0);
	nfp_peers_print(out, &nfp_fields[NFP_F_sourceCity]);
	cr_assert_str_eq(out->str, "pmacct* goflow2* libfixbuf*");
}
