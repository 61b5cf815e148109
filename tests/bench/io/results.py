#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Of what measure.py has counted: a line of JSON for each path and load: results.py FILE"""

import json
import statistics
import sys

# The unit of a load, and how many of what it counts are one.
UNITS = {"conn": ("connections/s", 1), "keepalive": ("requests/s", 1), "bulk": ("Gbit/s", 8e-9), "udp": ("packets/s", 1)}
DIRECT, NFT, HAPROXY = "direct", "nft/nat", "haproxy/splice"
DISTURBED = 0.25  # others' share of the processor, above which a measurement counts only where there is no better one
LATENCIES = ("p50_us", "p99_us", "p999_us")


def unit(load):
    return UNITS[load.split("-")[0]]


def others_share(line):
    return line["others_ns"] / line["wall_ns"]


def rate(line):
    """Units a second of the time that others left; None: it failed."""
    if line.get("failed"):
        return None
    mine = max(1 - others_share(line), 0.01)
    return line["units"] * unit(line["load"])[1] / (line["seconds"] * mine)


def unit_ns(line):
    """Processor time of all that takes part, a unit."""
    return line["cpu_ns"] / line["units"]


def quiet(rounds):
    """Without those that others disturbed, as far as some are left."""
    kept = {turn: line for turn, line in rounds.items() if others_share(line) <= DISTURBED}
    return kept or rounds


def grouped(lines):
    """{load: {path: {round: line}}} of those that count."""
    groups = {}
    for line in lines:
        of_path = groups.setdefault(line["load"], {}).setdefault(line["path"], {})
        if not line.get("failed"):
            of_path[line["round"]] = line
    return {load: {path: quiet(rounds) for path, rounds in paths.items()} for load, paths in groups.items()}


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def significant(value, digits=4):
    return None if value is None else float(f"{value:.{digits}g}")


def ratio(rounds, reference):
    """Median of the ratios in the same round: what drifts does so for both."""
    same = [rate(rounds[n]) / rate(reference[n]) for n in rounds if n in reference]
    if same or not rounds or not reference:
        return median(same)
    return median(map(rate, rounds.values())) / median(map(rate, reference.values()))


def nat_beside(path):
    """The same adapter's path with address translation; None for who is no other method of lvsd's."""
    adapter, _, mode = path.partition("/")
    return f"{adapter}/nat" if adapter.startswith("lvsd") and mode != "nat" else None


def balancer_ns(rounds, direct):
    """What a unit costs more than without a balancer in the same round, for each packet at the client. Where no
    round of both counts, than it usually does."""
    usual = median(map(unit_ns, direct.values()))
    of_round = lambda n: unit_ns(direct[n]) if n in direct else usual
    counted = [n for n in rounds if rounds[n]["packets"] and of_round(n) is not None]
    same = [n for n in counted if n in direct]
    return median((unit_ns(rounds[n]) - of_round(n)) * rounds[n]["units"] / rounds[n]["packets"]
                  for n in same or counted)


def result(path, load, of_paths):
    """The line of JSON; None where nothing was counted."""
    rounds, lines = of_paths[path], list(of_paths[path].values())
    packet_ns = lambda key: median(line[key] / line["packets"] for line in lines if line["packets"])
    line = {"path": path, "load": load, "value": significant(median(rate(line) for line in lines)),
            "unit": unit(load)[0],
            "cpu_ns_per_packet": significant(balancer_ns(rounds, of_paths.get(DIRECT, {}))),
            "ratio_to_nft": significant(ratio(rounds, of_paths.get(NFT, {}))),
            "ratio_to_haproxy": significant(ratio(rounds, of_paths.get(HAPROXY, {})))}
    if nat_beside(path):
        line["ratio_to_nat"] = significant(ratio(rounds, of_paths.get(nat_beside(path), {})))
    for key in LATENCIES:
        if any(key in line for line in lines):
            line[key] = median(line.get(key) for line in lines)
    if any("sent" in line for line in lines):
        line["loss"] = significant(median(1 - line["units"] / line["sent"] for line in lines), 2)
    line["all_ns_per_packet"] = significant(packet_ns("cpu_ns"))
    if any(line["balancer_ns"] for line in lines):
        line["process_ns_per_packet"] = significant(packet_ns("balancer_ns"))
    line["errors"] = sum(line.get("errors", 0) for line in lines)
    line["softirq_share"] = significant(median(line["soft_ns"] / line["wall_ns"] for line in lines), 2)
    line["others_share"] = significant(median(map(others_share, lines)), 2)
    line["rounds"] = len(rounds)
    return line


def results(lines):
    groups = grouped(lines)
    return [result(path, load, of_paths) for load, of_paths in groups.items() for path in of_paths]


def read(name):
    with open(name, encoding="ascii") as file:
        return [json.loads(line) for line in file if line.strip()]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: results.py FILE")
    for entry in results(read(sys.argv[1])):
        print(json.dumps(entry))
