#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tables of docs/performance.md: each goal finds its figure."""

import unittest

import goals


class TestGoals(unittest.TestCase):
    def test_rows(self):
        known = {"case": "established/dr/v4", "flows": 1000000, "ns_per_packet": 40.5, "floor_ns": 15, "ratio": 2.7,
                 "goal_ns": 36, "goal_ns_reached": False, "goal_ratio": 3, "goal_ratio_reached": True}
        idle = {"case": "idle", "bytes": 547240, "goal_bytes": 1048576, "goal_bytes_reached": True}
        other = {"case": "new/wrr", "flows": 10, "ns_per_packet": 1}
        self.assertEqual(goals.table([known, idle, other]).splitlines()[2:], [
            "| `established/dr/v4` | 1M | ≤ 36 | 40.5 ns | no |",
            "| `established/dr/v4` | 1M | ≤ 3 | 2.7 × floor (15 ns) | yes |",
            "| `idle` |  | ≤ 1048576 | 547240 bytes | yes |",
        ])

    def test_every_goal_has_a_unit(self):
        for names, unit in goals.GOALS.values():
            self.assertTrue(names and unit)
        self.assertTrue(set(goals.AT_LEAST) <= set(goals.GOALS))

    def test_tables(self):
        lines = [{"case": case, "key_bytes": 16, "flows": flows, "ns_per_lookup": ns, "times_liblvs": ns / 20}
                 for case, flows, ns in (("table/liblvs", 10000, 20), ("table/ck_ht", 10000, 50),
                                         ("table/ck_ht", 1000000, 100))]
        self.assertEqual(goals.tables(lines).splitlines(), [
            "| table | keys | 10k, ns | 1M, ns | times liblvs' |",
            "| --- | --- | --- | --- | --- |",
            "| `table/liblvs` | 16 bytes | 20 |  | 1 |",
            "| `table/ck_ht` | 16 bytes | 50 | 100 | 2.5 / 5 |",
        ])
        self.assertEqual(goals.tables([]), "")


if __name__ == "__main__":
    unittest.main()
