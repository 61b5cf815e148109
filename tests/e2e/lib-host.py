# SPDX-License-Identifier: BSD-2-Clause
"""send FROM PORT TO PORT [BYTES]: one datagram. receive ADDRESS PORT: 0 if one comes within 0.7 s."""
import socket
import sys


def udp(addr, port):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, port))
    return s


verb, addr, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
sock = udp(addr, port)
if verb == "send":
    size = int(sys.argv[6]) if len(sys.argv) > 6 else 5
    sock.sendto(b"x" * size, (sys.argv[4], int(sys.argv[5])))
else:
    sock.settimeout(0.7)
    print("ready", flush=True)
    try:
        sock.recv(65536)
    except socket.timeout:
        sys.exit(1)
