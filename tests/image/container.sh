#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The container image: built from docker/Dockerfile, run as docs/deploy.md tells: a sidecar in a network namespace of
# its own with traffic, nfcapd gets every packet; what is not given to it is told, with the exit code.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/lib_image.sh"
. "$(dirname "$0")/lib_lab.sh"
image_begin nfcapd nfdump openssl
limit=$((110 << 20))
user=9469

base debian:bookworm-slim
say "ok: a base of $(($(size localhost/debian:bookworm-slim) >> 20)) MiB"
build nfprobe "$E2E_TOP/docker/Dockerfile" "$E2E_TOP"
octets=$(size localhost/nfprobe)
say "ok: the image has $((octets >> 20)) MiB, $(((octets - $(size localhost/debian:bookworm-slim)) >> 20)) of them nfprobe and its libraries"
[ "$octets" -le $limit ] || fail "the image has $octets octets, more than $limit"

# --- a router's namespace, and what docs/deploy.md gives to the sidecar
pair_network
chain_quiet
traffic_serve r 5000
nfcapd_start r nf
chmod 755 "$E2E_DIR"
folder=/sys/fs/bpf/nfprobe/$E2E_ID
install -d /sys/fs/bpf/nfprobe
install -d -o $user -g $user -m 700 "$folder"
mkdir "$E2E_DIR/etc"
cat >"$E2E_DIR/etc/nfprobe.yaml" <<YAML
hostname: e2e
interval: 1s
interfaces:
  - { match: r0 }
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995" }
YAML
net=(--network "ns:/run/netns/$E2E_ID-r")
caps=(--cap-drop ALL --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON)
root=(--read-only --read-only-tmpfs=false --tmpfs /run/nfprobe:mode=1777)
pins=(-v "$folder:/sys/fs/bpf")
config=(-v "$E2E_DIR/etc:/etc/nfprobe:ro")
state=(-v nfprobe-state:/var/lib/nfprobe)
# As docs/deploy.md has it: podman's profile allows bpf() for CAP_SYS_ADMIN alone.
jq '(.syscalls[] | select(.action == "SCMP_ACT_ERRNO") | .names) -= ["bpf", "perf_event_open"] |
  .syscalls += [{names: ["bpf", "perf_event_open"], action: "SCMP_ACT_ALLOW", args: [], includes: {}, excludes: {}}]' \
	/usr/share/containers/seccomp.json >"$E2E_DIR/seccomp.json"
seccomp=(--security-opt "seccomp=$E2E_DIR/seccomp.json")
caps+=("${seccomp[@]}")
all=("${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" "${config[@]}" "${state[@]}")

healthy() { podman healthcheck run "$1"; }
pid() { podman inspect --format '{{.State.Pid}}' "$1"; }
in_probe() { podman exec probe nfprobe status --json | books "$1"; }
recorded() { [ "$(in_probe 's["recorded"] + s["open"]')" = "$1" ]; }
# end NAME: removes it, in order or not.
end() {
	local code
	podman stop -t 60 "$1" >/dev/null
	code=$(podman inspect --format '{{.State.ExitCode}}' "$1")
	podman rm "$1" >/dev/null
	[ "$code" = 0 ] || fail "$1 ended with exit code $code"
}

# --- a sidecar: an unprivileged user, three capabilities, nothing that it may write to but what it was given
up probe "${all[@]}" nfprobe
wait_for 60 "the container to be healthy" healthy probe
process=/proc/$(pid probe)
[ "$(awk '/^Uid/ { print $2, $3 }' "$process/status")" = "$user $user" ] || fail "it runs as another user"
for set in CapEff CapPrm CapBnd; do
	# CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
	[ $((0x$(awk "/^$set/ { print \$2 }" "$process/status"))) = $((1 << 12 | 1 << 38 | 1 << 39)) ] ||
		fail "$set: $(grep Cap "$process/status")"
done
podman exec probe sh -c '! touch /usr/x /etc/nfprobe/x /tmp/x 2>/dev/null' || fail "its root file system can be written to"
podman exec probe test -s /var/lib/nfprobe/default.state || fail "no state was written"
grep -q 'note: interfaces here: r0' <(podman logs probe 2>&1) || fail "the interfaces are not told: $(podman logs probe 2>&1)"
traffic s udp 10.9.1.2 5000 400 60
traffic s udp fd09:1::2 5000 100 200
wait_for 30 "500 packets" recorded 500
say "ok: a healthy sidecar, uid $user, three capabilities, read-only"

# --- the container goes, what is pinned counts on, the next one exports it
end probe
traffic s udp 10.9.1.2 5000 300 60
up probe "${all[@]}" nfprobe
wait_for 60 "the container to be healthy" healthy probe
wait_for 30 "800 packets" recorded 800
podman kill -s KILL probe >/dev/null
podman rm -f -t 0 probe >/dev/null
traffic s udp 10.9.1.2 5000 200 60
up probe "${all[@]}" nfprobe run -c /etc/nfprobe/nfprobe.yaml --flush
wait_for 60 "the container to be healthy" healthy probe
wait_for 30 "1000 packets" recorded 1000
say "ok: 1000 packets over two ends of the container"

# --- unhealthy when the daemon hangs; healthy again
kill -STOP "$(pid probe)"
! healthy probe >"$E2E_DIR/unhealthy.log" 2>&1 || fail "a daemon that hangs is healthy"
kill -CONT "$(pid probe)"
wait_for 30 "the container to be healthy again" healthy probe
say "ok: a daemon that hangs is unhealthy"

# --- a configuration that an editor has replaced
sed 's/^interval: 1s/interval: 2s/' "$E2E_DIR/etc/nfprobe.yaml" >"$E2E_DIR/etc/new"
mv "$E2E_DIR/etc/new" "$E2E_DIR/etc/nfprobe.yaml"
podman exec probe nfprobe reload >"$E2E_DIR/reload.log" || fail "reload"
grep -q 'interval: 1s -> 2s' "$E2E_DIR/reload.log" || fail "reload says $(cat "$E2E_DIR/reload.log")"
healthy probe >/dev/null || fail "a reload made it unhealthy"
say "ok: reload"

podman exec probe nfprobe status --json >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
end probe
nfcapd_stop r nf
[ "$(records sum "$E2E_DIR/nf" | cut -d ' ' -f 1)" = 1000 ] || fail "nfcapd has $(records sum "$E2E_DIR/nf"), 1000 packets were sent"
say "ok: nfcapd has all of them"
run detach --rm "${all[@]}" nfprobe detach >"$E2E_DIR/detach.log" 2>&1 || fail "detach"
[ -z "$(find "$folder" -type f)" ] || fail "detach left pins: $(find "$folder" -type f | head)"
say "ok: detach leaves nothing"

# --- where no_new_privs is asked for: podman gives other users their capabilities as ambient ones, docker does not
# (tests/check/entrypoint.py): there root with three capabilities
up ambient "${all[@]}" --security-opt no-new-privileges nfprobe
wait_for 60 "the container to be healthy" healthy ambient
grep -q '^NoNewPrivs:.1' "/proc/$(pid ambient)/status" || fail "no_new_privs is not set"
end ambient
chown 0:0 -R "$folder"
up root "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" "${config[@]}" --user 0 --security-opt no-new-privileges nfprobe
wait_for 60 "the container to be healthy" healthy root
grep -q '^NoNewPrivs:.1' "/proc/$(pid root)/status" || fail "no_new_privs is not set"
end root
run detach --rm "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" --user 0 nfprobe detach >"$E2E_DIR/detach.log" 2>&1 || fail "detach"
chown $user:$user -R "$folder"
say "ok: root with three capabilities and no_new_privs"

# --- what is missing: a sentence, an exit code
# refuses CODE WORDS OPTIONS...
refuses() {
	local code=0 expected=$1 words=$2
	shift 2
	OUT=$(run refused --rm "$@" 2>&1) || code=$?
	[ $code = "$expected" ] || fail "exit code $code, expected $expected: $OUT"
	grep -qE "$words" <<<"$OUT" || fail "does not say $words: $OUT"
}
without=(--cap-drop ALL "${seccomp[@]}")
refuses 77 'CAP_BPF missing. docker, podman: --cap-drop ALL' "${net[@]}" "${without[@]}" --cap-add NET_ADMIN --cap-add PERFMON "${root[@]}" "${pins[@]}" "${config[@]}" nfprobe
refuses 77 'CAP_NET_ADMIN, CAP_PERFMON missing' "${net[@]}" "${without[@]}" --cap-add BPF "${root[@]}" "${pins[@]}" "${config[@]}" nfprobe
refuses 77 'CAP_BPF missing' "${net[@]}" "${without[@]}" --cap-add NET_ADMIN --cap-add PERFMON "${root[@]}" "${pins[@]}" "${config[@]}" --user 0 nfprobe
refuses 77 'no BPF file system at /sys/fs/bpf/nfprobe' "${net[@]}" "${caps[@]}" "${root[@]}" "${config[@]}" nfprobe
seccomp() { jq -c '.syscalls[] | select(.names | index("bpf")) | select(.action == "SCMP_ACT_ALLOW")' "$1"; }
if [ "$(seccomp /usr/share/containers/seccomp.json | grep -c CAP_BPF)" = 0 ]; then
	refuses 77 'the kernel refuses to make a BPF map.*allow the bpf\(\) system call' "${net[@]}" --cap-drop ALL --cap-add BPF \
		--cap-add NET_ADMIN --cap-add PERFMON "${root[@]}" "${pins[@]}" "${config[@]}" nfprobe
fi
refuses 77 'user 1234 may not write to the BPF file system' "${all[@]}" --user 1234:1234 nfprobe
refuses 77 'may not write to /run/nfprobe.*--tmpfs' "${net[@]}" "${caps[@]}" --read-only --read-only-tmpfs=false "${pins[@]}" "${config[@]}" --user 1234:1234 nfprobe
refuses 2 'no configuration at /etc/nfprobe/nfprobe.yaml' "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" nfprobe
mkdir "$E2E_DIR/folder.yaml"
refuses 2 'is a folder' "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" -v "$E2E_DIR/folder.yaml:/etc/nfprobe/nfprobe.yaml:ro" nfprobe
install -m 600 "$E2E_DIR/etc/nfprobe.yaml" "$E2E_DIR/secret.yaml"
refuses 2 "user $user may not read" "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" -v "$E2E_DIR/secret.yaml:/etc/nfprobe/nfprobe.yaml:ro" nfprobe
refuses 0 '^nfprobe [0-9.]+$' --network none --cap-drop ALL --read-only nfprobe version
refuses 77 'CAP_BPF' --network none --cap-drop ALL nfprobe flows -i lo
say "ok: what is missing is told"

# --- no interface to meter: told, and it goes on
up alone --network none "${caps[@]}" "${root[@]}" "${pins[@]}" nfprobe run --collector udp://127.0.0.1:9995
told() { podman logs "$1" 2>&1 | grep -qE "$2"; }
wait_for 30 "the note" told alone 'no interface here but lo.*--network host'
wait_for 60 "the container to be healthy" healthy alone
end alone
say "ok: a container without interfaces is told so"

# --- pins of a namespace that has gone, as when a sidecar's router is replaced: told, and what to do
refuses 1 'meters another network namespace.*if that namespace has gone, remove' "${all[@]}" nfprobe
rm -r "$folder/nfprobe"

# --- TLS: GLib finds its module, and the files that are mounted
"$E2E_SUPPORT/certificates" "$E2E_DIR/c"
start r peer python3 "$E2E_SUPPORT/tls_peer.py" "$E2E_DIR/peer" "$E2E_DIR/c" --port 4741
wait_for 30 "the TLS peer" listening r t 4741
install -m 644 "$E2E_DIR/c/ca.pem" "$E2E_DIR/ca.pem"
cat >"$E2E_DIR/tls.yaml" <<YAML
interval: 1s
interfaces: [ { match: r0 } ]
collectors: [ { name: tls, endpoint: "tls://127.0.0.1:4741", retry: 200ms, tls: { ca: /etc/nfprobe/ca.pem } } ]
YAML
up probe "${net[@]}" "${caps[@]}" "${root[@]}" "${pins[@]}" -v "$E2E_DIR/tls.yaml:/etc/nfprobe/nfprobe.yaml:ro" \
	-v "$E2E_DIR/ca.pem:/etc/nfprobe/ca.pem:ro" nfprobe
tls_up() { [ "$(in_probe 's["collectors"][0]["up"]')" = True ]; }
wait_for 60 "the TLS session" tls_up
end probe
say "ok: TLS in the container"

# --- the lab
lab
say "ok: the lab of docker/compose.yaml ends with nfdump's table"
