# SPDX-License-Identifier: BSD-2-Clause
"""What the host's connection tracking has seen of FTP's control connections.

The kernel's IPVS needs it for FTP, and drops what it refuses: see docs/kernel-differences.md. Only
what has been played is taken for refused here.
"""

import dataclasses

from .scenario import SECOND
from .tags import ends
from .wire import ACK, FIN, SYN, TCP

FTP, FTP_DATA, HALF = 21, 20, 1 << 31
# How long a connection is remembered that both sides have closed, and one of whose server's data the
# last has not been acknowledged.
LAST_ACK, UNACKNOWLEDGED = 30 * SECOND, 300 * SECOND


@dataclasses.dataclass
class _Seen:
    """Of one connection."""

    answered: bool = False  # the server's SYN with ACK went out
    end: int = 0  # behind the last byte that went out to the client
    acked: int = 0  # as far as he has acknowledged
    fins: set = dataclasses.field(default_factory=set)  # the sides that have closed
    at: int = 0  # when its last segment went out


@dataclasses.dataclass(frozen=True)
class _Segment:
    source: str
    target: str
    seq: int
    ack: int
    flags: int
    payload: bytes

    @property
    def end(self):
        """Behind its last byte."""
        return self.seq + len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


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
                    tcp[13], tcp[(tcp[12] >> 4) * 4:total - head])


def _note(seen, side, one, at):
    if seen is not None:
        seen.at = at
        seen.fins |= {side} if one.flags & FIN else set()


class Tracking:
    """Follows what leaves the kernel's host, step by step."""

    def __init__(self):
        self._seen = {}  # by the client's end and the service's
        self._served = set()  # FTP services with servers by NAT
        self._ends_early = False  # expire_nodest_conn is on
        self._data = set()  # clients' ends to which servers have opened data connections

    def serve(self, services):
        """The services that there are now, by name, as in a listing. With the first server by NAT of
        an FTP service tracking begins, with the last such service of the family it ends."""
        self._served |= {name for name, service in services.items()
                         if name.startswith("TCP ") and name.endswith(f"|{FTP}")
                         and any(columns[:2] == ["method", "0"]
                                 for _, columns in service["dests"])}
        self._served &= services.keys()

    def _tracks(self, end):
        return any((":" in name) == (":" in end) for name in self._served)

    def see(self, step, outcome):
        """A step, and its outcome in the kernel."""
        if step.verb == "sysctl" and "/expire_nodest_conn " in step.args:
            self._ends_early = not step.args.endswith(" 0")
        if step.verb == "frame" and step.args.startswith("c0 ") and outcome.out["s0"]:
            self._see_client(_segment(bytes.fromhex(step.args.split()[-1])), step.at)
        for one in filter(None, map(_segment, outcome.out["c0"])):
            self._see_server(one, step.at)

    def _see_client(self, one, at):
        if one is None or not self._tracks(one.source):
            return
        if one.flags & (SYN | ACK) == SYN:
            self._seen[one.source, one.target] = _Seen()
        seen = self._seen.get((one.source, one.target))
        _note(seen, "client", one, at)
        if seen is not None and one.flags & ACK:
            seen.acked = one.ack

    def _see_server(self, one, at):
        if not self._tracks(one.source):
            return
        if one.flags & SYN and one.source.endswith(f"|{FTP_DATA}"):
            self._data.add(one.target)
        seen = self._seen.get((one.target, one.source))
        if seen is None:
            return
        _note(seen, "server", one, at)
        if one.flags & (SYN | ACK) == SYN | ACK:
            seen.answered, seen.end = True, one.end
        elif seen.answered and 0 < (one.end - seen.end) % (2 * HALF) < HALF:
            seen.end = one.end

    def refuses(self, frame):
        """Whether it does not take a client's frame for a part of its connection."""
        one = _segment(frame)
        if one is None or not one.target.endswith(f"|{FTP}"):
            return False
        seen = self._seen.get((one.source, one.target))
        if one.flags & SYN:
            return seen is not None
        if seen is None or not seen.answered:
            return True
        return bool(one.flags & ACK) and 0 < (one.ack - seen.end) % (2 * HALF) < HALF

    def refuses_anew(self, frame):
        """Whether it does not take a client's SYN for another connection."""
        one = _segment(frame)
        return one is not None and bool(one.flags & SYN) and self.refuses(frame)

    def holds(self, frame):
        """Whether it has a client's connection that expire_nodest_conn ends in IPVS: of a removed
        server, with the client's next frame; of one of weight 0 on an active data connection, with a
        SYN with ACK. That frame is dropped."""
        one = _segment(frame)
        if one is None or not self._ends_early:
            return False
        if one.target.endswith(f"|{FTP_DATA}"):
            return bool(one.flags & SYN) and one.source in self._data
        return (one.source, one.target) in self._seen and one.target.endswith(f"|{FTP}")

    def forgets(self, frame, at):
        """Whether a client's frame comes when its connection was forgotten: what was rewritten is not
        counted any more."""
        one = _segment(frame)
        seen = one and self._seen.get((one.source, one.target))
        if not seen:
            return False
        if len(seen.fins) == 2:
            return at - seen.at >= LAST_ACK
        return seen.acked != seen.end and at - seen.at >= UNACKNOWLEDGED

    def misses(self, frame):
        """Whether a server's frame answers PASV or EPSV, which is rewritten, when the last FTP service
        of its family has gone, and connection tracking with it."""
        one = _segment(frame)
        return (one is not None and one.source.endswith(f"|{FTP}")
                and one.payload[:4] in (b"227 ", b"229 ")
                and not self._tracks(one.source))
