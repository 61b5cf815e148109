# SPDX-License-Identifier: BSD-2-Clause
# The two ends of decap.sh: `serve_echo` and `serve_sink` are the server, the rest is the director.
import fcntl
import hashlib
import os
import select
import socket
import struct
import sys
import threading

CLIENT = {4: "198.51.100.9", 6: "2001:db8:9::9"}
VIP = {4: "192.0.2.80", 6: "2001:db8::80"}
DIRECTOR = {4: "10.1.0.1", 6: "fd01::1"}
SERVER = {4: "10.1.0.2", 6: "fd01::2"}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
NEXT = {4: 4, 6: 41}  # protocol number of an inner packet
ECN_DROP = None
# RFC 6040, figure 4: [inner][outer]
ECN = {
    0: [0, 0, 0, ECN_DROP],
    1: [1, 1, 1, 3],
    2: [2, 1, 2, 3],
    3: [3, 3, 3, 3],
}


def csum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def address(version, text):
    return socket.inet_pton(FAMILY[version], text)


def udp(version, payload, tos=0, sport=5000, dst=None, partial=False):
    """An IP packet from the client to the service, port 7."""
    src, dst = address(version, CLIENT[version]), address(version, dst or VIP[version])
    length = 8 + len(payload)
    pseudo = src + dst + struct.pack("!HH", 17, length)
    header = struct.pack("!HHHH", sport, 7, length, 0)
    check = csum(pseudo) if partial else ~csum(pseudo + header + payload) & 0xFFFF
    body = header[:6] + struct.pack("!H", check or 0xFFFF) + payload
    if version == 6:
        return struct.pack("!IHBB", 6 << 28 | tos << 20, length, 17, 64) + src + dst + body
    ip = struct.pack("!BBHHHBBH", 0x45, tos, 20 + length, 1, 0x4000, 64, 17, 0) + src + dst
    return ip[:10] + struct.pack("!H", ~csum(ip) & 0xFFFF) + ip[12:] + body


def send(outer, inner_version, packet, tos=0, source=None):
    """The kernel makes the outer header, and fragments where it must."""
    with socket.socket(FAMILY[outer], socket.SOCK_RAW, NEXT[inner_version]) as raw:
        if outer == 4:
            raw.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            raw.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: never set DF
        else:
            raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        raw.bind((source or DIRECTOR[outer], 0))
        raw.sendto(packet, (SERVER[outer], 0))


def serve_echo():
    """Answers each datagram with the TOS it came with, its length and its hash."""
    sockets = []
    for version in (4, 6):
        s = socket.socket(FAMILY[version], socket.SOCK_DGRAM)
        s.bind((VIP[version], 7))
        if version == 4:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        sockets.append(s)
    print("ready", flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            data, control, _, client = s.recvmsg(65536, 64)
            tos = control[0][2][0] if control else 0
            s.sendto(f"{tos} {len(data)} {hashlib.md5(data).hexdigest()}".encode(), client)


def ask(outer, inner, payload, tos=0, outer_tos=0, wait=2.0, **more):
    """The TOS that the server saw, or None when it did not answer."""
    with socket.socket(FAMILY[inner], socket.SOCK_DGRAM) as s:
        s.bind((CLIENT[inner], 0))
        s.settimeout(wait)
        packet = udp(inner, payload, tos, s.getsockname()[1], **more)
        send(outer, inner, packet, outer_tos)
        try:
            answer, source = s.recvfrom(2048)
        except socket.timeout:
            return None
    seen, length, digest = answer.decode().split()
    assert source[0] == VIP[inner], source
    assert int(length) == len(payload), length
    assert digest == hashlib.md5(payload).hexdigest()
    return int(seen)


def case_echo(outer, inner):
    outer, inner = int(outer), int(inner)
    # From 1500 on the tunnel's packets are fragmented; the host puts them together.
    for length, tos, partial in [
        (1, 0, False),
        (1400, 0xB8, False),
        (1400, 0, True),
        (20001, 0, False),
        (20000, 0, True),
    ]:
        seen = ask(outer, inner, os.urandom(length), tos, tos, partial=partial)
        assert seen == tos, f"{length} bytes, partial {partial}: {seen}, expected {tos}"


def case_ecn(outer, inner):
    for mine in range(4):
        for marked in range(4):
            want = ECN[mine][marked]
            wait = 0.3 if want is ECN_DROP else 2.0
            seen = ask(int(outer), int(inner), b"mark", mine, marked, wait)
            assert seen == want, f"inner {mine} outer {marked}: {seen}, expected {want}"


def case_bad():
    good = udp(4, b"bad")
    send(4, 4, good[:12])  # short_inner
    send(4, 4, good[:-1])  # short_inner
    send(4, 6, udp(6, b"bad")[:-1])  # short_inner
    send(4, 6, udp(6, b"")[:30])  # short_inner
    send(4, 4, b"")  # short_inner
    send(4, 4, b"\x55" + good[1:])  # bad_inner: version
    send(4, 4, b"\x44" + good[1:])  # bad_inner: header length
    send(4, 4, good[:2] + b"\0\x13" + good[4:])  # bad_inner: total length
    send(4, 6, udp(4, b"bad" * 10))  # bad_inner: IPv4 where IPv6 is said
    send(4, 4, good[:8] + b"\x01" + good[9:])  # inner_checksum
    send(4, 4, udp(4, b"bad", dst="192.0.2.81"))  # not_to
    send(4, 6, udp(6, b"bad", dst="2001:db8::81"))  # not_to
    send(4, 4, good, source="10.1.0.3")  # not_from
    send(6, 4, good, source="fd01::3")  # not_from


def serve_sink():
    """Answers a TCP connection with the hash of what it got."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((VIP[4], 80))
    s.listen()
    print("ready", flush=True)
    while True:
        conn, _ = s.accept()
        digest = hashlib.md5()
        while data := conn.recv(65536):
            digest.update(data)
        conn.sendall(digest.hexdigest().encode())
        conn.close()


def wrap(tun):
    """What is routed into the TUN goes into the tunnel: super-packets, checksums unfinished."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
    raw.setsockopt(socket.IPPROTO_IP, 10, 0)
    largest = 0
    while True:
        packet = os.read(tun, 65600)[10:]
        if packet[0] >> 4 != 4:
            continue  # the device's own router solicitations
        largest = max(largest, len(packet))
        wrap.largest = largest
        raw.sendto(packet, (SERVER[4], 0))


def case_super():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    # IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, then TUN_F_CSUM | TUN_F_TSO4
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"wrap", 0x5001))
    fcntl.ioctl(tun, 0x400454D0, 3)
    os.system("ip link set wrap up && ip route replace 192.0.2.80 dev wrap src 198.51.100.9")
    threading.Thread(target=wrap, args=(tun,), daemon=True).start()
    data = os.urandom(8 << 20)
    with socket.create_connection((VIP[4], 80), 10, (CLIENT[4], 0)) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        digest = s.recv(64).decode()
    assert digest == hashlib.md5(data).hexdigest(), digest
    assert wrap.largest > 20000, wrap.largest


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:4])
