# SPDX-License-Identifier: BSD-2-Clause
"""Packets, byte by byte: how they are built and what their sums are. Plain arithmetic of its own."""
import ipaddress
import struct

TCP, UDP, ICMP, ICMP6, IPIP, IPV6, GRE, SCTP = 6, 17, 1, 58, 4, 41, 47, 132
ESP, AH, IKE = 50, 51, 500
HOP, ROUTING, FRAGMENT, OPTIONS, NONE = 0, 43, 44, 60, 59
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DATA, INIT, INIT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK, COMPLETE = 0, 1, 2, 6, 7, 8, 10, 11, 14
DF, MF = 0x4000, 0x2000


def address(text):
    return ipaddress.ip_address(text).packed


def add(data, start=0):
    """The sum of RFC 1071, not yet inverted."""
    if len(data) % 2:
        data += b"\0"
    total = start
    for (word,) in struct.iter_unpack("!H", data):
        total += word
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def pseudo(src, dst, protocol, length):
    return add(src + dst) + protocol + (length >> 16) + (length & 0xffff)


def l4_sum(src, dst, protocol, segment):
    """0xffff where the checksum in the segment is right. A UDP datagram ends where it says."""
    if protocol == UDP:
        segment = segment[:struct.unpack("!H", segment[4:6])[0]]
    return add(segment, pseudo(src, dst, protocol, len(segment)))


def crc32c(data):
    """RFC 9260, appendix A, a bit at a time."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def sctp_right(segment):
    return segment[8:12] == struct.pack("<I", crc32c(segment[:8] + bytes(4) + segment[12:]))


def with_sum(src, dst, protocol, segment):
    """The segment with its checksum put right."""
    if protocol == SCTP:
        return segment[:8] + struct.pack("<I", crc32c(segment[:8] + bytes(4) + segment[12:])) + segment[12:]
    at = 16 if protocol == TCP else 6
    zeroed = segment[:at] + b"\0\0" + segment[at + 2:]
    check = 0xffff ^ l4_sum(src, dst, protocol, zeroed)
    if check == 0 and protocol == UDP:
        check = 0xffff
    return segment[:at] + struct.pack("!H", check) + segment[at + 2:]


def with_ip_sum(packet):
    """The IPv4 packet with its header's checksum put right."""
    header = packet[:10] + b"\0\0" + packet[12:(packet[0] & 15) * 4]
    return packet[:10] + struct.pack("!H", 0xffff ^ add(header)) + packet[12:]


def tcp(sport, dport, flags, payload=b"", options=b"", seq=1000, ack=0):
    assert len(options) % 4 == 0
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) // 4 << 4, flags, 65535,
                       0, 0) + options + payload


def udp(sport, dport, payload=b"", length=None):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def sctp(sport, dport, *chunks, tag=0x01020304):
    return struct.pack("!HHII", sport, dport, tag, 0) + b"".join(chunks)


def chunk(kind, body=b"", length=None):
    header = struct.pack("!BBH", kind, 0, 4 + len(body) if length is None else length)
    return header + body + bytes(-len(body) % 4)


def ah(following, value=b"\x77" * 12):
    return struct.pack("!BBHII", following, (12 + len(value)) // 4 - 2, 0, 0x1000, 1) + value


def ip4(src, dst, protocol, payload, ttl=64, tos=0, ident=0x1234, frag=DF, options=b"", length=None):
    assert len(options) % 4 == 0
    header_len = 20 + len(options)
    header = struct.pack("!BBHHHBBH", 0x40 | header_len // 4, tos,
                         header_len + len(payload) if length is None else length, ident, frag, ttl,
                         protocol, 0) + address(src) + address(dst) + options
    return with_ip_sum(header) + payload


def ip6(src, dst, protocol, payload, ttl=64, tos=0, label=0, length=None):
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | label,
                       len(payload) if length is None else length, protocol, ttl) \
        + address(src) + address(dst) + payload


def extension(following, units=1, kind=OPTIONS):
    """An extension header of so many units of eight bytes, filled by a PadN option."""
    body = units * 8 - 4
    return bytes([following, units - 1, 1, body]) + bytes(body)


def packet(src, dst, protocol, segment, sums=True, ext=(), **ip):
    """A whole packet of either family with its transport checksum; ext: extension headers."""
    if sums:
        segment = with_sum(address(src), address(dst), protocol, segment)
    if ":" not in src:
        return ip4(src, dst, protocol, segment, **ip)
    following, chain = protocol, b""
    for kind, units in reversed(ext):
        chain = extension(following, units) + chain
        following = kind
    return ip6(src, dst, following, chain + segment, **ip)


def unfragmentable(ip):
    """Bytes of a packet that stand in every fragment."""
    if ip[0] >> 4 == 4:
        return (ip[0] & 15) * 4
    return 40 + 8 * (ip[41] + 1) if ip[6] == HOP else 40


def part(ip, start, end, ident):
    """The fragment with bytes start to end of a whole packet, None: to its end."""
    at = unfragmentable(ip)
    piece, more = ip[at:][start:end], end is not None and end < len(ip) - at
    if ip[0] >> 4 == 4:
        word = int.from_bytes(ip[6:8], "big") & DF | start // 8 | (MF if more else 0)
        return with_ip_sum(ip[:2] + struct.pack("!HHH", at + len(piece), ident, word) + ip[8:at]) + piece
    named = 40 if at > 40 else 6  # where the fragment header's number goes
    header = struct.pack("!BBHI", ip[named], 0, start | more, ident)
    fixed = ip[:named] + bytes([FRAGMENT]) + ip[named + 1:at]
    return fixed[:4] + struct.pack("!H", at - 40 + 8 + len(piece)) + fixed[6:] + header + piece


def icmp(src, dst, kind, code, info, quoted, **ip):
    """An ICMP or ICMPv6 error with its checksum."""
    message = struct.pack("!BBHI", kind, code, 0, info) + quoted
    start = pseudo(address(src), address(dst), ICMP6, len(message)) if ":" in src else 0
    message = message[:2] + struct.pack("!H", 0xffff ^ add(message, start)) + message[4:]
    if ":" in src:
        return ip6(src, dst, ICMP6, message, **ip)
    return ip4(src, dst, ICMP, message, **ip)


def pcap_read(path):
    """[(time in ns, bytes, length on the wire)]"""
    data = open(path, "rb").read()
    magic, = struct.unpack("<I", data[:4])
    assert magic == 0xa1b23c4d, "nanoseconds, little end first"
    at, records = 24, []
    while at < len(data):
        seconds, ns, length, wire = struct.unpack("<IIII", data[at:at + 16])
        records.append((seconds * 10**9 + ns, data[at + 16:at + 16 + length], wire))
        at += 16 + length
    return records


def pcap_bytes(records, linktype):
    out = struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, linktype)
    for time_ns, data, wire in records:
        out += struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(data), wire) + data
    return out
