#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/test-report: a BPF test that was skipped where BPF works fails a CI run; so does a failed test, a test that
# could not be started, and a run without a test. The reports are CTest's own, of tests made for this.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

[ "$(id -u)" = 0 ] || { echo "SKIP: needs root: whether BPF works is asked as root"; exit 77; }

# Stands in for the real one: does BPF work here?
mkdir "$dir/works" "$dir/broken"
printf '#!/bin/sh\nexit 0\n' >"$dir/works/bpftool"
printf '#!/bin/sh\nexit 255\n' >"$dir/broken/bpftool"
chmod +x "$dir"/*/bpftool

# tests NAME COMMAND [NAME COMMAND]...: runs them by CTest, report in $dir/dev.xml.
tests() {
	: >"$dir/CTestTestfile.cmake"
	while [ $# -gt 0 ]; do
		printf 'add_test(%s sh -c [==[%s]==])\nset_tests_properties(%s PROPERTIES SKIP_RETURN_CODE 77)\n' \
			"$1" "$2" "$1" >>"$dir/CTestTestfile.cmake"
		shift 2
	done
	rm -f "$dir/dev.xml"
	ctest --test-dir "$dir" --output-junit "$dir/dev.xml" >/dev/null 2>&1 || true
}

# report CODE LAST-LINE CI works|broken [PATTERN]
report() {
	local code=0
	out=$(CI=$3 PATH="$dir/$4:$PATH" "$top/scripts/test-report" "$dir/dev.xml") || code=$?
	if [ $code != "$1" ] || [ "$(tail -n 1 <<<"$out")" != "$2" ] || ! grep -qE -- "${5-.}" <<<"$out"; then
		printf 'FAILED: exit code %s, wanted %s with "%s" and "%s":\n%s\n' $code "$1" "$2" "${5-}" "$out" >&2
		exit 1
	fi
}

good='exit 0'
tests kernel/a "$good" e2e/b 'echo "SKIP: tool is not installed"; exit 77'
report 1 "1 passed, 0 failed, 1 skipped" true works 'FAILED: BPF works here, yet skipped: dev: e2e/b: tool is not'
report 0 "1 passed, 0 failed, 1 skipped" false works 'skipped: dev: e2e/b: tool is not installed'
report 0 "1 passed, 0 failed, 1 skipped" true broken

# One test function of a program that passed.
tests kernel/a 'echo "[SKIP] probe::x: cannot make namespaces"; exit 0'
report 1 "1 passed, 0 failed, 0 skipped" true works 'yet skipped: dev: kernel/a: probe::x'

for reason in "this kernel lacks vlan devices" "no captures: set NFPROBE_CORPUS"; do
	tests kernel/a "$good" kernel/b "echo 'SKIP: $reason'; exit 77"
	report 0 "1 passed, 0 failed, 1 skipped" true works "$reason"
done

# Tests that need no BPF may be skipped anywhere.
tests unit/a "$good" unit/b 'echo "SKIP: tshark is not installed"; exit 77'
report 0 "1 passed, 0 failed, 1 skipped" true works

tests unit/a "$good" unit/b 'exit 3'
report 1 "1 passed, 1 failed, 0 skipped" false broken 'FAILED: dev: unit/b'
tests unit/a 'exit 77'
report 1 "0 passed, 0 failed, 1 skipped" false broken 'FAILED: no test passed'
printf 'add_test(unit/a /nonexistent)\nadd_test(unit/b true)\n' >"$dir/CTestTestfile.cmake"
ctest --test-dir "$dir" --output-junit "$dir/dev.xml" >/dev/null 2>&1 || true
report 1 "1 passed, 1 failed, 0 skipped" false broken 'FAILED: dev: unit/a'
echo "ok"
