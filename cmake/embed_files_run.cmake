# SPDX-License-Identifier: GPL-2.0-or-later
# The build-time half of EmbedFiles.cmake.
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
	get_filename_component(name "${file}" NAME)
	file(READ "${file}" text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t  \"" text "${text}")
	string(APPEND rows "\t{ \"${name}\",\n\t  \"${text}\" },\n")
	math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
	set(rows "\t{ NULL, NULL },\n")
endif()
file(WRITE "${OUTPUT}" "/* Generated from ${SYMBOL}'s files by cmake/EmbedFiles.cmake. */\n\
#include \"${HEADER}\"\n\n\
const NfpEmbeddedFile ${SYMBOL}[] = {\n${rows}};\n\
const guint ${SYMBOL}_n = ${count};\n")
