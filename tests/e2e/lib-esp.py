# SPDX-License-Identifier: BSD-2-Clause
# ESP and AH packets (RFC 4303, 4302) of which nothing is encrypted: what a director sees of them.
#
#   serve NAME ADDRESS            each packet of either is answered by NAME
#   ask SERVICE esp|ah [WAIT]     prints who answers, from the service's address; none: nobody does
import select
import socket
import struct
import sys

NUMBER = {"esp": 50, "ah": 51}


def packet(protocol, text):
    """An index and a number; AH says first what follows it, and how long it is itself."""
    front = struct.pack("!II", 0x1234, 1)
    if protocol == NUMBER["ah"]:
        front = struct.pack("!BBH", 59, 1, 0) + front
    return front + text


def raw(address, protocol):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_RAW, protocol)


def receive(s, protocol):
    data, peer = s.recvfrom(65536)
    if s.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4 :]
    return data[len(packet(protocol, b"")) :], peer[0]


def serve(name, address):
    sockets = {raw(address, number): number for number in NUMBER.values()}
    for s in sockets:
        s.bind((address, 0))
    print("ready", flush=True)
    while True:
        for s in select.select(list(sockets), [], [])[0]:
            text, peer = receive(s, sockets[s])
            if text == b"who?":
                s.sendto(packet(sockets[s], name.encode()), (peer, 0))


def ask(service, which, wait="4"):
    protocol = NUMBER[which]
    s = raw(service, protocol)
    s.sendto(packet(protocol, b"who?"), (service, 0))
    while select.select([s], [], [], float(wait))[0]:
        text, peer = receive(s, protocol)
        if peer == service:
            print(text.decode())
            return
    print("none")


globals()[sys.argv[1]](*sys.argv[2:])
