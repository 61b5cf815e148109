# SPDX-License-Identifier: BSD-2-Clause
"""What a frame or a command is, as short words that coverage.py counts."""

import ipaddress

from . import wire

TCP_CLASSES = ((wire.RST, "rst"), (wire.SYN, "syn"), (wire.FIN, "fin"), (wire.ACK, "ack"))
CHUNKS = {0: "DATA", 1: "INIT", 2: "INIT-ACK", 6: "ABORT", 7: "SHUTDOWN", 8: "SHUTDOWN-ACK",
          9: "ERROR", 10: "COOKIE-ECHO", 11: "COOKIE-ACK", 14: "SHUTDOWN-COMPLETE"}
OUTER = {4: "ipip", 41: "ipip", 47: "gre"}
GUE_PORTS = (5555, 6080)


def _head(packet):
    """Protocol and where its header is; extension headers are stepped over."""
    if packet[0] >> 4 == 4:
        return packet[9], (packet[0] & 15) * 4
    protocol, at = packet[6], 40
    while protocol in (0, 43, 44, 60, wire.AH) and at + 8 <= len(packet):
        # Of IPv6, AH is a header like the others, and what is behind it counts.
        step = {44: 8, wire.AH: (packet[at + 1] + 2) * 4}.get(protocol, (packet[at + 1] + 1) * 8)
        protocol, at = packet[at], at + step
    return protocol, at


def _chunk(packet, at):
    if len(packet) <= at + 12:
        return "none"
    first = packet[at + 12]
    length = int.from_bytes(packet[at + 14:at + 16], "big")
    then = at + 12 + (length + 3) // 4 * 4
    if first in (10, 11) and packet[then:then + 1] == b"\x06":
        return "ABORT"
    return CHUNKS.get(first, "DATA")


def kind(frame):
    """Family, protocol and what sort of packet a frame holds: ("4", "TCP", "syn")."""
    packet = frame[14:]
    if len(packet) < 20 or packet[0] >> 4 == 6 and len(packet) < 40:
        return "?", "?", ""
    protocol, at = _head(packet)
    family = str(packet[0] >> 4)
    if protocol == wire.TCP and len(packet) >= at + 14:
        flags = packet[at + 13]
        return family, "TCP", next((name for bit, name in TCP_CLASSES if flags & bit), "none")
    if protocol == wire.SCTP:
        return family, "SCTP", _chunk(packet, at)
    if protocol in (wire.ICMP, wire.ICMPV6) and len(packet) >= at + 2:
        return family, "ICMP", f"{packet[at]}/{packet[at + 1]}"
    return family, {wire.UDP: "UDP", wire.AH: "AH", wire.ESP: "ESP"}.get(protocol, "other"), ""


def ends(frame):
    """Source and destination as listings name them: "address|port"; None without ports."""
    packet = frame[14:]
    if len(packet) < 20 or packet[0] >> 4 == 6 and len(packet) < 40:
        return None
    protocol, at = _head(packet)
    is_ipsec = protocol in (wire.AH, wire.ESP)
    if protocol not in (wire.TCP, wire.UDP, wire.SCTP) and not is_ipsec or len(packet) < at + 4:
        return None
    begin, size = (12, 4) if packet[0] >> 4 == 4 else (8, 16)
    addresses = [packet[begin + n * size:begin + (n + 1) * size] for n in range(2)]
    ports = [500, 500] if is_ipsec else [int.from_bytes(packet[at + n:at + n + 2], "big")
                                         for n in (0, 2)]
    return tuple(f"{ipaddress.ip_address(a)}|{p}" for a, p in zip(addresses, ports))


def tunnel_tags(frame):
    """Of a frame to a server."""
    packet = frame[14:]
    protocol, at = _head(packet)
    outer = "6" if packet[0] >> 4 == 6 else "4"
    if protocol == wire.UDP and int.from_bytes(packet[at + 2:at + 4], "big") in GUE_PORTS:
        name, inner, head = "gue", packet[at + 9], at + 12
        summed = packet[at + 6:at + 8] != bytes(2)
    elif protocol in OUTER:
        name, inner, head = OUTER[protocol], protocol, at
        if protocol == 47:
            summed = bool(packet[at] & 0x80)
            inner, head = packet[at + 3], at + (8 if summed else 4)
    else:
        return
    yield f"tunnel {name} {outer} inner {inner}"
    if name != "ipip":
        yield f"tunnel {name} {'' if summed else 'not '}summed"
    if outer == "4" and not packet[6] & 0x40 and packet[head] >> 4 == 4 and packet[head + 6] & 0x40:
        yield "tunnel without DF"


def rule_tags(rule, status):
    """Of one command."""
    words = rule.split()
    yield f"refused {words[0]} {status}" if status else f"verb {words[0]}"
