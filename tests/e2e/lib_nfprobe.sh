# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Second half of lib.sh: nfprobe, collectors and captures. Sourced by it.

# conf NAME: writes $E2E_DIR/NAME.yaml from stdin, behind the lines that keep instances apart. With E2E_INTERVAL=1h the test
# is to be in one bucket: those end with the hour.
conf() {
	[ "${E2E_INTERVAL-}" != 1h ] || wait_for 200 "the hour to end" hour_is_long
	{
		printf 'instance: %s\nrun_dir: %s\nstate_dir: %s\nhostname: e2e\ninterval: %s\n' \
			"$E2E_ID$([ "$1" = nfprobe ] || echo "-$1")" "$E2E_RUN" "$E2E_RUN" "${E2E_INTERVAL:-1s}"
		cat
	} >"$E2E_DIR/$1.yaml"
}

hour_is_long() { [ $((EPOCHSECONDS % 3600)) -lt 3480 ]; }

# nfprobe_start NS HOOKS [OPTIONS...]: runs it in NS with nfprobe.yaml, until so many hooks are attached.
nfprobe_start() {
	local hooks=$2
	E2E_PROBE_NS=$1
	shift 2
	start "$E2E_PROBE_NS" nfprobe "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" "$@"
	E2E_HOOKS=$hooks
	wait_for 30 "nfprobe to attach $hooks hooks" nfprobe_attached
	running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
}

# Or to have ended: no use to wait for it then.
nfprobe_attached() {
	! running nfprobe || [ "$(status | books 'sum(h["attached"] for h in s["hooks"])')" = "$E2E_HOOKS" ]
}

# nfprobe COMMAND...: in the namespace and with the configuration of the running one.
nfprobe() {
	local verb=$1
	shift
	if [ "$E2E_PROBE_NS" = - ]; then
		"$NFPROBE" "$verb" -c "$E2E_DIR/nfprobe.yaml" "$@"
	else
		in_ns "$E2E_PROBE_NS" "$NFPROBE" "$verb" -c "$E2E_DIR/nfprobe.yaml" "$@"
	fi
}

# Ends nfprobe in order; what is in the open bucket leaves too if it was started with --flush.
nfprobe_stop() {
	local code=0
	stop nfprobe || code=$?
	[ $code = 0 ] || fail "nfprobe ended with exit code $code"
}

status() { nfprobe status --json; }

# books EXPRESSION <STATUS: a Python expression over s (the status) and h(ifname, direction) (a hook).
books() { python3 "$E2E_SUPPORT/books.py" eval "$1"; }

# --- collectors ------------------------------------------------------------------------------------

listening() { in_ns "$1" ss -Hln"$2" "sport = :$3" | grep -q :; }
queue_empty() { in_ns "$1" ss -Hlnu "sport = :$2" | awk '$2 != 0 { exit 1 }'; }

# stream_ended NS PORT [PORT]: their TCP listener has read all, and closed.
stream_ended() { ! in_ns "$1" ss -Hnt "sport = :$2 or sport = :${3-$2}" | grep -q .; }

# nfcapd_start NS NAME [PORT]: files in $E2E_DIR/NAME.
nfcapd_start() {
	mkdir -p "$E2E_DIR/$2"
	start "$1" "$2" nfcapd -w "$E2E_DIR/$2" -b 127.0.0.1 -p "${3-9995}" -t 3600 -I "$2" -B 16000000
	wait_for 10 "nfcapd to listen" listening "$1" u "${3-9995}"
}

# nfcapd_stop NS NAME [PORT]: when all that came was read.
nfcapd_stop() {
	wait_for 10 "nfcapd to read" queue_empty "$1" "${3-9995}"
	stop "$2" || fail "nfcapd ended with exit code $?"
	grep -q "Ident: '$2'" "$E2E_DIR/$2.log" || fail "nfcapd wrote nothing"
}

# records VERB DIR...: see tests/support/records.py
records() { python3 "$E2E_SUPPORT/records.py" "$@"; }

# ipfix_start NS NAME tcp|udp PORT [OCTETS]: a listener of ours, sessions in $E2E_DIR/NAME/; OCTETS of socket buffer.
ipfix_start() {
	start "$1" "$2" python3 "$E2E_SUPPORT/ipfix.py" listen "$3" 127.0.0.1 "$4" "$E2E_DIR/$2" ${5+"$5"}
	wait_for 10 "the listener" listening "$1" "${3:0:1}" "$4"
}

# capture_start NS NAME FILTER: loopback packets into $E2E_DIR/NAME.pcap, each as a wire would carry it.
capture_start() {
	offloads "$1" lo off
	start "$1" "$2" tcpdump -Z root -i lo -s 0 -U --immediate-mode -B 16384 -w "$E2E_DIR/$2.pcap" "$3"
	wait_for 10 "tcpdump to listen" grep -q "listening on" "$E2E_DIR/$2.log"
}

# capture_stop NAME: when tcpdump has written all that the kernel gave it. SIGUSR1: it tells how many; on the
# loopback the kernel gives it each packet twice.
capture_stop() {
	wait_for 10 "tcpdump to write" capture_written "$1"
	stop "$1" INT || fail "tcpdump ended with exit code $?"
}

capture_written() {
	kill -USR1 "${E2E_PID[$1]}"
	sed -n 's/^tcpdump: \([0-9]*\) packets captured, \([0-9]*\) packets received.*/\1 \2/p' "$E2E_DIR/$1.log" |
		tail -n 1 | awk '{ good = $1 > 0 && 2 * $1 == $2 } END { exit !good }'
}

# tshark_clean FILE DECODE...: fails on any complaint of tshark's about the export stream.
tshark_clean() {
	local file=$1 decode=() complaints
	shift
	for port in "$@"; do decode+=(-d "$port,cflow"); done
	complaints=$(tshark -r "$file" "${decode[@]}" -o cflow.max_template_fields:0 -Y \
		'cflow && (_ws.expert || _ws.malformed || cflow.no_template_found || cflow.flowset_id in {4..255})' \
		-T fields -e frame.number -e _ws.expert.message -e cflow.flowset_id 2>/dev/null)
	[ -z "$complaints" ] || fail "tshark: $(head -n 5 <<<"$complaints")"
}

# frames NS IFNAME NAME [OPTIONS...]: sends frames of every kind (tests/support/frames.py), what was sent is in
# $E2E_DIR/NAME.json; sent NAME: how many packets that were. summary NAME KEY: of a report of ipfix.py.
frames() {
	local ns=$1 ifname=$2 name=$3
	shift 3
	in_ns "$ns" python3 "$E2E_SUPPORT/frames.py" send "$ifname" "$@" >"$E2E_DIR/$name.json"
}
sent() { python3 -c 'import json, sys; print(sum(r["packets"] for r in json.load(sys.stdin)))' <"$E2E_DIR/$1.json"; }
summary() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2" <"$E2E_DIR/$1.json"; }
