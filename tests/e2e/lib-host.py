# SPDX-License-Identifier: BSD-2-Clause
"""
send FROM PORT TO PORT [BYTES]: one datagram.
tagged DEVICE MAC VLAN FROM PORT TO PORT: one in a frame with an 802.1Q tag.
receive ADDRESS PORT: 0 if one comes within 0.7 s.
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


verb = sys.argv[1]
if verb == "tagged":
    send_tagged(*sys.argv[2:])
    sys.exit(0)
sock = udp(sys.argv[2], int(sys.argv[3]))
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
