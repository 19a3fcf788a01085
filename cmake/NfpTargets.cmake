# SPDX-License-Identifier: GPL-2.0-or-later
#
# Test, fuzz and bench programs. A new file in its folder is all that a new program needs:
#
#   tests/unit/<room>/test_*.c  Criterion, label unit          tests/e2e/*.sh (not lib*.sh)  label e2e
#   tests/kernel/test_*.c       Criterion, label kernel, root  tests/check/*.{sh,py}         label check
#   tests/vm/*.sh (not lib*.sh) label vm: in qemu, on a kernel of Debian's
#   tests/image/*.sh (not lib*.sh) label image: the container image, NFPROBE_FULL=1
#   tests/valgrind/*.sh         label valgrind, NFPROBE_FULL=1
#   tests/fuzz/fuzz_*.c         libFuzzer, label fuzz; its inputs of tests/fuzz/corpus/<topic> in each build, label unit
#   bench/*.c                   not a test
#   bench/support/*.c           linked into every bench program
#   tests/support/*.c           linked into every test and bench program
#   tests/inject/               a library that makes chosen calls fail, and programs for it
#   tests/tsan/                 stands in for what ThreadSanitizer cannot see
#   {tests/kernel,tests/support,bench}/*.bpf.c  BPF objects, their skeletons on the include path
#
# Exit code 77 means skipped. Scripts get NFPROBE (the binary) and NFP_BUILD (the build directory).

# Interface target nfp_extra_bpf: skeletons of the BPF programs that tests and benchmarks bring along.
function(nfp_extra_bpf_objects)
	if(TARGET nfp_extra_bpf)
		return()
	endif()
	add_library(nfp_extra_bpf INTERFACE)
	file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/kernel/*.bpf.c"
		"${CMAKE_SOURCE_DIR}/tests/support/*.bpf.c" "${CMAKE_SOURCE_DIR}/bench/*.bpf.c")
	foreach(source IN LISTS sources)
		get_filename_component(name "${source}" NAME)
		string(REGEX REPLACE "\\.bpf\\.c$" "" name "${name}")
		bpf_object(${name} "${source}")
		target_link_libraries(nfp_extra_bpf INTERFACE ${name}_bpf)
	endforeach()
endfunction()

# Interface target nfp_test_base: what every test and bench program links.
function(nfp_test_base)
	if(TARGET nfp_test_base)
		return()
	endif()
	nfp_extra_bpf_objects()
	add_library(nfp_test_base INTERFACE)
	file(GLOB support CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/support/*.c")
	list(FILTER support EXCLUDE REGEX "\\.bpf\\.c$")
	if(support)
		add_library(nfp_test_support STATIC ${support})
		target_link_libraries(nfp_test_support PUBLIC libnfprobe nfp_extra_bpf)
		target_include_directories(nfp_test_support PUBLIC "${CMAKE_SOURCE_DIR}/tests")
		target_compile_definitions(nfp_test_support PRIVATE NFP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
		target_link_libraries(nfp_test_base INTERFACE nfp_test_support)
	endif()
	target_link_libraries(nfp_test_base INTERFACE libnfprobe nfp_extra_bpf)
	target_include_directories(nfp_test_base INTERFACE "${CMAKE_SOURCE_DIR}/tests")
	target_compile_definitions(nfp_test_base INTERFACE NFP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endfunction()

function(nfp_bench_programs)
	file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.c")
	list(FILTER sources EXCLUDE REGEX "\\.bpf\\.c$")
	# With the tests too: e2e/bench.sh runs them, so that they do not rot. Sanitizers and gcov would be measured instead.
	if(NOT NFP_BENCH AND (NOT BUILD_TESTING OR NFP_SANITIZE OR NFP_COVERAGE))
		return()
	endif()
	nfp_test_base()
	file(GLOB support CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/support/*.c")
	add_library(nfp_bench_support STATIC ${support})
	target_link_libraries(nfp_bench_support PUBLIC nfp_test_base)
	foreach(source IN LISTS sources)
		get_filename_component(name "${source}" NAME_WE)
		add_executable(bench_${name} "${source}")
		target_link_libraries(bench_${name} PRIVATE nfp_bench_support)
		set_target_properties(bench_${name} PROPERTIES
			OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
	endforeach()
endfunction()

# One Criterion program; the test's name is its path under tests/ without the suffix.
function(nfp_criterion_test source label timeout)
	file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}/tests" "${source}")
	string(REGEX REPLACE "\\.c$" "" path "${path}")
	string(REPLACE "/" "_" target "${path}")
	get_filename_component(dir "${path}" DIRECTORY)
	get_filename_component(name "${path}" NAME)
	if(NFP_SANITIZE MATCHES "thread")
		# tests/tsan stands in for Criterion, without its redirection and its new syntax.
		file(STRINGS "${source}" other REGEX "include <criterion/(redirect|new)")
		if(other)
			return()
		endif()
	endif()
	add_executable(${target} "${source}")
	target_link_libraries(${target} PRIVATE nfp_test_base PkgConfig::CRITERION)
	if(NFP_SANITIZE MATCHES "thread")
		target_include_directories(${target} BEFORE PRIVATE "${CMAKE_SOURCE_DIR}/tests/tsan")
	endif()
	target_compile_options(${target} PRIVATE -Werror=unused-function)
	set_target_properties(${target} PROPERTIES
		OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/${dir}")
	add_test(NAME ${path} COMMAND "${CMAKE_SOURCE_DIR}/tests/run-criterion" $<TARGET_FILE:${target}>
		WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
	nfp_test_properties(${path} ${label} ${timeout})
endfunction()

function(nfp_script_tests dir label timeout)
	file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${dir}/*.sh"
		"${CMAKE_SOURCE_DIR}/tests/${dir}/*.py")
	list(FILTER scripts EXCLUDE REGEX "/lib[^/]*$")
	foreach(script IN LISTS scripts)
		get_filename_component(name "${script}" NAME_WE)
		add_test(NAME ${dir}/${name} COMMAND "${script}" WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
		nfp_test_properties(${dir}/${name} ${label} ${timeout})
	endforeach()
endfunction()

function(nfp_test_properties test label timeout)
	if(NFP_SANITIZE OR NFP_COVERAGE) # several times slower
		math(EXPR timeout "${timeout} * 3")
	endif()
	set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT ${timeout}
		SKIP_RETURN_CODE 77)
	set(environment "NFP_BUILD=${CMAKE_BINARY_DIR}" "NFP_CC=${CMAKE_C_COMPILER}"
		"NFPROBE=$<TARGET_FILE:nfprobe>")
	if(NFP_SANITIZE OR NFP_COVERAGE)
		list(APPEND environment "E2E_PATIENCE=4")
	endif()
	if(NFP_SANITIZE MATCHES "address") # what is freed is kept for a while, but no test takes that for growth
		list(APPEND environment "ASAN_OPTIONS=quarantine_size_mb=32"
			"LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/asan/suppressions:print_suppressions=0")
	endif()
	if(NFP_COVERAGE) # of processes that may not write beside the objects; made by scripts/coverage
		list(APPEND environment "GCOV_ERROR_FILE=${CMAKE_BINARY_DIR}/gcov.errors")
	endif()
	if(NFP_SANITIZE MATCHES "thread")
		set(suppressions suppressions)
		if(test MATCHES "/test_(tls|dtls|tls_handshake)$")
			set(suppressions suppressions.tls)
		endif()
		list(APPEND environment "G_SLICE=always-malloc" "E2E_PATIENCE=4"
			"TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan/${suppressions}")
	endif()
	set_tests_properties(${test} PROPERTIES ENVIRONMENT "${environment}")
endfunction()

# To be loaded ahead of the others (tests/inject/inject.h). Sanitizers stand in for the same functions.
function(nfp_inject_library)
	if(NFP_SANITIZE)
		return()
	endif()
	set(inject "${CMAKE_SOURCE_DIR}/tests/inject")
	add_library(nfp_inject MODULE "${inject}/inject.c" "${inject}/calls.c" "${inject}/calls_bpf.c")
	# None of the libraries that it watches: only what all programs have.
	target_compile_options(nfp_inject PRIVATE $<TARGET_PROPERTY:nfp_flags,INTERFACE_COMPILE_OPTIONS>)
	target_compile_definitions(nfp_inject PRIVATE _GNU_SOURCE)
	target_include_directories(nfp_inject PRIVATE "${CMAKE_SOURCE_DIR}/tests")
	set_target_properties(nfp_inject PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
	add_executable(inject_spool "${inject}/spool.c")
	target_link_libraries(inject_spool PRIVATE libnfprobe)
	set_target_properties(inject_spool PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
	# valgrind's package has its header.
	find_path(NFP_MEMCHECK valgrind/memcheck.h)
	if(NFP_MEMCHECK)
		add_library(nfp_valgrind MODULE "${CMAKE_SOURCE_DIR}/tests/valgrind/bpf.c")
		target_compile_options(nfp_valgrind PRIVATE $<TARGET_PROPERTY:nfp_flags,INTERFACE_COMPILE_OPTIONS>)
		target_compile_definitions(nfp_valgrind PRIVATE _GNU_SOURCE)
		set_target_properties(nfp_valgrind PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
	endif()
endfunction()

# The topics of tests/fuzz/fuzz_<topic>.c.
function(nfp_fuzz_topics ret)
	file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c")
	set(topics "")
	foreach(source IN LISTS sources)
		get_filename_component(name "${source}" NAME_WE)
		string(REGEX REPLACE "^fuzz_" "" topic "${name}")
		list(APPEND topics ${topic})
		# libFuzzer calls the entry function and ships no prototype for it.
		set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -Wno-missing-prototypes)
	endforeach()
	set(${ret} ${topics} PARENT_SCOPE)
endfunction()

function(nfp_fuzz_programs)
	if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
		message(FATAL_ERROR "NFP_FUZZ needs clang")
	endif()
	nfp_test_base()
	nfp_fuzz_topics(topics)
	foreach(topic IN LISTS topics)
		set(source "${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${topic}.c")
		add_executable(fuzz_${topic} "${source}")
		target_link_libraries(fuzz_${topic} PRIVATE nfp_test_base)
		target_compile_options(fuzz_${topic} PRIVATE -fsanitize=fuzzer)
		target_link_options(fuzz_${topic} PRIVATE -fsanitize=fuzzer)
		set(seconds 30)
		if(topic STREQUAL "parse")
			set(seconds 60)
		endif()
		add_test(NAME fuzz/${topic} COMMAND "${CMAKE_SOURCE_DIR}/tests/fuzz/run"
			$<TARGET_FILE:fuzz_${topic}> ${topic} ${seconds} "${CMAKE_BINARY_DIR}/found/${topic}")
		nfp_test_properties(fuzz/${topic} fuzz 120)
	endforeach()
	set_tests_properties(fuzz/parse PROPERTIES LABELS "fuzz;parser") # alone in CI
endfunction()

# The same without libFuzzer, in every other build: each kept input once.
function(nfp_fuzz_replays)
	nfp_fuzz_topics(topics)
	foreach(topic IN LISTS topics)
		set(inputs "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${topic}")
		if(NOT IS_DIRECTORY "${inputs}")
			continue()
		endif()
		add_executable(replay_${topic} "${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${topic}.c"
			"${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c")
		target_link_libraries(replay_${topic} PRIVATE nfp_test_base)
		set_target_properties(replay_${topic} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/fuzz")
		add_test(NAME unit/fuzz/${topic} COMMAND replay_${topic} "${inputs}"
			WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
		nfp_test_properties(unit/fuzz/${topic} unit 120)
	endforeach()
endfunction()

function(nfp_tests)
	nfp_script_tests(check check 300)
	if(NFP_FUZZ)
		nfp_fuzz_programs()
		return()
	endif()
	pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET GLOBAL criterion)
	nfp_test_base()
	file(GLOB unit CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/unit/*/test_*.c")
	foreach(source IN LISTS unit)
		nfp_criterion_test("${source}" unit 300)
	endforeach()
	nfp_fuzz_replays()
	file(GLOB kernel CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/kernel/test_*.c")
	foreach(source IN LISTS kernel)
		nfp_criterion_test("${source}" kernel 300)
	endforeach()
	nfp_inject_library()
	nfp_script_tests(e2e e2e 600)
	set_tests_properties(e2e/corpus e2e/inject_replay e2e/inject_run e2e/inject_store PROPERTIES TIMEOUT 3600) # NFPROBE_FULL=1
	# What ThreadSanitizer sees best: many threads, at their work, at reloads and at their ends.
	foreach(name IN ITEMS app_replay chaos_tcp cli_run enrich groups page reload restart)
		set_tests_properties(e2e/${name} PROPERTIES LABELS "e2e;threads")
	endforeach()
	nfp_script_tests(valgrind valgrind 1200)
	nfp_script_tests(vm vm 600)
	nfp_script_tests(image image 2400)
endfunction()
