#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/sip/, messages of all kinds, and corpus/director/sip_*, what chance hardly finds: services with an
engine, clients and servers that call.

The steps of the latter are those of fuzz_director.c.
"""
import pathlib

HEAD = b"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776asdhds\r\n"
MESSAGES = {
    "invite": HEAD + b"Call-ID: a84b4c76e66710@pc33.example.com\r\nCSeq: 1 INVITE\r\n\r\n",
    "compact": HEAD + b"f: x\r\ni: a84b4c76e66710\r\n\r\n",
    "answer": b"SIP/2.0 200 OK\r\ncall-id : a@b\r\n\r\n",
    "folded": HEAD + b"Call-ID\r\n :\r\n\t a@b\r\n c\r\n",
    "blank_fold": HEAD + b"Call-ID: \r\n \r\ni: next\n",
    "empty": HEAD + b"Call-ID: \r\nCall-ID: x\r\n",
    "no_host": HEAD + b"Call-ID: a@\r\ni: next\r\n",
    "two_hosts": HEAD + b"Call-ID: a@b@c\r\ni: next\r\n",
    "breaks": b"x\n\r\n\r\r\n\ni: a\r",
    "long": b"x\ni:" + b"y" * 255 + b"\n",
    "too_long": b"x\ni:" + b"y" * 256 + b"\n",
    "cut": HEAD + b"Call-ID: a84b",
    "names": b"x\nii: a\ni\xe4: b\nCall-IDx: c\ni: d\n",
    "latin": b"x\ni: \xe4\xf6@\xfc\n",
    "zero": b"x\0\ni: a\0b\n",
    "nothing": b"",
}

WITH_SIP, WITH_OWN, NOT_STICKY = 0x20, 0x40, 0x60
ONCE = 4


def start(fail_at=0, conns=49, policy=0):
    return bytes([policy << 3, conns, fail_at, 0, 0])


def rules(service, engine, flags=0):
    """A persistent service by rr, two servers by NAT at port 8080."""
    v6 = 4 if service == 3 else 0
    steps = bytes([service, 0, 2 | flags, engine | 4 << 2])
    for server in (1, 2):
        steps += bytes([service | 0x20, 3, v6 | 8 | server, 1 << 2])
    return bytes([0x20]) + steps


def datagram(bits, who, call):
    """Of 101 bytes, the Call-ID at its end."""
    return bytes([0x0e, bits, who, 3, call, 0])


def client(service, port, call, who=0):
    return datagram(service, port << 2 | who, call)


def server(service, number, port, call):
    """To a client's port; its flow's first byte is the service's number modulo 10."""
    return datagram({1: 0xd3, 3: 0xc1}[service], 0x80 | number << 4 | port << 2, call)


def slices(flow, who, order):
    """600 bytes in slices of 400, forwards (0) or backwards (8)."""
    return bytes([0x0b, flow, who, 4, 0, order, 5])


def calls(service):
    return b"".join(client(service, n & 3, n & 3) for n in range(4)) + b"".join(
        server(service, 1 + (n & 1), n >> 1, n) for n in range(8)) + b"".join(client(service, n & 3, 3 - n & 3) for n in range(4))


SEQUENCES = {}
for title, kind in (("call", WITH_SIP), ("own", WITH_OWN), ("loose", NOT_STICKY)):
    for number in (1, 3):
        SEQUENCES[f"{title}{number}"] = start() + rules(number, kind) + calls(number)
        SEQUENCES[f"{title}{number}_once"] = start() + rules(number, kind, ONCE) + calls(number)
        SEQUENCES[f"{title}{number}_full"] = start(0, 3, 2) + rules(number, kind) + calls(number)
        SEQUENCES[f"{title}{number}_memory"] = start(90) + rules(number, kind) + calls(number)
for number, back in ((1, 0xd3), (3, 0xc1)):
    parts = (slices(number, 0, 0) + slices(number, 4, 8) + slices(back, 0x90, 0) + slices(back, 0xa4, 8) + slices(back, 0xa4, 8))
    SEQUENCES[f"parts{number}"] = start() + rules(number, WITH_SIP) + parts + calls(number) + parts
    SEQUENCES[f"parts{number}_once"] = start() + rules(number, WITH_SIP, ONCE) + parts + calls(number) + parts
SEQUENCES["edit"] = start() + rules(1, WITH_SIP) + calls(1) + rules(1, WITH_OWN) + calls(1) + rules(1, 0) + calls(1)

CORPUS = pathlib.Path(__file__).parent / "corpus"
(CORPUS / "sip").mkdir(parents=True, exist_ok=True)
for name, data in MESSAGES.items():
    (CORPUS / "sip" / name).write_bytes(data)
for name, data in SEQUENCES.items():
    (CORPUS / "director" / f"sip_{name}").write_bytes(data)
