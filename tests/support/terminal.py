#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal of 120 times 30 for `nfprobe top`: terminal.py STATUS COMMAND...

Types, resizes, reads the screen as pyte makes it, and compares it with what STATUS (a shell command) prints as JSON. Fails
unless the numbers are equal, keys do what help says, little is sent, and the terminal is afterwards what it was."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte

WAIT = 60
WIDTH, HEIGHT = 120, 30


class Terminal:
    def __init__(self, command, term="screen"):  # what pyte knows all of
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.ByteStream(self.screen)
        self.got = b""
        self.master, self.slave = pty.openpty()
        self.resize(WIDTH, HEIGHT)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
                                        env=dict(os.environ, TERM=term), preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)

    def read(self, seconds=0.1):
        if select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.got += data
            self.stream.feed(data)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, what, condition):
        def holds():
            try:
                return condition()
            except (IndexError, ValueError, StopIteration):
                return False  # rows that are drawn by halves

        end = time.monotonic() + WAIT
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"terminal.py: waited {WAIT} s until {what}:\n{self.text()}")
            self.read()

    def shows(self, pattern):
        self.until(f"it shows {pattern!r}", lambda: re.search(pattern, self.text(), re.M))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def ended(self, code):
        """And left the terminal as it was."""
        self.until("it ends", lambda: self.process.poll() is not None)
        self.read()
        assert self.process.returncode == code, self.process.returncode
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's settings"
        assert b"\x1b[?1049l" in self.got[-400:], self.got[-400:]  # back from the alternate screen
        assert b"\x1b[?25h" in self.got[-400:], "the cursor"

    def rows(self):
        """Of the flows."""
        lines = self.text().split("\n")
        head = next(i for i, line in enumerate(lines) if "DESTINATION" in line)
        return [line for line in lines[head + 1:-1] if line and not line.startswith("no ")]


def column(rows, at):
    """Numbers of the last columns, of 1000 each letter."""
    units = {"k": 1e3, "M": 1e6, "G": 1e9}
    return [float(w[:-1]) * units[w[-1]] if w[-1] in units else float(w) for w in (row.split()[at] for row in rows)]


def is_sorted(numbers):
    return numbers == sorted(numbers, reverse=True)


def main(status, command):
    s = json.loads(subprocess.check_output(status, shell=True))
    t = Terminal(command)
    t.shows(r"^nfprobe top .* up \d+:\d\d:\d\d")
    t.shows(rf"^seen {s['seen']}  in records {s['recorded']}  open {s['open']}  lost {sum(s['lost'].values())}  books closed$")
    for h in s["hooks"]:
        t.shows(rf"^{h['ifname']} +{'out' if h['direction'] == 'egress' else 'in'} .* {h['seen']}$")
    for c in s["collectors"]:
        t.shows(rf"^collectors .*\b{c['name']} {'up' if c['up'] else 'DOWN'}")

    t.type("o")
    t.shows(r">BYTES")
    t.until("the most bytes are first", lambda: len(t.rows()) > 10 and is_sorted(column(t.rows(), -1)))
    t.type("cr")
    t.shows(r"<PACKETS")
    t.until("the fewest packets are first", lambda: is_sorted(column(t.rows(), -2)[::-1]))
    t.type("r")
    t.shows(r">PACKETS")
    t.until("the most packets are first", lambda: is_sorted(column(t.rows(), -2)))
    first = t.rows()[0]
    t.type("\x1b[B" if b"\x1b[?1h" not in t.got else "\x1bOB")
    t.until("it scrolls", lambda: t.rows()[0] != first)
    t.type("\x1b[A" if b"\x1b[?1h" not in t.got else "\x1bOA")
    t.until("it scrolls back", lambda: t.rows()[0] == first)

    t.type("/udp :53")
    t.shows(r"^filter: udp :53_")
    t.until("the filter holds", lambda: t.rows() and all(" udp " in row and ":53" in row for row in t.rows()))
    t.type("zz")
    t.shows(r"^no flow matches")
    t.type("\x7f\x7f\r")
    t.shows(r"^filter: udp :53  ")
    t.type("\x1b")
    t.until("all flows are back", lambda: any(" tcp " in row for row in t.rows()))

    t.type("?")
    t.shows(r"^space +pause")
    t.type(" ")
    t.shows(r"PAUSED")
    t.type(" ")
    t.until("it goes on", lambda: "PAUSED" not in t.text())

    # Nothing but the clock changes: hardly anything is sent.
    clock = [t.screen.display[0]]
    t.until("a picture", lambda: t.screen.display[0] != clock[0])
    before = len(t.got)
    for _ in range(3):
        clock[0] = t.screen.display[0]
        t.until("a picture", lambda: t.screen.display[0] != clock[0])
    assert len(t.got) - before < 1500, f"{len(t.got) - before} octets for 3 pictures"

    t.resize(60, 20)
    t.until("the narrow picture", lambda: "WAY PROTO" in t.text() and "INTERFACE  WAY PROTO" not in t.text())
    assert re.search(r"^q quit ", t.screen.display[19]), t.text()
    t.type("q")
    t.ended(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        t = Terminal(command)
        t.shows(r"^q quit ")
        t.process.send_signal(number)
        t.ended(0)

    # Whoever looked has gone without a word.
    t = Terminal(command)
    t.shows(r"^q quit ")
    os.close(t.master)
    os.close(t.slave)
    assert t.process.wait(WAIT) == 0

    t = Terminal(command, term="nonsense")
    t.until("it refuses", lambda: t.process.poll() is not None)
    t.read()
    assert t.process.returncode == 77 and "TERM=nonsense" in t.text(), t.text()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
