# SPDX-License-Identifier: BSD-2-Clause
# Datagrams over a bad path, numbered, each of bytes that follow from its number.
#
#   echo PORT ADDRESS...        sends each datagram back, from the address that it came to
#   ask ADDRESS PORT COUNT      COUNT questions; prints: sent, came, twice, late, wrong
#
# late: came after one that was asked later.
import random
import select
import socket
import sys
import time

SIZES = (8, 100, 548, 1024, 1200)  # bytes; 1200 and IPv6 and UDP headers fit into 1280
PAUSE_S = 0.002
PATIENCE_S = 0.5  # behind the last answer


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def echo(port, *addresses):
    sockets = []
    for address in addresses:
        s = socket.socket(family(address), socket.SOCK_DGRAM)
        s.bind((address, int(port)))
        sockets.append(s)
    print("ready", flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            data, client = s.recvfrom(65536)
            s.sendto(data, client)


def question(number):
    source = random.Random(number)
    return number.to_bytes(8, "big") + source.randbytes(SIZES[number % len(SIZES)] - 8)


class Answers:
    def __init__(self, count):
        self.expected = [question(n) for n in range(count)]
        self.got = [0] * count
        self.furthest = -1
        self.late = self.wrong = 0

    def take(self, data):
        number = int.from_bytes(data[:8], "big")
        if number >= len(self.expected) or data != self.expected[number]:
            self.wrong += 1
            return
        self.got[number] += 1
        self.late += number < self.furthest
        self.furthest = max(self.furthest, number)

    def line(self):
        came = sum(n > 0 for n in self.got)
        twice = sum(n > 1 for n in self.got)
        return f"{len(self.got)} {came} {twice} {self.late} {self.wrong}"


def ask(address, port, count):
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.connect((address, int(port)))  # so that only the service's address may answer
    answers = Answers(int(count))
    for data in answers.expected:
        s.send(data)
        end = time.monotonic() + PAUSE_S
        while (left := end - time.monotonic()) > 0:
            if select.select([s], [], [], left)[0]:
                answers.take(s.recv(65536))
    while select.select([s], [], [], PATIENCE_S)[0]:
        answers.take(s.recv(65536))
    print(answers.line())


globals()[sys.argv[1]](*sys.argv[2:])
