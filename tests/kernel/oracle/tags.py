# SPDX-License-Identifier: BSD-2-Clause
"""What a played scenario made the kernel do, as short words that coverage.py counts."""

import re

from . import listing, wire
from .datagram import is_fragment

TCP_CLASSES = ((wire.RST, "rst"), (wire.SYN, "syn"), (wire.FIN, "fin"), (wire.ACK, "ack"))
CHUNKS = {0: "DATA", 1: "INIT", 2: "INIT-ACK", 6: "ABORT", 7: "SHUTDOWN", 8: "SHUTDOWN-ACK",
          9: "ERROR", 10: "COOKIE-ECHO", 11: "COOKIE-ACK", 14: "SHUTDOWN-COMPLETE"}
OUTER = {4: "ipip", 41: "ipip", 47: "gre"}
GUE_PORTS = (5555, 6080)


def _head(packet):
    """Protocol and where its header is; extension headers are stepped over."""
    if packet[0] >> 4 == 4:
        return packet[9], (packet[0] & 15) * 4
    protocol, at = packet[6], 40
    while protocol in (0, 43, 44, 60) and at + 8 <= len(packet):
        step = 8 if protocol == 44 else (packet[at + 1] + 1) * 8
        protocol, at = packet[at], at + step
    return protocol, at


def _chunk(packet, at):
    if len(packet) <= at + 12:
        return "none"
    first = packet[at + 12]
    length = int.from_bytes(packet[at + 14:at + 16], "big")
    then = at + 12 + (length + 3) // 4 * 4
    if first in (10, 11) and packet[then:then + 1] == b"\x06":
        return "ABORT"
    return CHUNKS.get(first, "DATA")


def kind(frame):
    """Family, protocol and what sort of packet a frame holds: ("4", "TCP", "syn")."""
    packet = frame[14:]
    if len(packet) < 20 or packet[0] >> 4 == 6 and len(packet) < 40:
        return "?", "?", ""
    protocol, at = _head(packet)
    family = str(packet[0] >> 4)
    if protocol == wire.TCP and len(packet) >= at + 14:
        flags = packet[at + 13]
        return family, "TCP", next((name for bit, name in TCP_CLASSES if flags & bit), "none")
    if protocol == wire.SCTP:
        return family, "SCTP", _chunk(packet, at)
    if protocol in (wire.ICMP, wire.ICMPV6) and len(packet) >= at + 2:
        return family, "ICMP", f"{packet[at]}/{packet[at + 1]}"
    return family, {wire.UDP: "UDP", wire.AH: "AH", wire.ESP: "ESP"}.get(protocol, "other"), ""


def _tunnel(frame):
    packet = frame[14:]
    protocol, at = _head(packet)
    if protocol == wire.UDP and int.from_bytes(packet[at + 2:at + 4], "big") in GUE_PORTS:
        return "gue", packet[at + 9]
    if protocol in OUTER:
        return OUTER[protocol], protocol if protocol != 47 else packet[at + 3]
    return None, 0


def rule_tags(rule, status):
    """Of one command."""
    words = rule.split()
    if status:
        yield f"refused {words[0]} {status}"
        return
    yield f"verb {words[0]}"
    for word, value in zip(words, [*words[1:], ""]):
        if word in ("-s", "--pe", "--tun-type"):
            yield f"{word} {value}"
        elif word == "-b":
            yield from (f"-b {flag}" for flag in value.split(","))
        elif word in ("-p", "-M", "-o", "-x", "-y", "-m", "-g", "-i", "--tun-csum", "--tun-remcsum",
                      "--tun-nocsum"):
            yield word
        elif word == "-w" and value == "0":
            yield "-w 0"
    if words[0] in "-A -a" and re.search(r":0( |$)", rule):
        yield f"port 0 {words[0]}"
    if "-f" in words:
        yield "mark 6" if "-6" in words else "mark 4"
    if words[0] == "-a" and ("-r [" in rule) != ("[" in rule.partition("-r ")[0]) \
            and "-f" not in words:
        yield "mixed"


class Tagger:
    """Goes through one scenario's steps."""

    def __init__(self, tally):
        self._tally = tally  # a collections.Counter
        self._conns = {}
        self._methods = {}
        self._seen_out = set()
        self._sched = {}
        self._last = None
        self._secure = False

    def _add(self, tag):
        self._tally[tag] += 1

    def step(self, step, outcome):
        """One step with what the kernel made of it."""
        if step.verb in ("ipvsadm", "rules"):
            for rule in step.args.split(";"):
                for tag in rule_tags(rule, outcome.status):
                    self._add(tag)
        elif step.verb == "sysctl":
            name, value = step.args.rpartition("/")[2].split()
            self._add(f"sysctl {name} {value}")
            if name == "secure_tcp":
                self._secure = value in "23"
        elif step.is_packet:
            self._packet(step, outcome)
        elif step.verb == "snap":
            self._snap(outcome)
        elif step.verb in ("count", "show"):
            self._add(f"listing {step.args or step.verb}")

    def _packet(self, step, outcome):
        frame = bytes.fromhex(step.args.split()[-1])
        family, protocol, what = kind(frame)
        self._last = (step.verb, protocol, what)
        side = "in" if step.verb == "frame" else "out" if step.verb == "answer" else "error"
        if side == "error":
            side = f"error {step.args[:2]}"
        self._add(f"{side} {protocol}{family}")
        if step.note.startswith("ftp "):
            self._add(" ".join(step.note.split()[:2]))
        if is_fragment(frame):
            self._add(f"fragment {family}")
        packet = frame[14:]
        if len(packet) > 6 and (packet[0] & 15 > 5 if family == "4" else packet[6] in (0, 43, 60)):
            self._add(f"options {family}")
        self._outcome(side, family, protocol, what, outcome)

    def _outcome(self, side, family, protocol, what, outcome):
        for interface, frames in outcome.out.items():
            for frame in frames:
                tunnel, inner = _tunnel(frame) if interface == "s0" else (None, 0)
                if tunnel:
                    outer = "6" if frame[14] >> 4 == 6 else "4"
                    self._add(f"tunnel {tunnel} {outer} inner {inner}")
                _, left, code = kind(frame)
                if left == "ICMP" and protocol != "ICMP":
                    self._add(f"answered {family} {code}")
                self._add(f"{side} {protocol} to {interface}")
                if protocol == "ICMP":
                    self._add(f"{side} ICMP{family} {what} to {interface}")
        if not any(outcome.out.values()):
            self._add(f"{side} {protocol} dropped")

    def _snap(self, outcome):
        found = listing.parse(outcome.text)
        for name, service in found.services.items():
            self._sched[name] = service["line"][0]
            for dest, columns in service["dests"]:
                self._methods[dest] = columns[1]
        conns = {name[:4]: name[4] for name, _ in found.conns}
        for key, state in conns.items():
            if self._conns.get(key) != state or self._last and self._last[1] == key[0]:
                self._moved(key, self._conns.get(key), state)
        for key in self._conns.keys() - conns.keys():
            self._add(f"ended {key[0]} {self._conns[key]}")
        self._conns = conns

    def _moved(self, key, before, after):
        """A connection that is new, has changed its state, or may have stayed in it."""
        protocol, _, service, dest = key
        if before is None:
            self._add(f"new {protocol}")
            sched = self._sched.get(f"{protocol} {service}")
            if sched:
                self._add(f"picked {sched}")
        if self._last is None or self._last[1] != protocol or before == after and before is None:
            return
        verb, _, what = self._last
        if before is None and after in ("NONE", "ASSURED"):
            return
        if verb == "answer":
            self._seen_out.add(key)
            direction = "output"
        elif verb == "frame":
            nat = self._methods.get(dest, "0") == "0" or key in self._seen_out
            direction = "input" if nat else "input-only"
        else:
            return
        if before != after:
            table = "secure " if self._secure and protocol == "TCP" else ""
            self._add(f"state {table}{protocol} {direction} {what}")
            self._add(f"cell {table}{protocol} {direction} {what} {before or 'NO'} {after}")
