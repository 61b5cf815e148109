#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""lib-icmp.py ADDRESS PORT TTL: sends a datagram and prints the error that comes of it: type, code, who."""
import select
import socket
import struct
import sys

IP_RECVERR, IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h: not in every Python


def main(address, port, hops):
    v6 = ":" in address
    probe = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    if v6:
        probe.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
    else:
        probe.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
    probe.connect((address, port))
    probe.send(b"who is there")
    poll = select.poll()
    poll.register(probe, select.POLLERR)
    if not poll.poll(3000):
        print("nothing")
        return
    _, ancillary, _, _ = probe.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
    for _, kind, data in ancillary:
        if kind in (IP_RECVERR, IPV6_RECVERR):
            # struct sock_extended_err, then the address of who has sent the error.
            _, _, error, code = struct.unpack("=IBBB", data[:7])
            who = data[24:40] if v6 else data[20:24]
            print(error, code, socket.inet_ntop(socket.AF_INET6 if v6 else socket.AF_INET, who))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
