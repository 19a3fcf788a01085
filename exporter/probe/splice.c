/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The function nfp_filter() of the object file, replaced in place: its symbol and its length stay, and with them all that
 * BTF and calls know of it. */
#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>

#include "probe/translate.h"

#define FUNCTION "nfp_filter"

static const Elf64_Shdr *section_of(const uint8_t *object, size_t size, size_t n)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
	const Elf64_Shdr *section;

	if (n >= header->e_shnum)
		return NULL;
	section = (const Elf64_Shdr *)(object + header->e_shoff) + n;
	return section->sh_offset > size || section->sh_size > size - section->sh_offset ? NULL : section;
}

static bool is_object(const uint8_t *object, size_t size)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;

	return size >= sizeof(*header) && !memcmp(object, ELFMAG, SELFMAG) &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == EM_BPF &&
	       header->e_shentsize == sizeof(Elf64_Shdr) && header->e_shoff <= size &&
	       (size - header->e_shoff) / sizeof(Elf64_Shdr) >= header->e_shnum;
}

static bool is_named(const uint8_t *object, const Elf64_Shdr *strings, uint32_t at)
{
	return strings && at < strings->sh_size && strings->sh_size - at >= sizeof(FUNCTION) &&
	       !memcmp(object + strings->sh_offset + at, FUNCTION, sizeof(FUNCTION));
}

/* The function's instructions; NULL: there is no such function. */
static struct bpf_insn *find_function(uint8_t *object, size_t size, size_t *ret_n)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;

	for (size_t i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *symbols = section_of(object, size, i), *strings, *text;

		if (!symbols || symbols->sh_type != SHT_SYMTAB)
			continue;
		strings = section_of(object, size, symbols->sh_link);
		for (size_t j = 0; j < symbols->sh_size / sizeof(Elf64_Sym); j++) {
			const Elf64_Sym *symbol = (const Elf64_Sym *)(object + symbols->sh_offset) + j;

			if (!is_named(object, strings, symbol->st_name))
				continue;
			text = section_of(object, size, symbol->st_shndx);
			if (!text || symbol->st_value > text->sh_size ||
			    symbol->st_size > text->sh_size - symbol->st_value)
				return NULL;
			*ret_n = symbol->st_size / sizeof(struct bpf_insn);
			return (struct bpf_insn *)(object + text->sh_offset + symbol->st_value);
		}
	}
	return NULL;
}

int nfp_translate_splice(void *object, size_t size, const GArray *insns)
{
	struct bpf_insn *function;
	size_t room, used = insns->len;

	if (!is_object(object, size) || !(function = find_function(object, size, &room)))
		return -EINVAL;
	if (used + 3 > room)
		return -E2BIG;
	/* The rest of the room must look reachable, and is not: the verifier throws it away. */
	function[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 };
	function[1] = (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = (int16_t)used };
	memcpy(function + 2, insns->data, used * sizeof(*function));
	for (size_t i = used + 2; i < room - 1; i++)
		function[i] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
	function[room - 1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	return 0;
}
