# SPDX-License-Identifier: BSD-2-Clause
"""ICMP errors about what a step made leave: from who got it, or from a router on the way."""

import struct

from . import place, wire
from .scenario import Step

ICMP, ICMPV6 = 1, 58
# Type, code, second word of the header.
KINDS = {
    4: ((3, 0, 0), (3, 1, 0), (3, 3, 0), (3, 4, 1300), (3, 4, 1400), (3, 13, 0), (11, 0, 0),
        (11, 1, 0), (4, 0, 0), (5, 1, 0x0A010001), (12, 0, 0)),
    6: ((1, 0, 0), (1, 1, 0), (1, 3, 0), (1, 4, 0), (2, 0, 1300), (2, 0, 1400), (3, 0, 0),
        (3, 1, 0), (4, 0, 0), (4, 1, 6)),
}
QUOTED = (28, 28, 48, 48, 68, 128, 528, 24, 20)


def complaint(rng, version, interface, about):
    """The step; `about` is the one whose frame left by this interface."""
    nobody = wire.NOBODY4 if version == 4 else wire.NOBODY6
    kind, code, word = rng.choice(KINDS[version])
    fault = 0x1111 if rng.random() < 0.05 else 0
    routers = place.CLIENT_GATEWAY if interface == "c0" else place.SERVER_GATEWAY
    sender = place.address(routers[version]) if rng.random() < 0.4 else nobody
    packet = wire.ip(sender, nobody, ICMP if version == 4 else ICMPV6,
                     struct.pack("!BBHI", kind, code, fault, word),
                     ttl=rng.choice((64, 255, 2)), tos=rng.choice((0, 0xC0)),
                     ident=rng.randrange(1 << 16), dont_fragment=False)
    side = place.CLIENT_SIDE if interface == "c0" else place.SERVER_SIDE
    frame = wire.ether(side, bytes(6), packet)
    return Step(0, "quote", f"{interface} {rng.choice(QUOTED) + (20 if version == 6 else 0)} "
                f"{frame.hex()}", about, f"ICMP {kind}/{code} on {interface}")
