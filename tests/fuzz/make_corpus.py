#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/parse/: one small input for each way through the parser and the cutters.

The control bytes in front of each packet are described in fuzz_parse.c.
"""
import pathlib
import struct

FIX, PARTIAL, VALID = 0x80, 1, 2
GSO_TCP, GSO_UDP, GSO_ECN = 1, 2, 0x80
TCP, UDP, SCTP, ICMP, ICMP6, ESP, AH, GRE = 6, 17, 132, 1, 58, 50, 51, 47
IPIP, IPV6, NONE = 4, 41, 59


def tcp(payload=b"", flags=0x18, options=b""):
    offset = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", 40000, 80, 1, 2, offset, flags, 512, 0, 0) + options + payload


def udp(payload=b"", length=None):
    return struct.pack("!HHHH", 40000, 53, 8 + len(payload) if length is None else length, 0) + payload


def ip4(protocol, payload, options=b"", fragment=0x4000, length=None, version=0x40):
    header_len = 20 + len(options)
    total = header_len + len(payload) if length is None else length
    return struct.pack("!BBHHHBBH4s4s", version | header_len // 4, 0, total, 1, fragment, 64, protocol,
                       0, bytes([192, 0, 2, 1]), bytes([198, 51, 100, 7])) + options + payload


def ip6(next_header, payload, length=None):
    return struct.pack("!IHBB", 0x60000000, len(payload) if length is None else length, next_header,
                       64) + bytes.fromhex("20010db8" + "00" * 11 + "01") \
        + bytes.fromhex("20010db8" + "00" * 11 + "02") + payload


def ext(next_header, units=1, routing_left=0):
    return bytes([next_header, units - 1, 0, routing_left]) + bytes(units * 8 - 4)


def ah(next_header, size=24):
    return bytes([next_header, size // 4 - 2]) + bytes(size - 2)


def sctp(*chunks):
    return struct.pack("!HHII", 40000, 80, 1, 0) + b"".join(chunks)


def chunk(kind, body=b"", length=None):
    size = 4 + len(body) if length is None else length
    return struct.pack("!BBH", kind, 0, size) + body + bytes(-len(body) % 4)


def frag6(next_header, word):
    return struct.pack("!BBHI", next_header, 0, word, 7)


def case(packet, flags=0, gso_type=0, gso=0, start=0, offset=0, away=0, mtu=0):
    return struct.pack("!BBHHHHH", FIX | flags, gso_type, gso, start, offset, away, mtu) + packet


TEXT = bytes(range(64)) * 4
COPIED = bytes([0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0])

CASES = {
    "empty": case(b""),
    "version": case(b"\x50" * 40),
    "ip4_tcp": case(ip4(TCP, tcp(b"hello"))),
    "ip4_tcp_options": case(ip4(TCP, tcp(b"x", 2, bytes([2, 4, 5, 180])), COPIED)),
    "ip4_tcp_short": case(ip4(TCP, tcp()[:19])),
    "ip4_udp": case(ip4(UDP, udp(b"hello"))),
    "ip4_udp_long": case(ip4(UDP, udp(b"hello", 99))),
    "ip4_padded": case(ip4(UDP, udp(b"hi")) + bytes(16)),
    "ip4_length": case(ip4(UDP, udp(), length=400)),
    "ip4_ihl": case(ip4(UDP, udp(), version=0x30)),
    "ip4_not_linear": case(ip4(TCP, tcp(TEXT)), away=256),
    "ip4_headers_away": case(ip4(TCP, tcp(TEXT)), away=260),
    "ip4_first": case(ip4(UDP, udp(TEXT, 4000), fragment=0x2000), mtu=100),
    "ip4_later": case(ip4(UDP, TEXT, fragment=0x2010), mtu=100),
    "ip4_last": case(ip4(UDP, TEXT, fragment=0x0010), mtu=100),
    "ip4_death": case(ip4(UDP, TEXT, fragment=0x1fff)),
    "ip4_sctp": case(ip4(SCTP, bytes(20)), PARTIAL, start=20, offset=8),
    "ip4_sctp_abort": case(ip4(SCTP, sctp(chunk(10, b"cookie"), chunk(6)))),
    "ip4_sctp_zero": case(ip4(SCTP, sctp(chunk(11, length=0), chunk(6)))),
    "ip4_sctp_far": case(ip4(SCTP, sctp(chunk(10, length=0xffff), chunk(6)))),
    "ip4_sctp_short": case(ip4(SCTP, sctp(b"\1\0\0"))),
    "ip4_icmp": case(ip4(ICMP, b"\x08" + bytes(11))),
    "ip4_esp": case(ip4(ESP, bytes(20))),
    "ip4_ah": case(ip4(AH, bytes(20))),
    "ip4_gre": case(ip4(GRE, bytes(20))),
    "ip4_partial": case(ip4(TCP, tcp(b"odd")), PARTIAL, start=20, offset=16),
    "ip4_partial_bad": case(ip4(TCP, tcp(b"odd")), PARTIAL, start=20, offset=6),
    # Found by fuzzing: completed there, the checksum would have changed the header's length.
    "ip4_partial_in_header": case(ip4(TCP, tcp(b"odd")), PARTIAL, start=20, offset=12),
    "ip4_super_tcp": case(ip4(TCP, tcp(TEXT, 0x99)), PARTIAL, GSO_TCP | GSO_ECN, 100, 20, 16),
    "ip4_super_udp": case(ip4(UDP, udp(TEXT)), PARTIAL, GSO_UDP, 60, 20, 6),
    "ip4_super_whole": case(ip4(TCP, tcp(TEXT)), 0, GSO_TCP, 1000),
    "ip4_super_wrong": case(ip4(TCP, tcp(TEXT)), 0, GSO_UDP, 100),
    "ip4_cut": case(ip4(UDP, udp(TEXT)), mtu=68),
    "ip4_cut_options": case(ip4(UDP, udp(TEXT), COPIED), mtu=100),
    "ip4_cut_bad_option": case(ip4(UDP, udp(TEXT), bytes([0x94, 9, 0, 0])), mtu=100),
    "ip6_tcp": case(ip6(TCP, tcp(b"hello"))),
    "ip6_udp": case(ip6(UDP, udp(b"hello"))),
    "ip6_icmp": case(ip6(ICMP6, b"\x80" + bytes(11))),
    "ip6_none": case(ip6(NONE, b"")),
    "ip6_jumbo": case(ip6(0, ext(TCP) + tcp(), 0)),
    "ip6_chain": case(ip6(0, ext(43) + ext(60, 3) + ext(TCP) + tcp(b"x"))),
    "ip6_many": case(ip6(60, ext(60) * 8 + ext(TCP) + tcp())),
    "ip6_hop_late": case(ip6(60, ext(0) + ext(TCP) + tcp())),
    "ip6_overrun": case(ip6(60, bytes([TCP, 200]) + bytes(30))),
    "ip6_first": case(ip6(44, frag6(UDP, 1) + udp(TEXT, 4000))),
    "ip6_later": case(ip6(44, frag6(UDP, 0x101) + TEXT)),
    "ip6_atomic": case(ip6(44, frag6(TCP, 0) + tcp(TEXT)), PARTIAL, GSO_TCP, 100, 48, 16),
    "ip6_twice": case(ip6(44, frag6(44, 1) + frag6(TCP, 1) + tcp())),
    "ip6_routed": case(ip6(43, ext(TCP, 3, 1) + tcp(TEXT)), PARTIAL, GSO_TCP, 100, 64, 16),
    "ip6_ah": case(ip6(AH, bytes(24))),
    "ip6_ah_tcp": case(ip6(AH, ah(TCP) + tcp(TEXT)), PARTIAL, GSO_TCP, 100, 64, 16),
    "ip6_ah_odd": case(ip6(AH, ah(AH, 12) + ah(UDP, 20) + udp(TEXT)), PARTIAL, GSO_UDP, 60, 72, 6),
    "ip6_ah_esp": case(ip6(60, ext(AH) + ah(ESP) + TEXT), mtu=100),
    "ip6_ah_overrun": case(ip6(AH, bytes([TCP, 200]) + bytes(40))),
    "ip6_ah_first": case(ip6(AH, ah(44) + frag6(AH, 1) + ah(UDP) + udp(TEXT, 4000))),
    "ip6_ah_later": case(ip6(44, frag6(AH, 0x101) + TEXT)),
    "ip6_super_udp": case(ip6(60, ext(UDP) + udp(TEXT)), PARTIAL, GSO_UDP, 60, 48, 6),
    "tunnel_4in4": case(ip4(IPIP, ip4(TCP, tcp(TEXT))), PARTIAL, GSO_TCP, 100, 40, 16),
    "tunnel_6in4": case(ip4(IPV6, ip6(UDP, udp(TEXT))), PARTIAL, GSO_UDP, 100, 60, 6),
    "tunnel_4in6": case(ip6(IPIP, ip4(TCP, tcp(TEXT))), PARTIAL, GSO_TCP, 100, 60, 16),
    "tunnel_6in6": case(ip6(IPV6, ip6(TCP, tcp(TEXT))), PARTIAL, GSO_TCP, 100, 80, 16),
    "tunnel_partial": case(ip4(IPIP, ip4(UDP, udp(TEXT))), PARTIAL, start=40, offset=6, mtu=100),
}


def main():
    folder = pathlib.Path(__file__).parent / "corpus" / "parse"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in CASES.items():
        (folder / name).write_bytes(data)
    print(len(CASES), "files")


if __name__ == "__main__":
    main()
