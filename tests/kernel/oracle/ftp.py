# SPDX-License-Identifier: BSD-2-Clause
"""FTP through NAT: control dialogues whose texts name addresses, and the data connections they
open. The service has one server, so that what it says of itself is known beforehand."""

from . import place, wire
from .oddity import DOS
from .scenario import Step
from .wire import ACK, FIN, PSH, RST, SYN

OPENING = (("c", SYN, b""), ("s", SYN | ACK, b""), ("c", ACK, b""),
           ("s", PSH | ACK, b"220 welcome\r\n"))


def _numbers(address, port):
    return ",".join(map(str, (*address.packed, port >> 8, port & 255))).encode()


class _End:
    """One TCP connection as both of its ends see it; `shift` is what the director adds to what the
    server sends."""

    def __init__(self, rng):
        self.seq = {"c": rng.randrange(1 << 32), "s": rng.randrange(1 << 32)}
        self.shift = 0

    def segment(self, side, ends, flags, payload):
        """A segment from this side, between (address, port) pairs as its sender knows them."""
        (src, sport), (dst, dport) = ends
        seq, ack = self.seq[side], self.seq["s" if side == "c" else "c"]
        if side == "c":
            ack += self.shift
        self.seq[side] += len(payload) + bool(flags & (SYN | FIN))
        return wire.tcp(src, dst, sport, dport, flags, seq % (1 << 32),
                        ack % (1 << 32) if flags & ACK else 0, b"", payload)


class FtpFlow:
    """A client's control connection with its data connections."""

    def __init__(self, rng, service):
        self._rng, self._version = rng, service.version
        server = service.servers[0]
        self._vip = service.address, service.port
        self._server = server.address, server.port or service.port
        self._client = rng.choice(place.CLIENTS[service.version]), rng.randrange(1024, 65536)
        self._control = _End(rng)
        self._todo = [("control", *one) for one in OPENING]
        for _ in range(rng.randrange(1, 3)):
            self._todo += rng.choice((self._passive, self._extended, self._active))()
        self._todo += [("control", "c", FIN | ACK, b""), ("control", "s", FIN | ACK, b""),
                       ("control", "c", ACK, b"")]
        self._data = None

    @property
    def ended(self):
        """Whether it has nothing more to send."""
        return not self._todo

    def _passive(self):
        if self._version == 6:
            return self._extended()
        port = self._rng.randrange(1024, 65536)
        theirs, ours = (_numbers(address, port) for address in (self._server[0], self._vip[0]))
        text = self._rng.choice((b"227 Entering Passive Mode (%s).\r\n", b"227 =%s\r\n",
                                 b"227 Entering Passive Mode (%s)\r\n"))
        ask = self._rng.choice((b"PASV\r\n", b"pasv\r\n", b"NOOP\r\nPASV\r\n"))
        shift = len(ours) - len(theirs)
        return [("control", "c", PSH | ACK, ask),
                ("control", "s", PSH | ACK, text % theirs, shift), *self._data_steps("pasv", port)]

    def _extended(self):
        port = self._rng.randrange(1024, 65536)
        family = b"1" if self._version == 4 else b"2"
        ask = self._rng.choice((b"EPSV\r\n", b"EPSV %s\r\n" % family, b"epsv\r\n"))
        text = b"229 Entering Extended Passive Mode (|||%d|)\r\n" % port
        return [("control", "c", PSH | ACK, ask), ("control", "s", PSH | ACK, text),
                *self._data_steps("pasv", port)]

    def _active(self):
        port = self._rng.randrange(1024, 65536)
        address = self._client[0]
        if self._version == 4 and self._rng.random() < 0.6:
            ask = b"PORT %s\r\n" % _numbers(address, port)
        else:
            ask = b"EPRT |%d|%s|%d|\r\n" % (1 if self._version == 4 else 2, str(address).encode(),
                                            port)
        return [("control", "c", PSH | ACK, ask), ("control", "s", PSH | ACK, b"200 fine\r\n"),
                *self._data_steps("port", port)]

    def _data_steps(self, kind, port):
        """A data connection: the client opens it after PASV, the server after PORT."""
        begin = "c" if kind == "pasv" else "s"
        other = "s" if begin == "c" else "c"
        lives = ((begin, SYN), (other, SYN | ACK), (begin, ACK), ("s", PSH | ACK), ("c", ACK),
                 ("s", FIN | ACK), ("c", FIN | ACK), ("s", ACK))
        steps = [(kind, side, flags, self._rng.randbytes(50) if flags & PSH else b"", port)
                 for side, flags in lives]
        if self._rng.random() < 0.2:
            steps = steps[:self._rng.randrange(1, 4)] + [(kind, "c", RST, b"", port)]
        return steps

    def _ends(self, kind, side, port):
        """(address, port) of sender and receiver, as the sender knows them."""
        if kind == "control":
            client, vip, server = self._client, self._vip, self._server
        elif kind == "pasv":
            client = self._client[0], self._client[1] ^ 1
            vip, server = (self._vip[0], port), (self._server[0], port)
        else:
            client = self._client[0], port
            vip = self._vip[0], self._vip[1] - 1
            server = self._server[0], self._server[1] - 1
        return (client, vip) if side == "c" else (server, client)

    def next(self, pace):
        """The step of its next packet."""
        kind, side, flags, payload, *more = self._todo.pop(0)
        if kind != "control" and flags == SYN:
            self._data = _End(self._rng)
        connection = self._control if kind == "control" else self._data
        ends = self._ends(kind, side, more[0] if kind != "control" else 0)
        segment = connection.segment(side, ends, flags, payload)
        if kind == "control" and more:
            connection.shift += more[0]
        (src, _), (dst, _) = ends
        packet = wire.ip(src, dst, wire.TCP, segment, self._rng.choice((64, 255)),
                         self._rng.choice(DOS), self._rng.randrange(1 << 16))
        interface, own = ("c0", place.CLIENT_SIDE) if side == "c" else ("s0", place.SERVER_SIDE)
        station = place.station(place.next_hop(src, interface))
        note = f"ftp {kind} {side} flags {flags:02x} {payload[:40]!r}"
        return [Step(pace.next(True), "frame",
                     f"{interface} {wire.ether(own, station, packet).hex()}", note=note)]
