# SPDX-License-Identifier: BSD-2-Clause
# As much of SCTP (RFC 9260) as shows whether a director carries it, over raw sockets: many kernels have none.
#
#   serve NAME ADDRESS PORT                 associations; each message is answered by NAME
#   ask SERVICE PORT [OPTION=VALUE...]      prints who answers, a line an association, a word a message
#
# Options: port=PORT (the client's end, counted up), n=ASSOCIATIONS, each=MESSAGES, wait=SECONDS,
#          end=shutdown|abort|nothing, begin=no (a message without a handshake).
# In place of a name: none (no answer), abort, wrong (checksum, tag or order).
import os
import socket
import struct
import sys
import time

SCTP = 132
DATA, INIT, INIT_ACK, SACK, ABORT = 0, 1, 2, 3, 6
SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = 7, 8, 10, 11, 14
COOKIE = b"a cookie"
REPEAT_S = 0.8


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def chunk(kind, body=b"", flags=0):
    text = struct.pack("!BBH", kind, flags, 4 + len(body)) + body
    return text + bytes(-len(text) % 4)


def packet(source, target, tag, *chunks):
    front = struct.pack("!HHI", source, target, tag)
    body = b"".join(chunks)
    return front + struct.pack("<I", crc32c(front + bytes(4) + body)) + body


class Packet:
    """One that came: its ends, its tag, and its chunks as (kind, body)."""

    def __init__(self, data, peer):
        self.peer = peer
        self.source, self.target, self.tag = struct.unpack("!HHI", data[:8])
        self.good = struct.unpack("<I", data[8:12])[0] == crc32c(data[:8] + bytes(4) + data[12:])
        self.chunks = []
        at = 12
        while at + 4 <= len(data):
            kind, _, length = struct.unpack("!BBH", data[at : at + 4])
            self.chunks.append((kind, data[at + 4 : at + length]))
            at += max(4, length + -length % 4)

    def body(self, kind):
        return next((body for k, body in self.chunks if k == kind), None)


def raw(address):
    v6 = ":" in address
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW, SCTP)
    return s


def receive(s):
    data, peer = s.recvfrom(65536)
    if s.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4 :]
    return Packet(data, peer[0])


def init_body(tag, extra=b""):
    return struct.pack("!IIHHI", tag, 65536, 1, 1, 1) + extra


def data_body(number, text):
    return struct.pack("!IHHI", number, 0, number - 1, 0) + text


def sack_body(number):
    return struct.pack("!IIHH", number, 65536, 0, 0)


def reply(name, peers, p):
    """The chunks that answer a packet, and their tag. peers: {ends: the tag that the peer gave}."""
    ends = (p.peer, p.source, p.target)
    if p.body(INIT) is not None:
        peers[ends] = struct.unpack("!I", p.body(INIT)[:4])[0]
        cookie = struct.pack("!HH", 7, 4 + len(COOKIE)) + COOKIE
        return peers[ends], [chunk(INIT_ACK, init_body(0x5E4E4, cookie))]
    if ends not in peers or p.tag != 0x5E4E4:
        return 0, []
    chunks = []
    if p.body(COOKIE_ECHO) == COOKIE:
        chunks.append(chunk(COOKIE_ACK))
    if p.body(DATA) is not None:
        number = struct.unpack("!I", p.body(DATA)[:4])[0]
        chunks += [chunk(SACK, sack_body(number)), chunk(DATA, data_body(number, name), 3)]
    if p.body(SHUTDOWN) is not None:
        chunks.append(chunk(SHUTDOWN_ACK))
    return peers[ends], chunks


def serve(name, address, port):
    s, peers = raw(address), {}
    s.bind((address, 0))
    print("ready", flush=True)
    while True:
        p = receive(s)
        if p.target != int(port) or not p.good:
            continue
        tag, chunks = reply(name.encode(), peers, p)
        if chunks:
            s.sendto(packet(p.target, p.source, tag, *chunks), (p.peer, 0))


class Association:
    def __init__(self, service, port, own_port, wait):
        self.s = raw(service)
        self.ends = (service, port, own_port)
        self.tag = struct.unpack("!I", os.urandom(4))[0] | 1
        self.peer_tag = 0
        self.wait = wait
        self.messages = 0
        self.last = b""

    def send(self, *chunks):
        service, port, own_port = self.ends
        self.last = packet(own_port, port, self.peer_tag, *chunks)
        self.s.sendto(self.last, (service, 0))

    def expect(self, kind):
        """The body of that chunk, or a word for what came instead. What was sent is repeated."""
        end = time.monotonic() + self.wait
        while (left := end - time.monotonic()) > 0:
            self.s.settimeout(min(left, REPEAT_S))
            try:
                p = receive(self.s)
            except TimeoutError:
                self.s.sendto(self.last, (self.ends[0], 0))
                continue
            if (p.peer, p.source, p.target) != self.ends:
                continue
            if not p.good or p.tag != self.tag:
                return "wrong"
            if p.body(ABORT) is not None:
                return "abort"
            return p.body(kind) if p.body(kind) is not None else "wrong"
        return "none"

    def begin(self):
        self.send(chunk(INIT, init_body(self.tag)))
        got = self.expect(INIT_ACK)
        if isinstance(got, str):
            return got
        self.peer_tag = struct.unpack("!I", got[:4])[0]
        self.send(chunk(COOKIE_ECHO, got[20:]))
        return self.expect(COOKIE_ACK)

    def question(self):
        self.messages += 1
        self.send(chunk(DATA, data_body(self.messages, b"who?"), 3))
        got = self.expect(DATA)
        if isinstance(got, str):
            return got
        self.send(chunk(SACK, sack_body(self.messages)))
        return got[12:].decode()

    def end(self, how):
        if how == "abort":
            self.send(chunk(ABORT))
        if how != "shutdown":
            return ""
        self.send(chunk(SHUTDOWN, struct.pack("!I", self.messages)))
        got = self.expect(SHUTDOWN_ACK)
        self.send(chunk(SHUTDOWN_COMPLETE))
        return " " + got if isinstance(got, str) else ""


def ask_one(association, begin, messages, end):
    got = association.begin() if begin == "yes" else b""
    if isinstance(got, str):
        return got
    words = " ".join(association.question() for _ in range(messages))
    return words + association.end(end)


def ask(service, port, *words):
    given = {"port": "30000", "n": "1", "each": "1", "wait": "4", "end": "shutdown"}
    given["begin"] = "yes"
    given.update(word.split("=", 1) for word in words)
    for n in range(int(given["n"])):
        association = Association(service, int(port), int(given["port"]) + n, float(given["wait"]))
        print(ask_one(association, given["begin"], int(given["each"]), given["end"]), flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
