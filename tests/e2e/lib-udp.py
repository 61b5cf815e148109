# SPDX-License-Identifier: BSD-2-Clause
# Datagrams in super-packets.
#
#   count PORT SIZE            prints how many datagrams of SIZE bytes came, whole and right, when
#                              none has come for a second
#   blast ADDRESS PORT SIZE N  sends N super-packets of as many datagrams as fit; "Don't fragment"
#                              is not set
import socket
import sys
import time

SO_RCVBUFFORCE, SOL_UDP, UDP_SEGMENT = 33, 17, 103
MTU_DISCOVER = {socket.AF_INET: (0, 10), socket.AF_INET6: (41, 23)}


def count(port, size):
    n = 0
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server:
        try:
            server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        except PermissionError:  # without root: as much as everybody may have
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        server.bind(("::", port))
        print("ready", flush=True)
        try:
            while True:
                data = server.recv(65536)
                n += len(data) == size and data == data[:1] * size
                server.settimeout(1)
        except TimeoutError:
            print("count", n, flush=True)


def blast(address, port, size, n):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.setsockopt(SOL_UDP, UDP_SEGMENT, size)
        client.setsockopt(*MTU_DISCOVER[family], 0)
        client.connect((address, port))
        for i in range(n):
            client.send(bytes([i % 256]) * (60000 // size * size))
            time.sleep(0.003)


if sys.argv[1] == "count":
    count(int(sys.argv[2]), int(sys.argv[3]))
else:
    blast(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
