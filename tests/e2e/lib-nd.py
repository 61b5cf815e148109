# SPDX-License-Identifier: BSD-2-Clause
"""
Neighbour discovery and group membership as they are on the wire.

  watch DEVICE             a line for each frame until terminated, "ready" first:
      ns FROM-MAC TO-MAC FROM TO TARGET FLAGS
      na FROM-MAC TO-MAC FROM TO TARGET FLAGS
      mld FROM-MAC GROUP
  solicit DEVICE FROM TARGET COUNT
                           COUNT solicitations to the solicited-node group; prints who answers:
      MAC FLAGS
  claim DEVICE TARGET [ADVERTISED-MAC]
                           an unsolicited advertisement, override set

FLAGS: R router, S solicited, O override, then MAC=... for a link-layer address option, then what is
wrong: hops, sum.
"""
import socket
import struct
import sys
import time

NS, NA, MLD1, MLD1_DONE, MLD2 = 135, 136, 131, 132, 143


def mac_text(mac):
    return ":".join("%02x" % b for b in mac)


def checksum(src, dst, body):
    data = src + dst + struct.pack("!II", len(body), 58) + body
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def flags_of(ip, body):
    words = ""
    if body[0] == NA:
        words = "".join(c for c, bit in (("R", 0x80), ("S", 0x40), ("O", 0x20)) if body[4] & bit)
    words = words or "-"
    option = body[24:]
    while len(option) >= 8:
        if option[0] in (1, 2):
            words += " MAC=" + mac_text(option[2:8])
        option = option[max(option[1], 1) * 8 :]
    if ip[7] != 255:
        words += " hops"
    if checksum(ip[8:24], ip[24:40], body) != 0:
        words += " sum"
    return words


def describe(frame):
    if frame[12:14] != b"\x86\xdd":
        return []
    ip = frame[14:54]
    body = frame[54 : 54 + struct.unpack("!H", ip[4:6])[0]]
    following = ip[6]
    if following == 0:
        following, body = body[0], body[(body[1] + 1) * 8 :]
    if following != 58 or len(body) < 24:
        return []
    ends = [socket.inet_ntop(socket.AF_INET6, a) for a in (ip[8:24], ip[24:40], body[8:24])]
    macs = [mac_text(frame[6:12]), mac_text(frame[:6])]
    if body[0] in (NS, NA):
        return [["ns" if body[0] == NS else "na"] + macs + ends + [flags_of(ip, body)]]
    if body[0] == MLD1:
        return [["mld", macs[0], ends[2]]]
    if body[0] != MLD2:
        return []
    lines, at = [], 8
    for _ in range(struct.unpack("!H", body[6:8])[0]):
        sources = struct.unpack("!H", body[at + 2 : at + 4])[0]
        # 2 and 4: of everybody, now and from now on (RFC 3810, section 5.2.12).
        if body[at] in (2, 4):
            group = socket.inet_ntop(socket.AF_INET6, body[at + 4 : at + 20])
            lines.append(["mld", macs[0], group])
        at += 20 + sources * 16 + body[at + 1] * 4
    return lines


def open_socket(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((device, 3))
    # PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC: groups are of no interest to the card here.
    sock.setsockopt(263, 1, struct.pack("IHH8s", socket.if_nametoindex(device), 1, 0, b""))
    return sock


def watch(device):
    sock = open_socket(device)
    print("ready", flush=True)
    while True:
        for line in describe(sock.recv(2048)):
            print(*line, flush=True)


def send(sock, mac, group_mac, src, dst, body):
    body = body[:2] + struct.pack("!H", checksum(src, dst, body)) + body[4:]
    ip = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + src + dst
    sock.send(group_mac + mac + b"\x86\xdd" + ip + body)


def solicit(device, source, target, count):
    sock = open_socket(device)
    mac = sock.getsockname()[4]
    src, to = (socket.inet_pton(socket.AF_INET6, a) for a in (source, target))
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + to[13:]
    body = struct.pack("!BBHI", NS, 0, 0, 0) + to + b"\x01\x01" + mac
    for _ in range(count):
        send(sock, mac, b"\x33\x33" + group[12:], src, group, body)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        sock.settimeout(max(end - time.monotonic(), 0.001))
        try:
            frame = sock.recv(2048)
        except socket.timeout:
            break
        for line in describe(frame):
            if line[0] == "na" and line[5] == target and line[4] == source:
                print(line[1], line[6])


def claim(device, target, advertised=None):
    sock = open_socket(device)
    mac = sock.getsockname()[4]
    shown = bytes.fromhex(advertised.replace(":", "")) if advertised else mac
    to = socket.inet_pton(socket.AF_INET6, target)
    everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
    body = struct.pack("!BBHI", NA, 0, 0, 0x20000000) + to + b"\x02\x01" + shown
    send(sock, shown, b"\x33\x33\0\0\0\x01", to, everybody, body)


verb = sys.argv[1]
if verb == "watch":
    watch(sys.argv[2])
elif verb == "solicit":
    solicit(*sys.argv[2:5], int(sys.argv[5]))
else:
    claim(*sys.argv[2:])
