# SPDX-License-Identifier: BSD-2-Clause
"""A scenario for drop_entry: many connections half open or idle, and looks at what is left.

survival.py judges it.
"""

from . import config, place, wire
from .life import INIT
from .pace import Pace
from .scenario import SECOND, Step

HALF_OPEN, IDLE, OPEN = 60, 40, 6
# After drop_entry is on: half-open ones last a minute, idle ones are safe as long. What is missing
# at the end of that is looked for twice.
LOOKS = (0.02, 10, 20, 40, 42, 66, 96)
SHORT_OF_MEMORY = 1 << 30
METHODS = ("-m", "-g", "-i")


class _Crowd:
    """Clients of one address."""

    def __init__(self, rng):
        self._rng = rng
        self._version = rng.choice((4, 6))
        self._vip = place.VIPS[self._version][0]
        self._pace = Pace(rng, "steady")
        self._port = 2000

    def rules(self):
        """Three services with servers of every method."""
        lines = []
        for word, port in (("-t", 80), ("-u", 53), ("--sctp-service", 80)):
            service = f"{word} {config.end(self._vip, port)}"
            lines.append(f"-A {service} -s rr")
            for method in METHODS:
                server = self._rng.choice(place.SERVERS[self._version])
                lines.append(f"-a {service} -r {config.end(server, port)} {method}")
        return ";".join(lines)

    def _frame(self, client, protocol, segment):
        packet = wire.ip(client, self._vip, protocol, segment)
        station = place.station(place.next_hop(client, "c0"))
        frame = wire.ether(place.CLIENT_SIDE, station, packet)
        return Step(self._pace.next(True), "frame", f"c0 {frame.hex()}")

    def _client(self):
        self._port += 1
        return self._rng.choice(place.CLIENTS[self._version]), self._port

    def tcp(self, *flags):
        """One client's segments."""
        client, port = self._client()
        return [self._frame(client, wire.TCP, wire.tcp(client, self._vip, port, 80, one))
                for one in flags]

    def udp(self):
        """A single datagram."""
        client, port = self._client()
        return [self._frame(client, wire.UDP, wire.udp(client, self._vip, port, 53, b"?"))]

    def sctp(self):
        """INIT twice: the first alone lasts for seconds."""
        client, port = self._client()
        return [self._frame(client, wire.SCTP, wire.sctp(port, 80, 1, [(INIT, bytes(16))]))
                for _ in range(2)]

    def some(self):
        """Of all kinds, in any order."""
        kinds = ([lambda: self.tcp(wire.SYN)] * HALF_OPEN + [self.udp] * IDLE + [self.sctp] * OPEN
                 + [lambda: self.tcp(wire.SYN, wire.ACK)] * OPEN
                 + [lambda: self.tcp(wire.SYN, wire.ACK, wire.FIN | wire.ACK)] * OPEN)
        self._rng.shuffle(kinds)
        for make in kinds:
            yield from make()

    def after(self, seconds):
        """A time, so long after the last one."""
        return self._pace.after(int(seconds * SECOND))


def dropping(rng):
    """Its steps."""
    crowd = _Crowd(rng)
    steps = [Step(0, "rules", crowd.rules()), *crowd.some(), Step(crowd.after(0.1), "snap")]
    at = crowd.after(0.1)
    mode = 3
    if rng.random() < 0.5:
        mode = 1
        steps.append(Step(at, "sysctl", f"net/ipv4/vs/amemthresh {SHORT_OF_MEMORY}"))
    steps.append(Step(at, "sysctl", f"net/ipv4/vs/drop_entry {mode}"))
    # Packets set no timers any more: no time is a bad one.
    return steps + [Step(at + int(look * SECOND), "snap") for look in LOOKS]
