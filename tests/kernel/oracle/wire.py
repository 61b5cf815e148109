# SPDX-License-Identifier: BSD-2-Clause
"""Frames as bytes: Ethernet, IPv4, IPv6, TCP, UDP, SCTP. Every field can be given."""

import ipaddress
import struct

TCP, UDP, SCTP = 6, 17, 132
ESP, AH, ICMP, ICMPV6 = 50, 51, 1, 58
HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
NOBODY4 = ipaddress.ip_address("0.0.0.0")
NOBODY6 = ipaddress.ip_address("::")


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text):
    """A link-layer address."""
    return bytes.fromhex(text.replace(":", ""))


def _pseudo(src, dst, protocol, length):
    if src.version == 4:
        return src.packed + dst.packed + struct.pack("!BBH", 0, protocol, length)
    return src.packed + dst.packed + struct.pack("!II", length, protocol)


def tcp(src, dst, sport, dport, flags, seq=0, ack=0, options=b"", payload=b"", wrong=False):
    """A TCP segment."""
    header = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) // 4 << 4,
                         flags, 8192, 0, 0) + options
    segment = header + payload
    value = checksum(_pseudo(src, dst, TCP, len(segment)) + segment)
    return segment[:16] + struct.pack("!H", value ^ 0x5555 if wrong else value) + segment[18:]


def udp(src, dst, sport, dport, payload=b"", summed=True, wrong=False):
    """A UDP datagram, without a checksum if asked."""
    length = 8 + len(payload)
    datagram = struct.pack("!HHHH", sport, dport, length, 0) + payload
    value = checksum(_pseudo(src, dst, UDP, length) + datagram) or 0xFFFF
    if wrong:
        value ^= 0x5555
    if not summed:
        value = 0
    return datagram[:6] + struct.pack("!H", value) + payload


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data):
    """The checksum of SCTP (RFC 9260, appendix A)."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def sctp(sport, dport, tag, chunks, wrong=False):
    """An SCTP packet; chunks are pairs of a type and what it holds."""
    packet = struct.pack("!HHII", sport, dport, tag, 0)
    for kind, data in chunks:
        packet += struct.pack("!BBH", kind, 0, 4 + len(data)) + data + bytes(-len(data) % 4)
    value = crc32c(packet) ^ (0x5555 if wrong else 0)
    return packet[:8] + struct.pack("<I", value) + packet[12:]


def extend(protocol, payload, headers):
    """IPv6 extension headers in front of a payload: pairs of a kind and what it holds behind its
    first two bytes. Gives the first one's kind, and all."""
    for kind, data in reversed(headers):
        data += bytes(-(len(data) + 2) % 8)
        payload = bytes([protocol, (len(data) + 2) // 8 - 1]) + data + payload
        protocol = kind
    return protocol, payload


def _piece4(packet, head, begin, end):
    offset, = struct.unpack("!H", packet[6:8])
    more = 0x2000 if head + end < len(packet) else 0
    header = bytearray(packet[:head])
    header[2:4] = struct.pack("!H", head + end - begin)
    header[6:8] = struct.pack("!H", offset & 0x8000 | more | begin // 8)
    header[10:12] = bytes(2)
    header[10:12] = struct.pack("!H", checksum(bytes(header)))
    return bytes(header) + packet[head + begin:head + end]


def _piece6(packet, ident, begin, end):
    more = int(40 + end < len(packet))
    header = struct.pack("!BBHI", packet[6], 0, begin | more, ident)
    length = struct.pack("!H", 8 + end - begin)
    return (packet[:4] + length + bytes([FRAGMENT]) + packet[7:40] + header
            + packet[40 + begin:40 + end])


def pieces(packet, cuts, ident=0):
    """The packet in fragments that end at these places of its payload, which are multiples of 8.
    All that is behind the fixed header of IPv6 is taken for the part to be cut."""
    head = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    ends = [*cuts, len(packet) - head]
    begins = [0, *cuts]
    if packet[0] >> 4 == 4:
        return [_piece4(packet, head, *ends_) for ends_ in zip(begins, ends)]
    return [_piece6(packet, ident, *ends_) for ends_ in zip(begins, ends)]


def ip(src, dst, protocol, payload, ttl=64, tos=0, ident=0, dont_fragment=True, options=b""):
    """An IPv4 or IPv6 packet, by its addresses; options are IPv4's."""
    if src.version == 4:
        head = 20 + len(options)
        header = struct.pack("!BBHHHBBH", 0x40 | head // 4, tos, head + len(payload), ident,
                             0x4000 if dont_fragment else 0, ttl, protocol, 0)
        header += src.packed + dst.packed + options
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload
    return (struct.pack("!IHBB", 6 << 28 | tos << 20 | ident & 0xFFFFF, len(payload), protocol,
                        ttl) + src.packed + dst.packed + payload)


def ether(to, sender, packet):
    """A frame around an IP packet."""
    return to + sender + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


# --- For people ---

def _flags(value):
    names = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "A"))
    return "".join(name for bit, name in names if value & bit) or "-"


def _l4(protocol, data):
    if protocol == TCP and len(data) >= 20:
        sport, dport, seq, ack, offset, flags = struct.unpack("!HHIIBB", data[:14])
        return (f"TCP {sport} > {dport} {_flags(flags)} seq {seq} ack {ack} sum {data[16:18].hex()}"
                f" +{len(data) - (offset >> 4) * 4}")
    if protocol == UDP and len(data) >= 8:
        sport, dport, length = struct.unpack("!HHH", data[:6])
        return f"UDP {sport} > {dport} len {length} sum {data[6:8].hex()}"
    if protocol == SCTP and len(data) >= 13:
        sport, dport, tag = struct.unpack("!HHI", data[:8])
        return f"SCTP {sport} > {dport} sum {data[8:12].hex()} chunk {data[12]} +{len(data)}"
    if protocol in (4, 41):
        return "[" + describe_packet(data) + "]"
    if protocol in (1, 58) and len(data) >= 8:
        return (f"ICMP {data[0]}/{data[1]} sum {data[2:4].hex()} word {data[4:8].hex()} about ["
                + describe_packet(data[8:]) + "]")
    return f"protocol {protocol} +{len(data)}"


def describe_packet(data):
    """An IP packet in a line."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        tos, length, ident, fragment, ttl, protocol, value = struct.unpack("!xBHHHBBH", data[:12])
        head = (f"{ipaddress.ip_address(data[12:16])} > {ipaddress.ip_address(data[16:20])} "
                f"tos {tos:02x} id {ident:04x} frag {fragment:04x} ttl {ttl} sum {value:04x} ")
        return head + _l4(protocol, data[(data[0] & 15) * 4:length])
    if len(data) >= 40 and data[0] >> 4 == 6:
        word, length, protocol, ttl = struct.unpack("!IHBB", data[:8])
        head = (f"{ipaddress.ip_address(data[8:24])} > {ipaddress.ip_address(data[24:40])} "
                f"class {word >> 20 & 255:02x} label {word & 0xFFFFF:05x} ttl {ttl} ")
        return head + _l4(protocol, data[40:40 + length])
    return data.hex()


def describe(frame):
    """A frame in a line."""
    return f"to {frame[:6].hex(':')}: {describe_packet(frame[14:])}"
