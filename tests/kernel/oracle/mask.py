# SPDX-License-Identifier: BSD-2-Clause
"""Frames without what their sender may choose freely."""

from . import place
from .wire import checksum

IN_TUNNEL = (4, 41)
ICMP, ICMPV6, GRE = 1, 58, 47
GUE_PORTS = (5555, 6080)
# Linux takes local ports, liblvs the dynamic ones (RFC 6335).
LOCAL_PORTS = range(32768, 65536)
OWN = {address.packed for address in place.DIRECTOR}


def _own_error(interface, source):
    return interface == "c0" or bytes(source) in OWN


def _ends_sum(data, head):
    """The pseudo-header's part of a transport checksum, by the IP header of a frame."""
    addresses = data[26:34] if data[14] >> 4 == 4 else data[22:54]
    length = len(data) - head
    return bytes(addresses) + length.to_bytes(4, "big") + (17).to_bytes(4, "big")


def _mask_gue(data, head):
    """The source port of GUE is free within the range of local ports, and its checksum follows:
    what keeps the rules looks the same."""
    port = int.from_bytes(data[head:head + 2], "big")
    summed = bytes(data[head + 6:head + 8]) != bytes(2)
    fine = not summed or checksum(_ends_sum(data, head) + bytes(data[head:])) == 0
    if port in LOCAL_PORTS and fine:
        data[head:head + 2] = bytes(2)
        data[head + 6:head + 8] = bytes([0, summed])


def _mask_quoted(data, error_sum, head):
    """GUE's source port in an error about it."""
    if int.from_bytes(data[head + 2:head + 4], "big") in GUE_PORTS:
        data[head:head + 2] = bytes(2)
        data[head + 6:head + 8] = bytes(len(data[head + 6:head + 8]))
        data[error_sum:error_sum + 2] = bytes(2)


def _mask_tunnel(data, head, protocol):
    """Whether it is a tunnel's packet; what is free in GUE's header is gone then."""
    if protocol == GRE:
        return True
    if protocol != 17 or len(data) < head + 12 or int.from_bytes(
            data[head + 2:head + 4], "big") not in GUE_PORTS:
        return protocol in IN_TUNNEL
    _mask_gue(data, head)
    return True


def _masked4(data, interface):
    if data[23] in (17, GRE) and interface == "s0" and _mask_tunnel(
            data, 14 + (data[14] & 15) * 4, data[23]):
        data[18:20] = bytes(2)
        data[24:26] = bytes(2)
    if data[23] in IN_TUNNEL or data[23] == ICMP and _own_error(interface, data[26:30]):
        data[18:20] = bytes(2)
        data[24:26] = bytes(2)
    if data[23] == ICMP and len(data) >= 62 and bytes(data[54:58]) in OWN:
        data[36:38] = bytes(2)
        data[46:48] = bytes(2)
        data[52:54] = bytes(2)
    if data[23] == ICMP and len(data) >= 66 and data[51] == 17:
        _mask_quoted(data, 36, 62)
    if interface == "p0":
        data[20] &= ~0x40
        data[22] = 0
        data[24:26] = bytes(2)


def _masked6(data, interface):
    if data[20] == ICMPV6 and len(data) >= 106 and data[68] == 17:
        _mask_quoted(data, 56, 102)
    if data[20] == 17 and interface == "s0":
        _mask_tunnel(data, 54, data[20])
    if data[20] == ICMPV6 and _own_error(interface, data[22:38]):
        data[15:18] = bytes([data[15] & 0xF0, 0, 0])
    if interface == "p0":
        data[21] = 0


def masked(frame, interface):
    """A frame without what its sender may choose freely.

    That is the identification of an IPv4 packet which the director itself made (a tunnel's outer
    header, an ICMP error), with the header checksum that follows from it, and the flow label of its
    ICMPv6 errors; the first also where an error quotes the packet. What is the host's own (p0) is
    shown by a copy that costs a hop and sets DF, behind a link-layer header that means nothing.
    """
    data = bytearray(frame)
    if interface == "p0":
        data[:14] = bytes(14)
    if len(data) >= 34 and data[14] >> 4 == 4:
        _masked4(data, interface)
    elif len(data) >= 54:
        _masked6(data, interface)
    return bytes(data)
