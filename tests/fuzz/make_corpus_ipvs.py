#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes corpus/ipvs/: clients of the control protocol, good ones and others."""
import pathlib
import socket
import struct

REQUEST, ACK, DUMP = 1, 4, 0x300
IPVS, LVS, CTRL = 0x21, 0x22, 0x10
(NEW_SERVICE, SET_SERVICE, DEL_SERVICE, GET_SERVICE, NEW_DEST, SET_DEST, DEL_DEST, GET_DEST, NEW_DAEMON, DEL_DAEMON,
 GET_DAEMON, SET_CONFIG, GET_CONFIG, SET_INFO, GET_INFO, ZERO, FLUSH) = range(1, 18)
BEGIN, COMMIT, ABORT, GET_CONN, DEL_CONN, GET_TEXT, GET_SETTING, SET_SETTING, EXPLAIN = range(1, 10)


def attr(kind, payload):
    return struct.pack("<HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def u16(kind, value):
    return attr(kind, struct.pack("<H", value))


def be16(kind, value):
    return attr(kind, struct.pack(">H", value))


def u32(kind, value):
    return attr(kind, struct.pack("<I", value))


def text(kind, value):
    return attr(kind, value.encode() + b"\0")


def message(kind, command, body=b"", flags=ACK, seq=1):
    data = struct.pack("<BBH", command, 1, 0) + body
    return struct.pack("<IHHII", 16 + len(data), kind, REQUEST | flags, seq, 9) + data


def service(port=80, sched="rr", extra=b"", protocol=6, address="192.0.2.80"):
    return attr(1, u16(1, 2) + u16(2, protocol) + attr(3, socket.inet_aton(address) + bytes(12)) + be16(4, port) +
                (text(6, sched) + attr(7, struct.pack("<II", 0, 0xFFFFFFFF)) + u32(8, 0) + u32(9, 0xFFFFFFFF)
                 if sched else b"") + extra)


def mark(number, family=10):
    return attr(1, u16(1, family) + u32(5, number) + text(6, "wlc") + attr(7, struct.pack("<II", 9, 0xFFFFFFFF)) +
                u32(8, 100) + u32(9, 64))


def dest(last, weight=1, method=0, extra=b""):
    return attr(2, attr(1, bytes([10, 0, 0, last]) + bytes(12)) + be16(2, 8080) + u32(3, method) + u32(4, weight) +
                u32(5, 0) + u32(6, 0) + extra)


TUNNEL = u16(11, 2) + attr(13, b"\1") + be16(14, 6080) + u16(15, 1)
ALL = [message(IPVS, NEW_SERVICE, service()), message(IPVS, NEW_DEST, service(sched="") + dest(1)),
       message(IPVS, NEW_DEST, service(sched="") + dest(2, 3, 2, TUNNEL)), message(IPVS, NEW_SERVICE, mark(5))]
FILTER = attr(3, u16(1, 2) + attr(3, bytes([192, 0, 2, 9]) + bytes(12)))

CASES = {
    "resolve": [message(CTRL, 3, text(2, "IPVS")), message(CTRL, 3, flags=DUMP), message(CTRL, 3, u16(1, 0x22))],
    "rules": ALL + [message(IPVS, GET_SERVICE, flags=DUMP), message(IPVS, GET_DEST, service(sched=""), DUMP)],
    "one_datagram": [b"".join(ALL)],
    "edits": ALL + [message(IPVS, SET_SERVICE, service(sched="mh")), message(IPVS, SET_DEST, service(sched="") + dest(1, 0)),
                    message(IPVS, DEL_DEST, service(sched="") + dest(2)), message(IPVS, DEL_SERVICE, service(sched="")),
                    message(IPVS, FLUSH)],
    "get": ALL + [message(IPVS, GET_SERVICE, service(sched="")), message(IPVS, GET_CONFIG), message(IPVS, GET_INFO),
                  message(IPVS, ZERO), message(IPVS, ZERO, service(sched="")), message(IPVS, GET_DAEMON, flags=DUMP)],
    "config": [message(IPVS, SET_CONFIG, u32(4, 900) + u32(5, 0) + u32(6, 0xFFFFFFFF)),
               message(IPVS, SET_CONFIG, u32(4, 60))],
    "daemon": [message(IPVS, NEW_DAEMON, attr(3, u32(1, 1) + text(2, "eth0") + u32(3, 1))), message(IPVS, DEL_DAEMON)],
    "commit": [message(LVS, BEGIN)] + ALL + [message(LVS, COMMIT)],
    "dry_run": [message(LVS, BEGIN), b"".join(ALL), message(LVS, COMMIT, u32(4, 3))],
    "replace": ALL + [message(LVS, BEGIN), message(IPVS, NEW_SERVICE, service(sched="wrr")),
                      message(IPVS, NEW_DEST, service(sched="") + dest(1)), message(LVS, COMMIT, u32(4, 2)),
                      message(IPVS, GET_SERVICE, flags=DUMP)],
    "bad_commit": [message(LVS, BEGIN), message(IPVS, NEW_DEST, service(sched="") + dest(1), seq=7), message(LVS, COMMIT)],
    "abort": [message(LVS, BEGIN)] + ALL + [message(LVS, ABORT), message(LVS, COMMIT)],
    "conns": [message(LVS, GET_CONN, FILTER, DUMP), message(LVS, DEL_CONN, service(sched="") + dest(1) + u32(4, 1))],
    "texts": ALL + [message(LVS, GET_TEXT, text(5, name), DUMP)
                    for name in ("ip_vs", "ip_vs_conn", "ip_vs_conn_sync", "ip_vs_stats", "ip_vs_app", "none")],
    "settings": [message(LVS, GET_SETTING, flags=DUMP), message(LVS, GET_SETTING, text(5, "udp")),
                 message(LVS, SET_SETTING, text(5, "udp") + u32(6, 1))],
    "explain": ALL + [message(LVS, EXPLAIN, attr(3, u16(1, 2) + u16(2, 6) + attr(3, bytes([192, 0, 2, 9]) + bytes(12)) +
                                                 be16(4, 4000) + attr(5, socket.inet_aton("192.0.2.80") + bytes(12)) +
                                                 be16(6, 80)), DUMP)],
    "short": [ALL[0][:20], ALL[0][:-3], b"\x10\0\0\0\x21\0\5\0", bytes(16)],
    "wrong": [message(IPVS, NEW_SERVICE, attr(1, attr(1, b"\2"))), message(IPVS, NEW_SERVICE, attr(1, attr(6, b"x" * 20))),
              message(IPVS, 99), message(0x99, 1), message(IPVS, NEW_SERVICE, attr(1, attr(10, attr(1, b"\0"))))],
    "twice": [message(IPVS, NEW_SERVICE, service() + mark(5)), message(IPVS, NEW_DEST, service(sched="") + dest(1) + dest(2))],
    "no_request": [struct.pack("<IHHII", 16, 1, 4, 3, 9), struct.pack("<IHHII", 16, 0x21, 0, 3, 9)],
}


def main():
    folder = pathlib.Path(__file__).parent / "corpus" / "ipvs"
    folder.mkdir(parents=True, exist_ok=True)
    for name, datagrams in CASES.items():
        for who, may in (("", 1), ("nobody_", 0)):
            if may or name in ("rules", "commit", "conns"):
                body = b"".join(struct.pack("<H", len(data)) + data for data in datagrams)
                (folder / (who + name)).write_bytes(bytes([may]) + body)


main()
