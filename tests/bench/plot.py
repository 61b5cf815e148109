#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws what lvs-bench has recorded, as SVG: plot.py FILE.json... DIRECTORY"""

import json
import math
import os
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 48, 56
COLOURS = ["#0b6fa4", "#c8501e", "#3c8d40", "#8a4fa3", "#b08a00", "#6b6b6b", "#d0417e", "#16a5a5"]


def short(value):
    """10000 as 10k: for the ticks of an axis."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.10g}{letter}"
    return f"{value:.10g}"


def linear_ticks(top):
    """From 0 in steps of 1, 2 or 5 times a power of ten, to the first that is not below top."""
    if top <= 0:
        return [0, 1]
    power = 10 ** math.floor(math.log10(top / 5))
    step = next(power * n for n in (1, 2, 5, 10) if top / (power * n) <= 6)
    count = math.ceil(top / step - 1e-9)
    return [step * i for i in range(count + 1)]


class Chart:
    """Lines over a logarithmic x axis; y begins at 0."""

    def __init__(self, title, x_label, y_label):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.lines = {}
        self.dashed = set()

    def add(self, name, x, y, dashed=False):
        self.lines.setdefault(name, {})[x] = y
        if dashed:
            self.dashed.add(name)

    def worth_it(self):
        """One point a line says nothing."""
        return any(len(points) > 1 for points in self.lines.values())

    def _frame(self):
        xs = sorted({x for points in self.lines.values() for x in points})
        top = max(y for points in self.lines.values() for y in points.values())
        self.x_ticks, self.y_ticks = xs, linear_ticks(top)
        self.x_range = math.log(xs[0]), math.log(xs[-1])

    def _x(self, value):
        low, high = self.x_range
        share = (math.log(value) - low) / (high - low) if high > low else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def _y(self, value):
        return HEIGHT - BOTTOM - value / self.y_ticks[-1] * (HEIGHT - TOP - BOTTOM)

    def _axes(self, out):
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for tick in self.y_ticks:
            y = self._y(tick)
            out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
            out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
        for tick in self.x_ticks:
            x = self._x(tick)
            out.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" stroke="#333"/>')
            out.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{short(tick)}</text>')
        out.append(f'<path d="M{LEFT},{TOP} V{bottom} H{right}" fill="none" stroke="#333"/>')
        out.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">'
                   f'{escape(self.x_label)}</text>')
        out.append(f'<text transform="translate(18,{(TOP + bottom) / 2}) rotate(-90)" '
                   f'text-anchor="middle">{escape(self.y_label)}</text>')

    def _line(self, out, number, name, points):
        colour = COLOURS[number % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if name in self.dashed else ""
        places = [(self._x(x), self._y(y)) for x, y in sorted(points.items())]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        for x, y in places:
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        x, y = WIDTH - RIGHT + 16, TOP + 8 + 20 * number
        out.append(f'<line x1="{x}" y1="{y}" x2="{x + 22}" y2="{y}" stroke="{colour}" '
                   f'stroke-width="2"{dash}/>')
        out.append(f'<text x="{x + 28}" y="{y + 4}">{escape(name)}</text>')

    def svg(self):
        self._frame()
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
               f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
               f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
               f'<text x="{LEFT}" y="26" font-size="15" font-weight="bold">{escape(self.title)}</text>']
        self._axes(out)
        for number, (name, points) in enumerate(self.lines.items()):
            self._line(out, number, name, points)
        return "\n".join(out + ["</svg>"]) + "\n"


def by_flows(figures):
    chart = Chart("A packet of a known connection, in batches of 32", "connections held", "ns a packet")
    for f in figures:
        if f["case"].startswith("established/") and f.get("batch") == 32:
            chart.add(f["case"].removeprefix("established/"), f["flows"], f["ns_per_packet"])
            if f["case"] == "established/dr/v4" and "floor_ns" in f:
                chart.add("floor of dr/v4", f["flows"], f["floor_ns"], dashed=True)
    return chart


def by_batch(figures):
    known = [f for f in figures if f["case"].startswith("established/") and "batch" in f]
    sizes = sorted({f["flows"] for f in known})
    flows = 1000000 if 1000000 in sizes else sizes[-1] if sizes else 0
    chart = Chart(f"A packet of a known connection, {short(flows)} held", "packets a batch", "ns a packet")
    for f in known:
        if f["flows"] == flows:
            chart.add(f["case"].removeprefix("established/"), f["batch"], f["ns_per_packet"])
    return chart


def by_servers(figures):
    chart = Chart("A new connection by weighted least connections", "servers of the service", "ns a packet")
    for f in figures:
        if f["case"].startswith("new/wlc") and f.get("batch", 32) == 32:
            chart.add("wlc", f["servers"], f["ns_per_packet"])
    return chart


def by_services(figures):
    chart = Chart("Among many services", "services of the director", "ns")
    names = {"lookup_ns": "lookup of one", "lookup_random_ns": "lookup of any", "new_ns": "new connection of any"}
    for f in figures:
        if f["case"].startswith("services/"):
            for key, name in names.items():
                chart.add(name, f["services"], f[key])
    return chart


def by_connections(figures):
    chart = Chart("Memory, all in", "connections held", "bytes a connection")
    for f in figures:
        if f["case"].startswith("memory/"):
            chart.add(f["case"].removeprefix("memory/"), f["flows"], f["bytes_per_conn"])
    return chart


def by_table(figures, key_len):
    chart = Chart(f"Tables, keys of {key_len} bytes", "entries", "ns a lookup")
    for f in figures:
        if f["case"].startswith("table/") and f.get("key_bytes") == key_len:
            chart.add(f["case"].removeprefix("table/"), f["flows"], f["ns_per_lookup"])
    return chart


CHARTS = {
    "ns-flows.svg": by_flows,
    "ns-batch.svg": by_batch,
    "ns-servers.svg": by_servers,
    "ns-services.svg": by_services,
    "bytes-connections.svg": by_connections,
    "tables-16.svg": lambda figures: by_table(figures, 16),
    "tables-40.svg": lambda figures: by_table(figures, 40),
}


def read(names):
    figures = []
    for name in names:
        with open(name, encoding="utf-8") as file:
            figures += [json.loads(line) for line in file if line.strip()]
    return figures


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: plot.py FILE.json... DIRECTORY")
    figures, directory = read(arguments[:-1]), arguments[-1]
    for name, chart_of in CHARTS.items():
        chart = chart_of(figures)
        if chart.worth_it():
            path = os.path.join(directory, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(chart.svg())
            print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
