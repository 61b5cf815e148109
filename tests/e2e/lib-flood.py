# SPDX-License-Identifier: BSD-2-Clause
# More datagrams than anybody takes.
#
#   flood ADDRESS PORT N    sends N of 20 bytes, from 64 ports in turns
#   sink PORT               takes them, and answers nothing
import socket
import sys


def flood(address, port, n):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    clients = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(64)]
    for client in clients:
        client.connect((address, port))
    for i in range(n):
        clients[i % 64].send(b"x" * 20)


def sink(port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        server.bind(("::", port))
        print("ready", flush=True)
        while True:
            server.recv(65536)


if sys.argv[1] == "flood":
    flood(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    sink(int(sys.argv[2]))
