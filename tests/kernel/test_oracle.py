#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of what needs no guest: generator, text, listings, comparer, shrinker, and the subject.

    test_oracle.py [PROGRAM]     PROGRAM is the subject
"""

import ipaddress
import pathlib
import random
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from made import outcomes  # noqa: E402
from oracle import coverage, cpio, features, law, listing, outcome, pace, place, scenario, wire  # noqa: E402
from oracle.compare import compare  # noqa: E402
from oracle.effects import mark_in  # noqa: E402
from oracle.failure import Failure  # noqa: E402
from oracle.generate import generate  # noqa: E402
from oracle.judge import Judge  # noqa: E402
from oracle.scenario import SECOND, Scenario, Step  # noqa: E402
from oracle.shrink import shrink  # noqa: E402
from oracle.sides import Subject  # noqa: E402
from oracle.tracking import Tracking  # noqa: E402

SUBJECT = sys.argv.pop() if len(sys.argv) > 1 and not sys.argv[-1].startswith("-") else None
CLIENT, SERVER = map(ipaddress.ip_address, ("192.0.2.101", "10.1.0.11"))


def _frame(**fields):
    segment = wire.tcp(CLIENT, SERVER, 1000, 80, wire.SYN)
    return wire.ether(bytes(6), bytes(6), wire.ip(CLIENT, SERVER, wire.TCP, segment, **fields))


class Generator(unittest.TestCase):
    def test_same_seed_same_scenario(self):
        for number in range(20):
            self.assertEqual(generate(number, 7, 30).text(notes=True),
                             generate(number, 7, 30).text(notes=True))
        self.assertNotEqual(generate(0, 7, 30).text(), generate(0, 8, 30).text())
        self.assertNotEqual(generate(0, 7, 30).text(), generate(1, 7, 30).text())

    def test_steps_are_in_order_of_time(self):
        for number in range(20):
            times = [step.at for step in generate(number, 3, 30).steps]
            self.assertEqual(times, sorted(times))

    def test_text_is_read_back(self):
        for number in range(20):
            text = generate(number, 5, 30).text(notes=True)
            self.assertEqual(scenario.parse(text).text(notes=True), text)

    def test_nothing_while_a_connection_may_be_ending(self):
        clock = pace.Pace(random.Random(1))
        packets = [clock.next(True) for _ in range(300)]
        for i, at in enumerate(packets):
            for last in packets[:i]:
                for timeout in pace.TIMEOUTS:
                    idle = (at - last) / SECOND - timeout
                    self.assertFalse(0 <= idle <= pace.lateness(timeout), f"{idle} of {timeout} s")

    def test_the_wheel_is_late_by_a_step_of_its_level(self):
        for timeout, late in ((2, 0.032), (10, 0.256), (60, 2.048), (120, 2.048), (300, 16.384),
                              (900, 16.384)):
            self.assertEqual(pace.lateness(timeout), late)


class Features(unittest.TestCase):
    def test_names(self):
        self.assertEqual(features.parse("all"), set(features.NAMES))
        self.assertEqual(features.parse("-sctp"), features.ALL - {"sctp"})
        self.assertEqual(features.parse("sip,edits"), {"sip", "edits"})
        self.assertEqual(features.parse("all,-sip,-edits"), features.ALL - {"sip", "edits"})
        with self.assertRaises(Failure):
            features.parse("nothing")


class Wire(unittest.TestCase):
    def test_checksum_of_rfc_1071(self):
        self.assertEqual(wire.checksum(bytes.fromhex("0001f203f4f5f6f7")), 0x220D)

    def test_descriptions_take_anything(self):
        frame = _frame()
        for length in range(len(frame)):
            self.assertTrue(wire.describe(frame[:length]))

    def test_archive(self):
        archive = cpio.Archive()
        archive.file("a/b", b"content")
        data = archive.bytes()
        self.assertEqual(len(data) % 4, 0)
        self.assertEqual(data.count(b"070701"), 3)
        self.assertIn(b"content", data)


class Listings(unittest.TestCase):
    tool = ["IP Virtual Server version 1.2.1 (size=4096)",
            "Prot LocalAddress:Port Scheduler Flags",
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
            "TCP  203.0.113.10:80 rr",
            "  -> 10.1.0.11:8001               Masq    1      0          2         ",
            "TCP  [2001:db8:f::10]:443 wlc",
            "  -> [2001:db8:1::11]:443         Route   3      1          0         ",
            "pro expire state       source             virtual            destination",
            "TCP 01:59  SYN_RECV    192.0.2.7:1000     203.0.113.10:80    10.1.0.11:8001"]
    proc = ["TCP  CB00710A:0050 rr  ",
            "  -> 0A01000B:1F41      Masq    1      0          2         ",
            "TCP  [2001:0db8:000f:0000:0000:0000:0000:0010]:01BB wlc  ",
            "  -> [2001:0db8:0001:0000:0000:0000:0000:0011]:01BB      Route   3      1          0 ",
            "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
            "TCP C0000207 03E8 CB00710A 0050 0A01000B 1F41 SYN_RECV        119"]

    def test_both_notations_mean_the_same(self):
        tool, proc = listing.parse(self.tool), listing.parse(self.proc)
        self.assertEqual(tool, proc)
        self.assertEqual(len(tool.services), 2)
        self.assertEqual(tool.conns[0][1], 119)

    def test_templates_of_marks_are_no_titles(self):
        tool = "IP  00:53  NONE        192.0.2.0:0        0.0.0.1:0          10.1.0.12:0"
        proc = "IP  C0000200 0000 00000001 0000 0A01000C 0000 NONE             53"
        self.assertEqual(listing.parse([tool]), listing.parse([proc]))
        self.assertEqual(len(listing.parse([tool]).conns), 1)


class Comparer(unittest.TestCase):
    plain = Scenario(0, [Step(0, "frame", "c0 00")], head="")
    snap = Scenario(0, [Step(0, "snap")], head="")

    def test_same_is_no_difference(self):
        self.assertEqual(compare(self.plain, outcomes([_frame()]), outcomes([_frame()])), [])

    def test_each_byte_counts(self):
        frame = _frame()
        for at in range(len(frame)):
            other = bytearray(frame)
            other[at] ^= 1
            found = compare(self.plain, outcomes([frame]), outcomes([bytes(other)]))
            self.assertEqual(len(found), 1)

    def test_missing_and_additional_frames_count(self):
        self.assertTrue(compare(self.plain, outcomes([_frame()]), outcomes([])))
        self.assertTrue(compare(self.plain, outcomes([_frame()]), outcomes([_frame()] * 2)))

    def test_tunnel_identification_is_free_but_nothing_else(self):
        def tunnel(**fields):
            outer = wire.ip(SERVER, CLIENT, 4, _frame()[14:], **fields)
            return wire.ether(bytes(6), bytes(6), outer)
        base = outcomes([tunnel(ident=1)])
        self.assertEqual(compare(self.plain, base, outcomes([tunnel(ident=2)])), [])
        self.assertTrue(compare(self.plain, base, outcomes([tunnel(ident=2, ttl=63)])))
        self.assertTrue(compare(self.plain, base, outcomes([tunnel(ident=2, tos=1)])))

    def test_listings(self):
        def differ(change):
            ours = [line.replace(*change) for line in Listings.tool]
            return compare(self.snap, outcomes([], text=Listings.proc), outcomes([], text=ours))
        self.assertEqual(differ(("", "")), [])
        self.assertEqual(differ(("01:59", "02:01")), [])
        for change in (("01:59", "02:02"), ("SYN_RECV", "ESTABLISHED"), ("Masq", "Route"),
                       (":1000", ":1001"), ("  2  ", "  3  "), (" rr", " wrr")):
            self.assertTrue(differ(change), change)

    def test_what_is_about_to_end_may_have_ended(self):
        ours = [line for line in Listings.tool if "SYN_RECV" not in line]
        theirs = [line.replace("119", "  1") for line in Listings.proc]
        self.assertEqual(compare(self.snap, outcomes([], text=theirs),
                                 outcomes([], text=ours)), [])


def _gue(port, payload, summed=True):
    """A frame to a server: UDP around GUE around a packet."""
    inner = b"\0\4\0\0" + _frame()[14:] + payload
    outer = wire.ip(SERVER, CLIENT, 17, wire.udp(SERVER, CLIENT, port, 5555, inner, summed))
    return wire.ether(bytes(6), bytes(6), outer)


class FreeFields(unittest.TestCase):
    plain = Scenario(0, [Step(0, "frame", "c0 00")], head="")

    def _differ(self, one, other):
        return compare(self.plain, outcomes([one]), outcomes([other]))

    def test_the_source_port_of_gue_is_free_in_its_range(self):
        self.assertEqual(self._differ(_gue(40000, b""), _gue(50000, b"")), [])
        self.assertTrue(self._differ(_gue(40000, b""), _gue(1000, b"")))

    def test_its_checksum_must_be_right_and_be_there_on_both_sides(self):
        self.assertTrue(self._differ(_gue(40000, b""), _gue(40000, b"", summed=False)))
        broken = bytearray(_gue(40000, b""))
        broken[14 + 20 + 6] ^= 1
        self.assertTrue(self._differ(_gue(40000, b""), bytes(broken)))
        self.assertTrue(self._differ(_gue(40000, b""), _gue(40000, b"\0")))


class Datagrams(unittest.TestCase):
    """Fragments count by their datagram, in a tunnel too."""

    steps = [Step(n, "snap") for n in range(3)]

    def setUp(self):
        self.packet = wire.ip(CLIENT, SERVER, 17, wire.udp(CLIENT, SERVER, 1, 2, bytes(200)),
                              dont_fragment=False)
        self.parts = wire.pieces(self.packet, [80, 160])

    def _differ(self, kernel, liblvs):
        frames = [[[wire.ether(bytes(6), bytes(6), packet) for packet in packets]
                   for packets in side] for side in (kernel, liblvs)]
        return compare(Scenario(0, self.steps, head=""), *(outcomes(*side) for side in frames))

    def test_whole_or_in_parts(self):
        parts = self.parts
        self.assertEqual(self._differ([[], [], [self.packet]], [[p] for p in parts]), [])
        self.assertTrue(self._differ([[], [], [self.packet]], [[p] for p in parts[:2]] + [[]]))
        other = parts[1][:-1] + b"\1"
        self.assertTrue(self._differ([[], [], [self.packet]], [[parts[0]], [other], [parts[2]]]))

    def test_in_a_tunnel(self):
        def wrap(packet, ttl=64):
            return wire.ip(SERVER, CLIENT, 4, packet, ttl)
        wrapped = [[wrap(p)] for p in self.parts]
        self.assertEqual(self._differ([[], [], [wrap(self.packet)]], wrapped), [])
        self.assertTrue(self._differ([[], [], [wrap(self.packet, 63)]], wrapped))

    def test_ipv6(self):
        ends = [ipaddress.ip_address(text) for text in ("2001:db8::1", "2001:db8::2")]
        whole = wire.ip(*ends, 17, wire.udp(*ends, 1, 2, bytes(200)))
        parts = [[p] for p in wire.pieces(whole, [80, 160], 7)]
        self.assertEqual(self._differ([[], [], [whole]], parts), [])


class Tracked(unittest.TestCase):
    """What connection tracking refuses of FTP's control connections, as far as it was played."""

    def setUp(self):
        self.tracking = Tracking()
        self._serve("0")

    def _serve(self, method, name=f"TCP {SERVER}|21"):
        self.tracking.serve({name: {"dests": [("10.9.0.11|21", ["method", method])]}})

    def _segment(self, to_client, flags, seq=0, ack=0, payload=b"", port=21):
        src, dst = (SERVER, CLIENT) if to_client else (CLIENT, SERVER)
        ports = (port, 1000) if to_client else (1000, port)
        return wire.ether(bytes(6), bytes(6), wire.ip(src, dst, wire.TCP, wire.tcp(
            src, dst, *ports, flags, seq, ack, b"", payload)))

    def _asks(self, flags, seq=0, ack=0, at=0):
        frame = self._segment(False, flags, seq, ack)
        went = outcome.Outcome(0, text=[])
        went.out["s0"] = [frame]
        self.tracking.see(Step(at, "frame", f"c0 {frame.hex()}"), went)

    def _answers(self, frame, at=0):
        went = outcome.Outcome(0, text=[])
        went.out["c0"] = [frame]
        self.tracking.see(Step(at, "frame", "s0 00"), went)

    def _refused(self, flags, ack=0):
        return self.tracking.refuses(self._segment(False, flags, 7, ack))

    def test_data_before_the_answer(self):
        self.assertTrue(self._refused(wire.ACK))
        self.assertFalse(self._refused(wire.SYN))
        self._asks(wire.SYN)
        self.assertTrue(self._refused(wire.ACK))
        self.assertTrue(self._refused(wire.SYN))
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        self.assertFalse(self._refused(wire.ACK, 101))

    def test_it_sees_nothing_without_a_service(self):
        self._asks(wire.SYN)
        self._serve("0", f"TCP {SERVER}|80")
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        self._serve("3")
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        self.assertTrue(self._refused(wire.ACK, 101))
        self._serve("0")
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        self.assertFalse(self._refused(wire.ACK, 101))

    def test_what_was_not_sent(self):
        self._asks(wire.SYN)
        self._answers(self._segment(True, wire.SYN | wire.ACK, 0xffffffff, 1))
        self._answers(self._segment(True, wire.ACK, 0, 1, b"220 \r\n"))
        self.assertFalse(self._refused(wire.ACK, 6))
        self.assertFalse(self._refused(wire.RST, 7))
        self.assertTrue(self._refused(wire.ACK, 7))
        self.assertFalse(self._refused(wire.ACK, 0xffffff00))

    def test_what_was_closed_long_ago(self):
        self._asks(wire.SYN)
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        self._asks(wire.FIN | wire.ACK, 1, 101, SECOND)
        late = self._segment(False, wire.ACK, 2, 102)
        self.assertFalse(self.tracking.forgets(late, 40 * SECOND))
        self._answers(self._segment(True, wire.FIN | wire.ACK, 101, 2), 2 * SECOND)
        self.assertFalse(self.tracking.forgets(late, 31 * SECOND))
        self.assertTrue(self.tracking.forgets(late, 32 * SECOND))

    def test_what_was_never_acknowledged(self):
        self._asks(wire.SYN)
        self._answers(self._segment(True, wire.SYN | wire.ACK, 100, 1))
        late = self._segment(False, wire.ACK, 1, 101)
        self.assertFalse(self.tracking.forgets(late, 299 * SECOND))
        self.assertTrue(self.tracking.forgets(late, 300 * SECOND))
        self._asks(wire.ACK, 1, 101)
        self.assertFalse(self.tracking.forgets(late, 400 * SECOND))

    def test_a_syn_anew(self):
        again = self._segment(False, wire.SYN, 9)
        self.assertFalse(self.tracking.refuses_anew(again))
        self._asks(wire.SYN)
        self.assertTrue(self.tracking.refuses_anew(again))
        self.assertFalse(self.tracking.refuses_anew(self._segment(False, wire.ACK, 9)))

    def test_replies_without_a_service(self):
        reply = self._segment(True, wire.ACK, 1, 1, b"227 =1,2\r\n")
        other = self._segment(True, wire.ACK, 1, 1, b"220 fine\r\n")
        self.assertFalse(self.tracking.misses(reply))
        self._serve("0", "TCP 2001:db8::1|21")
        self.assertTrue(self.tracking.misses(reply))
        self.assertFalse(self.tracking.misses(other))

    def test_what_ends_early(self):
        self._answers(self._segment(True, wire.SYN, port=20))
        self._asks(wire.SYN)
        answer = self._segment(False, wire.SYN | wire.ACK, port=20)
        known = self._segment(False, wire.ACK)
        self.assertFalse(self.tracking.holds(answer) or self.tracking.holds(known))
        self.tracking.see(Step(0, "sysctl", "net/ipv4/vs/expire_nodest_conn 1"),
                          outcome.Outcome(0, text=[]))
        self.assertTrue(self.tracking.holds(answer) and self.tracking.holds(known))
        self.assertFalse(self.tracking.holds(self._segment(False, wire.ACK, port=20)))
        self.assertFalse(self.tracking.holds(self._segment(False, wire.ACK, port=80)))


class Coverage(unittest.TestCase):
    """docs/kernel-coverage.md has the rows of the tool, all and in their order."""

    page = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "kernel-coverage.md"

    def test_page_has_the_rows(self):
        found = re.findall(r"^\| `([^`]+)` \| (.*?) \|", self.page.read_text(), re.MULTILINE)
        self.assertEqual(found, [(row.name, row.what) for row in coverage.ROWS])

    def test_a_row_is_reached_or_tested_otherwise(self):
        names = [row.name for row in coverage.ROWS]
        self.assertEqual(len(names), len(set(names)))
        for row in coverage.ROWS:
            self.assertNotEqual(bool(row.tags), bool(row.otherwise), row.name)

    def test_tests_that_are_named_are_there(self):
        root = self.page.parent.parent
        for row in coverage.ROWS:
            for name in re.findall(r"\S+\.(?:c|sh)\b", row.otherwise):
                folder = root if "/" in name else root / "tests" / "unit"
                self.assertTrue((folder / name).exists(), f"{row.name}: {name}")

    def test_marks_stand_for_addresses(self):
        self.assertEqual(mark_in("0.0.0.2"), 2)
        self.assertEqual(mark_in("0:3::"), 3)
        self.assertEqual(mark_in("::"), 0)

    def test_what_a_scenario_reached_is_counted(self):
        rule = f"-A -t 203.0.113.10:80 -s rr;-a -t 203.0.113.10:80 -r {SERVER}:80 -m"
        vip = place.VIPS[4][0]
        asked = wire.ether(bytes(6), bytes(6), wire.ip(
            CLIENT, vip, wire.TCP, wire.tcp(CLIENT, vip, 1000, 80, wire.SYN)))
        steps = [Step(0, "rules", rule), Step(0, "snap"),
                 Step(1, "frame", f"c0 {asked.hex()}"), Step(2, "snap")]
        played = outcomes([], [], [_frame()], [])
        played[1].text = ["svc TCP 203.0.113.10|80 rr flags 0",
                          f"dst {SERVER}|80 method 0 w 1 x 0 y 0 tun 0 0 0 conns 0 0 0"]
        played[3].text = ["svc TCP 203.0.113.10|80 rr flags 0",
                          f"dst {SERVER}|80 method 0 w 1 x 0 y 0 tun 0 0 0 conns 1 0 0",
                          "TCP C0000265 03E8 CB00710A 0050 0A01000B 0050 SYN_RECV 59"]
        counted = coverage.Coverage()
        counted.add(Scenario(0, steps, head=""), played)
        rows = {row.name: counted.count(row) for row in coverage.ROWS}
        for name in ("1.2-rr", "4.2-nat", "3.1-normal-input-syn", "2.3-in"):
            self.assertEqual(rows[name], 1, name)
        self.assertEqual(rows["1.2-wrr"], 0)


class Laws(unittest.TestCase):
    @staticmethod
    def _samples(phase, faulty=lambda rate, tick: rate):
        """What an estimator lists that ticks every 2.016 s: a sample every half second."""
        rng = random.Random(3)
        averages, base, counts, tick = [0] * 5, [0] * 5, [0] * 5, phase
        samples = []
        for half in range(60):
            at = half / 2
            if at >= tick:
                averages = [law.moved(a, c - b, s)
                            for a, c, b, s in zip(averages, counts, base, law.SHIFTS)]
                base, tick = list(counts), tick + 2.016
            if half and rng.random() < 0.7:
                counts = [c + rng.randrange(9) * (60 if n > 2 else 1)
                          for n, c in enumerate(counts)]
            listed = [faulty(law.shown(a, s), tick) for a, s in zip(averages, law.SHIFTS)]
            samples.append((at, tuple(counts), tuple(listed)))
        return samples

    def test_an_estimator_keeps_the_law(self):
        for phase in (0.1, 0.7, 1.3, 1.9):
            self.assertIsNone(law.rates(self._samples(phase)), phase)

    def test_what_is_off_by_one_or_late_breaks_it(self):
        self.assertIsNotNone(law.rates(self._samples(0.7, lambda rate, _: rate + (rate > 20))))
        self.assertIsNotNone(law.rates(self._samples(0.7, lambda rate, tick: rate if tick < 9
                                                     else 0)))

    def test_survivors(self):
        self.assertLess(law.survivors(32, 1000, 362, 1 / 32), 1)
        self.assertGreater(law.survivors(32, 1000, 500, 1 / 32), 4)


class Counting(unittest.TestCase):
    def test_what_is_played_aside_is_not_counted(self):
        judge = Judge(None, None, coverage="some")
        judge.packets = 7
        with self.assertRaises(Failure), judge.aside():
            self.assertIsNone(judge.coverage)
            judge.packets += 5
            judge.ended["for a reason"] += 1
            raise Failure("no guest")
        self.assertEqual((judge.packets, judge.ended.total(), judge.coverage), (7, 0, "some"))


class FakeJudge:
    """Differs when two certain steps are there."""

    def differences(self, scenarios):
        found = []
        for one in scenarios:
            needed = [n for n, step in enumerate(one.steps) if step.args in ("c0 aa", "c0 bb")]
            found.append(compare(one, outcomes(*[[_frame()]] * len(one.steps)),
                                 outcomes(*[[_frame()]] * (len(one.steps) - 1), []))
                         if len(needed) == 2 else [])
        return found


class Shrinker(unittest.TestCase):
    def test_only_what_is_needed_stays(self):
        steps = [Step(n, "frame", f"c0 {n:02x}") for n in range(60)]
        steps[10].args, steps[59].args = "c0 aa", "c0 bb"
        whole = Scenario(9, steps, head="")
        small = shrink(FakeJudge(), whole, FakeJudge().differences([whole])[0][0])
        self.assertEqual([step.args for step in small.steps], ["c0 aa", "c0 bb"])
        self.assertEqual(small.number, 9)

    def test_an_answer_goes_with_its_question(self):
        first = Step(0, "frame", "c0 00")
        one = Scenario(0, [first, Step(1, "answer", "s0 00", first), Step(2, "snap")], head="")
        self.assertEqual([step.verb for step in one.without([0]).steps], ["snap"])


def _headers_fine(packet):
    """Whether an IPv4 packet's header checksum is right, inside a tunnel too."""
    version = packet[0] >> 4
    head, protocol = ((packet[0] & 15) * 4, packet[9]) if version == 4 else (40, packet[6])
    if version == 4 and wire.checksum(packet[:head]) != 0:
        return False
    return protocol not in (4, 41) or _headers_fine(packet[head:])


@unittest.skipUnless(SUBJECT, "no subject given")
class SubjectRuns(unittest.TestCase):
    def _play(self, one):
        times = {one.number: [outcome.Outcome(step.at) for step in one.steps]}
        return Subject(SUBJECT).play([one], times)[one.number]

    def test_every_step_has_an_outcome(self):
        for number in range(10):
            one = generate(number, 11, 30)
            played = self._play(one)
            self.assertEqual(len(played), len(one.steps))
            for done in played:
                for frame in done.out["c0"] + done.out["s0"]:
                    self.assertTrue(_headers_fine(frame[14:]))

    def test_an_answer_is_from_whom_was_asked(self):
        vip, client = place.VIPS[4][0], place.CLIENTS[4][0]
        ask = wire.ether(place.CLIENT_SIDE, bytes(6), wire.ip(
            client, vip, wire.TCP, wire.tcp(client, vip, 1000, 80, wire.SYN)))
        reply = wire.ether(place.SERVER_SIDE, bytes(6), wire.ip(
            wire.NOBODY4, client, wire.TCP,
            wire.tcp(wire.NOBODY4, client, 0, 1000, wire.SYN | wire.ACK)))
        first = Step(2, "frame", f"c0 {ask.hex()}")
        rule = f"-A -t {vip}:80 -s rr;-a -t {vip}:80 -r {SERVER}:8080 -m"
        played = self._play(Scenario(0, [Step(0, "rules", rule), first,
                                         Step(3, "answer", f"s0 {reply.hex()}", first)]))
        want = wire.ip(vip, client, wire.TCP, wire.tcp(vip, client, 80, 1000,
                                                       wire.SYN | wire.ACK), ttl=63)
        self.assertEqual([done.status for done in played], [0, 0, 0])
        self.assertEqual(played[2].out["c0"][0][14:].hex(), want.hex())


if __name__ == "__main__":
    unittest.main()
