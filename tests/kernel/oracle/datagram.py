# SPDX-License-Identifier: BSD-2-Clause
"""Fragments by their datagram: who puts them together and cuts them anew sends the same datagram."""

import struct

from .wire import FRAGMENT, UDP, checksum

GRE, TUNNELS = 47, (4, 41)


def _split4(packet):
    """Identity, header, offset, whether more come, data; None for a packet that is whole."""
    head = (packet[0] & 15) * 4
    total, = struct.unpack("!H", packet[2:4])
    field, = struct.unpack("!H", packet[6:8])
    if not field & 0x3FFF or len(packet) < head:
        return None
    key = bytes(packet[4:6] + packet[9:10] + packet[12:20])
    return key, packet[:head], (field & 0x1FFF) * 8, bool(field & 0x2000), packet[head:total]


def _split6(packet):
    if packet[6] != FRAGMENT or len(packet) < 48:
        return None
    protocol, field, ident = struct.unpack("!BxH4s", packet[40:48])
    head = packet[:6] + bytes([protocol]) + packet[7:40]
    return ident + packet[8:40], head, field & 0xFFF8, bool(field & 1), packet[48:]


def _whole4(head, data):
    head = bytearray(head)
    head[2:4] = struct.pack("!H", len(head) + len(data))
    head[6:8] = bytes([head[6] & 0x40, 0])
    head[10:12] = bytes(2)
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return bytes(head) + data


def _whole6(head, data):
    return head[:4] + struct.pack("!H", len(data)) + head[6:] + data


class _Datagram:
    """Pieces of one until they are all there."""

    def __init__(self):
        self._pieces, self._end, self._head = {}, None, None

    def add(self, head, offset, more, data):
        """The header and all data, or None."""
        self._pieces[offset] = data
        if offset == 0:
            self._head = head
        if not more:
            self._end = offset + len(data)
        at = 0
        while at in self._pieces and self._pieces[at]:
            at += len(self._pieces[at])
        if self._head is None or at != self._end:
            return None
        pieces = [self._pieces[at] for at in sorted(self._pieces)]
        return self._head, b"".join(pieces)[:self._end]


def _inside(packet):
    """Where the packet inside of a tunnel's begins; 0 for no tunnel."""
    head, protocol = ((packet[0] & 15) * 4, packet[9]) if packet[0] >> 4 == 4 else (40, packet[6])
    if protocol == GRE and len(packet) > head + 4:
        head += 8 if packet[head] & 0x80 else 4
    elif protocol == UDP and len(packet) > head + 13 and packet[head + 9] in TUNNELS:
        head += 12 + (packet[head + 8] & 31) * 4
    elif protocol not in TUNNELS:
        return 0
    return head if len(packet) >= head + 20 and packet[head] >> 4 in (4, 6) else 0


def _plain_outer(outer):
    """An outer header without what depends on how much is inside."""
    data = bytearray(outer)
    if data[0] >> 4 == 4:
        data[2:6], data[10:12] = bytes(4), bytes(2)
        data[6] &= ~0x40  # the kernel sets DF on what it cuts itself
    else:
        data[4:6] = bytes(2)
    head = 20 if data[0] >> 4 == 4 else 40
    if len(data) > head:
        data[head + 4:head + 8] = bytes(len(data[head + 4:head + 8]))
    return bytes(data)


class Gathered(bytes):
    """A frame made of several: fragments of one datagram, each in a tunnel's packet of its own."""


def plain(frame):
    """A tunnel's frame as far as it is the same whether a datagram was wrapped whole or in
    fragments."""
    at = _inside(frame[14:])
    return frame[:14] + _plain_outer(frame[14:14 + at]) + frame[14 + at:] if at else frame


def is_fragment(frame):
    """Whether a frame holds one."""
    packet = frame[14:]
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return _split4(packet) is not None
    return len(packet) >= 40 and packet[0] >> 4 == 6 and _split6(packet) is not None


class Gatherer:
    """What leaves on one side: whole datagrams, when their last part has left.

    Who puts a datagram together wraps it whole, who does not wraps each fragment: where those are
    in a tunnel the whole comes behind the last outer header.
    """

    def __init__(self):
        self._open = {}

    def take(self, interface, frame):
        """The frame, one with the whole datagram, or None while parts are missing."""
        whole = self._whole(interface, frame)
        at = whole and _inside(whole[14:])
        if not at:
            return whole
        inner = self._whole(interface, whole[:14] + whole[14 + at:])
        if inner is None or inner == whole[:14] + whole[14 + at:]:
            return inner and whole
        return Gathered(whole[:14 + at] + inner[14:])

    def _whole(self, interface, frame):
        packet = frame[14:]
        split = None
        if len(packet) >= 20 and packet[0] >> 4 == 4:
            split, whole = _split4(packet), _whole4
        elif len(packet) >= 40 and packet[0] >> 4 == 6:
            split, whole = _split6(packet), _whole6
        if split is None:
            return frame
        key = interface, split[0]
        datagram = self._open.setdefault(key, _Datagram())
        done = datagram.add(*split[1:])
        if done is None:
            return None
        del self._open[key]
        return frame[:14] + whole(*done)
