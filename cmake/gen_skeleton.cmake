# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -DBPFTOOL= -DOBJECT= -DNAME= -DOUTPUT= -P: no half-written header when bpftool fails.
execute_process(
	COMMAND "${BPFTOOL}" gen skeleton "${OBJECT}" name "${NAME}"
	OUTPUT_FILE "${OUTPUT}.new"
	RESULT_VARIABLE result)
if(NOT result EQUAL 0)
	file(REMOVE "${OUTPUT}.new")
	message(FATAL_ERROR "bpftool gen skeleton ${OBJECT} failed: ${result}")
endif()
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
