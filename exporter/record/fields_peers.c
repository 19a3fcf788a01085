// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/fields_peers.h"

const char *const nfp_peer_names[NFP_PEERS_N] = {
	[NFP_PEER_other] = "other",	  [NFP_PEER_nfdump] = "nfdump",     [NFP_PEER_pmacct] = "pmacct",
	[NFP_PEER_goflow2] = "goflow2", [NFP_PEER_akvorado] = "akvorado", [NFP_PEER_ntopng] = "ntopng",
	[NFP_PEER_nprobe] = "nprobe",	  [NFP_PEER_libfixbuf] = "libfixbuf",
};

typedef struct {
	guint8 nfdump, nfdump9, pmacct, goflow2, nprobe, libfixbuf; /* NfpReads */
} Row;

static const Row rows[NFP_F_N] = {
#define NFP_READS(name, a, b, c, d, e, f)                                                             \
	[NFP_F_##name] = { NFP_READS_##a, NFP_READS_##b, NFP_READS_##c, NFP_READS_##d, NFP_READS_##e, \
			   NFP_READS_##f },
#include "record/fields_peers.def"
#undef NFP_READS
};

/* Each field has one row: one that is left out would be taken for one that all read. */
enum {
#define NFP_READS(name, ...) ROW_##name,
#include "record/fields_peers.def"
#undef NFP_READS
	ROWS_N,
};
_Static_assert((int)ROWS_N == (int)NFP_F_N, "fields_peers.def has not the rows of fields.def");

NfpReads nfp_peer_reads(NfpPeer peer, const NfpField *field, gboolean netflow9)
{
	const Row *row = &rows[field - nfp_fields];

	switch (peer) {
	case NFP_PEER_nfdump: return netflow9 ? row->nfdump9 : row->nfdump;
	case NFP_PEER_pmacct: return row->pmacct;
	case NFP_PEER_goflow2: return row->goflow2;
	case NFP_PEER_akvorado: return row->goflow2 == NFP_READS_MAPPED ? NFP_READS_NO : row->goflow2;
	case NFP_PEER_ntopng:
	case NFP_PEER_nprobe: return row->nprobe;
	case NFP_PEER_libfixbuf: return row->libfixbuf;
	default: return NFP_READS_YES;
	}
}

gboolean nfp_peer_fixed_texts(NfpPeer peer)
{
	return peer == NFP_PEER_nfdump || peer == NFP_PEER_pmacct;
}

static void print(GString *out, const char *name, NfpReads reads)
{
	if (reads != NFP_READS_YES && reads != NFP_READS_MAPPED)
		return;
	if (out->len > 0 && out->str[out->len - 1] != ' ')
		g_string_append_c(out, ' ');
	g_string_append(out, name);
	if (reads == NFP_READS_MAPPED)
		g_string_append_c(out, '*');
}

void nfp_peers_print(GString *out, const NfpField *field)
{
	const Row *row = &rows[field - nfp_fields];

	print(out, "nfdump", row->nfdump);
	print(out, "nfdump-v9", row->nfdump9);
	print(out, "pmacct", row->pmacct);
	print(out, "goflow2", row->goflow2);
	print(out, "nprobe", row->nprobe);
	print(out, "libfixbuf", row->libfixbuf);
}
