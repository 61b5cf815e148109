# SPDX-License-Identifier: BSD-2-Clause
"""Frames that are no balanced protocol's, or no affair of the director's at all."""

import struct

from . import place, wire
from .scenario import Step

OSPF, GRE, IPIP, IPV6IP = 89, 47, 4, 41
ECHO = {4: (wire.ICMP, 8), 6: (wire.ICMPV6, 128)}
COMPLAINT = {4: (wire.ICMP, 3, 4), 6: (wire.ICMPV6, 2, 0)}
GROUP = {4: place.address("224.0.0.18"), 6: place.address("ff02::12")}
GROUP_MAC = {4: wire.mac("01:00:5e:00:00:12"), 6: wire.mac("33:33:00:00:00:12")}
STRANGER = wire.mac("02:fe:00:00:00:77")


class Stray:
    """Some of them from one client to one service's address."""

    def __init__(self, rng, service):
        self._rng, self._version = rng, service.version
        self._client = rng.choice(place.CLIENTS[service.version])
        self._protocol, self._address, self._port = service.target(rng)
        kinds = [self._echo, self._other, self._tunnel, self._group, self._stranger]
        if "icmp" in service.features:
            kinds += [self._complaint] * 3
        self._todo = [rng.choice(kinds) for _ in range(rng.randrange(1, 4))]

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
        # The last may open a connection.
        return [Step(pace.next(True), "frame", f"c0 {wire.ether(to, station, packet).hex()}",
                     note=f"stray: {note}")]

    def _datagram(self, dst):
        return wire.udp(self._client, dst, 1000, self._port, b"stray")

    def _echo(self):
        protocol, kind = ECHO[self._version]
        message = self._icmp(protocol, struct.pack("!BBHHH", kind, 0, 0, 7, 1) + b"ping")
        return "echo request", place.CLIENT_SIDE, self._address, protocol, message

    def _complaint(self):
        """About a reply that was never sent, as far as this director knows."""
        protocol, kind, code = COMPLAINT[self._version]
        port = self._rng.randrange(1024, 65536)
        ends = self._address, self._client, self._port, port
        if self._protocol == wire.SCTP:
            segment = wire.sctp(self._port, port, 7, [(0, bytes(16))])
        elif self._protocol == wire.UDP:
            segment = wire.udp(*ends, bytes(20))
        else:
            segment = wire.tcp(*ends, wire.ACK, payload=bytes(20))
        quoted = wire.ip(self._address, self._client, self._protocol, segment)
        message = self._icmp(protocol, struct.pack("!BBHI", kind, code, 0, 1300) + quoted)
        return "error about nothing", place.CLIENT_SIDE, self._address, protocol, message

    def _icmp(self, protocol, message):
        """With its checksum."""
        pseudo = b"" if self._version == 4 else (
            self._client.packed + self._address.packed + struct.pack("!II", len(message), protocol))
        value = wire.checksum(pseudo + message)
        return message[:2] + struct.pack("!H", value) + message[4:]

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
