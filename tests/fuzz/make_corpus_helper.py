#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/helper/: small conversations, for each way through FTP's texts and what follows from them.

The control bytes are described in fuzz_helper.c.
"""
import pathlib

SYN, PSH_ACK, FIN_ACK, RST = 2, 0x18, 0x11, 4
SERVER, UP, PARTIAL, PIECES, SACK, OWN = 1, 2, 4, 8, 0x10, 0x40


def segment(bits, text=b"", flags=PSH_ACK, tailroom=64, more=b""):
    return bytes([bits, flags, tailroom, len(text)]) + text + more


def c(text, bits=0, **how):
    return segment(UP | bits, text, **how)


def s(text, bits=0, **how):
    return segment(UP | SERVER | bits, text, **how)


def again(back, ahead=0):
    """Numbers: so many bytes back."""
    return bytes([back, ahead, 0, 0])


PASV, EPSV = c(b"PASV\r\n"), c(b"EPSV\r\n")
R227 = b"227 Entering Passive Mode (10,0,0,1,156,64).\r\n"
R229 = b"229 Entering Extended Passive Mode (|||40000|)\r\n"
OPEN = segment(0, b"", SYN) + segment(SERVER, b"", SYN | 0x10)
CASES = {
    "empty": b"",
    "open": b"\0" + OPEN,
    "pasv": b"\0" + OPEN + PASV + s(R227) + c(b"LIST\r\n") + s(b"150 Here.\r\n") + c(b"QUIT\r\n", flags=FIN_ACK),
    "pasv_partial": b"\0" + OPEN + PASV + s(R227, PARTIAL) + s(b"150 Here.\r\n", PARTIAL),
    "pasv_again": b"\0" + OPEN + PASV + s(R227) + s(R227[:30], OWN, more=again(46)) + s(R227[30:], OWN, more=again(16)),
    "pasv_sack": b"\0" + OPEN + PASV + s(R227) + c(b"", SACK) + c(b"x", SACK),
    "pasv_gap": b"\0" + OPEN + PASV + s(b"150 Early.\r\n", OWN, more=bytes([0, 46, 0, 0])) + s(R227),
    "pasv_no_room": b"\0" + OPEN + PASV + s(R227, tailroom=0) + s(R227, OWN, more=again(0)),
    "pasv_twice": b"\0" + OPEN + PASV + s(R227) + PASV + s(R227) + PASV + s(R227) + PASV + s(R227) + PASV + s(R227),
    "pasv_bare": b"\0" + OPEN + PASV + s(b"227 =10,0,0,1,156,64\r\n"),
    "pasv_pieces": b"\0" + OPEN + PASV + s(b"x" * 16 + b"227 (1,2,3,4,5,6)\r\n" * 2, PIECES | PARTIAL),
    "epsv": b"\0" + OPEN + EPSV + s(R229.replace(b"|", b"!")) + c(b"LIST\r\n"),
    "epsv6": b"\1" + OPEN + c(b"EPSV 2\r\n") + s(R229) + c(b"EPRT |2|2001:db8::7|40000|\r\n"),
    "port": b"\0" + OPEN + c(b"PORT 198,51,100,7,195,80\r\n") + c(b"EPRT |1|198.51.100.7|50000|\r\n"),
    "reset": b"\0" + OPEN + PASV + s(R227) + s(b"", flags=RST) + c(b"", flags=RST),
    "far": b"\0" + OPEN + PASV + s(R227, OWN, more=bytes([0, 255, 24, 0])) + s(R227),
    "early": b"\0" + segment(0, b"PASV\r\n") + segment(SERVER, R227) + s(R227),
    "all": b"\2" + OPEN + b"".join(s(bytes([i, 7, 40 - i])) + c(bytes([i | 8, i])) for i in range(8)),
    "all_unread": b"\2" + OPEN + b"".join(s(b"\x11abc", OWN, more=again(0) ) for i in range(5)),
    "all_reset": b"\2" + OPEN + c(b"\x11abc\2", flags=RST | PSH_ACK) + s(b"\x11abc\2", flags=RST | PSH_ACK),
    "all_refused": b"\3" + OPEN + c(b"\xff") + s(b"\xffx"),
    "all_pieces": b"\2" + OPEN + s(b"\x22" + b"aaaaaaaaaaaaaaa" * 6, PIECES | PARTIAL),
    "all_empty": b"\2" + OPEN + s(b"\x39abcdef\x40") + s(b"\x39abcdef\x40", OWN, more=again(4)),
    "bad_sack": b"\0" + OPEN + PASV + s(R227) + c(b"", SACK | 0x80, more=b"\xff") + c(b"", SACK | 0x80, more=b"\1"),
}

folder = pathlib.Path(__file__).parent / "corpus" / "helper"
folder.mkdir(parents=True, exist_ok=True)
for name, data in CASES.items():
    (folder / name).write_bytes(data)
