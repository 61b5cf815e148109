#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Costs of callgrind's files: compressed names, inlined code, calls, and what two runs differ by."""

import unittest

import stages

FILE = """\
# callgrind format
version: 1

positions: line
events: Ir Bc D1mr

fl=(1) /x/lib/director/worker.c
fn=(1) lvs_worker_process
10 {a} 1 0
fi=(2) /x/lib/packet/straight.h
+1 {b} 2 1
fe=(1)
12 5 0 0
cfi=(3) /x/lib/forward/nat.c
cfn=(2) nat_out
calls=1 20
12 1000 100 10

fl=(3)
fn=(2)
20 {c}
* 3 1
"""


def costs(a, b, c):
    return stages.Costs(FILE.format(a=a, b=b, c=c).splitlines(keepends=True))


class TestStages(unittest.TestCase):
    def test_stage_of(self):
        for path, stage in (("/a/lib/b/lib/packet/parse.c", "parse"), ("/a/lib/packet/mss.c", "forward"),
                            ("/a/lib/conn/index.h", "find"), ("/a/lib/conn/wheel.c", "make and end"),
                            ("/usr/lib/gcc/x/emmintrin.h", "find"), ("/a/main.c", "else"),
                            ("../sysdeps/x/memcmp.S", "the C library: copy, clear, compare")):
            self.assertEqual(stages.stage_of(path), stage)

    def test_by_file(self):
        self.assertEqual(costs(100, 20, 30).by_file,
                         {"/x/lib/director/worker.c": [105, 1, 0], "/x/lib/packet/straight.h": [20, 2, 1],
                          "/x/lib/forward/nat.c": [33, 1, 0]})

    def test_difference(self):
        by_stage = costs(300, 60, 30).minus(costs(100, 20, 10), 10)
        self.assertEqual(by_stage["take in, order, count"]["Ir"], 20)
        self.assertEqual(by_stage["parse"]["Ir"], 4)
        self.assertEqual(by_stage["forward"]["Ir"], 2)
        text = stages.table(by_stage)
        self.assertIn("| parse | 4.0 | 0.0 | 0.0 |", text)
        self.assertIn("| **all** | **26.0** |", text)
        self.assertRaises(SystemExit, stages.main, [])


if __name__ == "__main__":
    unittest.main()
