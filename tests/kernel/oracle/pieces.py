# SPDX-License-Identifier: BSD-2-Clause
"""Errors about a datagram that comes in pieces."""

import ipaddress

from .datagram import is_fragment
from .difference import Difference

ERRORS = "errors about a fragmented datagram"
ICMP, ICMPV6 = 1, 58


def _error(interface, frame):
    """An ICMP error in words: whom it goes to, type and code, and which address that one has asked;
    None for another frame."""
    if len(frame) >= 62 and frame[14] >> 4 == 4 and frame[23] == ICMP:
        to, at, asked = frame[30:34], 34, frame[58:62]
    elif len(frame) >= 102 and frame[14] >> 4 == 6 and frame[20] == ICMPV6 and frame[54] < 128:
        to, at, asked = frame[38:54], 54, frame[86:102]
    else:
        return None
    to, asked = map(ipaddress.ip_address, (bytes(to), bytes(asked)))
    return f"{interface}: {to} is told {frame[at]}/{frame[at + 1]} about {asked}"


def is_piece(step):
    """Whether a fragment comes in."""
    if step.verb not in ("frame", "answer"):
        return False
    return is_fragment(bytes.fromhex(step.args.split()[-1]))


class Pieces:
    """liblvs answers the first piece and quotes it, the kernel the whole when the last is there: they
    are compared by kind, behind the last piece."""

    def __init__(self):
        self._errors = [set(), set()]

    def take(self, theirs, ours):
        """Takes the errors out of what left at a piece; all, where the host takes the datagram."""
        if ours.reason.startswith("pass "):
            for side in (theirs, ours):
                side.out = {interface: [] for interface in side.out}
        for errors, side in zip(self._errors, (theirs, ours)):
            for interface in ("c0", "s0"):
                found = {frame: _error(interface, frame) for frame in side.out[interface]}
                errors.update(filter(None, found.values()))
                side.out[interface] = [f for f in side.out[interface] if not found[f]]
            # The host's share of a datagram in pieces is the host's affair.
            side.out["p0"] = []

    def end(self, number):
        """The difference, if there is one."""
        theirs, ours = ("; ".join(sorted(errors)) or "nothing" for errors in self._errors)
        self._errors = [set(), set()]
        if theirs != ours:
            yield Difference(number, ERRORS, theirs, ours)
