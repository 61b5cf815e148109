#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/director/talk_*: what chance hardly finds, a helper that is bound and conversations with it.

The steps are those of fuzz_director.c. All others in that folder have been found by fuzzing.
"""
import pathlib

FTP, REWRITING, PORT80 = 0, 1, 2
SERVER, WORKER1, DATA, NO_ROOM, MORE = 1, 2, 0x20, 0x40, 0x80


def start(fail_at=0, conns=49, policy=0):
    return bytes([policy << 3, conns, fail_at, 0, 0])


def rules(service, family6, method=0):
    """A service, its server of weight 1, the helper's port."""
    change_service = bytes([service, 0, 0])  # rr
    change_dest = bytes([service | 0x20, 3, family6 << 2 | 8 | 1, method | 1 << 2])
    return bytes([0x10]) + change_service + change_dest


def bind(which):
    return bytes([0x39, which | PORT80])


def say(text, bits=0, more=None):
    return bytes([bits | text << 2 | (MORE if more is not None else 0)] + ([more] if more is not None else []))


def converse(v6, *said):
    return bytes([0x0d | v6 << 4, len(said)]) + b"".join(said)


def c(text, bits=0, more=None):
    return say(text, bits, more)


def s(text, bits=0, more=None):
    return say(text, bits | SERVER, more)


DATA_UP, DATA_DOWN = c(0, DATA, 0x10), s(0, DATA, 0x10)
PASSIVE = (c(1), s(1), c(0), DATA_UP, c(0, DATA), s(4), c(5))
AGAIN = (c(1), s(1), s(1, 0, 5), s(4), c(0), s(1, NO_ROOM), s(1))
GAP = (c(1), s(4, 0, 0x44), s(1), s(4))
ACTIVE = (c(3), DATA_DOWN, c(4), c(6), DATA_DOWN)
EXTENDED = (c(2), s(2), c(0), DATA_UP, s(5), c(0, 0, 0x20), s(0, 0, 0x20))
GROW = (c(7), s(7), c(0), s(0), s(7), s(7), s(7), s(7), c(0), s(6), s(7, WORKER1), c(7, WORKER1))
RESET = (c(1), s(1), c(0, 0, 0x30), s(0, 0, 0x30))


def case(which, said, service=0, **settings):
    v6 = service == 2
    return start(**settings) + rules(service, v6) + bind(which) + converse(v6, *said) + converse(v6, *said)


CASES = {
    "passive": case(FTP, PASSIVE), "passive6": case(FTP, PASSIVE, 2), "again": case(FTP, AGAIN),
    "gap": case(FTP, GAP), "active": case(FTP, ACTIVE), "active6": case(FTP, ACTIVE, 2),
    "extended": case(FTP, EXTENDED), "extended6": case(FTP, EXTENDED, 2),
    "grow": case(REWRITING, GROW), "grow6": case(REWRITING, GROW, 2), "reset": case(FTP, RESET),
    "full": case(FTP, PASSIVE, conns=0), "evict": case(FTP, PASSIVE, conns=1, policy=2),
    "no_memory": b"".join([case(FTP, PASSIVE, fail_at=60)]), "no_memory2": case(REWRITING, GROW, fail_at=64),
}

folder = pathlib.Path(__file__).parent / "corpus" / "director"
for name, data in CASES.items():
    (folder / f"talk_{name}").write_bytes(data)
