# SPDX-License-Identifier: BSD-2-Clause
"""What the host's connection tracking has seen of FTP's control connections.

The kernel's IPVS needs it for FTP, and drops what it refuses: see docs/kernel-differences.md. Only
what has been played is taken for refused here.
"""

import dataclasses

from .tags import ends
from .wire import ACK, FIN, SYN, TCP

FTP, FTP_DATA, HALF = 21, 20, 1 << 31


@dataclasses.dataclass
class _Seen:
    """Of one connection."""

    answered: bool = False  # the server's SYN with ACK went out
    end: int = 0  # behind the last byte that went out to the client


@dataclasses.dataclass(frozen=True)
class _Segment:
    source: str
    target: str
    seq: int
    ack: int
    flags: int
    length: int


def _segment(frame):
    """A frame's TCP segment; None for one that has options or extension headers, or no TCP."""
    packet = frame[14:]
    if len(packet) < 40:
        return None
    if packet[0] == 0x45:
        protocol, head, total = packet[9], 20, int.from_bytes(packet[2:4], "big")
    else:
        protocol, head, total = packet[6], 40, 40 + int.from_bytes(packet[4:6], "big")
    if protocol != TCP or len(packet) < head + 20:
        return None
    tcp = packet[head:]
    return _Segment(*ends(frame), int.from_bytes(tcp[4:8], "big"), int.from_bytes(tcp[8:12], "big"),
                    tcp[13], total - head - (tcp[12] >> 4) * 4)


class Tracking:
    """Follows what leaves the kernel's host, step by step."""

    def __init__(self):
        self._seen = {}  # by the client's end
        self._data = set()  # clients' ends to which servers have opened data connections

    def see(self, outcome):
        """A step's outcome in the kernel."""
        for one in filter(None, map(_segment, outcome.out["s0"])):
            if one.flags & (SYN | ACK) == SYN:
                self._seen[one.source] = _Seen()
        for one in filter(None, map(_segment, outcome.out["c0"])):
            if one.flags & SYN and one.source.endswith(f"|{FTP_DATA}"):
                self._data.add(one.target)
            seen = self._seen.get(one.target)
            if seen is None or not one.source.endswith(f"|{FTP}"):
                continue
            end = one.seq + one.length + bool(one.flags & SYN) + bool(one.flags & FIN)
            if one.flags & (SYN | ACK) == SYN | ACK:
                seen.answered, seen.end = True, end
            elif seen.answered and 0 < (end - seen.end) % (2 * HALF) < HALF:
                seen.end = end

    def refuses(self, frame):
        """Whether it does not take a client's frame for a part of its connection."""
        one = _segment(frame)
        if one is None or not one.target.endswith(f"|{FTP}"):
            return False
        seen = self._seen.get(one.source)
        if one.flags & SYN:
            return seen is not None
        if seen is None or not seen.answered:
            return True
        return bool(one.flags & ACK) and 0 < (one.ack - seen.end) % (2 * HALF) < HALF

    def refuses_data(self, frame):
        """The same of one on an active data connection that would open it anew: of a server of weight
        0 where expire_nodest_conn is on, a SYN with ACK does."""
        one = _segment(frame)
        return (one is not None and bool(one.flags & SYN) and one.source in self._data
                and one.target.endswith(f"|{FTP_DATA}"))
