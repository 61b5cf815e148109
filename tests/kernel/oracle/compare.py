# SPDX-License-Identifier: BSD-2-Clause
"""What a scenario's two outcomes differ in."""

import dataclasses

from . import listing, place
from .wire import describe, describe_packet

EXPIRY_SECONDS = 2
STATS_COLUMNS = 5
IN_TUNNEL = (4, 41)
ICMP, ICMPV6 = 1, 58
OWN = {address.packed for address in place.DIRECTOR}


@dataclasses.dataclass(frozen=True)
class Difference:
    """One, with where it shows."""

    step: int
    what: str
    kernel: str
    liblvs: str
    reason: str = ""

    @property
    def is_counter(self):
        """Whether it is about packets and bytes."""
        return self.what.startswith("counters")

    @property
    def kind(self):
        """What sort it is: the same for the same fault, mostly."""
        what = self.what.split(" of ")[0].split(" TCP")[0].split(" UDP")[0]
        return f"{what} {self.reason}".strip()

    def __str__(self):
        why = f" ({self.reason})" if self.reason else ""
        return (f"step {self.step}: {self.what}\n    kernel: {self.kernel}\n"
                f"    liblvs: {self.liblvs}{why}")


def _own_error(interface, source):
    return interface == "c0" or bytes(source) in OWN


def _masked4(data, interface):
    if data[23] in IN_TUNNEL or data[23] == ICMP and _own_error(interface, data[26:30]):
        data[18:20] = bytes(2)
        data[24:26] = bytes(2)
    if data[23] == ICMP and len(data) >= 62 and bytes(data[54:58]) in OWN:
        data[36:38] = bytes(2)
        data[46:48] = bytes(2)
        data[52:54] = bytes(2)
    if interface == "p0":
        data[20] &= ~0x40
        data[22] = 0
        data[24:26] = bytes(2)


def _masked6(data, interface):
    if data[20] == ICMPV6 and _own_error(interface, data[22:38]):
        data[15:18] = bytes([data[15] & 0xF0, 0, 0])
    if interface == "p0":
        data[21] = 0


def _masked(frame, interface):
    """A frame without what its sender may choose freely.

    That is the identification of an IPv4 packet which the director itself made (a tunnel's outer
    header, an ICMP error), with the header checksum that follows from it, and the flow label of its
    ICMPv6 errors; the first also where an error quotes the packet. What is the host's own (p0) is
    shown by a copy that costs a hop and sets DF, behind a link-layer header that means nothing.
    """
    data = bytearray(frame)
    if interface == "p0":
        data[:14] = bytes(14)
    if len(data) >= 34 and data[14] >> 4 == 4:
        _masked4(data, interface)
    elif len(data) >= 54:
        _masked6(data, interface)
    return bytes(data)


def _frames_text(frames, interface):
    show = (lambda f: describe_packet(f[14:])) if interface == "p0" else describe
    return "; ".join(map(show, frames)) or "nothing"


def _compare_frames(number, kernel, liblvs):
    for interface in kernel.out:
        ours = [_masked(f, interface) for f in liblvs.out[interface]]
        theirs = [_masked(f, interface) for f in kernel.out[interface]]
        if ours != theirs:
            yield Difference(number, f"frames on {interface}",
                             _frames_text(kernel.out[interface], interface),
                             _frames_text(liblvs.out[interface], interface), liblvs.reason)


def _conn_text(conn):
    name, left = conn
    return " ".join(name) + f" {left} s left"


def _compare_conns(number, kernel, liblvs):
    """Also gives whether a connection is about to end: then one side may be ahead."""
    theirs, ours = sorted(kernel.conns), sorted(liblvs.conns)
    differences = []
    ending = False
    while theirs or ours:
        if theirs and ours and theirs[0][0] == ours[0][0]:
            (_, left), (name, our_left) = theirs.pop(0), ours.pop(0)
            if abs(left - our_left) > EXPIRY_SECONDS:
                differences.append(Difference(number, "expiry of " + " ".join(name),
                                              f"{left} s", f"{our_left} s"))
        elif not ours or theirs and theirs[0] < ours[0]:
            conn = theirs.pop(0)
            ending |= conn[1] <= EXPIRY_SECONDS
            if conn[1] > EXPIRY_SECONDS:
                differences.append(Difference(number, "connection", _conn_text(conn), "not there"))
        else:
            conn = ours.pop(0)
            ending |= conn[1] <= EXPIRY_SECONDS
            if conn[1] > EXPIRY_SECONDS:
                differences.append(Difference(number, "connection", "not there", _conn_text(conn)))
    return differences, ending


def _without_gauges(service):
    return {"line": service["line"],
            "dests": [(dest, columns[:-4] if "conns" in columns else columns[:2])
                      for dest, columns in service["dests"]]}


def _compare_services(number, kernel, liblvs, counts):
    for name in sorted(kernel.services.keys() | liblvs.services.keys()):
        theirs, ours = kernel.services.get(name), liblvs.services.get(name)
        if theirs is None or ours is None:
            yield Difference(number, f"service {name}", str(theirs or "not there"),
                             str(ours or "not there"))
            continue
        if not counts:
            theirs, ours = map(_without_gauges, (theirs, ours))
        if theirs["line"] != ours["line"]:
            what = "counters of" if theirs["line"] and theirs["line"][0].isdigit() else "service"
            yield Difference(number, f"{what} {name}", " ".join(theirs["line"]),
                             " ".join(ours["line"]))
        if theirs["dests"] != ours["dests"]:
            counters = theirs["dests"] and len(theirs["dests"][0][1]) == STATS_COLUMNS
            what = "counters of servers of" if counters else "servers of"
            yield Difference(number, f"{what} {name}", _dests_text(theirs), _dests_text(ours))


def _dests_text(service):
    return "; ".join(" ".join([dest, *columns]) for dest, columns in service["dests"]) or "none"


def _plain(found, verb):
    """Without what the way of listing alone makes differ: ipvsadm sorts servers."""
    if verb == "show":
        for service in found.services.values():
            service["dests"].sort()
    return found


def _compare_counts(number, theirs, ours):
    for name in theirs.counts.keys() | ours.counts.keys():
        their, our = theirs.counts.get(name), ours.counts.get(name)
        if their != our:
            yield Difference(number, f"counters of {name}", str(their), str(our))


def _compare_listing(number, verb, kernel, liblvs):
    theirs, ours = (_plain(listing.parse(side.text), verb) for side in (kernel, liblvs))
    differences, ending = _compare_conns(number, theirs, ours)
    yield from differences
    yield from _compare_services(number, theirs, ours, not ending and verb != "count")
    yield from _compare_counts(number, theirs, ours)


def _status(step, outcome):
    return outcome.status if step.verb in ("ipvsadm", "rules") else outcome.status != 0


def _compare_step(number, step, theirs, ours):
    if _status(step, theirs) != _status(step, ours):
        yield Difference(number, f"status of {step.verb} {step.args[:60]}",
                         f"{theirs.status} {' '.join(theirs.text)}".strip(),
                         f"{ours.status} {' '.join(ours.text)}".strip())
    if not ours.host:
        yield from _compare_frames(number, theirs, ours)
    if step.verb in ("snap", "show", "count"):
        yield from _compare_listing(number, step.verb, theirs, ours)


def _has_consequences(difference, theirs, ours):
    """Whether what follows may differ for no other reason.

    Errors of the director's own that differ in a field, and counters, move nothing else.
    """
    frames = [f for side in (theirs, ours) for f in side.out["c0"] + side.out["s0"]]
    if difference.what.startswith("frames"):
        return not (frames and all(len(f) >= 34 and (f[23] == ICMP if f[14] >> 4 == 4
                                                     else f[20] == ICMPV6) for f in frames)
                    and all(len(theirs.out[i]) == len(ours.out[i]) for i in theirs.out))
    return not difference.is_counter


def compare(scenario, kernel, liblvs):
    """The differences of a scenario in the order of its steps, up to one that has consequences."""
    found = []
    counted = False
    for number, step in enumerate(scenario.steps):
        theirs, ours = kernel[number], liblvs[number]
        new = list(_compare_step(number, step, theirs, ours))
        # A counter that is wrong once stays so.
        found += [d for d in new if not (counted and d.is_counter)]
        counted = counted or any(d.is_counter for d in new)
        if any(_has_consequences(difference, theirs, ours) for difference in new):
            break
    return found
