# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the container image: a base image without a registry, buildah and podman with a store of the
# test's own. Sourced behind tests/e2e/lib.sh, by a script that image_begin has put into its own mount namespace:
# what is mounted for the containers goes with it.

image_begin() {
	[ "${NFPROBE_FULL-}" = 1 ] || skip "NFPROBE_FULL=1 (scripts/test --full) builds and runs the image, which takes minutes"
	[ "$(id -u)" = 0 ] || skip "needs root: network namespaces and BPF"
	[ -n "${NFP_IMAGE_INSIDE-}" ] || NFP_IMAGE_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
	e2e_begin buildah podman crun debootstrap jq "$@"
	[ -d /sys/fs/bpf ] || skip "this kernel lacks bpffs"
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	# crun wants control groups of one kind. Nobody is limited by them here.
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || {
		umount -R /sys/fs/cgroup 2>/dev/null || true
		mount -t cgroup2 cgroup2 /sys/fs/cgroup || skip "this kernel lacks control groups of version 2"
	}
	STORE=(--root "$E2E_DIR/store" --runroot "$E2E_DIR/runroot" --storage-driver overlay)
	PODMAN=(timeout 120 podman "${STORE[@]}" --cgroup-manager cgroupfs --events-backend none)
	CONTAINERS=()
	trap image_end EXIT
}

# shellcheck disable=SC2317 # a trap
image_end() {
	local code=$? name
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	for name in "${CONTAINERS[@]}"; do
		podman container exists "$name" || continue
		[ $code = 0 ] || podman logs "$name" >"$E2E_DIR/container-$name.log" 2>&1
		podman rm -f -t 0 "$name" >/dev/null 2>&1
	done
	awk -v d="$E2E_DIR/store" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r name; do umount -l "$name"; done
	(exit $code)
	e2e_end
}

# Without systemd podman complains at each start that it cannot make a timer of the health check.
podman() {
	local code=0
	"${PODMAN[@]}" "$@" 2> >(grep -v 'systemd connection' >&2) || code=$?
	return $code
}

# base NAME: as Docker's debian:bookworm-slim is made: debootstrap's minimum without documentation.
base() {
	local mirror
	# shellcheck disable=SC2016 # of apt-get
	mirror=${NFPROBE_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' \
		'Label: Debian' 2>/dev/null | head -n 1)}
	timeout 600 debootstrap --variant=minbase bookworm "$E2E_DIR/base" "${mirror:-http://deb.debian.org/debian}" \
		>"$E2E_DIR/debootstrap.log" 2>&1 || fail "debootstrap (is the network up?)"
	rm -rf "$E2E_DIR"/base/var/cache/apt/* "$E2E_DIR"/base/var/lib/apt/lists/* \
		"$E2E_DIR"/base/usr/share/{doc,man,locale,info}/*
	mkdir "$E2E_DIR/context"
	tar -C "$E2E_DIR/base" -cf "$E2E_DIR/context/base.tar" .
	rm -rf "$E2E_DIR/base"
	printf 'FROM scratch\nADD base.tar /\nCMD ["bash"]\n' >"$E2E_DIR/context/Dockerfile"
	build "$1" "$E2E_DIR/context/Dockerfile" "$E2E_DIR/context"
	rm -rf "$E2E_DIR/context"
}

# build NAME DOCKERFILE CONTEXT
build() {
	timeout 1500 buildah "${STORE[@]}" bud --isolation chroot --network host --pull-never --format docker \
		-t "$1" -f "$2" "$3" >"$E2E_DIR/build.log" 2>&1 || fail "the build of $1"
	rm -f "$E2E_DIR/build.log"
}

size() { podman image inspect --format '{{.Size}}' "$1"; }

# run NAME OPTIONS... IMAGE ARGUMENTS...: with what the documentation asks for left to the caller. Limits: those
# of this process, which may be less than what podman wants.
run() {
	local name=$1
	shift
	podman run --name "$name" --pull never --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
		--log-driver k8s-file "$@"
}

# up NAME OPTIONS... IMAGE ARGUMENTS...: in the background.
up() {
	local name=$1
	shift
	CONTAINERS+=("$name")
	run "$name" -d "$@" >/dev/null
}
