# SPDX-License-Identifier: BSD-2-Clause
"""Frames that are no balanced protocol's, or no affair of the director's at all."""

import struct

from . import place, wire
from .scenario import Step

OSPF, GRE, IPIP, IPV6IP = 89, 47, 4, 41
ECHO = {4: (wire.ICMP, 8), 6: (wire.ICMPV6, 128)}
GROUP = {4: place.address("224.0.0.18"), 6: place.address("ff02::12")}
GROUP_MAC = {4: wire.mac("01:00:5e:00:00:12"), 6: wire.mac("33:33:00:00:00:12")}
STRANGER = wire.mac("02:fe:00:00:00:77")


class Stray:
    """Some of them from one client to one service's address."""

    def __init__(self, rng, service):
        self._rng, self._version = rng, service.version
        self._client = rng.choice(place.CLIENTS[service.version])
        self._protocol, self._address, self._port = service.target(rng)
        self._todo = [rng.choice((self._echo, self._other, self._tunnel, self._group,
                                  self._stranger)) for _ in range(rng.randrange(1, 4))]

    @property
    def ended(self):
        """Whether it has nothing more to send."""
        return not self._todo

    def next(self, pace):
        """The step of its next frame."""
        note, to, dst, protocol, payload = self._todo.pop(0)()
        packet = wire.ip(self._client, dst, protocol, payload, self._rng.choice((64, 255, 2)),
                         ident=self._rng.randrange(1 << 16))
        station = place.station(place.next_hop(self._client, "c0"))
        return [Step(pace.next(False), "frame", f"c0 {wire.ether(to, station, packet).hex()}",
                     note=f"stray: {note}")]

    def _datagram(self, dst):
        return wire.udp(self._client, dst, 1000, self._port, b"stray")

    def _echo(self):
        protocol, kind = ECHO[self._version]
        message = struct.pack("!BBHHH", kind, 0, 0, 7, 1) + b"ping"
        pseudo = b"" if self._version == 4 else (
            self._client.packed + self._address.packed + struct.pack("!II", len(message), protocol))
        value = wire.checksum(pseudo + message)
        message = message[:2] + struct.pack("!H", value) + message[4:]
        return "echo request", place.CLIENT_SIDE, self._address, protocol, message

    def _other(self):
        return ("another protocol", place.CLIENT_SIDE, self._address, OSPF,
                self._rng.randbytes(self._rng.choice((0, 3, 40))))

    def _tunnel(self):
        inner = wire.ip(self._client, self._address, wire.UDP, self._datagram(self._address))
        head = b""
        protocol = IPIP if self._version == 4 else IPV6IP
        if self._rng.random() < 0.4:
            head = b"\0\0\x08\0" if self._version == 4 else b"\0\0\x86\xdd"
            protocol = GRE
        return "tunnel", place.CLIENT_SIDE, self._address, protocol, head + inner

    def _group(self):
        group = GROUP[self._version]
        return "group", GROUP_MAC[self._version], group, wire.UDP, self._datagram(group)

    def _stranger(self):
        return ("another host's", STRANGER, self._address, wire.UDP,
                self._datagram(self._address))
