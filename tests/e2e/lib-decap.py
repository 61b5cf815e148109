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
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
GUE_PORT = 6080
KINDS = ("ipip", "gue", "gue-csum", "gue-remcsum", "gre", "gre-csum")
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


def gue(version, packet, place=None):
    """A GUE header in front; with remote checksum offload for UDP inside where the place says "udp"."""
    if place is None:
        return struct.pack("!BBH", 0, NEXT[version], 0) + packet
    start = 20 if version == 4 else 40
    where = (start, start + 6) if place == "udp" else place
    return struct.pack("!BBHIHH", 2, NEXT[version], 1, 0x80000000, *where) + packet


def gre(version, packet, checked=False, wrong=0):
    head = struct.pack("!HH", 0x8000 if checked else 0, ETHERTYPE[version])
    if checked:
        check = ~csum(head + bytes(4) + packet) & 0xFFFF
        head += struct.pack("!HH", check ^ wrong, 0)
    return head + packet


def send(outer, inner_version, packet, tos=0, source=None, kind="ipip"):
    """One of the kinds of tunnel."""
    if kind.startswith("gue"):
        place = "udp" if kind == "gue-remcsum" else None
        send_udp(outer, gue(inner_version, packet, place), tos, source, kind != "gue")
    elif kind.startswith("gre"):
        send_raw(outer, 47, gre(inner_version, packet, kind == "gre-csum"), tos, source)
    else:
        send_raw(outer, NEXT[inner_version], packet, tos, source)


def send_udp(outer, payload, tos=0, source=None, checked=True):
    """The kernel sums it, or is told not to (SO_NO_CHECK, UDP_NO_CHECK6_TX)."""
    with socket.socket(FAMILY[outer], socket.SOCK_DGRAM) as s:
        if outer == 4:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: never set DF
            s.setsockopt(socket.SOL_SOCKET, 11, 0 if checked else 1)
        else:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
            s.setsockopt(socket.IPPROTO_UDP, 101, 0 if checked else 1)
        s.bind((source or DIRECTOR[outer], 0))
        s.sendto(payload, (SERVER[outer], GUE_PORT))


def send_raw(outer, protocol, packet, tos=0, source=None):
    """The kernel makes the outer header, and fragments where it must."""
    with socket.socket(FAMILY[outer], socket.SOCK_RAW, protocol) as raw:
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


def ask(outer, inner, payload, tos=0, outer_tos=0, wait=2.0, kind="ipip", **more):
    """The TOS that the server saw, or None when it did not answer."""
    with socket.socket(FAMILY[inner], socket.SOCK_DGRAM) as s:
        s.bind((CLIENT[inner], 0))
        s.settimeout(wait)
        packet = udp(inner, payload, tos, s.getsockname()[1], **more)
        send(outer, inner, packet, outer_tos, kind=kind)
        try:
            answer, source = s.recvfrom(2048)
        except socket.timeout:
            return None
    seen, length, digest = answer.decode().split()
    assert source[0] == VIP[inner], source
    assert int(length) == len(payload), length
    assert digest == hashlib.md5(payload).hexdigest()
    return int(seen)


def case_echo(outer, inner, kind="ipip"):
    outer, inner = int(outer), int(inner)
    # What is left to the tunnel's end is unfinished.
    only = True if kind == "gue-remcsum" else None
    # From 1500 on the tunnel's packets are fragmented; the host puts them together.
    for length, tos, partial in [
        (1, 0, False),
        (1400, 0xB8, False),
        (1400, 0, True),
        (20001, 0, False),
        (20000, 0, True),
    ]:
        if only not in (None, partial):
            continue
        seen = ask(outer, inner, os.urandom(length), tos, tos, partial=partial, kind=kind)
        assert seen == tos, f"{length} bytes, partial {partial}: {seen}, expected {tos}"


def case_ecn(outer, inner, kind="ipip"):
    for mine in range(4):
        for marked in range(4):
            want = ECN[mine][marked]
            wait = 0.3 if want is ECN_DROP else 2.0
            seen = ask(int(outer), int(inner), b"mark", mine, marked, wait, kind)
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


def case_bad_shims():
    good, good6 = udp(4, b"bad shim"), udp(6, b"bad shim")
    shims = [
        b"",
        gue(4, b"")[:3],
        b"\x40" + gue(4, good)[1:],  # version 1
        b"\x20" + gue(4, good)[1:],  # control
        b"\x01" + gue(4, good)[1:],  # options that no flag announces
        b"\0\x11" + gue(4, good)[2:],  # UDP inside
        gue(4, good)[:2] + b"\x80\0" + good,  # a flag that nobody knows
        gue(4, b"", "udp")[:11],
        b"\x01" + gue(4, good, "udp")[1:],
        gue(4, good, "udp")[:4] + b"\x40" + gue(4, good, "udp")[5:],  # another private flag
        gue(4, good, (0, 6)),
        gue(4, good, (26, 20)),
    ]
    for shim in shims:  # bad_shim
        send_udp(4, shim)
    send_udp(6, shims[2])  # bad_shim
    send_udp(4, gue(4, good, (20, len(good) - 1)))  # short_inner
    send_udp(6, gue(6, good6, (40, 65535)))  # short_inner
    send_udp(4, gue(4, good[:-1]))  # short_inner
    send_udp(4, gue(6, good6), source="10.1.0.3")  # not_from
    shims = [
        b"\0\0\x08",
        b"\x80\0\x08\0\0\0\0",
        b"\x20" + gre(4, good)[1:],  # key
        b"\x10" + gre(4, good)[1:],  # sequence number
        b"\0\x01" + gre(4, good)[2:],  # version 1
        b"\0\0\x65\x58" + good,  # Ethernet inside
    ]
    for shim in shims:  # bad_shim
        send_raw(4, 47, shim)
    send_raw(6, 47, shims[2])  # bad_shim
    send_raw(4, 47, gre(4, good, True, 0x0100))  # gre_checksum
    send_raw(6, 47, gre(6, good6, True, 0x1))  # gre_checksum
    send_raw(4, 47, gre(6, good * 2))  # bad_inner: IPv4 where IPv6 is said
    # The kernel looks at UDP's sum: this one never comes.
    wrong = struct.pack("!HHHH", 40000, GUE_PORT, 8 + len(gue(4, good)), 1) + gue(4, good)
    send_raw(4, 17, wrong)


def case_odd_place():
    """A remote checksum where no transport has one: it is made here. The server sees the payload."""
    payload = bytearray(b"head" + bytes(6) + b"tail")
    packet = bytearray(udp(4, bytes(payload), sport=0))
    with socket.socket(FAMILY[4], socket.SOCK_DGRAM) as s:
        s.bind((CLIENT[4], 0))
        s.settimeout(2)
        packet = udp(4, bytes(payload), sport=s.getsockname()[1])
        # Its own sum is wrong by what is put in, but is 0: none.
        packet = packet[:26] + b"\0\0" + packet[28:]
        send_udp(4, gue(4, packet, (28, 34)))
        answer = s.recvfrom(2048)[0].decode().split()
    payload[6:8] = struct.pack("!H", ~csum(bytes(payload)) & 0xFFFF)
    assert answer[2] == hashlib.md5(payload).hexdigest(), answer


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


def wrap(tun, kind):
    """What is routed into the TUN goes into the tunnel: super-packets, checksums unfinished."""
    protocol = {"ipip": 4, "gre": 47}
    if kind == "gue":
        raw = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    else:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol[kind])
    raw.setsockopt(socket.IPPROTO_IP, 10, 0)
    shim = {"ipip": b"", "gue": gue(4, b""), "gre": gre(4, b"")}[kind]
    largest = 0
    while True:
        packet = os.read(tun, 65600)[10:]
        if packet[0] >> 4 != 4:
            continue  # the device's own router solicitations
        largest = max(largest, len(packet))
        wrap.largest = largest
        raw.sendto(shim + packet, (SERVER[4], GUE_PORT if kind == "gue" else 0))


def case_super(kind="ipip"):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    # IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, then TUN_F_CSUM | TUN_F_TSO4
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"wrap", 0x5001))
    fcntl.ioctl(tun, 0x400454D0, 3)
    os.system("ip link set wrap up && ip route replace 192.0.2.80 dev wrap src 198.51.100.9")
    threading.Thread(target=wrap, args=(tun, kind), daemon=True).start()
    data = os.urandom(8 << 20)
    with socket.create_connection((VIP[4], 80), 10, (CLIENT[4], 0)) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        digest = s.recv(64).decode()
    assert digest == hashlib.md5(data).hexdigest(), digest
    assert wrap.largest > 20000, wrap.largest


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:5])
