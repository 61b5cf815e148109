# SPDX-License-Identifier: BSD-2-Clause
"""A client and whoever serves it: the packets that they exchange, good ones and odd ones."""

from . import place, wire
from .complaint import complaint
from .config import ISAKMP
from .life import SCTP_LIVES, SCTP_PARTS, TCP_LIVES, TCP_PARTS, life
from .oddity import Oddity
from .scenario import SECOND, Step
from .wire import ACK, FIN, PSH, SCTP, SYN, TCP, UDP

SYN_OPTIONS = (b"", b"\x02\x04\x05\xb4", b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x01\0\0\0\0"
               b"\x01\x03\x03\x07")
PIECE = SECOND // 1000  # between the pieces of a datagram
NAMES = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP", wire.AH: "AH", wire.ESP: "ESP"}


def _todo(rng, protocol):
    if protocol == TCP:
        return life(rng, TCP_LIVES, TCP_PARTS)
    if protocol == SCTP:
        return life(rng, SCTP_LIVES, SCTP_PARTS)
    return [(rng.choice("cccs"), 0) for _ in range(rng.randrange(1, 6))]


class Flow:
    """Sends its packets one by one until it has ended."""

    def __init__(self, rng, service):
        self._rng = rng
        self._service = service
        self._features = service.features
        self._protocol, self._address, self._dport = service.target(rng)
        self._client = rng.choice(place.CLIENTS[service.version])
        # Few ports, so that some flow takes another's again.
        self._port = rng.choice((rng.randrange(1024, 65536), 40000 + rng.randrange(6)))
        if self._dport == ISAKMP:
            self._port = ISAKMP
        elif rng.random() < 0.02:
            self._port = rng.choice((20, 0)) if "source-port-0" in self._features else 20
        self._seq = {"c": rng.randrange(1 << 32), "s": rng.randrange(1 << 32)}
        self._said = {"c": 0, "s": 0}  # flags of the last segment
        self._todo = _todo(rng, self._protocol)
        self._odd = Oddity(rng, self._features)
        if self._address not in place.VIPS[service.version]:
            self._odd.cuts = False  # errors of the host's own, from no address of its own
        self._asked = None
        self._left = []  # what may be complained about, and where
        # Replies pass the director where it is the servers' gateway, else by a detour at most.
        self._sees_replies = all(s.method == "-m" for s in service.servers) or rng.random() < 0.15

    @property
    def ended(self):
        """Whether it has nothing more to send."""
        return not self._todo

    def next(self, pace):
        """The steps of its next packet; none when that does not pass the director."""
        if self._left and "icmp" in self._features and self._rng.random() < 0.07:
            step = complaint(self._rng, self._service.version, *self._rng.choice(self._left))
            step.at = pace.next(True)
            return [step]
        side, what = self._todo.pop(0)
        if self._rng.random() < 0.08:
            self._todo.insert(0, (side, what))  # sent twice
        if side == "s" and (self._asked is None or not self._sees_replies):
            steps = self._unasked(what) if self._rng.random() < 0.2 else []
        else:
            steps = self._from_client(what) if side == "c" else self._from_server(what)
        if not steps:
            return []
        at = pace.next(True)
        for number, step in enumerate(steps):
            step.at = at + number * PIECE
        if len(steps) == 1:
            self._left.append(("s0" if side == "c" else "c0", steps[0]))
        return steps

    def _payload(self, flags):
        if self._protocol == TCP and not flags & PSH:
            return b""
        if self._service.sip and self._rng.random() < 0.9:
            return _sip(self._rng)
        length = self._rng.choice((0, 1, 2, 3, 17, 100, self._rng.randrange(1300)))
        if self._rng.random() < 0.05:
            length = self._rng.randrange(1300, 1453)
        if self._odd.cuts and self._rng.random() < 0.3:
            length = self._rng.choice((200, 1000, 1400, 2500, 4000))
        return self._rng.randbytes(length)

    def _segment(self, side, ends, what, wrong):
        src, dst, sport, dport = ends
        if self._protocol == SCTP:
            chunks = [(kind, self._rng.randbytes(self._rng.choice((0, 12, 16, 33))))
                      for kind in what]
            return wire.sctp(sport, dport, self._seq[side], chunks, wrong)
        payload = self._payload(what)
        if self._protocol == TCP:
            if what & SYN and self._said[side] == what:
                self._seq[side] = (self._seq[side] - 1) % (1 << 32)  # once more the same
            self._said[side] = what
            seq, ack = self._seq[side], self._seq["s" if side == "c" else "c"]
            self._seq[side] = (seq + len(payload) + bool(what & (SYN | FIN))) % (1 << 32)
            options = self._rng.choice(SYN_OPTIONS) if what & SYN else b""
            return wire.tcp(src, dst, sport, dport, what, seq, ack if what & ACK else 0, options,
                            payload, wrong)
        summed = src.version == 6 or self._rng.random() < 0.8
        return wire.udp(src, dst, sport, dport, payload, summed, wrong)

    def _packets(self, side, src, dst, sport, dport, what):
        """IP packets: one, or its pieces."""
        protocol = self._protocol
        segment = self._segment(side, (src, dst, sport, dport), what, self._odd.wrong_sum())
        if self._dport == ISAKMP and "ah-esp" in self._features and self._rng.random() < 0.5:
            protocol = self._rng.choice((wire.AH, wire.ESP))
            segment = b"\x11\x04\0\0" + self._rng.randbytes(36)
        return self._odd.packets(src, dst, protocol, segment)

    def _note(self, side, what):
        flags = f" flags {what:02x}" if self._protocol == TCP else f" {what}" if what else ""
        return (f"{'client' if side == 'c' else 'server'} of {self._client}|{self._port}: "
                f"{NAMES[self._protocol]}{flags}")

    def _from_client(self, what):
        packets = self._packets("c", self._client, self._address, self._port, self._dport, what)
        station = place.station(place.next_hop(self._client, "c0"))
        steps = [Step(0, "frame", f"c0 {wire.ether(place.CLIENT_SIDE, station, packet).hex()}",
                      note=self._note("c", what)) for packet in packets]
        if len(steps) == 1:
            self._asked = steps[0]
        return steps

    def _unasked(self, what):
        """What a server sends to a client of whom it may never have heard."""
        service = self._service
        if service.sip:
            return []  # it would be a dialogue that the server begins
        servers = [s for s in service.servers if s.address.version == service.version
                   and s.address not in place.LOCAL[service.version]]
        if not servers or self._protocol in (wire.AH, wire.ESP):
            return []
        server = self._rng.choice(servers)
        packets = self._packets("s", server.address, self._client, server.port or self._dport,
                                self._port, what)
        station = place.station(place.next_hop(server.address, "s0"))
        return [Step(0, "frame", f"s0 {wire.ether(place.SERVER_SIDE, station, packet).hex()}",
                     note=self._note("s", what)) for packet in packets]

    def _from_server(self, what):
        nobody = wire.NOBODY4 if self._service.version == 4 else wire.NOBODY6
        packets = self._packets("s", nobody, self._client, 0, self._port, what)
        return [Step(0, "answer", f"s0 {wire.ether(place.SERVER_SIDE, bytes(6), packet).hex()}",
                     self._asked, self._note("s", what)) for packet in packets]


def _sip(rng):
    call = f"{rng.randrange(3)}@192.0.2.9".encode() + (b"x" * 260 if rng.random() < 0.03 else b"")
    name = rng.choice((b"Call-ID: ", b"Call-ID:", b"i: ", b"call-id: ", b"Call-ID  :  "))
    if rng.random() < 0.06:
        name = b"Other: "
    end = b"\r\n" if rng.random() < 0.95 else b""
    return (b"INVITE sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n" + name + call + end
            + (b"CSeq: 1 INVITE\r\n\r\n" if end else b""))
