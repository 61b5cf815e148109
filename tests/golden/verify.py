#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Says what each golden case should hold, with arithmetic of its own, and compares.

Checksums are recomputed from all bytes, never repaired; reasons and servers are
those that cases.py expects; in.pcap must be what make.py writes.
--tshark: asks tshark, too, whether it finds every checksum good.
"""
import ipaddress
import pathlib
import re
import subprocess
import sys

import cases
import make
from wire import *

HERE = pathlib.Path(__file__).parent
FORWARDED = "scheduled", "established", "reply"
SOURCE4, SOURCE6 = address("10.255.0.1"), address("2001:db8:ffff::1")


SERVICES = {"-t": TCP, "-u": UDP, "--sctp-service": SCTP}


class Wrong(Exception):
    pass


def want(what, expected, got):
    if expected != got:
        if isinstance(expected, bytes):
            expected, got = expected.hex()[:200], got.hex()[:200]
        raise Wrong(f"{what}: expected {expected}, got {got}")


def endpoint(text):
    """("192.0.2.1:80" or "[::1]:80") -> (address, port)"""
    host, port = text.rsplit(":", 1)
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def read_rules(text):
    """{(protocol, address, port): {server: (method, port)}}"""
    rules = {}
    for line in text.splitlines():
        words = line.split()
        service = (SERVICES[words[1]],) + endpoint(words[2])
        if words[0] == "-A":
            rules[service] = {}
        else:
            server, port = endpoint(words[words.index("-r") + 1])
            method = [w for w in words if w in ("-m", "-g", "-i")][0]
            rules[service][server] = (method, port)
    return rules


class Tunnel:
    """How packets get to a server by tunnel."""

    def __init__(self, words=()):
        def option(name, default):
            return words[words.index(name) + 1] if name in words else default
        self.kind, self.port = option("--tun-type", "ipip"), int(option("--tun-port", 0))
        self.csum = "--tun-csum" in words or "--tun-remcsum" in words  # complete sums stay complete
        self.shim = {"ipip": 0, "gue": 12, "gre": 8 if self.csum else 4}[self.kind]

    def overhead(self, server):
        return (40 if ":" in server else 20) + self.shim


TUNNELS = {}  # of the case at hand: server -> Tunnel


def read_tunnels(text):
    """{server: Tunnel}; a server has one kind in a case."""
    lines = [line.split() for line in text.splitlines() if " -r " in line]
    return {endpoint(words[words.index("-r") + 1])[0]: Tunnel(words) for words in lines}


def dissect(data, linktype):
    """(whole IP packet without padding, header length with extensions, protocol) of a record."""
    if linktype == cases.ETHERNET:
        data = data[18 if data[12:14] == b"\x81\x00" else 14:]
    if data[0] >> 4 == 4:
        return data[:int.from_bytes(data[2:4], "big")], (data[0] & 15) * 4, data[9]
    following, at = data[6], 40
    while following in (HOP, OPTIONS, ROUTING, FRAGMENT, AH):  # a fragment: alone, a whole packet
        size = 4 * (data[at + 1] + 2) if following == AH else 8 * (data[at + 1] + 1)
        following, at = data[at], at + size
    return data[:40 + int.from_bytes(data[4:6], "big")], at, following


def ends(ip):
    """(source, destination) as bytes."""
    return (ip[12:16], ip[16:20]) if ip[0] >> 4 == 4 else (ip[8:24], ip[24:40])


def text(packed):
    return str(ipaddress.ip_address(packed))


def hop_less(ip):
    if ip[0] >> 4 == 4:
        return with_ip_sum(ip[:8] + bytes([ip[8] - 1]) + ip[9:])
    return ip[:7] + bytes([ip[7] - 1]) + ip[8:]


def translate_sctp(ip, at, side, addr, port):
    """NAT of SCTP: its CRC is that of all bytes where the port changes, else what it was."""
    where = {4: (12, 16), 6: (8, 24)}[ip[0] >> 4][side]
    header, segment = put(ip[:at], where, addr), ip[at:]
    if segment[2 * side:2 * side + 2] != port.to_bytes(2, "big"):
        segment = with_sum(b"", b"", SCTP, put(segment, 2 * side, port.to_bytes(2, "big")))
    return hop_less((with_ip_sum(header) if ip[0] >> 4 == 4 else header) + segment)


def translate(ip, at, protocol, side, addr, port):
    """NAT: the source (side 0) or destination (side 1) replaced, all sums anew."""
    src, dst = ends(ip)
    segment = ip[at:]
    if protocol == SCTP:
        return translate_sctp(ip, at, side, addr, port)
    if protocol in (AH, ESP):  # the address alone
        header = put(ip[:at], {4: (12, 16), 6: (8, 24)}[ip[0] >> 4][side], addr)
        return hop_less((with_ip_sum(header) if ip[0] >> 4 == 4 else header) + segment)
    check = segment[16:18] if protocol == TCP else segment[6:8]
    none = protocol == UDP and check == b"\0\0"
    before = l4_sum(src, dst, protocol, segment)
    where = {4: (12, 16), 6: (8, 24)}[ip[0] >> 4][side]
    ip = ip[:where] + addr + ip[where + len(addr):]
    segment = segment[:2 * side] + port.to_bytes(2, "big") + segment[2 * side + 2:]
    src, dst = ends(ip)
    if none or before == 0xffff:
        segment = with_sum(src, dst, protocol, segment)
    else:  # wrong by as much as before: the sum over all is the same
        field = 16 if protocol == TCP else 6
        bare = segment[:field] + b"\0\0" + segment[field + 2:]
        fixed = add((before + (0xffff ^ l4_sum(src, dst, protocol, bare))).to_bytes(4, "big"))
        segment = segment[:field] + fixed.to_bytes(2, "big") + segment[field + 2:]
    header = ip[:at]
    return hop_less((with_ip_sum(header) if ip[0] >> 4 == 4 else header) + segment)


def flow_port(flow):
    """GUE's source port by the flow inside: docs/adr/0016, lib/forward/gue.c."""
    src, dst, protocol, sport, dport = flow
    mixed = sport << 24 | dport << 8 | protocol
    for end in src, dst:
        for (word,) in struct.iter_unpack("!I", end + bytes(16 - len(end))):
            mixed = (mixed ^ word) * 0x9e3779b97f4a7c15 % 2**64
            mixed ^= mixed >> 32
    return 0xc000 | mixed & 0x3fff


def flow_of(ip, at, protocol):
    ports = struct.unpack("!HH", ip[at:at + 4]) if protocol in (TCP, UDP) else (0, 0)
    return ends(ip) + (protocol,) + ports


def enclosed(ip, tunnel, flow, src, dst):
    """(what goes behind the outer header, its protocol): RFC 2784, draft-ietf-intarea-gue."""
    v4 = ip[0] >> 4 == 4
    inner = IPIP if v4 else IPV6
    if tunnel.kind == "ipip":
        return ip, inner
    if tunnel.kind == "gre":
        gre = struct.pack("!HH", 0x8000 if tunnel.csum else 0, 0x0800 if v4 else 0x86dd)
        if tunnel.csum:
            gre += struct.pack("!HH", 0xffff ^ add(gre + bytes(4) + ip), 0)
        return gre + ip, GRE
    datagram = udp(flow_port(flow), tunnel.port, struct.pack("!BBH", 0, inner, 0) + ip)
    return with_sum(src, dst, UDP, datagram) if tunnel.csum else datagram, UDP


def wrap(ip, at, protocol, server, flow=None):
    """In a tunnel: RFC 2003, 4213, 2473; ECN by RFC 3168, 9.1.1. flow: where the packet has no ports."""
    v4 = ip[0] >> 4 == 4
    flow, far = flow or flow_of(ip, at, protocol), address(server)
    near = SOURCE6 if ":" in server else SOURCE4
    tos = ip[1] if v4 else int.from_bytes(ip[:2], "big") >> 4 & 0xff
    outer_tos = tos & 0xfc | (2 if tos & 3 == 3 else tos & 3)
    offset = at + (ip[at + 12] >> 4) * 4 if protocol == TCP else at + 8
    ip = hop_less(ip)
    hops = ip[8] if v4 else ip[7]
    body, following = enclosed(ip, TUNNELS[server], flow, near, far)
    if ":" in server:
        return struct.pack("!IHBB", 6 << 28 | outer_tos << 20, len(body), following, hops) + near + far + body
    if v4:
        ident, frag = int.from_bytes(ip[4:6], "big") + add(ip[12:20]), ip[6] << 8 & DF
    else:
        ident, frag = add(ip[8:offset]), 0
    header = struct.pack("!BBHHHBBH", 0x45, outer_tos, 20 + len(body), ident & 0xffff, frag, hops, following, 0)
    return with_ip_sum(header + near + far) + body


def helped(packet, linktype):
    """A segment as a helper leaves it, before its addresses change: RFC 9293, all sums anew."""
    ip, at, protocol = dissect(packet.data, linktype)
    if not packet.becomes:
        return packet.data
    seq, ack, opts, payload = packet.becomes
    want("options", len(opts), (ip[at + 12] >> 4) * 4 - 20)
    segment = put(ip[at:at + 20], 4, struct.pack("!II", seq, ack)) + opts + payload
    segment = with_sum(*ends(ip), protocol, segment)
    if ip[0] >> 4 == 6:
        return put(ip[:at], 4, (at - 40 + len(segment)).to_bytes(2, "big")) + segment
    return with_ip_sum(put(ip[:at], 2, (at + len(segment)).to_bytes(2, "big"))) + segment


def whose(ip, at, protocol):
    """(protocol, ports) of the connection of a packet: of AH and ESP, of their IKE."""
    if protocol in (AH, ESP):
        return UDP, IKE, IKE
    return (protocol,) + struct.unpack("!HH", ip[at:at + 4])


def request(rules, data, linktype, server):
    ip, at, protocol = dissect(data, linktype)
    vip = text(ends(ip)[1])
    protocol_of, _, vport = whose(ip, at, protocol)
    method, port = rules[protocol_of, vip, vport][server]
    if method == "-m":
        return translate(ip, at, protocol, 1, address(server), port)
    return hop_less(ip) if method == "-g" else wrap(ip, at, protocol, server)


def reply(flows, data, linktype):
    """Back to the client, from the address it had asked."""
    ip, at, protocol = dissect(data, linktype)
    server, client = map(text, ends(ip))
    protocol_of, sport, dport = whose(ip, at, protocol)
    vip, vport = flows[protocol_of, client, dport, server, sport]
    return translate(ip, at, protocol, 0, address(vip), vport), client


def error_of(quoted, source, kind, code, info):
    """What the library says about a packet: RFC 1812, 4.3.2; RFC 4443, 2.4."""
    client = text(ends(quoted)[0])
    if ":" in client:
        return icmp(source, client, kind, code, info, quoted[:1280 - 48])
    return icmp(source, client, kind, code, info, quoted[:576 - 28], tos=quoted[1] & 0x1e | 0xc0,
                ident=int.from_bytes(quoted[4:6], "big"), frag=0)


def path_mtu(case, server):
    found = re.search(rf"^{re.escape(server)} mtu (\d+)$", case.paths, re.M)
    return int(found[1]) if found else 1500


LEARNED = {}  # MTU of the way to a server, by what errors have said: case -> (MTU, when)


def known_mtu(case, packet, server):
    mtu, when = LEARNED.get(case.name, (65535, 0))
    return min(path_mtu(case, server), mtu if packet.time < when + 600 * 10**9 else 65535)


def learn(case, packet, mtu, least):
    if max(mtu, least) < known_mtu(case, packet, "any"):
        LEARNED[case.name] = max(mtu, least), packet.time


def answer(case, rules, flows, packet, reason):
    ip, at, protocol = dissect(packet.data, case.linktype)
    src, dst = map(text, ends(ip))
    v6 = ":" in dst
    if reason == "reply_ttl":
        return error_of(ip, dst, 3 if v6 else 11, 0, 0)
    if reason == "reply_no_dest":
        return error_of(ip, dst, *((1, 4) if v6 else (3, 3)), 0)
    port = int.from_bytes(ip[at + 2:at + 4], "big")
    (server, (method, _)), = rules[protocol, dst, port].items()
    mtu = known_mtu(case, packet, server) - (method == "-i") * TUNNELS[server].overhead(server)
    return error_of(hop_less(ip), dst, *((2, 0) if v6 else (3, 4)), mtu)


def quoted_ends(ip, at):
    """What an error quotes: (where it begins, its transport header, its protocol)."""
    begin = at + 8
    _, header_len, protocol = dissect(ip[begin:], cases.RAW)
    return begin, begin + header_len, protocol


def put(ip, at, data):
    return ip[:at] + data + ip[at + len(data):]


def with_icmp_sum(ip, at):
    v6 = ip[0] >> 4 == 6
    message = ip[at:at + 2] + b"\0\0" + ip[at + 4:]
    src, dst = ends(ip)
    check = 0xffff ^ add(message, pseudo(src, dst, ICMP6, len(message)) if v6 else 0)
    return put(ip, at + 2, check.to_bytes(2, "big"))


def translated_error(ip, at, to_server, addr, port):
    """The error and what it quotes, the NAT's address put in both; all sums but the quoted one anew."""
    v6 = ip[0] >> 4 == 6
    begin, l4, _ = quoted_ends(ip, at)
    places = (8, 24) if v6 else (12, 16)
    ip = put(ip, places[to_server], addr)
    ip = put(ip, begin + places[not to_server], addr)
    ip = put(ip, l4 + 2 * (not to_server), port.to_bytes(2, "big"))
    if not v6:
        ip = ip[:begin] + with_ip_sum(ip[begin:l4]) + ip[l4:]
        ip = with_ip_sum(ip[:at]) + ip[at:]
    return hop_less(with_icmp_sum(ip, at))


def icmp_out(case, rules, flows, packet, reason):
    """(What an error about a connection became, its next hop)."""
    ip, at, _ = dissect(packet.data, case.linktype)
    begin, l4, protocol = quoted_ends(ip, at)
    src, dst = map(text, ends(ip[begin:]))
    v6 = ip[0] >> 4 == 6
    if reason == "reply_tunnel":
        kind, code, info = ip[at], ip[at + 1], int.from_bytes(ip[at + 6:at + 8], "big")
        inner = ip[l4 + TUNNELS[dst].shim:]
        if ip[at:at + 2] == (b"\2\0" if v6 else b"\3\4"):
            learn(case, packet, info, 1280 if v6 else 552)
            info = known_mtu(case, packet, dst) - TUNNELS[dst].overhead(dst)
            kind, code = (2, 0) if inner[0] >> 4 == 6 else (3, 4)
        return error_of(inner, text(ends(inner)[1]), kind, code, info), text(ends(inner)[0])
    sport, dport = struct.unpack("!HH", ip[l4:l4 + 4])
    if reason == "icmp_reply":
        vip, vport = flows[protocol, src, sport, dst, dport]
        return translated_error(ip, at, False, address(vip), vport), src
    for (kind, client, cport, server, port), (vip, vport) in flows.items():
        if (kind, client, cport, vip, vport) == (protocol, dst, dport, src, sport):
            method, _ = rules[protocol, vip, vport][server]
            if method == "-m":
                return translated_error(ip, at, True, address(server), port), server
            return hop_less(ip) if method == "-g" else wrap(ip, at, ICMP, server), server
    raise Wrong("no such connection")


def wrapped_part(ip, server, flow):
    """A fragment in a tunnel: in front of an IPv4 one an identification that its place moves."""
    out = wrap(ip, 0, NONE, server, flow)
    if ":" in server:
        return out
    v4, at = ip[0] >> 4 == 4, unfragmentable(ip)
    if v4:
        ident = int.from_bytes(ip[4:6], "big") + (int.from_bytes(ip[6:8], "big") & 0x1fff) * 0x9e37 + add(ip[12:20])
    else:  # what tells it from others: all up to the data behind the transport header
        first = int.from_bytes(ip[at + 2:at + 4], "big") < 8
        length = at + 8 + (((ip[at + 8 + 12] >> 4) * 4 if ip[at] == TCP else 8) if first else 0)
        ident = add(ip[8:length])
    return with_ip_sum(out[:4] + struct.pack("!H", ident & 0xffff) + out[6:20]) + out[20:]


def part_out(case, rules, flows, what, reason, hop):
    """(what a fragment became, its next hop): the whole packet's way, cut where it was cut."""
    whole, start, end, ident = what
    if reason == "reply":
        whole, hop = reply(flows, whole, cases.RAW)
        return part(whole, start, end, ident), hop
    ip, at, protocol = dissect(whole, cases.RAW)
    method, _ = rules[protocol, text(ends(ip)[1]), int.from_bytes(ip[at + 2:at + 4], "big")][hop]
    if method == "-i":
        return wrapped_part(part(whole, start, end, ident), hop, flow_of(ip, at, protocol)), hop
    note_flow(flows, rules, whole, cases.RAW, hop)
    return part(request(rules, whole, cases.RAW, hop), start, end, ident), hop


def check_part(case, rules, flows, time, what, reason, server, verdict, out):
    want("reason", reason, verdict[2])
    if verdict[1] != "forward":
        want("next hop", "-", verdict[3])
        return
    if server:
        want("server", server, verdict[3])
    expected, hop = part_out(case, rules, flows, what, reason, verdict[3])
    want("next hop", hop, verdict[3])
    when, data, _ = next(out)
    want("time", time, when)
    want("fragment", expected, data)


def note_flow(flows, rules, data, linktype, server):
    """Who asked whom, by what a reply will look like."""
    ip, at, protocol = dissect(data, linktype)
    client, vip = map(text, ends(ip))
    protocol, sport, dport = whose(ip, at, protocol)
    port = rules[protocol, vip, dport][server][1]
    flows[protocol, client, sport, server, port] = vip, dport


def check_packet(case, rules, flows, packet, verdict, out):
    want("reason", packet.reason, verdict[2] if verdict[1] != "skip" else "skip")
    if packet.reason == "tunnel_error":  # it may have told of an MTU
        ip, at, _ = dissect(packet.data, case.linktype)
        if ip[at:at + 2] == b"\3\4":
            learn(case, packet, int.from_bytes(ip[at + 6:at + 8], "big"), 552)
    if verdict[1] not in ("forward", "reply"):
        want("next hop", "-", verdict[3])
        return
    hop = verdict[3]
    if packet.server and verdict[1] == "forward":
        want("server", packet.server, hop)
    if packet.reason in ("reply_ttl", "reply_mtu", "reply_no_dest"):
        expected = answer(case, rules, flows, packet, packet.reason)
        want("next hop", text(ends(dissect(packet.data, case.linktype)[0])[0]), hop)
    elif packet.reason in ("icmp_forwarded", "icmp_reply", "reply_tunnel"):
        expected, back = icmp_out(case, rules, flows, packet, packet.reason)
        want("next hop", back, hop)
    elif packet.reason in ("reply", "outbound"):
        expected, client = reply(flows, helped(packet, case.linktype), case.linktype)
        want("next hop", client, hop)
    else:
        expected = request(rules, helped(packet, case.linktype), case.linktype, hop)
        note_flow(flows, rules, packet.data, case.linktype, hop)
    time, data, _ = next(out)
    want("time", packet.time, time)
    want("packet", expected, data)


def check_case(case):
    folder = HERE / case.name
    rules, flows = read_rules(case.rules), {}
    for protocol, client, cport, vip, vport, server, rport in case.flows:
        rules.setdefault((protocol, vip, vport), {})[server] = "-m", rport
        flows[protocol, client, cport, server, rport] = vip, vport
    TUNNELS.clear()
    TUNNELS.update(read_tunnels(case.rules))
    for name, contents in make.files(case).items():
        want(name, contents, (folder / name).read_bytes())
    verdicts = [line.split() for line in (folder / "verdicts").read_text().splitlines()]
    out = iter(pcap_read(folder / "out.pcap"))
    want("lines of verdicts", sum(1 + len(packet.released) for packet in case.packets), len(verdicts))
    verdicts = iter(verdicts)
    for number, packet in enumerate(case.packets, 1):
        try:
            verdict = next(verdicts)
            want("number", str(number), verdict[0])
            if packet.part:
                check_part(case, rules, flows, packet.time, packet.part, packet.reason, packet.server, verdict, out)
            else:
                check_packet(case, rules, flows, packet, verdict, out)
            for what, reason in packet.released:
                verdict = next(verdicts)
                want("number", f"{number}+", verdict[0])
                check_part(case, rules, flows, packet.time, what, reason, packet.server, verdict, out)
        except Wrong as wrong:
            raise Wrong(f"record {number}: {wrong}")
    want("packets left over", 0, len(list(out)))


def check_shares():
    """wrr in its steady state: weights 2, 3, 4 of each nine."""
    hops = [line.split()[3] for line in (HERE / "wrr/verdicts").read_text().splitlines()][16:]
    want("shares", [20, 30, 40], [hops.count(f"10.0.0.{i}") for i in (1, 2, 3)])


def check_cuts():
    """Longer than the path, and allowed to be cut: the verdict says so."""
    for case, length, mtu in ("ipip-4in4", 1001, 1000), ("ipip-4in6", 1401, 1400), ("bad", 69, 68), \
            ("gue-csum", 1401, 1400), ("gre", 1401, 1400):
        lines = (HERE / case / "verdicts").read_text()
        want("cuts", 1, len(re.findall(rf"^\d+ forward established \S+ \d+ fragment {mtu}$", lines, re.M)))
        want("its length", True, length in [len(r[1]) for r in pcap_read(HERE / case / "out.pcap")])


def ask_tshark(case):
    """Frames with a checksum that tshark finds bad; those that came in bad are known."""
    fields = ("ip.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status", "tcp.checksum.status",
              "udp.checksum.status", "gre.checksum.status", "sctp.checksum.status")
    command = ["tshark", "-r", str(HERE / case.name / "out.pcap"), "-T", "fields", "-E", "separator=/t"]
    for option in "ip.check_checksum", "tcp.check_checksum", "udp.check_checksum":
        command += ["-o", f"{option}:TRUE"]
    command += ["-o", "sctp.checksum:CRC 32c"]
    for field in ("frame.number",) + fields:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    good = bad = none = 0
    for line in lines:
        columns = line.split("\t")[1:]
        if columns[1] or columns[2]:  # the transport's is that of a packet quoted in part, and left alone
            columns = columns[:3]
        statuses = [s for column in columns for s in column.split(",") if s]
        bad += statuses.count("0") + statuses.count("Bad")
        good += statuses.count("1") + statuses.count("Good")
        none += len(statuses) - statuses.count("0") - statuses.count("1")
    print(f"  tshark: {len(lines)} packets, checksums {good} good, {bad} bad, {none} not there")
    return bad


def main():
    failed = 0
    # One that came in wrong, and must stay so, in each of these.
    known_bad = {"nat-v4-tcp": 1, "nat-v4-udp": 1, "icmp-dr": 1, "sctp-v4": 3, "sctp-v6": 3}
    for case in cases.CASES:
        try:
            check_case(case)
            print(f"ok - {case.name}: {len(case.packets)} packets")
            if "--tshark" in sys.argv:
                want("bad checksums", known_bad.get(case.name, 0), ask_tshark(case))
        except (Wrong, OSError, StopIteration) as wrong:
            print(f"not ok - {case.name}: {wrong!r}")
            failed += 1
    check_shares()
    check_cuts()
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
