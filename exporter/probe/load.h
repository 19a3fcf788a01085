/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF object: its maps, made or adopted by their pins, and its programs, one for each distinct
 * setting. All programs of a domain share the domain's maps.
 */
#ifndef NFP_PROBE_LOAD_H
#define NFP_PROBE_LOAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ebpf/abi.h"
#include "probe/filter.h"

struct nfprobe_bpf; /* the skeleton: nfprobe.skel.h */

/* File descriptors of a domain's maps. */
typedef struct {
	int bucket[NFP_P_N + 1]; /* HASH_OF_MAPS by protocol, and NFP_P_hook */
	int config, status, base, books, rates, events, refused, scratch, fragments;
	int ring, tables4, tables6, hookslot, lane, ways;
} NfpMaps;

#define NFP_MAPS_NONE                                                                              \
	(NfpMaps){ .bucket = { [0 ... NFP_P_N] = -1 }, .config = -1, .status = -1, .base = -1,     \
		   .books = -1, .rates = -1, .events = -1, .refused = -1, .scratch = -1, .fragments = -1,                    \
		   .ring = -1, .tables4 = -1, .tables6 = -1, .hookslot = -1, .lane = -1, \
		   .ways = -1 }

/* What a program is made for; equal settings share a program. */
typedef struct {
	bool egress;
	bool xdp; /* attached by XDP, ingress only */
	bool l3; /* frames begin without a link header */
	bool table;   /* plain packets are counted in flow tables */
	bool exact;   /* the exact clock for each packet, no ticks */
	bool capture; /* test runs of captured frames: time and length on the wire come with each */
	uint32_t sample; /* enum nfp_sample_mode */
	NfpParseOptions parse; /* but for its sampling */
} NfpProgramSettings;

/* Opens the maps pinned in the directory. make: those that are missing are made and pinned; else nothing
 * is made, and a missing one is an error. Maps of another build are left as they are: an error, and *ret_other is set. */
gboolean nfp_load_maps(const char *directory, bool make, NfpMaps *ret_maps, bool *ret_other, GError **err);
void nfp_load_maps_close(NfpMaps *maps);

/* The settings as values of .rodata, for objects that somebody else loads. */
typedef struct {
	const char *name; /* of the variable */
	uint8_t size;     /* of the variable, octets: 1 or 4 */
	uint32_t value;
} NfpKnob;
#define NFP_KNOBS_N 9
void nfp_load_knobs(NfpProgramSettings settings, NfpKnob ret_knobs[NFP_KNOBS_N]);

bool nfp_load_same_settings(const NfpProgramSettings *a, const NfpProgramSettings *b);

/* Loads a program over these maps; returns its file descriptor, the caller's, or -1. */
int nfp_load_program(const NfpMaps *maps, NfpProgramSettings settings, GError **err);

/* Of the program's filter; NFP_FILTER_CODE_NONE: it has none. */
gboolean nfp_load_filter(NfpProgramSettings settings, NfpFilterCode *ret, GError **err);

/* The object, opened as this kernel takes it; NULL and errno. The caller's, for nfprobe_bpf__destroy(). */
struct nfprobe_bpf *nfp_load_open(void);

/* The object file itself (ELF), owned by the binary. */
const void *nfp_load_object(size_t *ret_size);

/* Name of a protocol's row, "hook" for NFP_P_hook: the map's name and the pin directory. */
const char *nfp_load_row_name(enum nfp_protocol row);
size_t nfp_load_key_size(enum nfp_protocol row);
size_t nfp_load_value_size(enum nfp_protocol row);

#endif
