#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""freeze.py PID NAME: stops the thread with this name, and no other one, until the process has gone."""
import ctypes
import os
import pathlib
import sys

PTRACE_INTERRUPT, PTRACE_SEIZE = 0x4207, 0x4206
WALL = 0x40000000


def main():
    tasks = pathlib.Path("/proc", sys.argv[1], "task")
    found = [t for t in tasks.iterdir() if (t / "comm").read_text(encoding="utf-8").strip() == sys.argv[2]]
    if len(found) != 1:
        sys.exit(f"{len(found)} threads with the name {sys.argv[2]}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, int(found[0].name), None, None) != 0:
            sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")
    # Whoever traces a thread has to take its end from the kernel, or the process cannot end.
    _, status = os.waitpid(int(found[0].name), WALL)
    print("frozen", flush=True)
    while os.WIFSTOPPED(status):
        _, status = os.waitpid(int(found[0].name), WALL)


if __name__ == "__main__":
    main()
