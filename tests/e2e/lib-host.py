# SPDX-License-Identifier: BSD-2-Clause
"""
send FROM PORT TO PORT [BYTES]: one datagram.
tagged DEVICE MAC VLAN FROM PORT TO PORT: one in a frame with an 802.1Q tag.
receive ADDRESS PORT: says "ready", then "came" when one has; for 30 s.
tap: a line for each frame that an AF_PACKET socket sees, until it is terminated:
  arp SENDER TARGET | nd TYPE FROM TO | udp FROM PORT TO PORT
"""
import socket
import struct
import sys


def udp(addr, port):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, port))
    return s


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send_tagged(device, mac, vlan, src, sport, dst, dport):
    ends = socket.inet_aton(src) + socket.inet_aton(dst)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 17, 0) + ends
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((device, 0))
    frame = bytes.fromhex(mac.replace(":", "")) + b"\x02\0\0\0\0\x09"
    frame += struct.pack("!HHH", 0x8100, int(vlan), 0x0800)
    out.send(frame + ip + struct.pack("!HHHH", int(sport), int(dport), 8, 0))


def addresses(family, *packed):
    return [socket.inet_ntop(family, a) for a in packed]


def describe(protocol, data):
    """One line, or None for what nobody asks about."""
    if protocol == 0x0806 and len(data) >= 28:
        return ["arp"] + addresses(socket.AF_INET, data[14:18], data[24:28])
    if protocol == 0x0800 and data[9] == 17:
        ends = addresses(socket.AF_INET, data[12:16], data[16:20])
        upper = data[(data[0] & 15) * 4 :]
    elif protocol == 0x86DD and data[6] in (17, 58):
        ends = addresses(socket.AF_INET6, data[8:24], data[24:40])
        upper = data[40:]
        if data[6] == 58:
            return ["nd", str(upper[0])] + ends
    else:
        return None
    ports = struct.unpack("!HH", upper[:4])
    return ["udp", ends[0], str(ports[0]), ends[1], str(ports[1])]


def tap():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    print("ready", flush=True)
    while True:
        data, addr = sock.recvfrom(65536)
        line = describe(addr[1], data)
        if line:
            print(*line, flush=True)


verb = sys.argv[1]
if verb == "tap":
    tap()
if verb == "tagged":
    send_tagged(*sys.argv[2:])
    sys.exit(0)
sock = udp(sys.argv[2], int(sys.argv[3]))
if verb == "send":
    size = int(sys.argv[6]) if len(sys.argv) > 6 else 5
    sock.sendto(b"x" * size, (sys.argv[4], int(sys.argv[5])))
else:
    sock.settimeout(30)
    print("ready", flush=True)
    sock.recv(65536)
    print("came", flush=True)
