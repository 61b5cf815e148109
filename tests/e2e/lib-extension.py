# SPDX-License-Identifier: BSD-2-Clause
"""
IPv6 extension headers in front of TCP and UDP.

  serve NAME PORT          answers each datagram by "NAME HEADERS CLASS LABEL" and what it got, each TCP
                           connection by NAME and what it got until the other end was done; answers
                           carry destination options. HEADERS are those that it has seen.
  ask ADDRESS PORT HEADERS COUNT
                           so many datagrams, and connections of 300 kB, that the kernel sends with these
                           headers (hop, dst, both with a comma, or none); prints who answered and what
                           was seen
  craft ADDRESS PORT CHAIN [CLASS]
                           one datagram with a chain of headers as written: hop dst frag ah
                           rtTYPE:LEFT, numberxWORD for several. Prints the answer, or the error
                           (type, code, who), or "nothing"
"""
import select
import socket
import struct
import sys
import threading

IPV6 = socket.IPPROTO_IPV6
RECVERR, RECVPKTINFO, PKTINFO = 25, 49, 50
RECVHOPOPTS, HOPOPTS, RECVRTHDR, RTHDR, RECVDSTOPTS, DSTOPTS = 53, 54, 56, 57, 58, 59
RECVTCLASS, TCLASS = 66, 67
NUMBER = {"hop": 0, "dst": 60, "frag": 44, "ah": 51}
PAD = b"\x01\x04\0\0\0\0"
SIZE = 300000


def option():
    # Next header and length are the kernel's; an option that is skipped where it is not known.
    return b"\0\x01\x1e\x0c" + bytes(range(12))


def serve_udp(name, port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    for what in (RECVPKTINFO, RECVHOPOPTS, RECVRTHDR, RECVDSTOPTS, RECVTCLASS):
        sock.setsockopt(IPV6, what, 1)
    sock.bind(("::", port))
    words = {HOPOPTS: "hop", DSTOPTS: "dst", RTHDR: "rt"}
    while True:
        data, ancillary, _, peer = sock.recvmsg(65535, 4096)
        got = {kind: value for _, kind, value in ancillary}
        seen = ",".join(words[kind] for _, kind, _ in ancillary if kind in words) or "none"
        tclass = struct.unpack("=i", got[TCLASS])[0]
        info = got[PKTINFO][:16] + b"\0\0\0\0"
        answer = f"{name} {seen} {tclass} ".encode() + data
        extra = [(IPV6, PKTINFO, info), (IPV6, DSTOPTS, option())]
        sock.sendmsg([answer], extra, 0, peer)


def serve_one(name, connection):
    data = bytearray()
    while True:
        part = connection.recv(65536)
        if not part:
            break
        data += part
    connection.sendall(name.encode() + b" " + data)
    connection.close()


def serve(name, port):
    threading.Thread(target=serve_udp, args=(name, port), daemon=True).start()
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited. Set on a connection instead, Linux 6.18 loses the data that it sends there.
    listener.setsockopt(IPV6, DSTOPTS, option())
    listener.bind(("::", port))
    listener.listen(64)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_one, args=(name, connection), daemon=True).start()


def with_headers(kind, headers):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.settimeout(10)
    if "hop" in headers:
        sock.setsockopt(IPV6, HOPOPTS, option())
    if "dst" in headers:
        sock.setsockopt(IPV6, DSTOPTS, option())
    return sock


def ask(address, port, headers, count):
    for i in range(count):
        sock = with_headers(socket.SOCK_DGRAM, headers)
        sock.connect((address, port))
        sent = b"%d" % i * 300
        sock.send(sent)
        name, seen, _, got = sock.recv(65535).split(b" ", 3)
        print("udp", name.decode(), seen.decode(), "whole" if got == sent else "broken")
        sock = with_headers(socket.SOCK_STREAM, headers)
        sock.connect((address, port))
        sent = struct.pack("!I", i) * (SIZE // 4)
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        name, got = sock.makefile("rb").read().split(b" ", 1)
        print("tcp", name.decode(), "whole" if got == sent else "broken")


def one_header(word):
    if word.startswith("rt"):
        kind, left = word[2:].split(":")
        # One address, the final one's place; what it is does not matter when nothing is left.
        return 43, struct.pack("!BBBBI", 0, 2, int(kind), int(left), 0) + b"\x20\x01\x0d\xb8" + b"\0" * 12
    if word == "frag":
        return 44, struct.pack("!BBHI", 0, 0, 0, 0x1234)
    if word == "ah":
        return 51, struct.pack("!BBHII", 0, 1, 0, 1, 1)
    return NUMBER[word], b"\0\0" + PAD


def chain_of(text):
    chain = []
    for word in text.split(","):
        times, _, what = word.rpartition("x")
        if what and word != "none":
            chain += [one_header(what)] * int(times or 1)
    return chain


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def craft(address, port, text, tclass=0):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(IPV6, RECVERR, 1)
    sock.connect((address, port))
    src, dst = (socket.inet_pton(socket.AF_INET6, a) for a in (sock.getsockname()[0], address))
    data = b"crafted"
    udp = struct.pack("!HHHH", sock.getsockname()[1], port, 8 + len(data), 0) + data
    udp = udp[:6] + struct.pack("!H", checksum(src + dst + struct.pack("!II", len(udp), 17) + udp)) + udp[8:]
    packet, following = udp, 17
    for number, header in reversed(chain_of(text)):
        packet, following = bytes([following]) + header[1:] + packet, number
    packet = struct.pack("!IHBB", 6 << 28 | int(tclass) << 20 | 0x12345, len(packet), following, 64) + src + dst + packet
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(packet, (address, 0))
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLERR)
    events = poll.poll(700)
    if not events:
        print("nothing")
    elif events[0][1] & select.POLLERR:
        _, ancillary, _, _ = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
        for _, kind, value in ancillary:
            if kind == RECVERR:
                _, _, error, code = struct.unpack("=IBBB", value[:7])
                print(error, code, socket.inet_ntop(socket.AF_INET6, value[24:40]))
    else:
        print(sock.recv(65535).decode())


verb = sys.argv[1]
if verb == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
elif verb == "ask":
    ask(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
else:
    craft(sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
