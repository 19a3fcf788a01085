# SPDX-License-Identifier: GPL-2.0-or-later
#
# embed_files(<symbol> <header> <out-variable> <file>...)
#
# Makes <build>/gen/<symbol>.c, which includes <header> and defines
#   const NfpEmbeddedFile <symbol>[] = { { "name.yaml", "text" }, ... };
#   const guint <symbol>_n;
# <header> declares the type and both symbols. The generated file's path is left in <out-variable>.

function(embed_files symbol header out)
	set(source "${CMAKE_BINARY_DIR}/gen/${symbol}.c")
	set(script "${CMAKE_SOURCE_DIR}/cmake/embed_files_run.cmake")
	add_custom_command(OUTPUT "${source}"
		COMMAND "${CMAKE_COMMAND}" "-DSYMBOL=${symbol}" "-DHEADER=${header}"
			"-DOUTPUT=${source}" "-DFILES=${ARGN}" -P "${script}"
		DEPENDS ${ARGN} "${script}"
		COMMENT "Embedding ${symbol}"
		VERBATIM)
	set(${out} "${source}" PARENT_SCOPE)
endfunction()
