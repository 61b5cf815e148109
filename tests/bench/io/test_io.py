#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tests/bench/run io: what is read, medians, ratios, what is the balancer's share, goals, the drawing."""

import unittest
import xml.etree.ElementTree as ET

import bars
import judge
import measure
import results

DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       7    0    0    0     0          0         0      100       7    0    0    0     0       0          0
    c1: 9000      30    0    0    0     0          0         0     8000      20    0    0    0     0       0          0
   lan:9000       3    0    0    0     0          0         0     8000       2    0    0    0     0       0          0
"""
STAT = "cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 10 0 10 500 5 0 0 7 0 0\ncpu1 1 1 1 300 2 0 0 9 0 0\nintr 1\n"


def raw(path, load, turn, units, cpu_ns, packets=1000, **more):
    line = {"path": path, "load": load, "round": turn, "units": units, "seconds": 1.0, "wall_ns": 1000000000,
            "cpu_ns": cpu_ns, "balancer_ns": 0, "soft_ns": 0, "others_ns": 0, "packets": packets}
    return {**line, **more}


def one(lines, path):
    return next(line for line in results.results(lines) if line["path"] == path)


class TestMeasure(unittest.TestCase):
    def test_parse_load(self):
        for text, units in (('Running 1s test\n{"units":5}\n', 5), ('{"units":1}\n{"units":2}\n', 2)):
            self.assertEqual(measure.parse_load(text)["units"], units)
        for text in ("", "wrk: unable to connect\n"):
            self.assertIsNone(measure.parse_load(text))

    def test_parse_proc(self):
        self.assertEqual(measure.parse_packets(DEV), 55)
        self.assertEqual(measure.parse_away(STAT, 0), (505, 7))
        self.assertEqual(measure.parse_away(STAT, 1), (302, 9))
        self.assertEqual(measure.parse_soft("cpu1 1 1 1 300 2 4 5 9 0 0\n", 1), 9)

    def test_difference(self):
        before = {"ns": 0, "cpu_ns": 10, "balancer_ns": 1, "softirqd_ns": [5], "soft_ns": [7],
                  "away_ns": [0], "packets": 3}
        after = {"ns": 1000, "cpu_ns": 410, "balancer_ns": 201, "softirqd_ns": [105], "soft_ns": [57],
                 "away_ns": [100], "packets": 13}
        self.assertEqual(measure.difference(before, after, 300), {
            "wall_ns": 1000, "cpu_ns": 800, "balancer_ns": 200, "soft_ns": 50, "others_ns": 100, "packets": 10})
        self.assertEqual(measure.difference(before, after, 900)["others_ns"], 0)
        # Soft interrupts that are in no process's time are added, and are not others'.
        apart = measure.difference(before, after, 300, True)
        self.assertEqual((apart["cpu_ns"], apart["others_ns"]), (850, 50))

    def test_is_apart(self):
        for config, pressure, apart in (("", False, False), ("", True, True),
                                        ("# CONFIG_IRQ_TIME_ACCOUNTING is not set\n", False, False),
                                        ("CONFIG_IRQ_TIME_ACCOUNTING=y\n", False, True)):
            self.assertEqual(measure.is_apart(config, lambda _: pressure), apart)

    def test_progress(self):
        progress = measure.Progress(10, 3)
        self.assertEqual(progress.left(5), ", 10 measurements")
        progress.done = 5
        self.assertEqual(progress.left(5), ", 5 s left")

    def test_difference_of_two_processors(self):
        before = {"ns": 0, "cpu_ns": 0, "balancer_ns": 0, "softirqd_ns": [0, 0], "soft_ns": [0, 0],
                  "away_ns": [0, 0], "packets": 0}
        after = {"ns": 1000, "cpu_ns": 600, "balancer_ns": 200, "softirqd_ns": [10, 20], "soft_ns": [3, 4],
                 "away_ns": [50, 500], "packets": 1}
        # 1000 - 50 - 700 - 10 on the first, 1000 - 500 - 200 - 20 on the second
        self.assertEqual(measure.difference(before, after, 300), {
            "wall_ns": 1000, "cpu_ns": 930, "balancer_ns": 200, "soft_ns": 7, "others_ns": 280, "packets": 1})

    def test_plan(self):
        paths = [("direct", "", 0), ("nft/nat", "", 0), ("haproxy/splice", "", 0)]
        steps = list(measure.plan(paths, ["conn", "udp-64"], 3))
        self.assertEqual(len(steps), 15)
        self.assertEqual([path[0] for turn, path, load in steps if load == "conn"][::3],
                         ["direct", "nft/nat", "haproxy/splice"])
        self.assertFalse(any(path[0] == "haproxy/splice" and load == "udp-64" for _, path, load in steps))
        self.assertEqual(measure.ordered(["bulk-1-plain", "conn"]), ["conn", "bulk-1-plain"])

    def test_command(self):
        for load, script, port in (("bulk-8-plain", "bulk-8.sh", "80"), ("udp-64", "udp-64.sh", "9000")):
            words = measure.command(load, "10.201.1.80", 1)
            self.assertTrue(words[3].endswith("/loads/" + script))
            self.assertEqual(words[4:], ["10.201.1.80", port, "1"])


class TestResults(unittest.TestCase):
    def test_rate(self):
        self.assertAlmostEqual(results.rate(raw("p", "bulk-1", 0, 125e6, 1)), 1)
        # Half of the time others had the processor.
        self.assertAlmostEqual(results.rate(raw("p", "conn", 0, 100, 1, others_ns=500000000)), 200)
        self.assertIsNone(results.rate(raw("p", "conn", 0, 100, 1, failed=True)))

    def test_median_and_ratios(self):
        # The machine is half as fast in the second round: ratios do not see it.
        lines = [raw("nft/nat", "conn", turn, units, 1) for turn, units in enumerate((1000, 500, 1000))]
        lines += [raw("haproxy/splice", "conn", turn, units, 1) for turn, units in enumerate((500, 250, 500))]
        lines += [raw("lvsd-tun/nat", "conn", turn, units, 1) for turn, units in enumerate((900, 450, 900))]
        line = one(lines, "lvsd-tun/nat")
        self.assertEqual((line["value"], line["unit"], line["ratio_to_nft"], line["ratio_to_haproxy"], line["rounds"]),
                         (900, "connections/s", 0.9, 1.8, 3))
        self.assertIsNone(line["cpu_ns_per_packet"])
        self.assertEqual(list(line)[:7], ["path", "load", "value", "unit", "cpu_ns_per_packet", "ratio_to_nft",
                                          "ratio_to_haproxy"])

    def test_beside_nat(self):
        lines = [raw("lvsd-xdp/nat", "conn", turn, units, 1) for turn, units in enumerate((100, 50))]
        lines += [raw("lvsd-xdp/dr", "conn", turn, units, 1) for turn, units in enumerate((110, 55))]
        self.assertEqual(one(lines, "lvsd-xdp/dr")["ratio_to_nat"], 1.1)
        self.assertNotIn("ratio_to_nat", one(lines, "lvsd-xdp/nat"))

    def test_disturbed_rounds(self):
        # A round in which others had half of the processor does not count, unless there is none but it.
        half = {"others_ns": 500000000}
        lines = [raw("nft/nat", "conn", 0, 10, 1, **half), raw("nft/nat", "conn", 1, 100, 1)]
        self.assertEqual((one(lines, "nft/nat")["value"], one(lines, "nft/nat")["rounds"]), (100, 1))
        lines += [raw("lvsd-tun/nat", "conn", 0, 80, 1), raw("lvsd-tun/nat", "conn", 1, 1, 1, **half)]
        self.assertEqual(one(lines, "lvsd-tun/nat")["ratio_to_nft"], 0.8)
        self.assertEqual(one(lines[:1], "nft/nat")["value"], 20)

    def test_share_of_the_balancer(self):
        # 10 µs a connection without it, 15 with it, ten packets each: 500 ns a packet.
        lines = [raw("direct", "conn", 0, 100, 1000000, 1000), raw("nft/nat", "conn", 0, 80, 1200000, 800)]
        self.assertEqual(one(lines, "nft/nat")["cpu_ns_per_packet"], 500)
        self.assertEqual(one(lines, "nft/nat")["all_ns_per_packet"], 1500)
        self.assertEqual(one(lines, "direct")["cpu_ns_per_packet"], 0)

    def test_share_without_a_common_round(self):
        half = {"others_ns": 500000000}
        lines = [raw("direct", "conn", 0, 100, 1000000, 1000), raw("direct", "conn", 1, 1, 1, **half)]
        lines += [raw("nft/nat", "conn", 0, 1, 1, **half), raw("nft/nat", "conn", 1, 80, 1200000, 800)]
        self.assertEqual(one(lines, "nft/nat")["cpu_ns_per_packet"], 500)

    def test_what_else_is_told(self):
        lines = [raw("lvsd-xdp/nat", "udp-64", 0, 90, 1, sent=100, balancer_ns=2000)]
        line = one(lines, "lvsd-xdp/nat")
        self.assertEqual((line["loss"], line["process_ns_per_packet"]), (0.1, 2))
        lines = [raw("nft/nat", "keepalive", turn, 9, 1, p50_us=turn, p99_us=9, p999_us=10) for turn in range(3)]
        self.assertEqual(one(lines, "nft/nat")["p50_us"], 1)

    def test_failures(self):
        lines = [raw("a", "conn", 0, 1, 1, failed=True), raw("nft/nat", "conn", 0, 10, 1), raw("a", "udp-64", 0, 1, 1)]
        line = one([line for line in lines if line["load"] == "conn"], "a")
        self.assertEqual((line["value"], line["ratio_to_nft"], line["rounds"]), (None, None, 0))
        self.assertIn("–", judge.table(results.results(lines)))
        self.assertEqual(judge.cell(None), "–")


def told(path, load, value, nft=None, haproxy=None, **more):
    return {"path": path, "load": load, "value": value, "unit": "requests/s", "cpu_ns_per_packet": None,
            "ratio_to_nft": nft, "ratio_to_haproxy": haproxy, "errors": 0, **more}


class TestJudge(unittest.TestCase):
    def reached(self, lines):
        return {(row["path"], row["load"], row["goal"]): row["reached"] for row in judge.goals(lines)}

    def test_nat(self):
        latencies = {"p50_us": 1, "p999_us": 9}
        rows = self.reached([told("haproxy/splice", "keepalive", 100, p99_us=50, **latencies),
                             told("lvsd-tun/nat", "keepalive", 150, 0.79, 1.5, p99_us=40, **latencies),
                             told("lvsd-packet/nat", "keepalive", 150, 0.8, 1.3, p99_us=60, **latencies)])
        self.assertEqual(rows, {
            ("lvsd-tun/nat", "keepalive", "≥ 1.4 × haproxy"): True,
            ("lvsd-tun/nat", "keepalive", "≥ 0.8 × nft"): False,
            ("lvsd-tun/nat", "keepalive", "p99 ≤ haproxy's"): True,
            ("lvsd-packet/nat", "keepalive", "≥ 1.4 × haproxy"): False,
            ("lvsd-packet/nat", "keepalive", "≥ 0.8 × nft"): True,
            ("lvsd-packet/nat", "keepalive", "p99 ≤ haproxy's"): False,
        })

    def test_every_goal_of_a_load(self):
        for load, field, bound in judge.NAT_GOALS + judge.XDP_GOALS:
            for value, reached in ((bound, True), (bound - 0.01, False)):
                rows = self.reached([{**told("lvsd-xdp/nat", load, 1), field: value}])
                self.assertEqual(rows["lvsd-xdp/nat", load, f"≥ {bound:g} {judge.NAMES[field]}"], reached)
        self.assertNotIn("udp-64", {load for _, load, _ in self.reached([told("lvsd-tun/nat", "udp-64", 1, 0.1)])})

    def test_default_path(self):
        def lines(nft):
            latencies = {"p50_us": 1, "p99_us": 5, "p999_us": 9}
            return [told(path, load, 1, nft, 2, **latencies) for path in ("haproxy/splice", "lvsd-tun/nat")
                    for load in ("conn", "keepalive", "bulk-1", "bulk-8")]
        for nft, reached in ((0.95, True), (0.85, False)):
            row = next(row for row in judge.goals(lines(nft)) if row["goal"] == "all of them")
            self.assertEqual((row["path"], row["reached"]), ("lvsd-tun/nat", reached))

    def test_direct_routing(self):
        for load, dr, reached in (("conn", 98, True), ("conn", 90, False), ("bulk-1", 99, False), ("bulk-1", 110, True)):
            rows = self.reached([told("lvsd-packet/dr", load, 1, ratio_to_nat=dr / 100)])
            sign = ">" if load == "bulk-1" else "≥"
            self.assertEqual(rows["lvsd-packet/dr", load, f"{sign} 1 × lvsd-packet/nat"], reached)

    def test_missing(self):
        rows = self.reached([told("lvsd-packet/nat", "conn", None), told("lvsd-packet/dr", "conn", 1)])
        self.assertEqual(set(rows.values()), {None})
        self.assertIn("| not measured |", judge.goal_table(judge.goals([told("lvsd-tun/nat", "conn", 1)])))


class TestBars(unittest.TestCase):
    def test_svg(self):
        lines = [told("direct", "conn", 10000, 1.1), told("lvsd-tun/nat", "conn", 7500.4)]
        root = ET.fromstring(bars.svg("conn", lines))
        text = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertTrue({"conn", "direct", "lvsd-tun/nat", "10k (1.10 × nft)", "7.5k"} <= set(text))
        width = float(root.get("width"))
        for bar in root.iter("{http://www.w3.org/2000/svg}rect"):
            self.assertLessEqual(float(bar.get("x", 0)) + float(bar.get("width")), width)


if __name__ == "__main__":
    unittest.main()
