#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The plotter: what it draws is XML, within its frame, and tells what it was given."""

import json
import os
import tempfile
import unittest
import xml.etree.ElementTree as ET

import plot

SVG = "{http://www.w3.org/2000/svg}"


def established(name, flows, batch, ns):
    return {"case": f"established/{name}", "flows": flows, "batch": batch, "ns_per_packet": ns, "floor_ns": ns / 2}


class TestPlot(unittest.TestCase):
    def test_short(self):
        for value, text in ((0, "0"), (32, "32"), (10000, "10k"), (4300000, "4.3M"), (2e9, "2G")):
            self.assertEqual(plot.short(value), text)

    def test_linear_ticks(self):
        for top in (0.03, 0.7, 1, 3, 5, 7, 36, 44.1, 99, 100, 1864, 5600):
            ticks = plot.linear_ticks(top)
            self.assertEqual(ticks[0], 0)
            self.assertGreaterEqual(ticks[-1], top * (1 - 1e-9))
            self.assertLess(ticks[-2], top)
            self.assertTrue(3 <= len(ticks) <= 8, (top, ticks))
        self.assertEqual(plot.linear_ticks(0), [0, 1])

    def test_lines(self):
        figures = [established("dr/v4", flows, 32, ns) for flows, ns in ((10000, 20), (1000000, 30))]
        root = ET.fromstring(plot.by_flows(figures).svg())
        lines = root.findall(f"{SVG}polyline")
        self.assertEqual(len(lines), 2)  # and the floor
        self.assertEqual(sum("stroke-dasharray" in line.attrib for line in lines), 1)
        for line in lines:
            for point in line.attrib["points"].split():
                x, y = map(float, point.split(","))
                self.assertTrue(plot.LEFT <= x <= plot.WIDTH - plot.RIGHT)
                self.assertTrue(plot.TOP - 0.1 <= y <= plot.HEIGHT - plot.BOTTOM + 0.1)
        words = {text.text for text in root.findall(f"{SVG}text")}
        self.assertTrue({"dr/v4", "floor of dr/v4", "10k", "1M", "connections held", "ns a packet"} <= words)

    def test_batches_are_those_of_a_million(self):
        figures = [established("nat/v6", flows, batch, batch + flows / 1e6)
                   for flows in (10000, 1000000, 10000000) for batch in (1, 32)]
        self.assertEqual(plot.by_batch(figures).lines, {"nat/v6": {1: 2.0, 32: 33.0}})

    def test_main(self):
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, "core.json")
            with open(name, "w", encoding="utf-8") as file:
                for flows in (1, 10):
                    file.write(json.dumps(established("dr/v4", flows, 32, 5)) + "\n")
            plot.main([name, directory])
            self.assertEqual(sorted(os.listdir(directory)), ["core.json", "ns-flows.svg"])
        self.assertRaises(SystemExit, plot.main, [])


if __name__ == "__main__":
    unittest.main()
