#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe replay: wrong words on the command line, files that are no captures, no privilege, full disks.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin setpriv
need_nfprobe
capture=$E2E_DIR/two.pcap
python3 "$E2E_SUPPORT/capture.py" "$capture" --flows 2 || fail "no capture"
cd "$E2E_DIR"

expect 2 'an argument is missing: nfprobe replay FILE; nfprobe replay --help tells more' "$NFPROBE" replay
expect 2 '"other.pcap" is one argument too many' "$NFPROBE" replay "$capture" other.pcap
expect 2 'Unknown option --jsno, did you mean --json\?' "$NFPROBE" replay "$capture" --jsno
expect 2 '--interval: "10" lacks a unit, as in 10s; allowed: 1s to 1h' "$NFPROBE" replay "$capture" --interval 10
expect 2 '--interval: .*1s to 1h' "$NFPROBE" replay "$capture" --interval 2h
expect 2 '--collector: endpoint "localhost"' "$NFPROBE" replay "$capture" --collector localhost
expect 2 '--decapsulate: "vxlna" is no kind of tunnel' "$NFPROBE" replay "$capture" --decapsulate vxlna
expect 2 '--decapsulate: ' "$NFPROBE" replay "$capture" --decapsulate vxlan,,gre
expect 0 '^usage: nfprobe replay \[OPTIONS\] FILE' "$NFPROBE" replay --help
printf 'interval: 60\n' >bad.yaml
expect 2 'bad.yaml:1:11: interval: "60" lacks a unit' "$NFPROBE" replay "$capture" -c bad.yaml
say "ok: wrong command lines"

expect 1 'nowhere.pcap: No such file or directory' "$NFPROBE" replay nowhere.pcap
expect 1 'bad.yaml: unknown file format' "$NFPROBE" replay bad.yaml
expect 1 'cannot read the capture.* directory' "$NFPROBE" replay .
expect 1 'cannot read the capture.*truncated' "$NFPROBE" replay /dev/null
expect 1 'cannot read the capture.*truncated' "$NFPROBE" replay - # standard input is empty
python3 "$E2E_SUPPORT/capture.py" wlan.pcap --link 105
expect 1 'link type 105 \(IEEE802_11\) is not metered; these are: EN10MB, ' "$NFPROBE" replay wlan.pcap
say "ok: what is no capture"

python3 "$E2E_SUPPORT/capture.py" empty.pcap --flows 0
expect 0 '0 frames' "$NFPROBE" replay empty.pcap --json
[ "$("$NFPROBE" replay empty.pcap --json 2>/dev/null)" = "" ] || fail "records of a capture without frames"
expect 0 '^INTERFACE +DIR +PROTO' "$NFPROBE" replay "$capture"
[ "$("$NFPROBE" replay "$capture" --json 2>/dev/null | wc -l)" = 2 ] || fail "--json: one line a flow and nothing else"
expect 0 '2 frames .*' "$NFPROBE" replay "$capture" --decapsulate vxlan,gre --json --interval 1s
say "ok: what is one"

cp "$NFPROBE" nfprobe
chmod 711 "$E2E_DIR"
chmod 755 nfprobe
chmod 644 "$capture"
expect 77 'root|CAP_BPF|privilege' setpriv --reuid 65534 --regid 65534 --clear-groups ./nfprobe replay "$capture"
expect 77 'CAP_BPF' setpriv --bounding-set=-bpf,-sys_admin,-perfmon ./nfprobe replay "$capture"
expect 1 'standard output cannot be written: No space left on device' sh -c '"$0" replay "$1" --json >/dev/full' "$NFPROBE" "$capture"
expect 1 'standard output cannot be written: No space left on device' sh -c '"$0" replay "$1" >/dev/full' "$NFPROBE" "$capture"
say "ok: no privilege, no space"
