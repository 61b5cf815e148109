#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of what the comparer lets pass, and that it lets pass no more: each has both."""

import ipaddress
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from made import outcomes  # noqa: E402
from oracle import documented, place, survival, wire  # noqa: E402
from oracle.compare import compare, compare_all  # noqa: E402
from oracle.scenario import SECOND, Scenario, Step  # noqa: E402

CLIENT, SERVER = map(ipaddress.ip_address, ("192.0.2.101", "10.1.0.11"))


def _frame(source=CLIENT, dest=SERVER):
    segment = wire.tcp(source, dest, 1000, 80, wire.SYN)
    return wire.ether(bytes(6), bytes(6), wire.ip(source, dest, wire.TCP, segment))


class Templates(unittest.TestCase):
    """A template on one side alone: has its time come while its last connection ended?"""

    snap = Scenario(0, [Step(0, "snap")], head="")
    template = "TCP  00:18  NONE  192.0.2.{}:0  203.0.113.10:80  10.1.0.13:80"
    conn = "TCP  00:59  SYN_RECV  {}:55377  203.0.113.10:80  10.1.0.13:80"

    def _compared(self, mask, network, client):
        service = f"svc TCP 203.0.113.10|80 nq flags 1 timeout 5 mask {mask} pe -"
        ours = [service, self.conn.format(client)]
        theirs = [*ours, self.template.format(network)]
        return compare_all(self.snap, outcomes([], text=theirs), outcomes([], text=ours))

    def test_connections_of_others_do_not_hold_it(self):
        for mask, network, client in (("ffffff00", 0, "198.51.100.7"),
                                      ("ffffffff", 101, "192.0.2.102")):
            found, _, why = self._compared(mask, network, client)
            self.assertEqual(found, [])
            self.assertIn("timer", why)

    def test_its_own_do(self):
        for mask, network, client in (("ffffff00", 0, "192.0.2.7"),
                                      ("ffffffff", 101, "192.0.2.101")):
            self.assertTrue(self._compared(mask, network, client)[0])


class Counted(unittest.TestCase):
    """Counters of a server that comes back under a new service."""

    service = "svc TCP 203.0.113.10|80 rr flags 0"
    server = "dst 10.1.0.11|80 method 0 w 1"

    def _compared(self, late, theirs, gone=(), ours="0 0 0 0 0"):
        """`late` seconds after a packet the server is removed, and is back with these counters."""
        listings = [(0, [self.service, self.server]), (late, gone),
                    (9, [self.service, self.server])]
        steps = [Step(0, "frame", f"c0 {_frame().hex()}"), *(Step(0, "snap") for _ in listings),
                 Step(0, "count")]

        def play(count):
            made = outcomes(*[[]] * 5)
            for out, (at, text) in zip(made[1:], listings):
                out.at, out.text = int(at * SECOND), list(text)
            made[4].at, made[4].text = 10 * SECOND, [self.service, self.server, f"cnt {count}"]
            return made
        return [documented.find(steps[0], difference) for difference in
                compare(Scenario(0, steps, head=""), play(theirs), play(ours))]

    def test_what_was_not_gathered_shows_again(self):
        self.assertEqual(["zeroing takes all that has come"],
                         [known.name for known in self._compared(1, "1 3 0 212 0")])

    def test_nothing_else_is_excused(self):
        self.assertEqual(self._compared(3, "1 3 0 212 0"), [None])
        self.assertEqual(self._compared(1, "1 3 0 212 0", gone=[self.service]), [None])
        self.assertEqual(self._compared(1, "0 0 0 0 0", ours="1 1 0 40 0"), [None])


class Hostile(unittest.TestCase):
    def test_an_answer_to_it_is_liblvs_none(self):
        asked = Step(0, "frame", f"c0 {_frame().hex()}")
        steps = [Step(0, "snap"), asked, Step(0, "answer", f"s0 {_frame().hex()}", asked)]
        theirs, ours = outcomes([], [_frame()], [_frame()]), outcomes([], [], [])
        for side in (theirs, ours):
            side[0].text = ["TCP 00:59 SYN_RECV 192.0.2.101:1000 10.1.0.11:80 10.1.0.11:80"]
        ours[2].status = 1

        def found(reason):
            ours[1].reason = reason
            return [d.what for d in compare(Scenario(0, steps, head=""), theirs, ours)]
        self.assertEqual(found("drop short_l4"), ["hostile packet"])
        self.assertNotEqual(found("drop mtu"), ["hostile packet"])


class Pieces(unittest.TestCase):
    """Datagrams in fragments, whose errors are compared behind the last of them."""

    @staticmethod
    def _pieces(side, length=40):
        for at, more in ((0, 0x2000), (length // 8, 0)):
            packet = bytearray(_frame()[14:34] + bytes(length))
            packet[2:4] = len(packet).to_bytes(2, "big")
            packet[6:8] = (at | more).to_bytes(2, "big")
            yield Step(0, "frame", f"{side} {(bytes(14) + packet).hex()}")

    def test_rates_between_them_end_nothing(self):
        first, last = self._pieces("c0")
        steps = [first, Step(0, "rates"), last, Step(0, "snap")]
        error = wire.ether(bytes(6), bytes(6), wire.ip(SERVER, CLIENT, wire.ICMP, b"\x0b" + bytes(35)))
        theirs, ours = outcomes([], [], [error], []), outcomes([error], [], [], [])
        self.assertEqual(compare(Scenario(0, steps, head=""), theirs, ours), [])
        ours[0].out["s0"] = []
        self.assertTrue(compare(Scenario(0, steps, head=""), theirs, ours))

    def test_of_a_reply_with_one_too_long_the_others_are_seen(self):
        def found(length):
            steps = [*self._pieces("s0", length), Step(0, "count")]
            theirs, ours = outcomes([], [], []), outcomes([], [], [])
            for side, counts in ((theirs, "1 0 0 0 0"), (ours, "1 0 1 0 40")):
                side[2].text = ["svc TCP 203.0.113.10|80 rr flags 0", f"cnt {counts}"]
            ours[0].reason = ours[1].reason = "pass reply_seen"
            return compare(Scenario(0, steps, head=""), theirs, ours)
        self.assertEqual(found(1496), [])
        self.assertTrue(found(1480))


class OwnWord(unittest.TestCase):
    """What the guest's host says to an address of its own, which a service has."""

    def _why(self, source, sent, host=True, schedules=1):
        steps = [Step(0, "sysctl", f"net/ipv4/vs/schedule_icmp {schedules}"),
                 Step(0, "answer", f"s0 {_frame(source, CLIENT).hex()}")]
        theirs, ours = outcomes([], [sent]), outcomes([], [])
        ours[1].host = host
        return compare_all(Scenario(0, steps, head=""), theirs, ours)[2]

    def test_ends_the_comparison_where_it_was_sent_on(self):
        vip = place.VIPS[4][0]
        for to in (vip, SERVER):
            self.assertIn("scheduled", self._why(vip, _frame(vip, to)))

    def test_nothing_else_does(self):
        director = place.DIRECTOR[1]
        self.assertNotIn("scheduled", self._why(SERVER, _frame(director, SERVER)))
        vip = place.VIPS[4][0]
        self.assertNotIn("scheduled", self._why(vip, _frame(vip, SERVER), host=False))
        self.assertNotIn("scheduled", self._why(vip, _frame(vip, SERVER), schedules=0))


class Survivors(unittest.TestCase):
    def test_who_stays_may_be_hidden_from_a_look_but_not_from_two(self):
        entry = "UDP 04:00 UDP 192.0.2.101:{} 203.0.113.10:53 10.1.0.11:53".format
        steps = [Step(0, "sysctl", "net/ipv4/vs/drop_entry 3")] + [Step(0, "snap")] * 4

        def found(*looks):
            made = outcomes(*[[]] * 5)
            for number, (outcome_, ports) in enumerate(zip(made[1:], looks), 1):
                outcome_.at, outcome_.text = number * SECOND, list(map(entry, ports))
            return [d.what for d in survival.compare(Scenario(0, steps, head=""), 0, made, made)]
        self.assertEqual(found((1, 2), (1,), (1, 2), (2,)), [])
        for looks in (((1, 2), (1, 2), (1,), (1,)), ((1, 2), (1,), (1,), (1,))):
            self.assertEqual([what[:28] for what in found(*looks)],
                             ["entries dropped: established"] * 2)


if __name__ == "__main__":
    unittest.main()
