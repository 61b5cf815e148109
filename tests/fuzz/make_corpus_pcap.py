#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/pcap/: a small capture file for each way through the reader."""
import pathlib
import struct

US, NS = 0xA1B2C3D4, 0xA1B23C4D
IP4, IP6 = b"\x08\x00", b"\x86\xdd"
PACKET4 = bytes.fromhex("4500001c00010000401100000a0000010a0000020035003500080000")
PACKET6 = bytes.fromhex("6000000000083b40") + bytes(40)


def capture(order, magic, linktype, records, version=2):
    out = struct.pack(order + "IHHiIII", magic, version, 4, 0, 0, 262144, linktype)
    for seconds, fraction, data, wire_len in records:
        out += struct.pack(order + "IIII", seconds, fraction, len(data), wire_len) + data
    return out


def ethernet(kind, packet):
    return bytes.fromhex("020000000001020000000002") + kind + packet


SLL = bytes.fromhex("0004000100060200000000020000") + IP4 + PACKET4
GOOD = capture("<", US, 1, [
    (1, 2, ethernet(IP4, PACKET4), 60),
    (1, 3, ethernet(IP6, PACKET6), 62),
    (2, 0, ethernet(b"\x81\0\0\x07" + IP4, PACKET4), 46),
])

CASES = {
    "empty": b"",
    "short_header": GOOD[:23],
    "header_only": GOOD[:24],
    "cut_header": GOOD[:50],
    "cut": GOOD[:-3],
    "ethernet": GOOD,
    "big_endian": capture(">", NS, 1, [(1, 999999999, ethernet(IP4, PACKET4), 42)]),
    "two_tags": capture("<", US, 1, [(1, 1, ethernet(b"\x88\xa8\0\5\x81\0\0\6" + IP6, PACKET6), 70)]),
    "raw": capture("<", NS, 101, [(0, 0, PACKET4, 28), (0, 0, PACKET6, 48), (0, 0, b"", 0), (0, 0, b"\x10", 1)]),
    "sll": capture(">", US, 113, [(5, 5, SLL, 44)]),
    "bad_fraction": capture("<", US, 1, [(1, 1000000, PACKET4, 28)]),
    "huge": GOOD[:24] + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF),
    "longest": GOOD[:24] + struct.pack("<IIII", 1, 1, 262144, 262144) + b"x",
    "pcapng": bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000") + bytes(12),
    "version": capture("<", US, 1, [], 3),
    "unknown_link": capture("<", US, 105, [(1, 1, PACKET4, 28)]),
}

folder = pathlib.Path(__file__).parent / "corpus" / "pcap"
folder.mkdir(parents=True, exist_ok=True)
for name, data in CASES.items():
    (folder / name).write_bytes(data)
