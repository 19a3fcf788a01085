# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The lab of docker/compose.yaml by podman: images, parts, addresses, capabilities and volumes are read from the file;
# its networks, of two members each, are veth pairs, for an engine's bridges may take what this kernel has not.

# part NAME EXPRESSION: of a service, by jq.
part() { jq -r --arg n "$1" ".services[\$n] | $2" "$E2E_DIR/compose.json"; }
members() { jq -r --arg n "$1" '.services | to_entries[] | select(.value.networks[$n]?) | .key' "$E2E_DIR/compose.json"; }

# Each network's two members get an interface of its name.
lab_networks() {
	local network members n=0 name
	for network in $(jq -r '.networks | keys[]' "$E2E_DIR/compose.json"); do
		mapfile -t members < <(members "$network")
		[ ${#members[@]} = 2 ] || fail "network $network has ${#members[@]} members"
		n=$((n + 1))
		for name in "${members[@]}"; do
			[ -e "/run/netns/$E2E_ID-lab-$name" ] || ns_add "lab-$name"
		done
		link "lab-${members[0]}" "$network" 02:0b:00:00:0$n:01 "lab-${members[1]}" "$network" 02:0b:00:00:0$n:02
		for name in "${members[@]}"; do
			ip -n "$E2E_ID-lab-$name" addr add "$(part "$name" ".networks.$network.ipv4_address")/24" dev "$network"
		done
	done
	in_ns lab-router sysctl -qw net.ipv4.ip_forward="$(part router '.sysctls["net.ipv4.ip_forward"]')"
}

# lab_options NAME: what compose makes of a service, in OPTIONS and COMMAND. Names of volumes get the test's own.
lab_options() {
	local name=$1 ns=$1 mode list
	mode=$(part "$name" '.network_mode // empty')
	[[ $mode != service:* ]] || ns=${mode#service:}
	OPTIONS=(--network "ns:/run/netns/$E2E_ID-lab-$ns")
	[ "$mode" != none ] || OPTIONS=(--network none)
	mapfile -t list < <(part "$name" '(.cap_drop // [])[] | "--cap-drop=" + .')
	OPTIONS+=("${list[@]}")
	mapfile -t list < <(part "$name" '(.cap_add // [])[] | "--cap-add=" + .')
	OPTIONS+=("${list[@]}")
	mapfile -t list < <(part "$name" '(.tmpfs // [])[] | "--tmpfs=" + .')
	OPTIONS+=("${list[@]}")
	mapfile -t list < <(part "$name" '(.volumes // [])[]' | sed "s#^\./#$E2E_TOP/docker/#; s#^[^/]#lab-&#; s#^#--volume=#")
	OPTIONS+=("${list[@]}")
	[ "$(part "$name" '.read_only // false')" = false ] || OPTIONS+=(--read-only --read-only-tmpfs=false)
	mapfile -t COMMAND < <(part "$name" '(.command // [])[]')
	IMAGE=localhost/$(part "$name" .image)
}

lab_up() {
	lab_options "$1"
	[ "$1" != nfprobe ] || OPTIONS+=("${seccomp[@]}")
	up "lab-$1" "${OPTIONS[@]}" "$IMAGE" "${COMMAND[@]}"
}

# lab_job NAME: one that ends, with its output.
lab_job() {
	lab_options "$1"
	run "lab-$1" --rm "${OPTIONS[@]}" "$IMAGE" "${COMMAND[@]}"
}

lab() {
	local name
	build nfprobe-lab "$E2E_TOP/docker/lab.Dockerfile" "$E2E_TOP"
	python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' \
		<"$E2E_TOP/docker/compose.yaml" >"$E2E_DIR/compose.json"
	for name in $(jq -r '.volumes | keys[]' "$E2E_DIR/compose.json"); do
		# shellcheck disable=SC2046 # words
		podman volume create $(jq -r --arg n "$name" '.volumes[$n].driver_opts // {} | to_entries[] |
			"--opt \(.key)=\(.value)"' "$E2E_DIR/compose.json") "lab-$name" >/dev/null
	done
	lab_networks
	for name in router nfcapd nfprobe server; do lab_up "$name"; done
	wait_for 60 "the lab's nfprobe to be healthy" healthy lab-nfprobe
	lab_job client >"$E2E_DIR/client.log" 2>&1 || fail "the lab's client"
	lab_job table >"$E2E_DIR/table.log" 2>&1 || fail "the lab's table"
	grep -E '10\.94\.1\.3.*10\.94\.2\.3:5201' "$E2E_DIR/table.log" || fail "no flow from client to server: $(cat "$E2E_DIR/table.log")"
	end lab-nfprobe
}
