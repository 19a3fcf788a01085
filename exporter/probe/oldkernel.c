/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/oldkernel.h"

#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#ifndef BPF_ATOMIC
#define BPF_ATOMIC 0xc0 /* linux/bpf.h before 5.12: BPF_XADD */
#endif

static int section_patch(struct bpf_insn *insns, size_t n)
{
	int patched = 0;

	for (size_t i = 0; i < n; i++) {
		/* The second half of a 64-bit constant has code 0, which is no store. */
		if (BPF_CLASS(insns[i].code) != BPF_STX || BPF_MODE(insns[i].code) != BPF_ATOMIC ||
		    insns[i].imm == BPF_ADD)
			continue;
		insns[i] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
		patched++;
	}
	return patched;
}

int nfp_oldkernel_patch(void *object, size_t size)
{
	const Elf64_Ehdr *header = object;
	int patched = 0;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_BPF ||
	    header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff > size ||
	    (size - header->e_shoff) / sizeof(Elf64_Shdr) < header->e_shnum)
		return -EINVAL;
	for (size_t i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = (const Elf64_Shdr *)((char *)object + header->e_shoff) + i;

		if (section->sh_type != SHT_PROGBITS || !(section->sh_flags & SHF_EXECINSTR))
			continue;
		if (section->sh_offset > size || section->sh_size > size - section->sh_offset)
			return -EINVAL;
		patched += section_patch((struct bpf_insn *)((char *)object + section->sh_offset),
					 section->sh_size / sizeof(struct bpf_insn));
	}
	return patched;
}
