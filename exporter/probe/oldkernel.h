/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF object for kernels before 5.12: they refuse atomic instructions other than the plain add, even where no
 * packet comes by (resolve_pseudo_ldimm64() of kernel/bpf/verifier.c: "uses reserved fields"). Without tables
 * (knob_table) nothing of that is reached, so each becomes a jump to the next instruction. Pure.
 */
#ifndef NFP_PROBE_OLDKERNEL_H
#define NFP_PROBE_OLDKERNEL_H

#include <stddef.h>

/* object: a BPF object file (ELF, 64 bits, of this machine's byte order), changed in place. Returns how many
 * instructions were replaced; -EINVAL: not such a file. */
int nfp_oldkernel_patch(void *object, size_t size);

#endif
