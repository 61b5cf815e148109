# SPDX-License-Identifier: BSD-2-Clause
# Datagrams over a bad path, numbered, each of bytes that follow from its number.
#
#   echo PORT ADDRESS...        sends each datagram back, from the address that it came to
#   ask ADDRESS PORT COUNT      COUNT questions; prints: sent, came, twice, late, wrong, told
#
# late: came after one that was asked later. told: times that the kernel told of an MTU.
import errno
import random
import select
import socket
import sys
import time

SIZES = (8, 100, 548, 1200, 3000)  # bytes; 1200 and headers fit into 1280, 3000 go in fragments
PAUSE_S = 0.002
PATIENCE_S = 1.0  # behind the last question


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


class Asker:
    def __init__(self, address, port):
        self.socket = socket.socket(family(address), socket.SOCK_DGRAM)
        self.socket.connect((address, port))  # so that only the service's address may answer
        self.told = 0

    def try_to(self, action, *arguments):
        """An MTU that was learned is told once, to whoever calls next."""
        try:
            return action(*arguments)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            self.told += 1
            return None

    def ask(self, data):
        self.try_to(self.socket.send, data)

    def listen(self, answers, end):
        while (left := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                data = self.try_to(self.socket.recv, 65536)
                if data is not None:
                    answers.take(data)


def ask(address, port, count):
    asker, answers = Asker(address, int(port)), Answers(int(count))
    for data in answers.expected:
        asker.ask(data)
        asker.listen(answers, time.monotonic() + PAUSE_S)
    asker.listen(answers, time.monotonic() + PATIENCE_S)
    print(answers.line(), asker.told)


globals()[sys.argv[1]](*sys.argv[2:])
