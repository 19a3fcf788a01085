#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docker/ by a parse: the image's packages are what the binary links, its capabilities what the program asks
for, the compose file and the recipes of docs/deploy.md say the same. tests/image/container.sh really builds it."""
import ipaddress
import os
import pathlib
import re
import shlex
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("SKIP: python3-yaml is not installed: run scripts/setup")
    sys.exit(77)

os.environ["PATH"] += ":/usr/sbin:/sbin"  # ldconfig
# What no NEEDED line of the binary tells of, and why it is installed.
ALSO = {"ca-certificates": "CAs of tls://", "libcap2-bin": "setcap, purged again"}
complaints = []


def expect(good, complaint):
    if not good:
        complaints.append(complaint)
    return good


def instructions(path):
    """(word, rest) of each instruction: lines joined, comments left out."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, " ".join(rest.split())


def stages(path):
    """The instructions of each FROM."""
    found = [[]]
    for word, rest in instructions(path):
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def commands(stage):
    """Words of each shell command of a stage's RUNs."""
    for word, rest in stage:
        if word == "RUN":
            for command in rest.split("&&"):
                yield shlex.split(command)


def installed(stage):
    packages = set()
    for words in commands(stage):
        words = [w for w in words if "=" not in w]
        if words[:2] == ["apt-get", "install"]:
            packages |= {w for w in words[2:] if not w.startswith("-")}
    return packages


def libraries(binary):
    """Debian packages of the libraries that the binary itself names."""
    header = subprocess.run(["objdump", "-p", binary], capture_output=True, text=True, check=True).stdout
    cache = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    packages = set()
    for name in re.findall(r"^\s*NEEDED\s+(\S+)", header, re.M):
        path = re.search(rf"^\s*{re.escape(name)} .*=> (\S+)$", cache, re.M)
        if name.startswith(("ld-linux", "libasan", "libubsan", "libtsan")) or not path:
            continue
        # Debian 12 knows libraries by /lib or by /usr/lib, as they were packed.
        for candidate in path[1], os.path.realpath(path[1]), path[1].removeprefix("/usr"), "/usr" + path[1]:
            owner = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True, check=False).stdout
            if owner:
                packages.add(owner.split(":")[0])
                break
        else:
            complaints.append(f"no package has {path[1]}")
    return packages - {"libc6"}


def needed_capabilities():
    """As the program has them, without CAP_."""
    text = pathlib.Path("exporter/probe/obstacle.c").read_text(encoding="utf-8")
    return set(re.findall(r'\{ CAP_\w+, "CAP_(\w+)" \}', text))


def check_dockerfile(capabilities):
    path = "docker/Dockerfile"
    first, build, final = stages(path)
    expect(first == [("ARG", "BASE=debian:bookworm-slim")], f"{path}: the base is not one argument: {first}")
    expect(build[0][1] == "${BASE} AS build" and final[0][1] == "${BASE}", f"{path}: the stages' bases differ")
    expect(["/src/scripts/setup", "--run"] in list(commands(build)) and not installed(build),
           f"{path}: the build stage does not install by scripts/setup --run alone")
    names = installed(final)
    expect("libgiognutls.so" in str(build), f"{path}: no TLS for GLib")
    expect(not [n for n in names if n.endswith("-dev")], f"{path}: packages to build with in the final image")
    expect(set(ALSO) <= names, f"{path}: lacks {set(ALSO) - names}")
    binary = os.environ.get("NFPROBE")
    if binary and os.access(binary, os.X_OK):
        linked = libraries(binary)
        expect(names - set(ALSO) == linked, f"{path}: installs and nobody links: {sorted(names - set(ALSO) - linked)}; "
               f"linked and not installed: {sorted(linked - names)}")
    else:
        print("note: nfprobe is not built: the libraries were not compared")
    given = [words[1] for words in commands(final) if words[0] == "setcap"]
    expect(given == [",".join("cap_" + c.lower() for c in ["BPF", "NET_ADMIN", "PERFMON"]) + "=p"] and
           capabilities == {"BPF", "NET_ADMIN", "PERFMON"}, f"{path}: setcap {given}, the program asks for {capabilities}")
    last = dict(final)
    expect(re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.get("USER", "")), f"{path}: no user by number")
    expect("entrypoint.sh" in last.get("ENTRYPOINT", "") and '"health"' in last.get("HEALTHCHECK", ""),
           f"{path}: no entry point, or no health check")
    for word, rest in build:
        if word == "COPY":
            expect(pathlib.Path(rest.split()[0]).exists(), f"{path}: nothing to copy at {rest}")
    return last["USER"].partition(":")[0]


def check_compose(capabilities):
    path = "docker/compose.yaml"
    compose = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
    services = compose["services"]
    nfprobe = services["nfprobe"]
    expect(nfprobe["network_mode"] == "service:router", f"{path}: nfprobe is not in the router's namespace")
    expect(set(nfprobe["cap_add"]) == capabilities and nfprobe["cap_drop"] == ["ALL"], f"{path}: capabilities")
    expect(nfprobe["read_only"] is True, f"{path}: the root file system can be written")
    expect("privileged" not in str(compose), f"{path}: privileged")
    lab = pathlib.Path("docker/lab.sh").read_text(encoding="utf-8")
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            expect(other in services, f"{path}: {name} waits for {other}, which is not there")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = pathlib.Path("docker", source).is_file() if source.startswith(".") else source in compose["volumes"]
            expect(there, f"{path}: {name}: no volume {source}")
        for network, options in (service.get("networks") or {}).items():
            subnet = compose["networks"][network]["ipam"]["config"][0]["subnet"]
            expect(ipaddress.ip_address(options["ipv4_address"]) in ipaddress.ip_network(subnet),
                   f"{path}: {name} is outside of {network}")
        if "build" in service:
            file = pathlib.Path(service["build"]["dockerfile"])
            expect(file.is_file(), f"{path}: {name}: no {file}")
        if service["image"] == "nfprobe-lab":
            expect(re.search(rf"^{service['command'][0]}\)$", lab, re.M), f"docker/lab.sh has no part {service['command']}")
    collector = yaml.safe_load(pathlib.Path("docker/nfprobe.yaml").read_text(encoding="utf-8"))["collectors"][0]
    address = services["nfcapd"]["networks"]["flows"]["ipv4_address"]
    expect(collector["endpoint"] == f"udp://{address}:9995", "docker/nfprobe.yaml: nfcapd is elsewhere")


def containers_of(document):
    """Every container of a Kubernetes object."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "containers":
                yield from value
            else:
                yield from containers_of(value)


def check_recipes(capabilities, user):
    path = "docs/deploy.md"
    text = pathlib.Path(path).read_text(encoding="utf-8")
    section = re.search(r"^## Container$(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not expect(section, f"{path}: no section Container"):
        return
    section = section[1]
    kinds = []
    for block in re.findall(r"^```yaml\n(.*?)^```", section, re.M | re.S):
        for document in yaml.safe_load_all(block):
            if "apiVersion" not in document:
                continue
            kinds.append(document["kind"])
            for container in containers_of(document):
                if container["image"] != "nfprobe":
                    continue
                context = container["securityContext"]
                expect(set(context["capabilities"]["add"]) == capabilities and context["capabilities"]["drop"] == ["ALL"]
                       and context["readOnlyRootFilesystem"] is True and "privileged" not in context,
                       f"{path}: {document['kind']}: securityContext {context}")
                mounts = {m["mountPath"] for m in container["volumeMounts"]}
                expect({"/sys/fs/bpf", "/run/nfprobe"} <= mounts, f"{path}: {document['kind']}: mounts {mounts}")
    expect({"DaemonSet", "Pod"} <= set(kinds), f"{path}: recipes for {kinds}, not for a Pod and a DaemonSet")
    for line in re.sub(r"\\\n", " ", section).splitlines():
        if re.match(r"(docker|podman) run ", line):
            expect(set(re.findall(r"--cap-add (\w+)", line)) == capabilities and "--cap-drop ALL" in line
                   and "--read-only" in line, f"{path}: {line}")
    expect(f"-o {user} -g {user}" in section, f"{path}: the folder is not made for user {user}")


def main():
    capabilities = needed_capabilities()
    user = check_dockerfile(capabilities)
    check_compose(capabilities)
    check_recipes(capabilities, user)
    print("\n".join(complaints))
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
