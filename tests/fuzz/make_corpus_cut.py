#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/cut/: a small input for each way, request and cut.

The control bytes in front of each packet are described in fuzz_cut.c.
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "golden"))
from wire import *

A, B = "198.51.100.7", "192.0.2.10"
A6, B6 = "2001:db8:c::7", "2001:db8:10::10"
NAT, BACK, DR, TUN4, TUN6, LOCAL, HOST, HOST_BACK = range(8)
WAYS = {"nat": NAT, "back": BACK, "dr": DR, "tun4": TUN4, "tun6": TUN6, "local": LOCAL, "host": HOST,
        "host_back": HOST_BACK}
PARTIAL, GSO = 1, {TCP: 1, UDP: 2}
TEXT = bytes(range(200))
COPIED = bytes([0x94, 4, 0, 0])


def case(data, way, protocol=TCP, gso=0, l4=0, mtu=1500, away=0, ecn=0, pmtu=8, head=64):
    """l4: where the transport header of a partial checksum is; 0: it is complete."""
    offset = {TCP: 16, UDP: 6}[protocol] if l4 else 0
    return struct.pack("!BBBBHHHHH", way | pmtu | 0x80, PARTIAL if l4 else 0,
                       (GSO[protocol] | ecn if gso else 0), head, gso, l4, offset, away, mtu) + data


def both(name, way):
    t4, u4 = tcp(1, 2, ACK | PSH | 0x80, TEXT), udp(1, 2, TEXT)
    return {
        f"{name}_tcp4": case(ip4(A, B, TCP, t4, frag=DF), way, TCP, 60, 20, ecn=0x80),
        f"{name}_tcp6": case(packet(A6, B6, TCP, t4), way, TCP, 60, 40),
        f"{name}_udp4": case(ip4(A, B, UDP, u4, frag=0), way, UDP, 60, 20),
        f"{name}_udp6": case(packet(A6, B6, UDP, u4, ext=[(OPTIONS, 2)]), way, UDP, 60, 56),
        f"{name}_none": case(ip4(A, B, UDP, u4, frag=0), way, UDP, 60),
        f"{name}_plain": case(packet(A, B, UDP, u4, frag=0, options=COPIED), way, UDP, mtu=100),
        f"{name}_partial": case(packet(A, B, TCP, t4), way, TCP, 0, 20),
        f"{name}_fragments": case(ip4(A, B, TCP, t4, frag=0), way, TCP, 100, 20, mtu=96),
        f"{name}_df": case(ip4(A, B, TCP, t4, frag=DF), way, TCP, 100, 20, mtu=96),
        f"{name}_no_pmtu": case(ip4(A, B, TCP, t4, frag=DF), way, TCP, 100, 20, mtu=96, pmtu=0),
        f"{name}_small6": case(packet(A6, B6, UDP, u4), way, UDP, 0, 40, mtu=100),
        f"{name}_away": case(ip4(A, B, UDP, u4, frag=0), way, UDP, 60, 20, away=150),
        f"{name}_routed": case(packet(A6, B6, TCP, t4, ext=[(ROUTING, 1)]), way, TCP, 60, 48),
        f"{name}_first": case(ip4(A, B, UDP, udp(1, 2, TEXT, 4000), frag=0x2000), way, UDP, mtu=100),
        f"{name}_later": case(ip4(A, B, UDP, TEXT, frag=0x2010, options=COPIED), way, UDP, mtu=100),
        f"{name}_last6": case(ip6(A6, B6, FRAGMENT, bytes([UDP, 0, 1, 0, 0, 0, 0, 7]) + TEXT), way, UDP, mtu=200),
        f"{name}_tight": case(ip4(A, B, TCP, t4), way, TCP, 60, 20, head=0),
    }


def kinds(way, number):
    """The kind of tunnel is bits 4 to 6 of the first byte."""
    few = "tcp4", "tcp6", "udp4", "none", "plain", "partial", "fragments", "small6", "away", "routed", "first", "later"
    name = f"tun{4 if way == TUN4 else 6}_kind{number}"
    cases = both(name, way)
    return {f"{name}_{one}": bytes([cases[f"{name}_{one}"][0] | number << 4]) + cases[f"{name}_{one}"][1:]
            for one in few}


def main():
    folder = pathlib.Path(__file__).parent / "corpus" / "cut"
    folder.mkdir(parents=True, exist_ok=True)
    cases = {}
    for name, way in WAYS.items():
        cases.update(both(name, way))
    for number in range(1, 8):
        cases.update(kinds(TUN4, number))
        cases.update(kinds(TUN6, number))
    for name, data in cases.items():
        (folder / name).write_bytes(data)
    print(len(cases), "files")


if __name__ == "__main__":
    main()
