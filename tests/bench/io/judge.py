#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What results.py has made, as tables: a figure for each path and load, then each goal: judge.py FILE"""

import sys

from results import HAPROXY, read

# Address translation beside address translation: load, field, at least.
NAT_GOALS = (
    ("conn", "ratio_to_haproxy", 1.5), ("conn", "ratio_to_nft", 0.85),
    ("keepalive", "ratio_to_haproxy", 1.4), ("keepalive", "ratio_to_nft", 0.8),
    ("bulk-1", "ratio_to_haproxy", 1.3), ("bulk-1", "ratio_to_nft", 0.9),
    ("bulk-8", "ratio_to_haproxy", 1.3), ("bulk-8", "ratio_to_nft", 0.9),
)
XDP_GOALS = (("udp-64", "ratio_to_nft", 0.8), ("udp-1400", "ratio_to_nft", 0.8))
NAMES = {"ratio_to_nft": "× nft", "ratio_to_haproxy": "× haproxy"}
NOISE = 0.97  # "no slower" and "no worse" within what two runs of the same differ by


def index(lines):
    return {(line["path"], line["load"]): line for line in lines}


def goal(path, load, text, figure, reached):
    """A row; reached is None where a figure is missing."""
    return {"path": path, "load": load, "goal": text, "figure": figure, "reached": reached}


def at_least(of, path, load, field, bound):
    value = of.get((path, load), {}).get(field)
    return goal(path, load, f"≥ {bound:g} {NAMES[field]}", value, None if value is None else value >= bound)


def latency(of, path):
    mine, theirs = (of.get((name, "keepalive"), {}).get("p99_us") for name in (path, HAPROXY))
    known = mine is not None and theirs is not None
    return goal(path, "keepalive", "p99 ≤ haproxy's", f"{mine:g} of {theirs:g} µs" if known else None,
                mine * NOISE <= theirs if known else None)


def default_path(rows, path):
    """Whether a path meets connections, requests and bulk with offloads together: a default should."""
    mine = [row["reached"] for row in rows if row["path"] == path and not row["load"].startswith("udp")]
    known = len(mine) == len(NAT_GOALS) + 1 and None not in mine
    return goal(path, "conn, keepalive, bulk", "all of them", f"{mine.count(True)} of {len(mine)}" if known else None,
                all(mine) if known else None)


def beside_nat(of, adapter, load):
    """Direct routing by the same adapter: no slower; faster where replies are large."""
    times = of.get((f"{adapter}/dr", load), {}).get("ratio_to_nat")
    large = load.startswith("bulk")
    reached = None if times is None else times > 1 if large else times >= NOISE
    return goal(f"{adapter}/dr", load, f"{'>' if large else '≥'} 1 × {adapter}/nat", times, reached)


def goals(lines):
    """All of the lines' paths, as far as their loads were measured."""
    of, paths, loads = index(lines), list(dict.fromkeys(line["path"] for line in lines)), {line["load"] for line in lines}
    rows = []
    for path in (path for path in paths if path.startswith("lvsd") and path.endswith("/nat")):
        bounds = NAT_GOALS + (XDP_GOALS if path.startswith("lvsd-xdp") else ())
        rows += [at_least(of, path, *bound) for bound in bounds if bound[0] in loads]
        if "keepalive" in loads:
            rows.append(latency(of, path))
        if {bound[0] for bound in NAT_GOALS} <= loads:
            rows.append(default_path(rows, path))
    for adapter in (path.removesuffix("/dr") for path in paths if path.endswith("/dr")):
        rows += [beside_nat(of, adapter, load) for load in dict.fromkeys(line["load"] for line in lines)]
    return rows


def cell(line):
    if not line or line["value"] is None:
        return "–"
    text = f"{line['value']:.4g}" if line["value"] < 1000 else f"{line['value']:,.0f}"
    ratios = [f"{line[field]:.2f}" if line[field] is not None else "–" for field in ("ratio_to_nft", "ratio_to_haproxy")]
    return f"{text} ({' / '.join(ratios)})"


def table(lines):
    """Value (ratio to nft / to haproxy) by path and load."""
    of = index(lines)
    loads = list(dict.fromkeys((line["load"], line["unit"]) for line in lines))
    rows = ["| path | " + " | ".join(f"{load}, {unit}" for load, unit in loads) + " |",
            "| --- |" + " --- |" * len(loads)]
    for path in dict.fromkeys(line["path"] for line in lines):
        rows.append(f"| `{path}` | " + " | ".join(cell(of.get((path, load))) for load, _ in loads) + " |")
    return "\n".join(rows)


def detail(line):
    """Processor time a packet, and what the load has told beside its figure."""
    parts = []
    if line["cpu_ns_per_packet"] is not None:
        parts.append(f"{line['cpu_ns_per_packet']:.0f} ns")
    if "p99_us" in line:
        parts.append(f"p50/p99/p99.9 {line['p50_us']:g}/{line['p99_us']:g}/{line['p999_us']:g} µs")
    if line.get("loss"):
        parts.append(f"{100 * line['loss']:.2g} % lost")
    if line["errors"]:
        parts.append(f"{line['errors']} errors")
    return ", ".join(parts) or "–"


def details(lines):
    of, loads = index(lines), list(dict.fromkeys(line["load"] for line in lines))
    rows = ["| path | " + " | ".join(loads) + " |", "| --- |" + " --- |" * len(loads)]
    for path in dict.fromkeys(line["path"] for line in lines):
        cells = [detail(of[path, load]) if (path, load) in of else "–" for load in loads]
        rows.append(f"| `{path}` | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def goal_table(rows):
    word = {True: "yes", False: "no", None: "not measured"}
    lines = ["| path | load | goal | figure | reached |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        figure = "–" if row["figure"] is None else row["figure"]
        lines.append(f"| `{row['path']}` | {row['load']} | {row['goal']} | {figure} | {word[row['reached']]} |")
    return "\n".join(lines)


def main(name):
    lines = read(name)
    print("Values, and ratios to nft and to HAProxy:\n\n" + table(lines))
    print("\nThe balancer's processor time a packet:\n\n" + details(lines))
    rows = goals(lines)
    if rows:
        print("\nGoals:\n\n" + goal_table(rows))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: judge.py FILE")
    main(sys.argv[1])
