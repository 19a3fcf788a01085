#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever is wrong, a sentence says what and where, and the exit code says of which kind it is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin setpriv
need_nfprobe
ns_add n
link n v0 02:0c:00:00:00:01 n v1 02:0c:00:00:00:02
in_n() { expect_in n "$@"; }
conf nfprobe <<YAML
interfaces: [ { match: v0 } ]
YAML
c=(-c "$E2E_DIR/nfprobe.yaml")

# --- no privilege: 77
cp "$NFPROBE" "$E2E_DIR/nfprobe"
chmod 711 "$E2E_DIR"
chmod 755 "$E2E_DIR/nfprobe"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups "$E2E_DIR/nfprobe")
for verb in run "attach v0" "status" "flows" "detach v0" detach "object v0 -o $E2E_DIR/x.o"; do
	# shellcheck disable=SC2086 # words
	in_n 77 'root|CAP_BPF|privilege' "${nobody[@]}" $verb
done
install -m 600 "$E2E_DIR/nfprobe.yaml" "$E2E_DIR/secret.yaml"
in_n 2 'secret.yaml cannot be read: Permission denied' "${nobody[@]}" run -c "$E2E_DIR/secret.yaml"
no_caps=(setpriv "--bounding-set=-bpf,-sys_admin,-perfmon" "$NFPROBE")
in_n 77 'CAP_BPF' "${no_caps[@]}" run "${c[@]}"
in_n 77 'CAP_BPF' "${no_caps[@]}" attach v0 "${c[@]}"
say "ok: no privilege"

# --- what is not there: 1
for verb in "run -i nosuch0" "attach nosuch0" "object nosuch0 -o $E2E_DIR/x.o"; do
	# shellcheck disable=SC2086
	in_n 1 'there is no interface "nosuch0" here; there are: lo, ' "$NFPROBE" $verb "${c[@]}"
done
in_n 1 'nosuch' "$NFPROBE" attach v0 --netns nosuch "${c[@]}"
in_n 1 "$E2E_ID" "$NFPROBE" status "${c[@]}"
in_n 1 "$E2E_ID" "$NFPROBE" flows "${c[@]}"
in_n 1 "$E2E_ID|v0" "$NFPROBE" detach v0 "${c[@]}"
in_n 0 "^nothing to detach: there is nothing of instance \"$E2E_ID\" under /sys/fs/bpf/nfprobe\$" "$NFPROBE" detach "${c[@]}"
say "ok: what is not there"

# --- paths that cannot be written: the path is named; 77 where no BPF file system can be had
in_n 1 '/nonexistent/x.o' "$NFPROBE" object v0 -o /nonexistent/x.o "${c[@]}"
sed "1i pin_root: /proc/nfprobe" "$E2E_DIR/nfprobe.yaml" >"$E2E_DIR/pins.yaml"
in_n 77 '/proc/nfprobe' "$NFPROBE" attach v0 -c "$E2E_DIR/pins.yaml"
in_n 77 '/proc/nfprobe' "$NFPROBE" run -c "$E2E_DIR/pins.yaml"
in_n 1 'standard output cannot be written: No space left on device' sh -c '"$0" fields >/dev/full' "$NFPROBE"
say "ok: paths that cannot be written"

# --- wrong command lines: 2
in_n 2 'there is no command "rnu", did you mean "run"\?' "$NFPROBE" rnu
in_n 2 'Unknown option --jsno, did you mean --json\?' "$NFPROBE" run --jsno
in_n 2 '--json and --table both want standard output' "$NFPROBE" run --json --table
in_n 2 '--interval: "10" lacks a unit, as in 10s; allowed: 1s to 1h' "$NFPROBE" run --interval 10
in_n 2 '--direction: "up" is no choice; allowed: ingress, egress or both' "$NFPROBE" run --direction up
in_n 2 '--collector: endpoint "localhost"' "$NFPROBE" run --collector localhost
in_n 2 '--collector: endpoint "udp://localhost:99999".* port' "$NFPROBE" run --collector udp://localhost:99999
in_n 2 '-i: "a/b" cannot match' "$NFPROBE" run -i a/b
in_n 2 '--instance: "../x" cannot be used as a name' "$NFPROBE" run --instance ../x
in_n 2 '--netns: "../x" cannot be used as a name' "$NFPROBE" attach v0 --netns ../x
in_n 2 '-n: "-1" flows' "$NFPROBE" flows -n -1
in_n 2 '--sort: "size" is no order; allowed: bytes, packets, first, last or duration' "$NFPROBE" flows --sort size
in_n 2 '--filter: .*syntax error' "$NFPROBE" flows --filter 'tcp and and'
in_n 2 '--filter: .*syntax error' "$NFPROBE" top --once --filter 'tcp and and'
in_n 2 '--watch: "0s" .*; allowed: 1s to 1h' "$NFPROBE" flows --watch 0s
in_n 2 '--watch: "often"' "$NFPROBE" flows -w often
in_n 2 'an argument is missing: nfprobe attach IFACE' "$NFPROBE" attach
in_n 2 'where to\? -o FILE is missing' "$NFPROBE" object v0
in_n 2 '--direction: an object has one' "$NFPROBE" object v0 -o x.o --direction both
in_n 2 '--netns goes with an interface' "$NFPROBE" detach --netns blue
say "ok: wrong command lines"

# --- wrong configurations: 2, the same for every command that reads one
printf 'interval: 60\nintervall: 60s\n' >"$E2E_DIR/bad.yaml"
for verb in run status flows "attach v0" detach check; do
	# shellcheck disable=SC2086
	in_n 2 '/bad.yaml:1:11: interval: "60" lacks a unit' "$NFPROBE" $verb -c "$E2E_DIR/bad.yaml"
	grep -q '/bad.yaml:2:1: unknown key "intervall"' <<<"$OUT" || fail "only the first fault: $OUT"
done
say "ok: wrong configurations"
