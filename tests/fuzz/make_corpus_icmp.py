#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/icmp/: a small input for each way through the quote, the error and the MSS.

The control bytes in front of each packet are described in fuzz_icmp.c.
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "golden"))
from wire import *

A, B, C = "198.51.100.7", "192.0.2.10", "10.0.0.1"
A6, B6, C6 = "2001:db8:c::7", "2001:db8:10::10", "2001:db8:a::1"


def case(data, head=64, tail=0, away=0, kind=3, mtu=1400):
    return struct.pack("!BBBBH", head, tail, away, kind, mtu) + data


ASKED = packet(A, C, TCP, tcp(40000, 80, ACK, b"data"))
ASKED6 = packet(A6, C6, UDP, udp(40000, 53, b"data"))
CASES = {
    "empty": case(b""),
    "tcp": case(ASKED),
    "udp6": case(ASKED6),
    "no_room": case(ASKED[:28], head=0),
    "tight": case(ASKED, head=0, tail=28),
    "away": case(ASKED, away=4),
    "long": case(packet(A, B, UDP, udp(4000, 53, bytes(1400)))),
    "long6": case(packet(A6, B6, UDP, udp(4000, 53, bytes(1400)), ext=[(OPTIONS, 2)]), head=10),
    "later": case(ip4(A, B, UDP, bytes(40), frag=5)),
    "from_group": case(packet("224.0.0.1", B, UDP, udp(1, 2))),
    "mss": case(packet(A, B, TCP, tcp(40000, 80, SYN, options=bytes.fromhex("020405b4")))),
    "mss_odd": case(packet(A, B, TCP, tcp(40000, 80, SYN, options=bytes.fromhex("01020405b4000000")))),
    "mss_cut": case(packet(A, B, TCP, tcp(40000, 80, SYN, options=bytes.fromhex("01010204")))),
    "mss_bad": case(packet(A, B, TCP, tcp(40000, 80, SYN, options=bytes.fromhex("030002040400")+b"\0\0"))),
    "mss6": case(packet(A6, B6, TCP, tcp(40000, 80, SYN, options=bytes.fromhex("020405b4")))),
    "error": case(icmp(C, A, 3, 3, 0, ASKED)),
    "error6": case(icmp(C6, A6, 1, 4, 0, ASKED6)),
    "error_ports": case(icmp(C, A, 3, 3, 0, ASKED[:24])),
    "error_cut": case(icmp(C, A, 3, 3, 0, ASKED[:23])),
    "error_header": case(icmp(C, A, 3, 3, 0, ASKED[:20])),
    "error_no_header": case(icmp(C, A, 3, 3, 0, ASKED[:19])),
    "error_nothing": case(icmp(C, A, 3, 3, 0, b"")),
    "error6_cut": case(icmp(C6, A6, 1, 4, 0, ASKED6[:39])),
    "error_options": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(1, 2), options=bytes(40)))),
    "error_short_options": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, b"", options=bytes(40))[:40])),
    "error_ihl": case(icmp(C, A, 3, 4, 1400, b"\x44" + ASKED[1:])),
    "error_version": case(icmp(C, A, 3, 4, 1400, b"\x65" + ASKED[1:])),
    "error_later": case(icmp(C, A, 11, 0, 0, ip4(A, C, UDP, bytes(16), frag=9))),
    "error6_ext": case(icmp(C6, A6, 1, 4, 0, packet(A6, C6, UDP, udp(1, 2), ext=[(HOP, 1), (OPTIONS, 3)]))),
    "error6_ext_cut": case(icmp(C6, A6, 1, 4, 0, packet(A6, C6, UDP, udp(1, 2), ext=[(OPTIONS, 9)])[:60])),
    "error6_fragment": case(icmp(C6, A6, 3, 0, 0, ip6(A6, C6, FRAGMENT, bytes([UDP, 0, 0, 9]) + bytes(20)))),
    "tunnel": case(icmp(C, A, 3, 4, 1400, ip4(A, C, IPIP, ASKED))),
    "tunnel_cut": case(icmp(C, A, 3, 4, 1400, ip4(A, C, IPIP, ASKED)[:43])),
    "tunnel_8": case(icmp(C, A, 3, 4, 1400, ip4(A, C, IPIP, ASKED)[:28])),
    "tunnel_6in4": case(icmp(C, A, 3, 4, 1400, ip4(A, C, IPV6, ASKED6))),
    "tunnel_6in6": case(icmp(C6, A6, 2, 0, 1400, ip6(A6, C6, IPV6, ASKED6))),
    "tunnel_other": case(icmp(C, A, 3, 4, 1400, ip4(A, C, IPV6, ASKED))),
    "gue": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(50000, 6080, b"\0\4\0\0" + ASKED)))),
    "gue6": case(icmp(C6, A6, 2, 0, 1400, ip6(A6, C6, UDP, udp(50000, 6080, b"\0\x29\0\0" + ASKED6)))),
    "gue_remcsum": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(
        50000, 6080, bytes.fromhex("020400018000000000140024") + ASKED)))),
    "gue_remcsum_cut": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(
        50000, 6080, bytes.fromhex("0204000180000000"))))),
    "gue_control": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(50000, 6080, b"\x20\4\0\0" + ASKED)))),
    "gue_cut": case(icmp(C, A, 3, 4, 1400, ip4(A, C, UDP, udp(50000, 6080, b"\0\4\0")))),
    "gre": case(icmp(C, A, 3, 4, 1400, ip4(A, C, GRE, b"\0\0\x08\0" + ASKED))),
    "gre_csum": case(icmp(C6, A6, 2, 0, 1400, ip6(A6, C6, GRE, bytes.fromhex("800086dd12340000") + ASKED6))),
    "gre_key": case(icmp(C, A, 3, 4, 1400, ip4(A, C, GRE, bytes.fromhex("2000080000000001") + ASKED))),
    "gre_cut": case(icmp(C, A, 3, 4, 1400, ip4(A, C, GRE, bytes.fromhex("80000800")))),
    "error_of_error": case(icmp(C, A, 3, 3, 0, icmp(A, C, 3, 3, 0, ASKED))),
}

folder = pathlib.Path(__file__).parent / "corpus" / "icmp"
folder.mkdir(parents=True, exist_ok=True)
for name, data in CASES.items():
    (folder / name).write_bytes(data)
