# SPDX-License-Identifier: GPL-2.0-or-later
#
# bpf_object(<name> <source>)
#
# Compiles a BPF C file, strips DWARF from it (BTF stays) and makes its libbpf skeleton. Defines
# the interface target <name>_bpf, which brings the directory of <name>.skel.h; the object itself
# is <build>/skel/<name>.bpf.o. Every header that the source reads is a dependency (DEPFILE).
#
# A function, not a macro: nothing leaks from one call into the next.

find_program(NFP_BPF_CLANG NAMES clang clang-19 clang-14 REQUIRED
	DOC "clang that compiles the BPF objects")
find_program(NFP_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
find_program(NFP_LLVM_STRIP NAMES llvm-strip llvm-strip-19 llvm-strip-14 REQUIRED)
# v3 has 32-bit jumps (5.1) and, since 5.12, compare-and-swap.
set(NFP_BPF_CPU "v3" CACHE STRING "instruction set of the BPF objects: v2 or v3")

function(bpf_object name source)
	set(dir "${CMAKE_BINARY_DIR}/skel")
	file(MAKE_DIRECTORY "${dir}")
	set(object "${dir}/${name}.bpf.o")
	set(skeleton "${dir}/${name}.skel.h")
	add_library(${name}_bpf INTERFACE)
	add_custom_command(OUTPUT "${object}"
		COMMAND "${NFP_BPF_CLANG}" -target bpf -O2 -g -mcpu=${NFP_BPF_CPU} -Wall -Wextra -Werror
			-Wno-unused-parameter "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
			"-ffile-prefix-map=${CMAKE_BINARY_DIR}=build" -I "${CMAKE_SOURCE_DIR}" -idirafter
			"/usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE}"
			-MD -MF "${object}.d" -MT "${object}" -c "${source}" -o "${object}"
		COMMAND "${NFP_LLVM_STRIP}" -g "${object}"
		DEPENDS "${source}"
		DEPFILE "${object}.d"
		COMMENT "BPF object ${name}.bpf.o"
		VERBATIM)
	add_custom_command(OUTPUT "${skeleton}"
		COMMAND "${CMAKE_COMMAND}" "-DBPFTOOL=${NFP_BPFTOOL}" "-DOBJECT=${object}"
			"-DNAME=${name}_bpf" "-DOUTPUT=${skeleton}"
			-P "${CMAKE_SOURCE_DIR}/cmake/gen_skeleton.cmake"
		DEPENDS "${object}" "${CMAKE_SOURCE_DIR}/cmake/gen_skeleton.cmake"
		COMMENT "BPF skeleton ${name}.skel.h"
		VERBATIM)
	add_custom_target(${name}_skel DEPENDS "${skeleton}")
	add_dependencies(${name}_bpf ${name}_skel)
	target_include_directories(${name}_bpf SYSTEM INTERFACE "${dir}")
endfunction()
