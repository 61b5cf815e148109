# SPDX-License-Identifier: BSD-2-Clause
"""
Fragments in any order.

  cut TUN DEVICE FILE      reads whole packets that the host routes into TUN, cuts them and sends the
                           pieces through DEVICE, as FILE says at that moment: LENGTH WAY, where LENGTH is
                           of a piece's payload, and WAY one of
        in        in order
        reverse   the last first
        random    in random order (seeded), some twice
        twice     each twice
        tiny      the first with 8 bytes only
        odd       the first not a multiple of 8 long
        overlap   one more, that lies half over the second, with other bytes
        lost      without the last
  serve PORT PORT          echoes TCP and UDP on [::], on the second port IPv4 UDP without a checksum
  udp WAIT ADDRESS PORT SIZE COUNT [plain]
                           asks so often, and waits so many seconds each time; plain: IPv4 without a
                           checksum. Prints how many echoes were right, and how many were not
  tcp ADDRESS PORT SIZE    one connection
"""
import fcntl
import os
import random
import socket
import struct
import sys
import threading

TUNSETIFF, IFF_TUN, IFF_NO_PI, SO_NO_CHECK = 0x400454CA, 1, 0x1000, 11
RECVPKTINFO, PKTINFO = 49, 50


def order(pieces, way, rng):
    if way == "reverse":
        return pieces[::-1]
    if way == "random":
        pieces = pieces + rng.sample(pieces, (len(pieces) + 3) // 4)
        rng.shuffle(pieces)
        return pieces
    if way == "twice":
        return [piece for piece in pieces for _ in (1, 2)]
    if way == "overlap":
        start, _, data = pieces[1]
        return pieces[:2] + [(start + 8 * (len(data) // 16), True, bytes(len(data)))] + pieces[2:]
    if way == "lost":
        return pieces[:-1]
    return pieces


def cut(payload, length, way, rng):
    """(start, more, bytes) of each piece in the order of sending."""
    first = {"tiny": 8, "odd": length + 3}.get(way, length)
    starts = [0] + list(range(first, len(payload), length))
    ends = starts[1:] + [len(payload)]
    return order([(s, e < len(payload), payload[s:e]) for s, e in zip(starts, ends)], way, rng)


def pieces_of(packet, length, way, rng):
    if packet[0] >> 4 == 4:
        header, ident = packet[:20], struct.pack("!H", rng.randrange(1, 65536))
        for start, more, data in cut(packet[20:], length, way, rng):
            word = (0x2000 if more else 0) | start // 8
            yield (header[:2] + struct.pack("!H", 20 + len(data)) + ident + struct.pack("!H", word)
                   + header[8:10] + b"\0\0" + header[12:] + data)
        return
    header, ident = packet[:40], rng.randrange(1 << 32)
    for start, more, data in cut(packet[40:], length, way, rng):
        fragment = struct.pack("!BBHI", header[6], 0, start | more, ident)
        yield header[:4] + struct.pack("!H", 8 + len(data)) + b"\x2c" + header[7:] + fragment + data


def relay(name, device, file):
    # Each host its own: servers speak for one address, and identifications must differ.
    rng = random.Random(file)
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    out = {
        4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
        6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
    }
    for sock in out.values():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    print("ready", flush=True)
    while True:
        packet = os.read(tun, 65536)
        version = packet[0] >> 4
        protocol, src, dst = (9, 12, 16) if version == 4 else (6, 8, 24)
        if packet[protocol] not in (1, 6, 17, 58):
            continue
        length, way = open(file).read().split()
        to = socket.inet_ntop(*((socket.AF_INET, packet[dst : dst + 4]) if version == 4
                                else (socket.AF_INET6, packet[dst : dst + 16])))
        # What fits into one piece goes as it is.
        whole = len(packet) <= int(length) + (20 if version == 4 else 40)
        for piece in [packet] if whole else pieces_of(packet, int(length), way, rng):
            out[version].sendto(piece, (to, 0))


def echo_udp(port, plain):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, RECVPKTINFO, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, plain)
    sock.bind(("::", port))
    while True:
        data, ancillary, _, peer = sock.recvmsg(65535, 512)
        info = [(level, kind, value[:16] + b"\0\0\0\0") for level, kind, value in ancillary]
        try:
            sock.sendmsg([data], info, 0, peer)
        except OSError as error:
            print(error, flush=True)


def echo_connection(connection):
    data = bytearray()
    while True:
        part = connection.recv(65536)
        if not part:
            break
        data += part
    connection.sendall(data)
    connection.close()


def serve(port, plain_port):
    threading.Thread(target=echo_udp, args=(port, 0), daemon=True).start()
    threading.Thread(target=echo_udp, args=(plain_port, 1), daemon=True).start()
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::", port))
    listener.listen(64)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo_connection, args=(connection,), daemon=True).start()


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def ask_udp(wait, address, port, size, count, plain):
    right = wrong = 0
    for i in range(count):
        with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, plain)
            sock.settimeout(wait)
            sock.connect((address, port))
            sent = random.Random(i).randbytes(size)
            try:
                sock.send(sent)
                right, wrong = (right + 1, wrong) if sock.recv(65535) == sent else (right, wrong + 1)
            except (TimeoutError, ConnectionRefusedError):
                pass
    print(right, wrong)


def ask_tcp(address, port, size):
    with socket.socket(family_of(address), socket.SOCK_STREAM) as sock:
        sock.settimeout(8)
        sent = random.Random(size).randbytes(size)
        try:
            sock.connect((address, port))
            sock.sendall(sent)
            sock.shutdown(socket.SHUT_WR)
            print("whole" if sock.makefile("rb").read() == sent else "broken")
        except OSError as error:
            print(error)


verb = sys.argv[1]
if verb == "cut":
    relay(*sys.argv[2:5])
elif verb == "serve":
    serve(int(sys.argv[2]), int(sys.argv[3]))
elif verb == "udp":
    ask_udp(float(sys.argv[2]), sys.argv[3], *(int(a) for a in sys.argv[4:7]), int(len(sys.argv) > 7))
else:
    ask_tcp(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
