#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws what results.py has made, a chart of bars for each load: bars.py FILE DIRECTORY"""

import os
import sys
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from plot import COLOURS, WIDTH, linear_ticks, short  # noqa: E402
from results import read  # noqa: E402

LEFT, RIGHT, TOP, BOTTOM, ROW = 130, 110, 44, 46, 24


def colour(path):
    """One for each kind, whatever its mode."""
    kinds = ("direct", "nft", "haproxy", "nginx", "lvsd-packet", "lvsd-tun", "lvsd-xdp")
    kind = path.split("/")[0]
    return COLOURS[kinds.index(kind) % len(COLOURS)] if kind in kinds else COLOURS[-1]


def svg(load, lines):
    """Bars of the values, from 0; beside each its value and, where it is known, the ratio to nft."""
    bottom = TOP + ROW * len(lines)
    ticks = linear_ticks(max(line["value"] for line in lines))
    place = lambda value: LEFT + value / ticks[-1] * (WIDTH - LEFT - RIGHT)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + BOTTOM}" '
           f'width="{WIDTH}" height="{bottom + BOTTOM}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{bottom + BOTTOM}" fill="#fff"/>',
           f'<text x="{LEFT}" y="26" font-size="15" font-weight="bold">{escape(load)}</text>']
    for tick in ticks:
        x = place(tick)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{short(tick)}</text>')
    for number, line in enumerate(lines):
        y, end = TOP + ROW * number, place(line["value"])
        nft = line["ratio_to_nft"]
        note = short(float(f"{line['value']:.3g}")) + ("" if nft is None else f" ({nft:.2f} × nft)")
        out.append(f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(line["path"])}</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 4}" width="{end - LEFT:.1f}" height="{ROW - 8}" '
                   f'fill="{colour(line["path"])}"/>')
        out.append(f'<text x="{end + 6:.1f}" y="{y + 16}">{escape(note)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{bottom + 36}" text-anchor="middle">'
               f'{escape(lines[0]["unit"])}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def main(name, directory):
    lines = [line for line in read(name) if line["value"] is not None]
    for load in dict.fromkeys(line["load"] for line in lines):
        path = os.path.join(directory, f"io-{load}.svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(svg(load, [line for line in lines if line["load"] == load]))
        print(path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: bars.py FILE DIRECTORY")
    main(sys.argv[1], sys.argv[2])
