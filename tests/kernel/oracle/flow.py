# SPDX-License-Identifier: BSD-2-Clause
"""A client and whoever serves it: the packets that they exchange, good ones and odd ones."""

from . import place, wire
from .complaint import complaint
from .scenario import Step
from .wire import ACK, FIN, PSH, RST, SYN, TCP

# Who sends, which flags. Data is added at random.
TCP_LIVES = (
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("s", ACK), ("s", PSH | ACK),
     ("c", ACK), ("c", FIN | ACK), ("s", FIN | ACK), ("c", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("s", PSH | ACK),
     ("s", FIN | ACK), ("c", ACK), ("c", FIN | ACK), ("s", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", PSH | ACK), ("c", RST)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("s", RST | ACK), ("c", ACK)),
    (("c", SYN), ("s", RST | ACK)),
    (("c", SYN), ("c", SYN), ("c", SYN), ("s", SYN | ACK), ("c", ACK)),
    (("c", SYN), ("c", RST)),
    (("c", ACK), ("c", PSH | ACK)),
    (("c", FIN | ACK),),
    (("c", RST),),
    (("c", SYN | ACK), ("c", ACK)),
    (("c", 0), ("c", SYN | FIN)),
    (("c", SYN), ("c", 0), ("c", SYN)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("c", FIN | ACK), ("s", FIN | ACK), ("c", ACK),
     ("c", SYN), ("s", SYN | ACK), ("c", ACK)),
    (("c", SYN), ("s", SYN | ACK), ("c", ACK), ("s", FIN | ACK), ("c", FIN | ACK), ("s", ACK),
     ("c", SYN), ("s", SYN | ACK), ("c", RST), ("c", SYN)),
)
SYN_OPTIONS = (b"", b"\x02\x04\x05\xb4", b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x01\0\0\0\0"
               b"\x01\x03\x03\x07")


class Flow:
    """Sends its packets one by one until it has ended."""

    def __init__(self, rng, service):
        self._rng = rng
        self._service = service
        self._client = rng.choice(place.CLIENTS[service.version])
        # Few ports, so that some flow takes another's again.
        self._port = rng.choice((rng.randrange(1024, 65536), 40000 + rng.randrange(6)))
        self._seq = {"c": rng.randrange(1 << 32), "s": rng.randrange(1 << 32)}
        self._todo = list(rng.choice(TCP_LIVES)) if service.protocol == TCP else [
            (rng.choice("cccs"), 0) for _ in range(rng.randrange(1, 6))]
        self._asked = None
        self._left = []  # what may be complained about, and where
        # Replies pass the director where it is the servers' gateway, else by a detour at most.
        self._sees_replies = all(s.method == "-m" for s in service.servers) or rng.random() < 0.15

    @property
    def ended(self):
        """Whether it has nothing more to send."""
        return not self._todo

    def next(self, pace):
        """The step of its next packet; None when that does not pass the director."""
        if self._left and self._rng.random() < 0.06:
            step = complaint(self._rng, self._service.version, *self._rng.choice(self._left))
            step.at = pace.next(True)
            return step
        side, flags = self._todo.pop(0)
        if self._rng.random() < 0.08:
            self._todo.insert(0, (side, flags))  # sent twice
        if side == "s" and (self._asked is None or not self._sees_replies):
            return None
        step = self._from_client(flags) if side == "c" else self._from_server(flags)
        step.at = pace.next(True)
        self._left.append(("s0", step) if side == "c" else ("c0", step))
        return step

    def _payload(self, flags):
        if self._service.protocol == TCP and not flags & PSH:
            return b""
        length = self._rng.choice((0, 1, 2, 3, 17, 100, self._rng.randrange(1300)))
        if self._rng.random() < 0.05:
            length = self._rng.randrange(1300, 1453)
        return self._rng.randbytes(length)

    def _transport(self, side, src, dst, sport, dport, flags):
        payload = self._payload(flags)
        wrong = self._rng.random() < 0.02
        if self._service.protocol == TCP:
            seq, ack = self._seq[side], self._seq["s" if side == "c" else "c"]
            self._seq[side] = (seq + len(payload) + bool(flags & (SYN | FIN))) % (1 << 32)
            options = self._rng.choice(SYN_OPTIONS) if flags & SYN else b""
            return wire.tcp(src, dst, sport, dport, flags, seq, ack if flags & ACK else 0, options,
                            payload, wrong)
        summed = src.version == 6 or self._rng.random() < 0.8
        return wire.udp(src, dst, sport, dport, payload, summed, wrong)

    def _packet(self, src, dst, segment):
        ttl = self._rng.choice((64, 64, 64, 255, 128, 3, 2))
        if self._rng.random() < 0.02:
            ttl = 1
        odd = self._rng.random()
        if odd < 0.01:
            segment = segment[:self._rng.randrange(len(segment))]
        packet = wire.ip(src, dst, self._service.protocol, segment, ttl,
                         self._rng.choice((0, 0, 0x10, 0xB8, 1, 2, 3)),
                         self._rng.randrange(1 << 16), self._rng.random() < 0.7,
                         b"\x01\x01\x01\x00" if 0.01 < odd < 0.03 else b"")
        if 0.03 < odd < 0.04 and src.version == 4:
            packet = packet[:10] + bytes([packet[10] ^ 0x40]) + packet[11:]
        return packet

    def _note(self, side, flags):
        what = f"TCP flags {flags:02x}" if self._service.protocol == TCP else "UDP"
        return f"{'client' if side == 'c' else 'server'} of {self._client}|{self._port}: {what}"

    def _from_client(self, flags):
        service = self._service
        segment = self._transport("c", self._client, service.address, self._port, service.port,
                                  flags)
        frame = wire.ether(place.CLIENT_SIDE, place.station(place.next_hop(self._client, "c0")),
                           self._packet(self._client, service.address, segment))
        self._asked = Step(0, "frame", f"c0 {frame.hex()}", note=self._note("c", flags))
        return self._asked

    def _from_server(self, flags):
        nobody = wire.NOBODY4 if self._service.version == 4 else wire.NOBODY6
        segment = self._transport("s", nobody, self._client, 0, self._port, flags)
        frame = wire.ether(place.SERVER_SIDE, bytes(6),
                           self._packet(nobody, self._client, segment))
        return Step(0, "answer", f"s0 {frame.hex()}", self._asked, self._note("s", flags))
