#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What lvs-bench has recorded as the tables of docs/performance.md: goals.py FILE.json...

All goals; and, where the figures of tests/bench/run tables are among them, tables side by side.
"""

import sys

from plot import read, short

# A goal, the figures that it may be about, the first that is there counting, and their unit.
GOALS = {
    "goal_ns": (("ns_per_packet", "ns_each"), "ns"),
    "goal_ratio": (("lookup_ratio", "ratio"), "×"),
    "goal_bytes": (("bytes_per_conn", "bytes_per_service", "bytes"), "bytes"),
    "goal_worst": (("worst",), "bytes at the worst point"),
    "goal_served_percent": (("served_percent",), "% of new clients served"),
    "goal_slowdown": (("slowdown",), "× as slow, established flows"),
    "goal_call_us": (("longest_call_us",), "µs, the longest call"),
    "goal_us": (("longest_stall_us",), "µs, the longest batch by the wall"),
    "goal_kept_us": (("longest_kept_us",), "µs, where the thread kept its processor"),
    "goal_ms": (("ms",), "ms"),
    "goal_change_us": (("change_us",), "µs, a weight changed"),
    "goal_speedup": (("speedup",), "× one worker"),
    "goal_best_peer_times": (("best_peer_times",), "× the time by the best peer"),
}
AT_LEAST = ("goal_served_percent", "goal_speedup", "goal_best_peer_times")


def subject(figure):
    """The case, and how large it was."""
    size = figure.get("flows") or figure.get("services")
    name = f"`{figure['case']}`"
    if "key_bytes" in figure:
        name += f", {figure['key_bytes']} bytes"
    return f"{name} | {short(size) if size else ''}"


def row(figure, goal):
    names, unit = GOALS[goal]
    value = figure[next(name for name in names if name in figure)]
    sign = "≥" if goal in AT_LEAST else "≤"
    if goal == "goal_ratio" and "floor_ns" in figure:
        unit = f"× floor ({figure['floor_ns']:g} ns)"
    reached = "yes" if figure[f"{goal}_reached"] else "no"
    return f"| {subject(figure)} | {sign} {figure[goal]:.10g} | {value:.10g} {unit} | {reached} |"


def table(figures):
    rows = ["| case | held | goal | figure | reached |", "| --- | --- | --- | --- | --- |"]
    for figure in figures:
        rows += [row(figure, goal) for goal in GOALS if goal in figure]
    return "\n".join(rows)


def tables(figures):
    """Lookups by table and number of entries."""
    found = [f for f in figures if f["case"].startswith("table/")]
    sizes = sorted({f["flows"] for f in found})
    rows = ["| table | keys | " + " | ".join(f"{short(size)}, ns" for size in sizes) + " | times liblvs' |",
            "| --- | --- |" + " --- |" * (len(sizes) + 1)]
    for name, key_len in dict.fromkeys((f["case"], f["key_bytes"]) for f in found):
        of = {f["flows"]: f for f in found if (f["case"], f["key_bytes"]) == (name, key_len)}
        cells = [f"{of[size]['ns_per_lookup']:g}" if size in of else "" for size in sizes]
        times = " / ".join(f"{of[size]['times_liblvs']:g}" for size in sizes if size in of)
        rows.append(f"| `{name}` | {key_len} bytes | " + " | ".join(cells) + f" | {times} |")
    return "\n".join(rows) if found else ""


def main(names):
    figures = read(names)
    print(table(figures))
    if tables(figures):
        print("\n" + tables(figures))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: goals.py FILE.json...")
    main(sys.argv[1:])
