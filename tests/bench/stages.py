#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where a packet's work goes: stages.py LONG SHORT PACKETS

LONG and SHORT are callgrind's files of a long and a short run of one case, which differ by so many
packets. Costs are summed by source file, inlined code by where it was written, and files by stage.
"""

import sys

# The first of whose beginnings a file has, behind the last /lib/; gcc/ is vectors, which compare tags.
STAGES = [
    ("take in, order, count", ["director/worker.", "director/counters.h", "base/epoch.", "director/director.h",
                               "base/tick.h"]),
    ("parse", ["packet/parse", "packet/straight", "packet/layers", "packet/part", "base/byteorder.h"]),
    ("hash", ["base/hash.", "base/wide."]),
    ("find", ["conn/fetch.", "conn/find.", "conn/index.h", "conn/tags.h", "conn/search.", "conn/table.", "conn/arena.h", "conn/shard.h",
              "conn/inside.h", "conn/key.h", "gcc/"]),
    ("state", ["conn/state", "conn/conn.h"]),
    ("decide", ["director/"]),
    ("schedule", ["sched/", "service/"]),
    ("make and end", ["conn/", "base/spin.h"]),
    ("forward", ["forward/", "packet/"]),
]
EVENTS = [("instructions", "Ir"), ("branches", "Bc"), ("guessed wrong", "Bcm"),
          ("first-level misses", "D1mr"), ("of stores", "D1mw")]


def stage_of(path):
    name = path.rsplit("/lib/", 1)[1] if "/lib/" in path else path
    for stage, beginnings in STAGES:
        if any(name.startswith(beginning) for beginning in beginnings):
            return stage
    return "the C library: copy, clear, compare" if "sysdeps" in path or path == "???" else "else"


class Costs:
    """What a file of callgrind says, by source file."""

    def __init__(self, lines):
        self.names, self.events, self.by_file = {}, [], {}
        file, skip = "???", False
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("events:"):
                self.events = line.split()[1:]
            elif line.startswith(("fl=", "fi=", "fe=")):
                file = self._name(line[3:])
            elif line.startswith(("cfi=", "cfl=")):
                self._name(line[4:])
            elif line.startswith("calls="):
                skip = True  # the next line is the callee's cost
            elif line and (line[0].isdigit() or line[0] in "+-*"):
                if not skip:
                    self._add(file, line.split()[1:])
                skip = False

    def _name(self, text):
        """(12) path: compressed names."""
        number, _, path = text.partition(" ")
        if path:
            self.names[number] = path
        return self.names.get(number, text)

    def _add(self, file, costs):
        sums = self.by_file.setdefault(file, [0] * len(self.events))
        for i, cost in enumerate(costs):
            sums[i] += int(cost)

    def minus(self, other, packets):
        """By stage and event, a packet."""
        stages = {}
        for file in self.by_file.keys() | other.by_file.keys():
            sums = stages.setdefault(stage_of(file), dict.fromkeys(self.events, 0.0))
            zero = [0] * len(self.events)
            for event, a, b in zip(self.events, self.by_file.get(file, zero), other.by_file.get(file, zero)):
                sums[event] += (a - b) / packets
        return stages


def table(stages):
    columns = [(title, event) for title, event in EVENTS if any(event in sums for sums in stages.values())]
    order = [name for name, _ in STAGES] + sorted(stages.keys() - {name for name, _ in STAGES})
    rows = ["| stage | " + " | ".join(title for title, _ in columns) + " |",
            "| --- |" + " --- |" * len(columns)]
    for name in order:
        sums = stages.get(name)
        if sums and sums.get("Ir", 0) >= 0.5:
            rows.append(f"| {name} | " + " | ".join(f"{sums.get(event, 0):.1f}" for _, event in columns) + " |")
    total = [sum(sums.get(event, 0) for sums in stages.values()) for _, event in columns]
    rows.append("| **all** | " + " | ".join(f"**{value:.1f}**" for value in total) + " |")
    return "\n".join(rows)


def read(name):
    with open(name, encoding="utf-8", errors="replace") as file:
        return Costs(file)


def main(arguments):
    if len(arguments) != 3:
        sys.exit("usage: stages.py LONG SHORT PACKETS")
    print(table(read(arguments[0]).minus(read(arguments[1]), int(arguments[2]))))


if __name__ == "__main__":
    main(sys.argv[1:])
