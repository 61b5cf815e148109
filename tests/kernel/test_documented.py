#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of what the comparer takes for a difference on purpose: that, and nothing beside it."""

import ipaddress
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from oracle import documented, outcome, wire  # noqa: E402
from oracle.compare import TEMPLATE_HIT, compare, compare_all  # noqa: E402
from oracle.difference import Difference  # noqa: E402
from oracle.pieces import ERRORS  # noqa: E402
from oracle.scenario import Scenario, Step  # noqa: E402

CLIENT, VIP, SERVER, OWN = map(ipaddress.ip_address, (
    "192.0.2.101", "203.0.113.10", "10.1.0.11", "10.1.0.1"))


def _ether(packet):
    return wire.ether(bytes(6), bytes(6), packet)


def _error(src, dst, quoted):
    return _ether(wire.ip(src, dst, 1, struct.pack("!BBHI", 11, 0, 0, 0) + quoted))


def _outcome(reason="", **out):
    made = outcome.Outcome(0, text=[], reason=reason)
    made.out.update(out)
    return made


class SharedEnd(unittest.TestCase):
    """Errors about a tunnel to an address that is the end of several."""

    inner = wire.ip(CLIENT, VIP, wire.UDP, wire.udp(CLIENT, VIP, 4000, 80, bytes(8)))
    came = _error(SERVER, OWN, wire.ip(OWN, SERVER, 4, inner))
    told = _error(VIP, CLIENT, inner)
    ipip = "-A -u 203.0.113.10:80 -s rr;-a -u 203.0.113.10:80 -r 10.1.0.11:80 -i -w 2"
    gre = "-a -u 203.0.113.10:81 -r 10.1.0.11:81 -i --tun-type gre --tun-nocsum -w 2"

    def _differ(self, rules, kernel, liblvs, verb="quote"):
        steps = [Step(0, "rules", rules), Step(1, verb, f"s0 48 {self.came.hex()}")]
        found = compare(Scenario(0, steps, head=""), [_outcome(), kernel], [_outcome(), liblvs])
        return {documented.find(steps[1], one) is not None for one in found}

    def test_one_side_alone_takes_it_for_one(self):
        both = f"{self.ipip};{self.gre}"
        host = [self.came]
        self.assertEqual(self._differ(both, _outcome(p0=host), _outcome(
            "reply reply_tunnel", c0=[self.told])), {True})
        self.assertEqual(self._differ(both, _outcome(c0=[self.told]), _outcome(
            "pass icmp", p0=host)), {True})
        for rules in (self.ipip, self.ipip.replace("-i", "-m"),
                      both.replace("-r 10.1.0.11:81", "-r 10.1.0.12:81")):
            self.assertEqual(self._differ(rules, _outcome(p0=host), _outcome(
                "reply reply_tunnel", c0=[self.told])), {False}, rules)

    def test_other_differences_of_such_an_address(self):
        both = f"{self.ipip};{self.gre}"
        for kernel, liblvs in ((_outcome(), _outcome("reply reply_tunnel", c0=[self.told])),
                               (_outcome(p0=[self.came]), _outcome("drop tunnel_error",
                                                                   p0=[self.told])),
                               (_outcome(c0=[self.told]), _outcome("reply reply_tunnel"))):
            self.assertNotIn(True, self._differ(both, kernel, liblvs))


class NoAddress(unittest.TestCase):
    """Errors from addresses that the host has not, or that it routes away."""

    @staticmethod
    def _is_known(kernel, liblvs, what=ERRORS, reason=""):
        return documented.find(Step(0, "frame", "c0 00"),
                               Difference(0, what, kernel, liblvs, reason)) is not None

    def test_of_a_datagram_in_pieces(self):
        marked = "c0: 192.0.2.101 is told 3/3 about 203.0.113.33"
        other = "c0: 192.0.2.101 is told 3/3 about 203.0.113.10"
        self.assertTrue(self._is_known("nothing", marked))
        self.assertTrue(self._is_known("nothing", f"{marked}; {marked}"))
        self.assertFalse(self._is_known("nothing", other))
        self.assertFalse(self._is_known("nothing", f"{marked}; {other}"))
        self.assertFalse(self._is_known(marked, "nothing"))
        self.assertFalse(self._is_known("nothing", marked.replace(".33", ".3")))

    def test_of_a_marked_address_of_its_own(self):
        told = ("to 02: 2001:db8:f::12 > 2001:db8:c::8 ttl 64 ICMP 1/4 sum 0 word 0 "
                "about [2001:db8:c::8 > 2001:db8:f::12 UDP]")
        for text in (told, "c0: 2001:db8:c::8 is told 1/4 about 2001:db8:f::12"):
            what = ERRORS if "told" in text else "frames on c0"
            self.assertTrue(self._is_known("nothing", text, what))
            self.assertFalse(self._is_known(text, "nothing", what))
            self.assertFalse(self._is_known("nothing", text.replace("f::12", "f::11"), what))
            self.assertFalse(self._is_known("nothing", text.replace("1/4", "1/3"), what))


class Templates(unittest.TestCase):
    """A server's packet to port 0."""

    def _ends(self, port, state="NONE", side="s0"):
        frame = _ether(wire.ip(SERVER, CLIENT, wire.TCP,
                               wire.tcp(SERVER, CLIENT, 80, port, wire.ACK)))
        steps = [Step(0, "snap"), Step(1, "frame", f"{side} {frame.hex()}")]
        listed = _outcome()
        listed.text = [f"TCP C0000265 0000 CB00710A 0050 0A01000B 0050 {state} 59"]
        kernel, liblvs = _outcome(c0=[frame]), _outcome("pass not_new", c0=[frame[:-1]])
        return compare_all(Scenario(0, steps, head=""), [listed, kernel], [listed, liblvs])[2]

    def test_it_may_find_a_template(self):
        self.assertEqual(self._ends(0), TEMPLATE_HIT)
        self.assertEqual(self._ends(0, "ASSURED"), TEMPLATE_HIT)
        for other in (self._ends(0, "SYN_RECV"), self._ends(7), self._ends(0, side="c0")):
            self.assertNotEqual(other, TEMPLATE_HIT)


    def test_an_error_that_no_listing_explains(self):
        asked = wire.ip(CLIENT, VIP, wire.TCP, wire.tcp(CLIENT, VIP, 0, 80, wire.SYN))
        first = Step(0, "frame", f"c0 {_ether(asked).hex()}")
        other = Step(0, "frame", f"c0 {_ether(SharedEnd.inner).hex()}")
        told, passed = _error(VIP, CLIENT, asked), _error(SERVER, CLIENT, asked)
        for rules, about, known in (("-A -t 203.0.113.10:80 -s rr -p 13", first, True),
                                    ("-A -t 203.0.113.10:80 -s rr", first, False),
                                    ("-A -t 203.0.113.10:80 -s rr -p 13", other, False)):
            steps = [Step(0, "rules", rules), about, Step(1, "quote", "s0 24 00", about)]
            found = compare(Scenario(0, steps, head=""),
                            [_outcome(), _outcome(), _outcome(c0=[told])],
                            [_outcome(), _outcome(), _outcome("pass icmp", c0=[passed])])
            self.assertEqual([documented.find(steps[2], one) is not None for one in found], [known])


if __name__ == "__main__":
    unittest.main()
