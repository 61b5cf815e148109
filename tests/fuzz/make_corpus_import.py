#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/import/: exports of connections as docs/export.md describes them, for the services of
fuzz_import.c. Written from the description, not by the library.
"""
import pathlib
import struct
import sys

TCP, UDP, SCTP, INET, INET6 = 6, 17, 132, 2, 10
NAT, TUNNEL, DR = 0, 2, 3
INACTIVE, NOOUTPUT, TEMPLATE, NO_CPORT, UNASSURED, HELPED, INVALID = 1, 2, 4, 8, 0x80, 0x100, 0x200
IS6, DEST6, FROM_PORT_0, DATA = 0x10000, 0x20000, 0x40000, 0x80000


def frame(kind, body):
    return struct.pack(">HBB", 4 + len(body), kind, 0) + body


def begin(version=1, ticks=7450, order=None):
    mark = struct.pack("@I", 0x01020304) if order is None else order
    return frame(1, b"LVSX" + struct.pack(">HH", version, 0) + mark + struct.pack(">IQII", 1 << 27, ticks, 100, 9))


def addr(family, net, host):
    if family == INET:
        return bytes([10, 0, net, host])
    return bytes([0xfd] + [0] * 12 + [net, 0, host])


ROWS = [(INET, TCP, 21, 0), (INET, UDP, 5060, 0), (INET6, SCTP, 80, 0), (INET, 0, 0, 7)]


def dest(number, row, flags=0, host=1):
    family, protocol, port, mark = ROWS[row]
    vip = bytes(16) if mark else addr(family, 0, 1 + row).ljust(16, b"\0")
    return frame(2, struct.pack(">IIBBHI", number, flags, family, protocol, port, mark) + vip +
                 struct.pack(">BBH", family, 0, port) + addr(family, 1, host).ljust(16, b"\0"))


def conn(number, row, to, flags=0, state=1, method=NAT, controller=0, client=1, port=3000, seen=-5, timeout=6705,
         created=None, rest=b"", service=None, protocol=None):
    family, own, vport, _ = ROWS[row]
    if family == INET6:
        flags |= IS6 | DEST6
    vip = addr(family, 0, 1 + row) if service is None else service
    return frame(3, struct.pack(">IIIIiIIBBBBHHHH", number, created or number, to, controller, seen, timeout, flags, state,
                                own if protocol is None else protocol, method, 0x21, port, vport, vport, 0) +
                 addr(family, 9, client) + vip + addr(family, 1, 1) + rest)


def name(text):
    return text.encode().ljust(16, b"\0")


def helped(state=b"\1", edits=((), ())):
    out = name("ftp") + struct.pack(">H", len(state)) + state
    for some in edits:
        out += struct.pack(">IIBB", 3, 1000, 1, len(some))
        for at, cut, text in some:
            out += struct.pack(">IHH", at, cut, len(text)) + text
    return out


def data(text=b"call@host", engine="sip"):
    return name(engine) + struct.pack(">H", len(text)) + text


def same(*numbers):
    return frame(4, b"".join(struct.pack(">II", n, n) for n in numbers))


def end(n):
    return frame(6, struct.pack(">I", n))


TEMPLATE_ = dict(flags=TEMPLATE | INACTIVE, state=1, port=0)
CONTROL = begin() + dest(1, 0) + conn(64, 0, 1, **TEMPLATE_)
SEEDS = {
    "one": begin() + dest(1, 0) + conn(64, 0, 1) + end(1),
    "template": CONTROL + conn(65, 0, 1, controller=64) + end(2),
    "ftp": CONTROL + conn(65, 0, 1, flags=HELPED, controller=64, rest=helped(edits=(((900, 5, b"text"),), ()))) +
           conn(66, 0, 1, flags=NO_CPORT | INACTIVE, state=9, port=0, controller=65) + end(3),
    "sip": begin() + dest(9, 1) + conn(70, 1, 9, method=DR, rest=data(), flags=TEMPLATE | INACTIVE | DATA | NOOUTPUT, port=0) +
           conn(71, 1, 9, method=DR, state=0, flags=INACTIVE | NOOUTPUT | UNASSURED, controller=70) + end(2),
    "inet6": begin() + dest(3, 2, flags=1) + conn(64, 2, 3, state=8) + conn(66, 2, 3, state=8, port=3001) + end(2),
    "mark": begin() + dest(4, 3) + conn(64, 3, 4, method=TUNNEL, service=struct.pack(">I", 7), protocol=0, **TEMPLATE_) +
            conn(65, 3, 4, method=TUNNEL, flags=NOOUTPUT, protocol=TCP, controller=64) + end(2),
    "bypass": begin() + conn(64, 3, 0, method=4, flags=INACTIVE, state=3, protocol=TCP) + end(1),
    "port0": begin() + dest(1, 0) + b"".join(conn(64 + i, 0, 1, flags=FROM_PORT_0, port=0) for i in range(3)) + end(3),
    "passes": CONTROL + conn(65, 0, 1) + conn(66, 0, 1, port=3001) + conn(67, 0, 1, port=3002) +
              frame(5, struct.pack(">I", 1)) + same(65, 99) + dest(1, 0) + conn(66, 0, 1, state=4, flags=INACTIVE, port=3001) +
              conn(68, 0, 1, port=3002) + conn(64, 0, 1, flags=TEMPLATE | INACTIVE | INVALID, port=0) +
              conn(69, 0, 1, **TEMPLATE_) + end(8),
    "reuse": begin() + dest(1, 0) + conn(64, 0, 1) + conn(64, 0, 1, created=500, port=3009) + end(2),
    "unknown": begin() + dest(1, 0, host=7) + conn(64, 0, 1) + conn(65, 0, 2) + end(2),
    "other_order": begin(order=b"\4\3\2\1" if sys.byteorder == "big" else b"\1\2\3\4") + dest(1, 0) +
                   conn(65, 0, 1, flags=HELPED, rest=helped()) + end(1),
    "full": begin() + dest(1, 0) + b"".join(conn(64 + i, 0, 1, port=1000 + i) for i in range(8)) + end(8),
    "version": begin(version=2),
    "no_end": begin() + dest(1, 0) + conn(64, 0, 1)[:40],
    "nothing": b"",
}

folder = pathlib.Path(__file__).parent / "corpus" / "import"
folder.mkdir(parents=True, exist_ok=True)
for i, (key, stream) in enumerate(SEEDS.items()):
    bits = {"full": 8, "passes": 0x11, "ftp": 4}.get(key, i & 3)
    (folder / key).write_bytes(bytes([bits]) + stream)
