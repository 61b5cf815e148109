#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Clients of lvsd's control socket that misbehave. Each verb prints what came of it.

    lib-control.py SOCKET info                 asks for the version, as anybody may try
    lib-control.py SOCKET half                 parts of messages, then a whole one
    lib-control.py SOCKET noise                datagrams of random bytes, then a whole one
    lib-control.py SOCKET deaf N               N clients ask for long answers and read none, until killed
    lib-control.py SOCKET many N               N clients at once, each asks and is answered
    lib-control.py SOCKET flood SECONDS        asks as fast as can be, and changes a weight; prints how often
"""
import os
import random
import resource
import select
import socket
import struct
import sys
import time

REQUEST, ACK, DUMP = 1, 4, 0x300
IPVS, ERROR = 0x21, 2
GET_SERVICE, GET_INFO, SET_DEST = 4, 15, 6


def message(command, flags=ACK, body=b"", seq=1):
    data = struct.pack("<BBH", command, 1, 0) + body
    return struct.pack("<IHHII", 16 + len(data), IPVS, REQUEST | flags, seq, 0) + data


def attr(kind, payload):
    return struct.pack("<HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def client():
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(20)
    made.connect(sys.argv[1])
    return made


def error_of(data):
    """The number of an error, 0 for an acknowledgement; None: it is something else."""
    kind = struct.unpack_from("<H", data, 4)[0]
    return struct.unpack_from("<i", data, 16)[0] if kind == ERROR else None


def ask(who, request):
    """What a request without an answer of its own is acknowledged with."""
    who.send(request)
    while True:
        error = error_of(who.recv(65536))
        if error is not None:
            return error


def info():
    error = ask(client(), message(GET_INFO))
    print(os.strerror(-error) if error else "answered")


def half():
    who = client()
    whole = message(GET_INFO)
    for length in (1, 4, 15, 16, 17, 19):
        who.send(whole[:length])
    who.send(struct.pack("<I", 100) + whole[4:])  # says that it is longer
    who.send(struct.pack("<I", 3) + whole[4:])
    print("answered" if ask(who, whole) == 0 else "refused")


def noise():
    who = client()
    for i in range(2000):
        data = bytearray(random.randbytes(random.randrange(1, 400)))
        if len(data) >= 20:  # a message in its outer form, and anything inside
            struct.pack_into("<IHH", data, 0, len(data), IPVS, REQUEST)
            data[16] %= 17  # but FLUSH, which is right as it is
        who.send(data)
        while select.select([who], [], [], 0)[0]:
            who.recv(65536)
    time.sleep(0.2)
    while select.select([who], [], [], 0.2)[0]:
        who.recv(65536)
    print("answered" if ask(who, message(GET_INFO)) == 0 else "refused")


def deaf():
    others = [client() for _ in range(int(sys.argv[3]))]
    for who in others:
        who.setblocking(False)
        try:
            while True:
                who.send(message(GET_SERVICE, DUMP) * 100)
        except BlockingIOError:
            pass
    print("deaf", flush=True)
    time.sleep(1000)


def many():
    number = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (number + 100, max(number + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    others = [client() for _ in range(number)]
    for who in others:
        who.send(message(GET_INFO, 0))
    print(sum(len(who.recv(65536)) > 30 for who in others))


def dest(weight):
    service = attr(1, attr(1, struct.pack("<H", 2)) + attr(2, struct.pack("<H", 6)) +
                   attr(3, socket.inet_aton("192.0.2.80") + bytes(12)) + attr(4, struct.pack(">H", 80)))
    return service + attr(2, attr(1, socket.inet_aton("198.51.100.11") + bytes(12)) + attr(2, struct.pack(">H", 8080)) +
                          b"".join(attr(kind, struct.pack("<I", value))
                                   for kind, value in ((3, 0), (4, weight), (5, 0), (6, 0))))


def flood():
    who = client()
    end = time.monotonic() + float(sys.argv[3])
    n = 0
    while time.monotonic() < end:
        if ask(who, message(SET_DEST, ACK, dest(1 + n % 100))):
            print("refused")
            return
        n += 1
    print(n)


globals()[sys.argv[2]]()
