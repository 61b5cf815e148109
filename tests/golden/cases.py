# SPDX-License-Identifier: BSD-2-Clause
"""The golden cases: rules, packets, and the reason that each packet should get."""
import textwrap

from wire import *

RAW, ETHERNET = 101, 1
VIP, VIP6 = "192.0.2.10", "2001:db8:10::10"
CLIENT, CLIENT6 = "198.51.100.7", "2001:db8:c::7"
OTHER, OTHER6 = "198.51.100.8", "2001:db8:c::8"
SERVER, SERVER2 = "10.0.0.1", "10.0.0.2"
SERVER6, SERVER62 = "2001:db8:a::1", "2001:db8:a::2"
START = 1_700_000_000 * 10**9
MS, S = 10**6, 10**9


class Packet:
    """part: (whole packet, start, end, identification) of a fragment; released: [(part, reason)]
    of those that were held until this record. becomes: (seq, ack, options, payload) of a segment that
    a helper has looked into."""
    part, released, becomes = None, (), None

    def __init__(self, time, data, reason, server, wire):
        self.time, self.data, self.reason, self.server, self.wire = time, data, reason, server, wire


class Case:
    def __init__(self, name, rules, paths="", linktype=RAW, helpers=""):
        self.name, self.linktype, self.packets, self.now = name, linktype, [], START
        self.helpers, self.flows = helpers, []
        self.rules, self.paths = textwrap.dedent(rules).lstrip(), textwrap.dedent(paths).lstrip()

    def wait(self, seconds):
        self.now += int(seconds * S)

    def send(self, data, reason, server=None, wire=None):
        """A packet, the reason it should get, and the server it should go to where that matters."""
        self.packets.append(Packet(self.now, data, reason, server, wire or len(data)))
        self.now += MS


    def expect(self, client, cport, vip, vport, server, rport, protocol=TCP):
        """A connection that nothing schedules: a helper has read of it, a server begins it."""
        self.flows.append((protocol, client, cport, vip, vport, server, rport))

    def fragment(self, whole, start, end, reason, server=None, ident=0x1234, released=()):
        """A part of a packet; released: [(start, end, reason)] of the others that leave behind it."""
        self.send(part(whole, start, end, ident), reason, server)
        self.packets[-1].part = whole, start, end, ident
        self.packets[-1].released = [((whole, a, b, ident), why) for a, b, why in released]


def ethernet(data, dst="020000000002", kind=0x0800, pad=60):
    frame = bytes.fromhex(dst + "020000000001") + kind.to_bytes(2, "big") + data
    return frame + b"\xaa" * (pad - len(frame))


def tcp_life(case, client, vip, server, sport=40000, dport=80, rport=8080, replies=True, **ip):
    """Handshake, data and goodbye; where replies pass, both directions."""
    def there(flags, payload=b"", reason="established", seq=1000):
        case.send(packet(client, vip, TCP, tcp(sport, dport, flags, payload, seq=seq), **ip), reason, server)

    def back(flags, payload=b""):
        if replies:
            case.send(packet(server, client, TCP, tcp(rport, sport, flags, payload, seq=5000), **ip), "reply")

    there(SYN, reason="scheduled")
    back(SYN | ACK)
    there(ACK)
    there(PSH | ACK, b"GET / HTTP/1.0\r\n\r\n")
    back(ACK)
    back(PSH | ACK, b"HTTP/1.0 200 OK\r\n\r\nodd")
    there(ACK)
    back(FIN | ACK)
    there(FIN | ACK)
    back(ACK)


def nat_v4_tcp():
    case = Case("nat-v4-tcp", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 1
        -a -t 192.0.2.10:80 -r 10.0.0.2:8080 -m -w 1
        """)
    tcp_life(case, CLIENT, VIP, SERVER2)
    tcp_life(case, OTHER, VIP, SERVER, frag=0, tos=0x2e)
    case.send(packet(CLIENT, VIP, TCP, tcp(40001, 80, ACK)), "not_new")
    case.send(packet(CLIENT, VIP, TCP, tcp(40001, 80, SYN, options=bytes.fromhex("020405b401030307"))),
              "scheduled", SERVER2)
    case.send(packet(SERVER2, CLIENT, TCP, tcp(8080, 40001, RST | ACK)), "reply")
    case.send(packet(CLIENT, VIP, TCP, tcp(40002, 81, SYN)), "no_service")
    case.send(packet(SERVER, CLIENT, TCP, tcp(8080, 40009, ACK)), "not_new")
    case.send(packet(SERVER, CLIENT, TCP, tcp(8080, 40009, SYN | ACK)), "no_service")
    # A checksum that was wrong stays wrong by as much: the receiver must see it.
    case.send(packet(CLIENT, VIP, TCP, tcp(40003, 80, SYN)[:16] + b"\xde\xad\0\0", sums=False),
              "scheduled", SERVER)
    return case


def zero_sum(client, vip, server, sport, vport, rport):
    """A datagram's payload with which the rewritten sum comes out as 0."""
    bare = add(udp(sport, rport, b"\0\0"), pseudo(address(client), address(server), UDP, 10))
    return (0xffff ^ bare).to_bytes(2, "big")


def nat_v4_udp():
    case = Case("nat-v4-udp", """\
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.1:5353 -m -w 1
        """)
    def there(segment, reason="established", **how):
        case.send(packet(CLIENT, VIP, UDP, segment, **how), reason, SERVER)

    def back(segment, **how):
        case.send(packet(SERVER, CLIENT, UDP, segment, **how), "reply")

    there(udp(4000, 53, b"who is it"), "scheduled")
    back(udp(5353, 4000, b"me"))
    there(udp(4000, 53, b"no checksum"), sums=False)
    back(udp(5353, 4000, b"no checksum either"), sums=False)
    there(udp(4000, 53, zero_sum(CLIENT, VIP, SERVER, 4000, 53, 5353)))
    there(udp(4000, 53, zero_sum(CLIENT, VIP, SERVER, 4000, 53, 5353)), sums=False)
    back(udp(5353, 4000, zero_sum(VIP, VIP, CLIENT, 53, 53, 4000)))
    back(udp(5353, 4000, zero_sum(VIP, VIP, CLIENT, 53, 53, 4000)), sums=False)
    # The datagram ends before the IP packet: the pseudo-header has the datagram's length.
    there(udp(4000, 53, b"short" + b"behind it", length=13))
    there(udp(4000, 53, b"short" + b"behind it", length=13), sums=False)
    there(udp(4000, 53, b""), sums=False)
    there(udp(4000, 53, b"wrong")[:6] + b"\xbe\xefwrong", sums=False)
    return case


def sctp_case(name, client, vip, server, server2, server3):
    """Three services: a port changes, none does, none of it does."""
    def end(host, port):
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    case = Case(name, f"""\
        -A --sctp-service {end(vip, 80)} -s rr
        -a --sctp-service {end(vip, 80)} -r {end(server, 8080)} -m -w 1
        -A --sctp-service {end(vip, 81)} -s rr
        -a --sctp-service {end(vip, 81)} -r {end(server2, 81)} -m -w 1
        -A --sctp-service {end(vip, 82)} -s rr
        -a --sctp-service {end(vip, 82)} -r {end(server3, 82)} -g -w 1
        """)

    def there(port, *chunks, reason="established", sums=True, **how):
        segment = sctp(40000, port, *chunks)
        if sums is None:  # wrong
            segment = with_sum(b"", b"", SCTP, segment)
            segment = segment[:8] + bytes([segment[8] ^ 1]) + segment[9:]
        case.send(packet(client, vip, SCTP, segment, sums=bool(sums), **how), reason)

    def back(port, *chunks, sums=True):
        host, rport = {80: (server, 8080), 81: (server2, 81), 82: (vip, 82)}[port]
        segment = sctp(rport, 40000, *chunks)
        if sums is None:
            segment = with_sum(b"", b"", SCTP, segment)
            segment = segment[:8] + bytes([segment[8] ^ 1]) + segment[9:]
        case.send(packet(host, client, SCTP, segment, sums=bool(sums)), "reply_seen" if port == 82 else "reply")

    for port in (80, 81, 82):
        there(port, chunk(DATA, b"too early"), reason="not_new")
        there(port, chunk(INIT, bytes(16)), reason="scheduled")
        back(port, chunk(INIT_ACK, bytes(20)))
        there(port, chunk(COOKIE_ECHO, b"a cookie"), chunk(DATA, b"at once"))
        back(port, chunk(COOKIE_ACK))
        there(port, chunk(DATA, b"odd"))
        there(port, chunk(DATA, bytes(range(256)) * 4))
        # Who has a wrong one gets a right one where the port changes, and else keeps it.
        there(port, chunk(DATA, b"wrong"), sums=None)
        back(port, chunk(DATA, b"wrong"), sums=None)
        there(port, chunk(SHUTDOWN, bytes(4)))
        back(port, chunk(SHUTDOWN_ACK))
        there(port, chunk(COMPLETE))
        there(port, chunk(INIT, bytes(16)), reason="scheduled")
        there(port, chunk(COOKIE_ECHO, b"?"), chunk(ABORT))
        there(port, chunk(ABORT, length=0), reason="established")
    case.send(packet(client, vip, SCTP, sctp(40000, 80) + bytes(3), sums=False), "short_l4")
    case.send(packet(client, vip, SCTP, sctp(40000, 83, chunk(INIT))), "no_service")
    return case


def sctp_v4():
    return sctp_case("sctp-v4", CLIENT, VIP, SERVER, SERVER2, "10.0.0.3")


def sctp_v6():
    return sctp_case("sctp-v6", CLIENT6, VIP6, SERVER6, SERVER62, "2001:db8:a::3")


def ipsec():
    """AH and ESP behind their IKE, by NAT and by direct routing; in IPv6, AH in front of others."""
    case = Case("ipsec", """\
        -A -u 192.0.2.10:500 -s rr
        -a -u 192.0.2.10:500 -r 10.0.0.1:500 -m -w 1
        -A -u 192.0.2.11:500 -s rr
        -a -u 192.0.2.11:500 -r 10.0.0.2:500 -g -w 1
        -A -u [2001:db8:10::10]:500 -s rr
        -a -u [2001:db8:10::10]:500 -r [2001:db8:a::1]:500 -m -w 1
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:8080 -m -w 1
        """)
    secret = bytes(range(200, 240))

    def send(src, dst, protocol, payload, reason, server=None):
        make = ip6 if ":" in src else ip4
        case.send(make(src, dst, protocol, payload), reason, server)

    for vip, server, back in (VIP, SERVER, "reply"), ("192.0.2.11", SERVER2, "reply_seen"):
        host = server if back == "reply" else vip
        send(CLIENT, vip, ESP, secret, "protocol")
        case.send(packet(CLIENT, vip, UDP, udp(IKE, IKE, b"initiate")), "scheduled", server)
        send(CLIENT, vip, ESP, secret, "established", server)
        send(host, CLIENT, ESP, secret, back)
        send(CLIENT, vip, AH, ah(ESP) + secret, "established", server)
        send(host, CLIENT, AH, ah(ESP) + secret, back)
        send(CLIENT, vip, ESP, b"", "established", server)
        send(OTHER, vip, ESP, secret, "protocol")
    case.send(packet(CLIENT6, VIP6, UDP, udp(IKE, IKE, b"initiate")), "scheduled", SERVER6)
    send(CLIENT6, VIP6, ESP, secret, "established", SERVER6)
    send(SERVER6, CLIENT6, ESP, secret, "reply")
    send(CLIENT6, VIP6, AH, ah(ESP) + secret, "established", SERVER6)
    send(CLIENT6, VIP6, AH, ah(NONE), "protocol")
    segment = with_sum(address(CLIENT6), address(VIP6), TCP, tcp(40000, 80, SYN))
    send(CLIENT6, VIP6, AH, ah(TCP) + segment, "scheduled", SERVER6)
    case.wait(301)
    send(CLIENT, VIP, ESP, secret, "protocol")
    return case


def nat_v6():
    case = Case("nat-v6", """\
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:8080 -m -w 1
        -A -u [2001:db8:10::10]:53 -s rr
        -a -u [2001:db8:10::10]:53 -r [2001:db8:a::2]:53 -m -w 1
        """)
    tcp_life(case, CLIENT6, VIP6, SERVER6, tos=0xb8)
    case.send(packet(CLIENT6, VIP6, UDP, udp(4000, 53, b"a"), label=0x12345), "scheduled", SERVER62)
    case.send(packet(SERVER62, CLIENT6, UDP, udp(53, 4000, b"b")), "reply")
    case.send(packet(CLIENT6, VIP6, UDP, udp(4000, 53, b"c"), ext=[(HOP, 1), (OPTIONS, 2)]), "established",
              SERVER62)
    case.send(packet(SERVER62, CLIENT6, UDP, udp(53, 4000, b"d"), ext=[(OPTIONS, 3)]), "reply")
    return case


def dr_v4():
    case = Case("dr-v4", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:80 -g -w 1
        -a -t 192.0.2.10:80 -r 10.0.0.2:80 -g -w 1
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.1:53 -g -w 1
        """)
    tcp_life(case, CLIENT, VIP, SERVER2, replies=False)
    tcp_life(case, OTHER, VIP, SERVER, replies=False, frag=0)
    case.send(packet(VIP, CLIENT, TCP, tcp(80, 40000, ACK)), "reply_seen")
    case.send(packet(SERVER, CLIENT, TCP, tcp(80, 40000, ACK)), "not_new")
    case.send(packet(CLIENT, VIP, UDP, udp(4000, 53, b"x")), "scheduled", SERVER)
    case.send(packet(CLIENT, VIP, UDP, udp(4000, 53, b"y"), sums=False), "established", SERVER)
    return case


def dr_v6():
    case = Case("dr-v6", """\
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:80 -g -w 1
        """)
    tcp_life(case, CLIENT6, VIP6, SERVER6, replies=False, tos=0x03)
    case.send(packet(VIP6, CLIENT6, TCP, tcp(80, 40000, ACK)), "reply_seen")
    return case


def tunnel(name, vip, client, server, paths, words=""):
    v6 = ":" in vip
    ends = [f"[{vip}]:80" if v6 else f"{vip}:80", f"[{server}]:80" if ":" in server else f"{server}:80"]
    case = Case(name, f"-A -t {ends[0]} -s rr\n-a -t {ends[0]} -r {ends[1]} -i -w 1 {words}".rstrip() + "\n", paths)
    frags = [{}] if v6 else [{"frag": DF}, {"frag": 0}]
    first = True
    for frag in frags:
        for tos in 0x00, 0x01, 0x02, 0x03, 0xb8, 0xbb:
            case.send(packet(client, vip, TCP, tcp(40000, 80, SYN if first else ACK, b"" if first else b"data"),
                             tos=tos, **frag), "scheduled" if first else "established", server)
            first = False
    return case


def fill_up(case, client, vip, server, length, reason, **ip):
    """A packet of so many bytes."""
    bare = len(packet(client, vip, TCP, tcp(40000, 80, ACK), **ip))
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(length - bare)), **ip), reason, server)


def ipip_4in4():
    case = tunnel("ipip-4in4", VIP, CLIENT, SERVER, "10.0.0.1 mtu 1000\n")
    fill_up(case, CLIENT, VIP, SERVER, 980, "established")
    fill_up(case, CLIENT, VIP, SERVER, 981, "reply_mtu")
    fill_up(case, CLIENT, VIP, SERVER, 980, "established", frag=0)
    fill_up(case, CLIENT, VIP, SERVER, 981, "established", frag=0)
    return case


def ipip_6in6():
    case = tunnel("ipip-6in6", VIP6, CLIENT6, SERVER6, "2001:db8:a::1 mtu 1400\n")
    fill_up(case, CLIENT6, VIP6, SERVER6, 1360, "established")
    fill_up(case, CLIENT6, VIP6, SERVER6, 1361, "reply_mtu")
    return case


def ipip_4in6():
    case = tunnel("ipip-4in6", VIP, CLIENT, SERVER6, "2001:db8:a::1 mtu 1400\n")
    fill_up(case, CLIENT, VIP, SERVER6, 1360, "established")
    fill_up(case, CLIENT, VIP, SERVER6, 1361, "reply_mtu")
    # The outer packet is ours, and fragmented where the inner header allows it (RFC 2473, 7.2 b).
    fill_up(case, CLIENT, VIP, SERVER6, 1361, "established", frag=0)
    return case


def ipip_6in4():
    case = tunnel("ipip-6in4", VIP6, CLIENT6, SERVER, "10.0.0.1 mtu 1400\n")
    fill_up(case, CLIENT6, VIP6, SERVER, 1380, "established")
    fill_up(case, CLIENT6, VIP6, SERVER, 1381, "reply_mtu")
    return case


def kinds_of_tunnel(name, words, shim):
    """Each family in each: services on ports 80 (in IPv4) and 81 (in IPv6). Complete sums stay complete."""
    rules = ""
    for vip in f"{VIP}", f"[{VIP6}]":
        for port, server in (80, SERVER), (81, f"[{SERVER6}]"):
            rules += f"-A -t {vip}:{port} -s rr\n-a -t {vip}:{port} -r {server}:{port} -i -w 1 {words}\n"
    case = Case(name, rules, f"{SERVER} mtu 1400\n{SERVER6} mtu 1440\n")
    for client, vip in (CLIENT, VIP), (CLIENT6, VIP6):
        for port, server, room in (80, SERVER, 1380 - shim), (81, SERVER6, 1400 - shim):
            first = True
            for frag in [{}] if ":" in vip else [{"frag": DF}, {"frag": 0, "ident": 0xfff0}]:
                for tos in 0x00, 0x03, 0xb8, 0xbb:
                    segment = tcp(40000, port, SYN if first else ACK, b"" if first else b"data" + bytes([tos]))
                    case.send(packet(client, vip, TCP, segment, tos=tos, **frag),
                              "scheduled" if first else "established", server)
                    first = False
            case.send(packet(client, vip, TCP, tcp(40000, port, ACK, b"odd"), ttl=2), "established", server)
            bare = len(packet(client, vip, TCP, tcp(40000, port, ACK)))
            case.send(packet(client, vip, TCP, tcp(40000, port, ACK, bytes(room - bare))), "established", server)
            long = tcp(40000, port, ACK, bytes(room + 1 - bare))
            case.send(packet(client, vip, TCP, long), "reply_mtu")
            if ":" not in vip and port == 80:
                case.send(packet(client, vip, TCP, long, frag=0), "established", server)
    return case


def gue():
    return kinds_of_tunnel("gue", "--tun-type gue --tun-port 6080", 12)


def gue_csum():
    return kinds_of_tunnel("gue-csum", "--tun-type gue --tun-port 6080 --tun-csum", 12)


def gue_remcsum():
    return kinds_of_tunnel("gue-remcsum", "--tun-type gue --tun-port 65535 --tun-remcsum", 12)


def gre():
    return kinds_of_tunnel("gre", "--tun-type gre", 4)


def gre_csum():
    return kinds_of_tunnel("gre-csum", "--tun-type gre --tun-csum", 8)


def options():
    case = Case("options", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 1
        -A -t 192.0.2.10:81 -s rr
        -a -t 192.0.2.10:81 -r 10.0.0.1:81 -g -w 1
        -A -t 192.0.2.10:82 -s rr
        -a -t 192.0.2.10:82 -r 10.0.0.1:82 -i -w 1
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:8080 -m -w 1
        -A -t [2001:db8:10::10]:82 -s rr
        -a -t [2001:db8:10::10]:82 -r [2001:db8:a::1]:82 -i -w 1
        """)
    record_route = bytes([7, 39, 4]) + bytes(36) + b"\0"
    for port in 80, 81, 82:
        case.send(packet(CLIENT, VIP, TCP, tcp(40000, port, SYN), options=b"\1\1\1\0"), "scheduled", SERVER)
        case.send(packet(CLIENT, VIP, TCP, tcp(40000, port, ACK, b"data"), options=record_route),
                  "established", SERVER)
    case.send(packet(SERVER, CLIENT, TCP, tcp(8080, 40000, ACK, b"odd"), options=record_route), "reply")
    for port in 80, 82:
        case.send(packet(CLIENT6, VIP6, TCP, tcp(40000, port, SYN), ext=[(HOP, 1)]), "scheduled", SERVER6)
        case.send(packet(CLIENT6, VIP6, TCP, tcp(40000, port, ACK, b"data"),
                         ext=[(HOP, 1), (OPTIONS, 4), (OPTIONS, 1)]), "established", SERVER6)
    case.send(packet(SERVER6, CLIENT6, TCP, tcp(8080, 40000, ACK, b"odd"), ext=[(OPTIONS, 9)]), "reply")
    return case


def wrr():
    case = Case("wrr", """\
        -A -t 192.0.2.10:80 -s wrr
        -a -t 192.0.2.10:80 -r 10.0.0.1:80 -g -w 2
        -a -t 192.0.2.10:80 -r 10.0.0.2:80 -g -w 3
        -a -t 192.0.2.10:80 -r 10.0.0.3:80 -g -w 4
        """)
    # What the kernel's scheduler picks when they are added one by one.
    for i, pick in enumerate("3213323213213323"):
        case.send(packet(CLIENT, VIP, TCP, tcp(41000 + i, 80, SYN)), "scheduled", f"10.0.0.{pick}")
    # Then its steady cycle of nine.
    for i in range(90):
        case.send(packet(CLIENT, VIP, TCP, tcp(42000 + i, 80, SYN)), "scheduled")
    return case


def mh():
    rules = ""
    for service in "-t 192.0.2.10:80", "-t [2001:db8:10::10]:80":
        rules += f"-A {service} -s mh\n"
        rules += "".join(f"-a {service} -r 10.0.0.{i}:80 -i -w {w}\n" for i, w in ((1, 1), (2, 1), (3, 2)))
    rules += "-A -t 192.0.2.11:80 -s mh -b mh-port\n"
    rules += "".join(f"-a -t 192.0.2.11:80 -r 10.0.0.{i}:80 -i -w {w}\n" for i, w in ((1, 1), (2, 1), (3, 2)))
    case = Case("mh", rules)
    # The kernel's choices.
    for client, pick in ("192.0.2.1", 3), ("192.0.2.2", 2), ("192.0.2.3", 3), ("198.51.100.7", 1):
        for port in 40000, 40001, 50000:
            case.send(packet(client, VIP, TCP, tcp(port, 80, SYN)), "scheduled", f"10.0.0.{pick}")
    case.send(packet("2001:db8::1", VIP6, TCP, tcp(40000, 80, SYN)), "scheduled", "10.0.0.2")
    case.send(packet("192.0.2.1", "192.0.2.11", TCP, tcp(12345, 80, SYN)), "scheduled", "10.0.0.3")
    return case


def sh():
    rules = ""
    for service, flags in ("-t 192.0.2.10:80", ""), ("-t [2001:db8:10::10]:80", ""), ("-t 192.0.2.11:80", " -b sh-port"):
        rules += f"-A {service} -s sh{flags}\n"
        rules += "".join(f"-a {service} -r 10.0.0.{i}:80 -i -w {w}\n" for i, w in ((1, 1), (2, 1), (3, 2)))
    for flags, service in ("", "192.0.2.12:80"), (" -b sh-fallback", "192.0.2.13:80"):
        rules += f"-A -t {service} -s sh{flags}\n"
        rules += "".join(f"-a -t {service} -r 10.0.0.{i}:80 -i -w {w}\n" for i, w in ((1, 1), (2, 1), (3, 0)))
    case = Case("sh", rules)
    # The kernel's choices; at last with a destination of weight 0.
    clients = "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.7"
    for client, pick in zip(clients, (2, 3, 2, 1)):
        for port in 40000, 40001, 50000:
            case.send(packet(client, VIP, TCP, tcp(port, 80, SYN)), "scheduled", f"10.0.0.{pick}")
    case.send(packet("2001:db8::1", VIP6, TCP, tcp(40000, 80, SYN)), "scheduled", "10.0.0.1")
    case.send(packet("192.0.2.1", "192.0.2.11", TCP, tcp(12345, 80, SYN)), "scheduled", "10.0.0.3")
    for client, pick in zip(clients[:2], (1, 2)):
        case.send(packet(client, "192.0.2.12", TCP, tcp(40000, 80, SYN)), "scheduled", f"10.0.0.{pick}")
    case.send(packet(clients[2], "192.0.2.12", TCP, tcp(40000, 80, SYN)), "reply_no_dest")
    for client, pick in zip(clients[:3], (1, 2, 1)):
        case.send(packet(client, "192.0.2.13", TCP, tcp(40000, 80, SYN)), "scheduled", f"10.0.0.{pick}")
    return case


def expiry():
    case = Case("expiry", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:80 -m -w 1
        -a -t 192.0.2.10:80 -r 10.0.0.2:80 -m -w 1
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.1:53 -g -w 1
        -a -u 192.0.2.10:53 -r 10.0.0.2:53 -g -w 1
        """)
    def udp_packet(reason, server):
        case.send(packet(CLIENT, VIP, UDP, udp(4000, 53, b"x")), reason, server)

    def there(flags, reason, server=None, port=40000):
        case.send(packet(CLIENT, VIP, TCP, tcp(port, 80, flags)), reason, server)

    def back(flags, server, port=40000):
        case.send(packet(server, CLIENT, TCP, tcp(80, port, flags)), "reply")

    udp_packet("scheduled", SERVER2)
    case.wait(299)                       # 300 s, renewed by each packet, never early
    udp_packet("established", SERVER2)
    case.wait(299)
    udp_packet("established", SERVER2)
    case.wait(301)
    udp_packet("scheduled", SERVER)
    there(SYN, "scheduled", SERVER2)     # SYN_RECV: 60 s
    case.wait(59)
    there(SYN, "established", SERVER2)
    case.wait(61)
    there(ACK, "not_new")
    there(SYN, "scheduled", SERVER)
    back(SYN | ACK, SERVER)
    there(ACK, "established", SERVER)    # ESTABLISHED: 900 s
    case.wait(899)
    there(SYN, "established", SERVER)    # an open connection is not taken by a SYN
    back(FIN | ACK, SERVER)
    there(FIN | ACK, "established", SERVER)
    there(SYN, "scheduled", SERVER2)     # TIME_WAIT: the port is used again
    there(RST, "established", SERVER2)   # from SYN_RECV a reset leaves SYN_RECV
    there(ACK, "established", SERVER2)
    there(RST, "established", SERVER2)   # CLOSE: 10 s
    case.wait(9)
    there(ACK, "established", SERVER2)
    there(SYN, "scheduled", SERVER)      # CLOSE: used again
    case.wait(61)
    there(ACK, "not_new")
    return case


def bad():
    case = Case("bad", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:80 -g -w 1
        -A -t 192.0.2.10:81 -s rr
        -a -t 192.0.2.10:81 -r 10.0.0.2:81 -g -w 0
        -A -t 192.0.2.10:82 -s rr
        -a -t 192.0.2.10:82 -r 10.0.0.3:82 -g -w 1
        -A -t 192.0.2.10:83 -s rr
        -a -t 192.0.2.10:83 -r 10.0.0.4:83 -i -w 1
        -A -t 192.0.2.10:84 -s rr
        -a -t 192.0.2.10:84 -r 10.0.0.5:84 -g -w 1
        -A -t 192.0.2.10:85 -s rr
        -a -t 192.0.2.10:85 -r 127.0.0.1:85 -m -w 1
        -A -t 192.0.2.10:86 -s rr
        -a -t 192.0.2.10:86 -r 10.0.0.6:86 -g -w 1
        """, """\
        10.0.0.3 down
        10.0.0.4 no-source
        10.0.0.5 local
        127.0.0.1 local
        10.0.0.6 mtu 68
        """, ETHERNET)
    good = packet(CLIENT, VIP, TCP, tcp(40000, 80, SYN))
    good6 = packet(CLIENT6, VIP6, TCP, tcp(40000, 80, SYN))

    def send(data, reason, kind=0x0800, server=None, **how):
        case.send(ethernet(data, kind=kind, pad=0, **how), reason, server)

    send(good, "scheduled", server=SERVER)
    send(good, "not_for_host", dst="ffffffffffff")
    send(good, "not_for_host", dst="01005e000001")
    case.send(ethernet(b"\0\1\x08\0\6\4\0\1", kind=0x0806), "skip")
    send(b"\x55" + good[1:], "not_ip")
    send(ip4(CLIENT, VIP, GRE, bytes(8)), "protocol")
    send(ip4(CLIENT, VIP, SCTP, bytes(16)), "not_new")
    send(ip4(CLIENT, VIP, SCTP, bytes(15)), "short_l4")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 80, SYN), frag=MF), "fragment_bad")
    send(ip4(CLIENT, VIP, TCP, bytes(40), frag=5), "fragment_held")
    send(ip4(CLIENT, VIP, ICMP, b"\x08\0\xf7\xff\0\0\0\0"), "icmp")
    send(ip6(CLIENT6, VIP6, ICMP6, b"\x80" + bytes(7)), "icmp", 0x86dd)
    send(packet(CLIENT, VIP, TCP, tcp(40000, 99, SYN)), "no_service")
    send(good6, "no_service", 0x86dd)
    send(packet(CLIENT, VIP, TCP, tcp(40009, 80, ACK)), "not_new")
    send(packet(CLIENT, VIP, TCP, tcp(40009, 80, SYN | RST)), "not_new")
    send(packet(CLIENT, VIP, TCP, tcp(20, 80, SYN)), "ftp_data")
    send(good[:19], "short_ip")
    send(good6[:39], "short_ip", 0x86dd)
    send(with_ip_sum(b"\x46" + good[1:20]), "short_ip")
    send(with_ip_sum(b"\x44" + good[1:20]) + good[20:], "bad_ip")
    send(ip4(CLIENT, VIP, TCP, bytes(20), length=19), "bad_ip")
    send(ip4(CLIENT, VIP, TCP, bytes(40), frag=0x1fff), "bad_ip")
    send(good[:10] + b"\0\0" + good[12:], "ip_checksum")
    send(ip4(CLIENT, VIP, TCP, bytes(20), length=41), "length")
    send(ip6(CLIENT6, VIP6, TCP, bytes(20), length=21), "length", 0x86dd)
    send(ip6(CLIENT6, VIP6, OPTIONS, extension(TCP, 4)[:16]), "ext_headers", 0x86dd)
    send(packet(CLIENT6, VIP6, TCP, tcp(40000, 80, SYN), ext=[(OPTIONS, 1), (HOP, 1)]), "ext_headers", 0x86dd)
    send(ip4(CLIENT, VIP, TCP, bytes(19)), "short_l4")
    send(ip4(CLIENT, VIP, UDP, bytes(7)), "short_l4")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 80, SYN, options=bytes(8))[:24]), "short_l4")
    send(ip4(CLIENT, VIP, TCP, bytes(12) + b"\x40" + bytes(7)), "bad_l4")
    send(packet(CLIENT, VIP, UDP, udp(4000, 53, b"x", length=7), sums=False), "bad_l4")
    send(packet(CLIENT, VIP, UDP, udp(4000, 53, b"x", length=10), sums=False), "bad_l4")
    frame = ethernet(good, pad=0)
    case.send(frame[:14 + 30], "not_linear", wire=len(frame))
    send(packet(CLIENT, VIP, TCP, tcp(40000, 81, SYN)), "reply_no_dest")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 82, SYN)), "unreachable")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 83, SYN)), "no_source")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 84, SYN)), "local")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 85, SYN)), "cross_local")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 86, SYN, bytes(28))), "scheduled", server="10.0.0.6")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 86, ACK, bytes(29))), "reply_mtu")
    send(packet(CLIENT, VIP, TCP, tcp(40000, 86, ACK, bytes(29)), frag=0), "established", server="10.0.0.6")
    send(good, "established", server=SERVER)
    return case


def padding():
    case = Case("padding", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 1
        -A -t 192.0.2.10:82 -s rr
        -a -t 192.0.2.10:82 -r 10.0.0.1:82 -i -w 1
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.1:53 -m -w 1
        """, linktype=ETHERNET)
    for port in 80, 82:
        case.send(ethernet(packet(CLIENT, VIP, TCP, tcp(40000, port, SYN))), "scheduled", SERVER)
        case.send(ethernet(packet(CLIENT, VIP, TCP, tcp(40000, port, ACK, b"odd")), pad=100), "established",
                  SERVER)
    case.send(ethernet(packet(SERVER, CLIENT, TCP, tcp(8080, 40000, SYN | ACK))), "reply")
    case.send(ethernet(packet(CLIENT, VIP, UDP, udp(4000, 53, b"odd"), sums=False)), "scheduled", SERVER)
    tagged = bytes.fromhex("00640800") + packet(CLIENT, VIP, TCP, tcp(40000, 80, ACK))
    case.send(ethernet(tagged, kind=0x8100, pad=64), "established", SERVER)
    return case


def ttl():
    case = Case("ttl", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 1
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:80 -g -w 1
        -A -t 192.0.2.10:82 -s rr
        -a -t 192.0.2.10:82 -r 10.0.0.1:82 -i -w 1
        """)
    def there(flags, reason, hops, vip=VIP, client=CLIENT, port=80):
        case.send(packet(client, vip, TCP, tcp(40000, port, flags), ttl=hops), reason)

    for vip, client in (VIP, CLIENT), (VIP6, CLIENT6):
        there(SYN, "reply_ttl", 1, vip, client)
        there(SYN, "established", 2, vip, client)
        there(ACK, "established", 255, vip, client)
        there(ACK, "reply_ttl", 0, vip, client)
    there(SYN, "scheduled", 2, port=82)
    there(ACK, "reply_ttl", 1, port=82)
    for hops, reason in (1, "reply_ttl"), (2, "reply"), (255, "reply"):
        case.send(packet(SERVER, CLIENT, TCP, tcp(8080, 40000, ACK), ttl=hops), reason)
    return case


def too_long():
    case = Case("too-long", """\
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.1:53 -i -w 1
        """, "10.0.0.1 mtu 65535\n")
    for length, reason in (65515, "scheduled"), (65516, "too_long"):
        case.send(packet(CLIENT, VIP, UDP, udp(4000, 53, bytes(length - 28))), reason, SERVER)
    return case


def icmp_case(name, method, v6=False, paths=""):
    """A connection's two ends, and what sends errors about it."""
    vip, client, server = (VIP6, CLIENT6, SERVER6) if v6 else (VIP, CLIENT, SERVER)
    rport = 8080 if method == "-m" else 80
    brackets = (lambda a: f"[{a}]") if v6 else str
    rules = "".join(f"""\
        -A {kind} {brackets(vip)}:80 -s rr
        -a {kind} {brackets(vip)}:80 -r {brackets(server)}:{rport} {method} -w 1
        """ for kind in ("-t", "-u"))
    case = Case(name, rules, paths)
    case.send(packet(client, vip, TCP, tcp(40000, 80, SYN)), "scheduled", server)
    case.send(packet(client, vip, UDP, udp(4000, 80, b"who is it")), "scheduled", server)
    return case, client, vip, server, rport


def errors_of(v6):
    """(type, code, second word): each error that concerns a connection."""
    return [(1, 4, 0), (2, 0, 1400), (3, 0, 0), (4, 0, 6)] if v6 else \
        [(3, 3, 0), (3, 4, 1400), (3, 1, 0), (4, 0, 0), (11, 0, 0)]


def icmp_nat(name, v6=False):
    case, client, vip, server, rport = icmp_case(name, "-m", v6)
    router = "2001:db8:b::1" if v6 else "10.0.0.200"
    def about(src, dst, quoted, reason, kind=None, **how):
        case.send(icmp(src, dst, *(kind or errors_of(v6)[0]), quoted, **how), reason)

    request = packet(client, server, TCP, tcp(40000, rport, ACK, b"data"), ttl=60)
    question = packet(client, server, UDP, udp(4000, rport, b"who is it"), ttl=60)
    reply = packet(vip, client, TCP, tcp(80, 40000, ACK, b"data"), ttl=50)
    said = packet(vip, client, UDP, udp(80, 4000, b"me"), ttl=50)
    for kind in errors_of(v6):
        for quoted in request, question:
            about(server, client, quoted, "icmp_reply", kind)
            about(router, client, quoted, "icmp_reply", kind)
        for quoted in reply, said:
            about(router, vip, quoted, "icmp_forwarded", kind)
    # As little as is ever quoted, less than that, and an odd number of bytes.
    bare = 40 if v6 else 20
    for more, reason in (8, "icmp_reply"), (4, "icmp_reply"), (3, "icmp"), (0, "icmp"), (-1, "icmp"), (13, "icmp_reply"):
        about(server, client, question[:bare + more], reason)
    wrong = icmp(server, client, *errors_of(v6)[0], question)
    case.send(wrong[:-1] + bytes([wrong[-1] ^ 1]), "icmp_checksum")
    about(server, client, packet(client, server, UDP, udp(4001, rport, b"unknown")), "icmp")
    about(server, "2001:db8:c::9" if v6 else "198.51.100.9", question, "icmp")  # not to who had sent it
    about(server, client, icmp(client, server, *errors_of(v6)[0], question), "icmp")
    about(server, client, question, "ttl", ttl=1)  # no error about an error
    if not v6:
        about(server, client, packet(client, server, UDP, udp(4000, rport, b"x"), frag=5), "icmp")
        about(server, client, question, "icmp", (5, 1, 0))
        about(server, client, ip4(client, server, UDP, udp(4000, rport, b"x"), options=bytes(8)), "icmp_reply")
    else:
        about(server, client, packet(client, server, UDP, udp(4000, rport, b"x"), ext=[(OPTIONS, 2)]), "icmp_reply")
    # What passes is the client's to know: it was told above.
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(1360 - bare))), "established", server)
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(1361 + 20 - bare))), "established", server)
    return case


def icmp_nat_v4():
    return icmp_nat("icmp-nat-v4")


def icmp_nat_v6():
    return icmp_nat("icmp-nat-v6", True)


def icmp_dr():
    case, client, vip, server, _ = icmp_case("icmp-dr", "-g")
    said = packet(vip, client, TCP, tcp(80, 40000, ACK, b"data"), ttl=50)
    for kind in errors_of(False):
        case.send(icmp("203.0.113.1", vip, *kind, said), "icmp_forwarded", server)
    asked = packet(client, vip, TCP, tcp(40000, 80, ACK, b"data"), ttl=50)
    case.send(icmp(server, client, 3, 3, 0, asked), "reply_seen")
    case.send(icmp("203.0.113.1", vip, 3, 3, 0, said, ttl=1), "ttl")
    # Untouched, wrong or not: the receiver checks.
    wrong = icmp("203.0.113.1", vip, 3, 3, 0, said)
    case.send(wrong[:-1] + bytes([wrong[-1] ^ 1]), "icmp_forwarded", server)
    return case


def icmp_tun():
    case, client, vip, server, _ = icmp_case("icmp-tun", "-i")
    said = packet(vip, client, TCP, tcp(80, 40000, ACK, b"data"), ttl=50)
    for kind in errors_of(False):
        case.send(icmp("203.0.113.1", vip, *kind, said), "icmp_forwarded", server)
    # About our own tunnel packets.
    def wrapped(data, source="10.255.0.1", to=server):
        return ip4(source, to, IPIP, data, ttl=40)

    asked = packet(client, vip, TCP, tcp(40000, 80, ACK, b"data"), ttl=62)
    free = packet(client, vip, TCP, tcp(40000, 80, ACK, b"data"), ttl=62, frag=0)
    router = "10.0.0.200"
    def about(kind, quoted, reason, src=router, dst="10.255.0.1"):
        case.send(icmp(src, dst, *kind, quoted), reason)

    about((3, 4, 1400), wrapped(asked), "reply_tunnel")
    about((3, 4, 1400), wrapped(free), "tunnel_error")
    about((3, 4, 1450), wrapped(asked), "reply_tunnel")  # 1400 stays
    about((3, 1, 0), wrapped(asked), "reply_tunnel")
    about((11, 0, 0), wrapped(asked), "reply_tunnel")
    about((3, 1, 0), wrapped(asked)[:20 + 20 + 4], "reply_tunnel")  # no more than ports
    about((3, 1, 0), wrapped(asked)[:28], "icmp")
    about((3, 1, 0), wrapped(asked, to=SERVER2), "icmp")
    about((3, 1, 0), wrapped(asked), "icmp", dst="10.255.0.2")
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(1340))), "established", server)
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(1341))), "reply_mtu", server)
    about((3, 4, 100), wrapped(asked), "reply_tunnel")  # 552 is the least
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(492))), "established", server)
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(493))), "reply_mtu", server)
    case.wait(601)
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(1440))), "established", server)
    return case


def icmp_tunnels(name, words, v6, enclose, shim):
    """Errors about GUE and GRE packets of ours; enclose: what goes in front of a packet, and by what protocol."""
    vip, client, server, own, router = (VIP6, CLIENT6, SERVER6, "2001:db8:ffff::1", "2001:db8:b::1") if v6 \
        else (VIP, CLIENT, SERVER, "10.255.0.1", "10.0.0.200")
    brackets = (lambda a: f"[{a}]") if v6 else str
    case = Case(name, f"""\
        -A -t {brackets(vip)}:80 -s rr
        -a -t {brackets(vip)}:80 -r {brackets(server)}:80 -i -w 1 {words}
        """)
    case.send(packet(client, vip, TCP, tcp(40000, 80, SYN)), "scheduled", server)
    asked = packet(client, vip, TCP, tcp(40000, 80, ACK, b"data"), ttl=62)
    header = 40 if v6 else 20
    big, other = ((2, 0, 1400), (1, 3, 0)) if v6 else ((3, 4, 1400), (3, 1, 0))

    def about(kind, reason, to=server, cut=None, spoil=None):
        protocol, front = enclose(asked)
        if spoil is not None:
            front = front[:spoil] + bytes([front[spoil] ^ 1]) + front[spoil + 1:]
        quoted = packet(own, to, protocol, front + asked, sums=False, ttl=40)
        case.send(icmp(router, own, *kind, quoted[:cut]), reason)

    about(big, "reply_tunnel")
    about(other, "reply_tunnel")
    about(other, "reply_tunnel", cut=2 * header + shim + 4)  # no more than ports
    about(other, "icmp", cut=2 * header + shim + 3)
    about(other, "icmp", cut=header + 8)
    about(other, "icmp", to=SERVER62 if v6 else SERVER2)
    about(other, "icmp", spoil=3)  # the port, or what is inside
    room = 1400 - header - shim - header - 20
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(room))), "established", server)
    case.send(packet(client, vip, TCP, tcp(40000, 80, ACK, bytes(room + 1))), "reply_mtu")
    return case


def icmp_gue():
    return icmp_tunnels("icmp-gue", "--tun-type gue --tun-port 6080", False, lambda inner: (
        UDP, udp(50000, 6080, bytes([0, IPIP, 0, 0]), 12 + len(inner))), 12)


def icmp_gue6():
    return icmp_tunnels("icmp-gue6", "--tun-type gue --tun-port 6080 --tun-csum", True, lambda inner: (
        UDP, udp(50000, 6080, bytes([0, IPV6, 0, 0]), 12 + len(inner))[:6] + b"\x12\x34" + bytes([0, IPV6, 0, 0])), 12)


def icmp_gre():
    return icmp_tunnels("icmp-gre", "--tun-type gre", False, lambda _: (GRE, b"\0\0\x08\0"), 4)


def icmp_gre6():
    return icmp_tunnels("icmp-gre6", "--tun-type gre --tun-csum", True, lambda _: (
        GRE, b"\x80\0\x86\xdd\x12\x34\0\0"), 8)


def icmp_limits():
    """Six at once to one address, then one a second; fifty at once to all, then a thousand a second."""
    case = Case("icmp-limits", """\
        -A -u 192.0.2.10:53 -s rr
        -A -u [2001:db8:10::10]:53 -s rr
        """)
    def ask(client, reason, vip=VIP):
        case.send(packet(client, vip, UDP, udp(4000, 53, b"who is it")), reason)

    for _ in range(6):
        ask(CLIENT, "reply_no_dest")
    ask(CLIENT, "no_dest")
    ask(CLIENT6, "reply_no_dest", VIP6)
    case.wait(0.9)
    ask(CLIENT, "no_dest")
    case.wait(0.1)
    ask(CLIENT, "reply_no_dest")
    ask(CLIENT, "no_dest")
    case.wait(100)
    for _ in range(6):
        ask(CLIENT, "reply_no_dest")
    ask(CLIENT, "no_dest")
    # Nobody is told who cannot be.
    ask("127.0.0.1", "cross_local")
    for client in "224.0.0.1", "255.255.255.255", "0.0.0.0":
        ask(client, "no_dest")
    ask("ff02::1", "no_dest", VIP6)
    ask("::", "no_dest", VIP6)
    long = packet(OTHER, VIP, UDP, udp(4000, 53, bytes(1400)))
    case.send(long, "reply_no_dest")
    case.send(packet(OTHER6, VIP6, UDP, udp(4000, 53, bytes(1400))), "reply_no_dest")
    return case


def in_pieces(case, whole, first, server, ident, followed="established"):
    """In order, the last one first, and all of them before the first; then what is refused."""
    def give(*how, released=()):
        case.fragment(whole, *how, server, ident, released)

    give(0, 104, first)
    give(104, 208, followed)
    give(208, None, followed)
    again = first if first == "reply" else "established"
    give(208, None, "fragment_held")
    give(0, 104, again, released=[(208, None, followed)])
    give(0, 104, "fragment_duplicate")
    give(96, 104, "fragment_duplicate")
    give(104, 208, followed)
    give(208, None, "fragment_held")
    give(104, 208, "fragment_held")
    give(0, 104, again, released=[(208, None, followed), (104, 208, followed)])
    give(104, 208, "fragment_held")
    give(200, 256, "fragment_overlap")
    give(0, 104, "fragment_overlap")
    case.wait(30)


def gathered(case, whole, first, followed, server, ident):
    """All are held until the last one is there."""
    spans = [(104, 208), (208, None), (0, 104)]
    for order in (2, 0, 1), (0, 1, 2), (1, 2, 0):
        for i in order[:2]:
            case.fragment(whole, *spans[i], "fragment_held", server, ident)
        others = [spans[i] + (followed,) for i in order if i != 2]
        case.fragment(whole, *spans[order[2]], "fragment_held", server, ident,
                      [spans[2] + (first,)] + others)
        first = first if first == "reply" else followed


def frag_nat_v4():
    case = Case("frag-nat-v4", """\
        -A -t 192.0.2.10:80 -s rr
        -a -t 192.0.2.10:80 -r 10.0.0.1:8080 -m -w 1
        -A -u 192.0.2.10:53 -s rr
        -a -u 192.0.2.10:53 -r 10.0.0.2:5353 -m -w 1
        """)
    nop = b"\1\1\1\0"
    text = bytes(range(256)) + b"odd"
    for i, (frag, options) in enumerate(((0, b""), (DF, nop))):
        asked = packet(CLIENT, VIP, UDP, udp(4000 + i, 53, text), frag=frag, options=options)
        answer = packet(SERVER2, CLIENT, UDP, udp(5353, 4000 + i, text), frag=frag, options=options)
        in_pieces(case, asked, "scheduled", SERVER2, 7)
        in_pieces(case, answer, "reply", None, 8, "reply")
        in_pieces(case, packet(CLIENT, VIP, TCP, tcp(4000 + i, 80, SYN, text), frag=frag, options=options),
                  "scheduled", SERVER, 9)
    bare = packet(CLIENT, VIP, UDP, udp(4010, 53, text), sums=False, frag=0)
    gathered(case, bare, "scheduled", "established", SERVER2, 10)
    gathered(case, packet(SERVER2, CLIENT, UDP, udp(5353, 4010, text), sums=False, frag=0), "reply", "reply",
             None, 11)
    to_host = packet(CLIENT, VIP, UDP, udp(4000, 54, text), frag=0)
    case.fragment(to_host, 104, None, "fragment_held")
    case.fragment(to_host, 0, 104, "no_service", released=[(104, None, "no_service")])
    stranger = packet(CLIENT, OTHER, UDP, udp(4000, 53, text), frag=0)
    case.fragment(stranger, 104, None, "fragment")
    case.fragment(stranger, 0, 104, "no_service")
    short = packet(CLIENT, VIP, TCP, tcp(4020, 80, SYN, text), frag=0)
    case.fragment(short, 0, 16, "fragment_tiny")
    case.fragment(short, 8, 104, "fragment_tiny")
    case.fragment(short, 16, 104, "fragment_tiny")
    case.fragment(short, 0, 100, "fragment_bad")
    return case


def frag_nat_v6():
    case = Case("frag-nat-v6", """\
        -A -t [2001:db8:10::10]:80 -s rr
        -a -t [2001:db8:10::10]:80 -r [2001:db8:a::1]:8080 -m -w 1
        -A -u [2001:db8:10::10]:53 -s rr
        -a -u [2001:db8:10::10]:53 -r [2001:db8:a::2]:5353 -m -w 1
        """)
    text = bytes(range(256)) + b"odd"
    for i, ext in enumerate(([], [(HOP, 1)], [(OPTIONS, 2)], [(HOP, 2), (OPTIONS, 3)])):
        asked = packet(CLIENT6, VIP6, UDP, udp(4000 + i, 53, text), ext=ext, tos=0xb8, label=0x12345)
        in_pieces(case, asked, "scheduled", SERVER62, 0x12345678)
        in_pieces(case, packet(SERVER62, CLIENT6, UDP, udp(5353, 4000 + i, text), ext=ext), "reply", None, 8,
                  "reply")
        in_pieces(case, packet(CLIENT6, VIP6, TCP, tcp(4000 + i, 80, SYN, text), ext=ext), "scheduled", SERVER6,
                  9)
    # A fragment header on what is whole: an ordinary packet (RFC 6946).
    whole = packet(CLIENT6, VIP6, UDP, udp(4000, 53, b"whole"))
    case.send(part(whole, 0, None, 5), "scheduled", SERVER62)
    short = packet(CLIENT6, VIP6, TCP, tcp(4020, 80, SYN, text), ext=[(OPTIONS, 2)])
    for end in 8, 16, 24, 32:
        case.fragment(short, 0, end, "fragment_tiny")
    return case


def frag_tunnel(name, vip, client, server, words=""):
    case = tunnel(name, vip, client, server, "", words)
    case.packets = []
    for tos in 0x00, 0xbb:
        for frag in [{}] if ":" in vip else [{"frag": 0}, {"frag": DF}]:
            whole = packet(client, vip, TCP, tcp(40000 + tos, 80, SYN, bytes(range(255))), tos=tos, **frag)
            in_pieces(case, whole, "scheduled" if frag != {"frag": DF} else "established", server, 0xfedc)
    return case


def frag_tunnels():
    return [frag_tunnel("frag-4in4", VIP, CLIENT, SERVER), frag_tunnel("frag-6in6", VIP6, CLIENT6, SERVER6),
            frag_tunnel("frag-4in6", VIP, CLIENT, SERVER6), frag_tunnel("frag-6in4", VIP6, CLIENT6, SERVER),
            frag_tunnel("frag-gue", VIP, CLIENT, SERVER, "--tun-type gue --tun-port 6080 --tun-csum"),
            frag_tunnel("frag-gue6", VIP6, CLIENT6, SERVER, "--tun-type gue --tun-port 6080"),
            frag_tunnel("frag-gre", VIP, CLIENT, SERVER6, "--tun-type gre --tun-csum")]


class Talk:
    """An FTP control connection. The server counts as it sends, the client as it gets."""
    def __init__(self, case, client, vip, server, sport, rport):
        self.case, self.client, self.vip, self.server = case, client, vip, server
        self.sport, self.rport = sport, rport
        self.asked, self.sent, self.got = 0xfffffff0, 0x7fffffe0, 0x7fffffe0

    def from_client(self, flags, payload=b"", reason="established", options=b"", seen=b"", ack=None):
        """options, as the server gets them: seen."""
        got, sent = (self.got, self.sent) if ack is None else ack
        data = packet(self.client, self.vip, TCP, tcp(self.sport, 21, flags, payload, options, self.asked, got))
        self.case.send(data, reason, self.server)
        self.case.packets[-1].becomes = self.asked, sent, seen or options, payload
        self.asked = (self.asked + len(payload) + (flags & (SYN | FIN) != 0)) % 2**32

    def from_server(self, flags, payload=b"", becomes=None, reason="reply", lost=0):
        """lost: how much of it is sent, and got, once more."""
        becomes = payload if becomes is None else becomes
        data = packet(self.server, self.client, TCP, tcp(self.rport, self.sport, flags, payload, b"", self.sent, self.asked))
        self.case.send(data, reason)
        if reason != "reply":
            return
        self.case.packets[-1].becomes = self.got, self.asked, b"", becomes
        self.sent = (self.sent + len(payload) + (flags & (SYN | FIN) != 0)) % 2**32
        self.got = (self.got + len(becomes) + (flags & (SYN | FIN) != 0)) % 2**32

    def open(self):
        self.from_client(SYN, reason="scheduled", options=bytes.fromhex("020405b40402010103030701"))
        self.from_server(SYN | ACK)
        self.from_client(ACK)
        self.from_server(ACK | PSH, b"220 (vsFTPd 3.0.3)\r\n")
        self.from_client(ACK)

    def data(self, port, rport, sport, opener):
        """A data connection's handshake; opener: who begins it."""
        def there(flags):
            self.case.send(packet(self.client, self.vip, TCP, tcp(sport, port, flags)), "established", self.server)

        def back(flags):
            self.case.send(packet(self.server, self.client, TCP, tcp(rport, sport, flags)), "reply")

        first, second = (there, back) if opener == "client" else (back, there)
        first(SYN)
        second(SYN | ACK)
        first(ACK)


def ftp_v4():
    case = Case("ftp-v4", """\
        -A -t 192.0.2.10:21 -s rr
        -a -t 192.0.2.10:21 -r 10.0.0.1:2121 -m -w 1
        """, helpers="ftp 21\n")
    talk = Talk(case, CLIENT, VIP, SERVER, 50000, 2121)
    talk.open()
    # longer, and again; shorter would need a longer server's address
    for i in range(2):
        talk.from_client(ACK | PSH, b"pasv\r\n")
        sent, got = talk.sent, talk.got
        reply = b"227 Entering Passive Mode (10,0,0,1,156,64).\r\n", b"227 Entering Passive Mode (192,0,2,10,156,64).\r\n"
        talk.from_server(ACK | PSH, *reply)
        # it is lost, and sent again in two parts; then something behind it comes, and the client tells
        talk.sent, talk.got = sent, got
        talk.from_server(ACK | PSH, reply[0][:30], reply[1][:30])
        talk.from_server(ACK | PSH, reply[0][30:], reply[1][30:])
        talk.from_server(ACK | PSH, b"150 Here it comes.\r\n")
        block = struct.pack("!BBBBII", 1, 1, 5, 10, talk.got - 20, talk.got)
        seen = struct.pack("!BBBBII", 1, 1, 5, 10, talk.sent - 20, talk.sent)
        talk.from_client(ACK, options=block, seen=seen, ack=(got, sent))
        case.expect(CLIENT, 51000 + i, VIP, 40000, SERVER, 40000)
        talk.data(40000, 40000, 51000 + i, "client")
        talk.from_client(ACK)
    case.expect(CLIENT, 52000, VIP, 20, SERVER, 2120)
    talk.from_client(ACK | PSH, b"PORT 198,51,100,7,203,32\r\n")
    talk.data(20, 2120, 52000, "server")
    # EPSV: the same port, the text stays
    talk.from_client(ACK | PSH, b"EPSV\r\n")
    talk.from_server(ACK | PSH, b"229 Entering Extended Passive Mode (|||40001|)\r\n")
    case.expect(CLIENT, 53000, VIP, 40001, SERVER, 40001)
    talk.data(40001, 40001, 53000, "client")
    talk.from_client(FIN | ACK)
    talk.from_server(FIN | ACK)
    # what is broken is not looked into
    case.send(packet(CLIENT, VIP, TCP, tcp(50000, 21, ACK, b"PASV\r\n"), sums=False), "helper_checksum")
    return case


def ftp_v6():
    case = Case("ftp-v6", """\
        -A -t [2001:db8:10::10]:21 -s rr
        -a -t [2001:db8:10::10]:21 -r [2001:db8:a::1]:21 -m -w 1
        """, helpers="ftp 21\n")
    talk = Talk(case, CLIENT6, VIP6, SERVER6, 50000, 21)
    talk.open()
    talk.from_client(ACK | PSH, b"EPSV 2\r\n")
    talk.from_server(ACK | PSH, b"229 Entering Extended Passive Mode (!!!40000!)\r\n",
                     b"229 Entering Extended Passive Mode (|||40000|)\r\n")
    talk.from_client(ACK)
    case.expect(CLIENT6, 51000, VIP6, 40000, SERVER6, 40000)
    talk.data(40000, 40000, 51000, "client")
    case.expect(CLIENT6, 52000, VIP6, 20, SERVER6, 20)
    talk.from_client(ACK | PSH, b"EPRT |2|2001:db8:c::7|52000|\r\n")
    talk.data(20, 20, 52000, "server")
    talk.from_client(ACK | PSH, b"PASV\r\n")
    talk.from_server(ACK | PSH, b"227 Entering Passive Mode (10,0,0,1,156,64).\r\n")
    return case


def call(call_id, start=b"INVITE sip:a@b SIP/2.0"):
    return start + b"\r\nVia: SIP/2.0/UDP x\r\nCall-ID: " + call_id + b"\r\nContent-Length: 0\r\n\r\n"


def sip(name, options, client, vip, servers):
    """Calls stick; servers begin some; what has no Call-ID is dropped, or a server's own."""
    place = f"[{vip}]:5060" if ":" in vip else f"{vip}:5060"
    case = Case(name, f"-A -u {place} -s rr -p 300 --pe sip{options}\n" + "".join(
        f"-a -u {place} -r {f'[{server}]' if ':' in server else server}:5070 -m -w 1\n" for server in servers))
    once, (first, second) = bool(options), servers
    new, known, back = ("one_packet", "one_packet", "outbound") if once else ("scheduled", "established", "reply")

    def ask(port, payload, reason, server=None):
        case.send(packet(client, vip, UDP, udp(port, 5060, payload)), reason, server)

    def say(server, port, payload, reason):
        if reason == "outbound":
            case.expect(client, port, vip, 5060, server, 5070, UDP)
        case.send(packet(server, client, UDP, udp(5070, port, payload)), reason)

    ask(6000, call(b"one@host"), new, second)
    ask(6001, call(b"two@host"), new, first)
    ask(6002, call(b"one@host"), new, second)
    ask(6003, b"SIP/2.0 200 OK\r\ni: two@host\r\n\r\n", new, first)
    ask(6004, b"keep alive\r\n\r\n", "pe_no_data")
    ask(6000, call(b"one@host", b"ACK sip:a@b SIP/2.0"), known, second)
    say(second, 6000, call(b"one@host", b"SIP/2.0 180 Ringing"), back)
    say(first, 6001, call(b"two@host", b"SIP/2.0 200 OK"), back)
    say(first, 7000, call(b"three@host"), "outbound")
    ask(7000, call(b"three@host", b"SIP/2.0 200 OK"), known, first)
    ask(7001, call(b"three@host", b"BYE sip:a@b SIP/2.0"), new, first)
    say(second, 7002, b"no call\r\n", "no_service")
    say(second, 7003, call(b"one@host", b"BYE sip:c@d SIP/2.0"), "outbound")
    say(second, 7004, call(b"three@host"), "outbound")
    ask(7005, call(b"three@host"), new, second)
    return case


def sip_v4():
    return sip("sip-v4", "", CLIENT, VIP, (SERVER, SERVER2))


def sip_v6():
    return sip("sip-v6", "", CLIENT6, VIP6, (SERVER6, SERVER62))


def sip_once():
    return sip("sip-once", " -o", CLIENT, VIP, (SERVER, SERVER2))


CASES = [make() for make in (nat_v4_tcp, nat_v4_udp, nat_v6, sctp_v4, sctp_v6, ipsec, dr_v4, dr_v6, ipip_4in4, ipip_6in6, ipip_4in6,
                             ipip_6in4, options, wrr, mh, sh, expiry, bad, padding, ttl, too_long, icmp_nat_v4,
                             icmp_nat_v6, icmp_dr, icmp_tun, icmp_limits, frag_nat_v4, frag_nat_v6, gue, gue_csum,
                             gue_remcsum, gre, gre_csum, icmp_gue, icmp_gue6, icmp_gre, icmp_gre6,
                             ftp_v4, ftp_v6, sip_v4, sip_v6, sip_once)] + frag_tunnels()
