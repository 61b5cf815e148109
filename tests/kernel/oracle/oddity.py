# SPDX-License-Identifier: BSD-2-Clause
"""IP packets around a segment, some of them odd: options, extension headers, pieces, faults."""

from . import wire

OPTIONS4 = (b"\x01\x01\x01\x00", b"\x94\x04\x00\x00", b"\x01" * 8, b"\x00" * 4)
PADDING = b"\x01\x04\0\0\0\0"
HEADERS6 = (((wire.HOP_BY_HOP, PADDING),), ((wire.OPTIONS, PADDING),),
            ((wire.HOP_BY_HOP, PADDING), (wire.OPTIONS, PADDING + PADDING)),
            ((wire.ROUTING, b"\x00\x00\0\0\0\0"),))
# So long may headers in front of a payload be, and so much of a packet stays in one piece.
SAFE = 80
DOS = (0, 0, 0x10, 0xB8, 1, 2, 3)


class Oddity:
    """What chance does to packets, as far as features allow."""

    def __init__(self, rng, features):
        self._rng, self._features = rng, features
        # What is dropped here and sent on there ends a comparison: most scenarios are without.
        self._damages = self._chance("odd", 0.15)
        self.cuts = self._chance("fragments", 0.25)

    def _chance(self, feature, probability):
        return feature in self._features and self._rng.random() < probability

    def wrong_sum(self):
        """Whether the transport's checksum is to be wrong."""
        return self._chance("odd", 0.02)

    def packets(self, src, dst, protocol, segment):
        """One packet, or the pieces of one, in the order in which they come."""
        rng = self._rng
        ttl = rng.choice((64, 64, 64, 255, 128, 3, 2)) if rng.random() > 0.02 else 1
        in_pieces = len(segment) > 1440 or len(segment) > SAFE and self.cuts and rng.random() < 0.3
        if self._damages and rng.random() < 0.02:
            segment = segment[:rng.randrange(len(segment) + 1)]
            in_pieces = False
        options = b""
        if self._chance("options", 0.03):
            if src.version == 4:
                options = rng.choice(OPTIONS4)
            elif not in_pieces:
                protocol, segment = wire.extend(protocol, segment, rng.choice(HEADERS6))
        packet = wire.ip(src, dst, protocol, segment, ttl, rng.choice(DOS), rng.randrange(1 << 16),
                         not in_pieces and rng.random() < 0.7, options)
        if in_pieces:
            return self._pieces(packet)
        return [self._damaged(packet)]

    def _damaged(self, packet):
        if packet[0] >> 4 == 4 and self._chance("odd", 0.01):
            return packet[:10] + bytes([packet[10] ^ 0x40]) + packet[11:]
        return packet

    def _pieces(self, packet):
        rng = self._rng
        head = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
        places = range(8, len(packet) - head, 8)
        # The transport's header stays whole: what is shorter is hostile, and dropped here. So is
        # a datagram of which not all comes: the kernel sends no part of it.
        places = [at for at in places if at >= SAFE]
        cuts = sorted(rng.sample(places, min(len(places), rng.randrange(1, 4))))
        made = wire.pieces(packet, cuts, rng.randrange(1 << 32))
        if rng.random() < 0.5:
            rng.shuffle(made)
        return made
