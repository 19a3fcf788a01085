#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""growth.py AT_REST_BEFORE AT_REST_AFTER SAMPLES: does a daemon grow that lives for thousands of buckets?

The first two are lines "NAME VALUE NAME VALUE ...", SAMPLES a file of them, each with "seconds" (a bucket is one second).
Two judgements a name, since each sees what the other does not:
  at rest   what is more after all events than before them, where all queues are empty: at most REST
  trend     the line of least squares through the samples: what it climbs from the first to the last, less two standard
            errors of that, is at most TREND. Samples of a daemon under way are noisy, but many: so it sees less growth
Prints a line a name; exit code 1 if one grows."""
import math
import sys

# What may come and go, so that it is there after the events and was not before: maps and pins of the buckets that are open
# or not yet taken by each collector, a connection. Memory: what collectors keep to send again (`resend`, 2 MiB in the soak's
# configuration: about 9 MiB of records, which they share), and the allocator's arenas.
REST = {"descriptors": 8, "threads": 1, "pins": 60, "memory_kib": 20480, "map_kib": 16384}
# A half of these, as noise does not climb: in 800 buckets 13 KiB of memory a bucket.
TREND = {"descriptors": 4, "threads": 0.5, "pins": 30, "memory_kib": 10240, "map_kib": 8192}

SAMPLES_MIN = 20


def read(line):
    words = line.split()
    return dict(zip(words[::2], map(int, words[1::2])))


def fit(xs, ys):
    """Slope and its standard error."""
    n, x_mean, y_mean = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread
    rest = sum((y - y_mean - slope * (x - x_mean)) ** 2 for x, y in zip(xs, ys))
    return slope, math.sqrt(rest / (n - 2) / spread)


def main(argv):
    before, after = read(argv[1]), read(argv[2])
    with open(argv[3], encoding="ascii") as file:
        samples = [read(line) for line in file]
    xs = [sample["seconds"] for sample in samples]
    span, grows = xs[-1] - xs[0], False
    few = len(xs) < SAMPLES_MIN
    print(f"{len(xs)} samples over {span} buckets{': too few to tell a trend' if few else ''}")
    for name, limit in TREND.items():
        bad, text = after[name] > before[name] + REST[name], f"{name}: {before[name]} at rest, then {after[name]}"
        if not few:
            slope, error = fit(xs, [sample[name] for sample in samples])
            bad |= (slope - 2 * error) * span > limit
            text += f"; trend {slope * span:+.1f} (standard error {error * span:.1f}), {slope:+.3f} a bucket"
        grows |= bad
        print(text + (": grows" if bad else ""))
    sys.exit(grows)


if __name__ == "__main__":
    main(sys.argv)
