# SPDX-License-Identifier: BSD-2-Clause
"""What a played scenario made the kernel do, as short words that coverage.py counts.

What is configured counts for nothing: a tag stands for something that a frame, a listing or a
connection showed. Each step of a scenario is followed by a listing, so that what has changed there
is the step's doing.
"""

import collections
import dataclasses
import ipaddress

from . import listing, place
from .datagram import is_fragment
from .tags import ends, kind, rule_tags, tunnel_tags

MARKS = {str(address): mark for version in (4, 6) for mark, pool in place.MARKED[version].items()
         for address in pool}
LOCAL = {str(address) for version in (4, 6) for address in place.LOCAL[version]}
TEMPLATE = ("NONE", "ASSURED")
CLOSED = ("TIME_WAIT", "CLOSE", "FIN_WAIT", "CLOSED")
FALLBACK, PORT, ONE_PACKET = 0x8, 0x10, 0x4
METHODS = ("nat", "local", "tunnel", "dr")
BY_SET = {"ESTABLISHED": 0, "FIN_WAIT": 1, "UDP": 2}
INVALID_PORT = "65535"
PLENTY = 100000  # pages: a threshold above it is not met in the guest
TUNNELS = (4, 41, 47)
DEFAULTS = {"conn_reuse_mode": 1, "pmtu_disc": 1, "am_droprate": 10, "amemthresh": 1024}
GONE_EARLY = 8  # seconds that it had left at the last look


@dataclasses.dataclass
class Dest:
    """A server as listed."""

    method: str
    weight: int
    upper: int
    tunnel_flags: int
    conns: int

    @classmethod
    def of(cls, columns):
        """From a listing's words: method m w n x n y n tun t p f conns a i p."""
        return cls(METHODS[int(columns[1])], int(columns[3]), int(columns[5]), int(columns[11]),
                   int(columns[13]) + int(columns[14]))

    @property
    def is_full(self):
        """Whether it is at its upper threshold."""
        return 0 < self.upper <= self.conns


@dataclasses.dataclass
class Service:
    """A service as listed."""

    sched: str
    flags: int
    dests: dict

    @classmethod
    def of(cls, listed):
        """From a listing."""
        line = listed["line"]
        return cls(line[0], int(line[2], 16), {name: Dest.of(c) for name, c in listed["dests"]})


@dataclasses.dataclass
class Packet:
    """A frame that came in, whose effects are looked for."""

    verb: str
    protocol: str
    what: str
    client: str
    service: str

    @property
    def is_request(self):
        """Whether it came from a client."""
        return self.verb == "frame"


def mark_in(address):
    """The firewall mark that stands in for an address: an IPv4 one, or the first word of an IPv6 one."""
    number = ipaddress.ip_address(address)
    return int(number) >> (96 if number.version == 6 else 0)


def _is_template(name):
    return name[1].endswith("|0") and name[4] in TEMPLATE


class Tagger:
    """Goes through one scenario's steps."""

    def __init__(self, tally):
        self._tally = tally  # a collections.Counter
        self._services = {}
        self._conns = {}  # (protocol, client, service, dest) -> (state, seconds left)
        self._settings = collections.defaultdict(int, DEFAULTS)
        self._packet = None
        self._rule = None
        self._timeouts = [0, 0, 0]
        self._seen_out, self._full, self._removed, self._edited = set(), set(), set(), set()
        self._backup = self._counted = False

    def _add(self, tag):
        self._tally[tag] += 1

    def step(self, step, outcome):
        """One step with what the kernel made of it."""
        if step.verb in ("ipvsadm", "rules"):
            for rule in step.args.split(";"):
                self._change(rule, outcome.status)
        elif step.verb == "sysctl":
            name, value = step.args.rpartition("/")[2].split()
            self._settings[name] = int(value)
        elif step.is_packet:
            self._frame(step, outcome)
        elif step.verb == "snap":
            self._snap(outcome)
        elif step.verb in ("count", "rates"):
            self._numbers(step.verb, listing.parse(outcome.text))

    def _numbers(self, verb, found):
        numbers = found.rates if verb == "rates" else found.counts
        if any(any(values) for values in numbers.values()):
            self._counted = True
            self._add(f"listing {verb}")

    # --- Commands ---

    def _change(self, rule, status):
        for tag in rule_tags(rule, status):
            self._add(tag)
        words = rule.split()
        if status:
            return
        if words[0] == "--set":
            self._timeouts = [int(new) or old for new, old in zip(words[1:], self._timeouts)]
        elif words[0].endswith("-daemon"):
            self._backup = words[0] == "--start-daemon"
        elif words[0] == "-Z" and self._counted:
            self._add("zeroed")
        elif words[0] in ("-d", "-a", "-D", "-E"):
            self._rule = words

    def _dest_of(self, words):
        """Service and server that a rule names, as listings do."""
        name = {"-t": "TCP", "-u": "UDP", "--sctp-service": "SCTP"}.get(words[1])
        service = f"{name} {_end(words[2])}" if name else (
            f"FWM {words[2]}/{6 if '-6' in words else 4}")
        return service, _end(words[words.index("-r") + 1]) if "-r" in words else None

    def _changed(self, words, conns):
        """What a rule did to the connections that there were; `conns` are those that are left."""
        service, dest = self._dest_of(words)
        had = [key for key in self._conns if self._service_of(*key[:3])[0] == service
               and (dest is None or key[3].rpartition("|")[0] == dest.rpartition("|")[0])]
        if words[0] in ("-d", "-D") and had:
            self._add(f"removed {words[0]} with connections")
            if self._settings["expire_nodest_conn"] and any(key not in conns for key in had):
                self._add("removed connections end")
        if words[0] == "-d":
            self._removed.add((service, dest))
        if words[0] == "-a" and (service, dest) in self._removed:
            self._add(f"returned {'with' if had else 'without'} connections")
        if words[0] == "-E" and had:
            self._edited.add(service)

    # --- Frames ---

    def _frame(self, step, outcome):
        frame = bytes.fromhex(step.args.split()[-1])
        family, protocol, what = kind(frame)
        interface = step.args[:2]
        side = {"frame": "in", "answer": "out"}.get(step.verb, f"error {interface}")
        if step.verb == "frame" and interface == "s0":
            side = "out"
        self._add(f"{side} {protocol}{family}")
        if step.note.startswith("ftp "):
            self._add(" ".join(step.note.split()[:2]))
        if is_fragment(frame):
            self._add(f"fragment {family}")
        packet = frame[14:]
        if len(packet) > 6 and (packet[0] & 15 > 5 if family == "4" else packet[6] in (0, 43, 60)):
            self._add(f"options {family}")
        self._remember(step, side, frame, outcome)
        self._left(side, (family, protocol, what), outcome)
        self._aside(interface, packet, protocol, outcome)

    def _remember(self, step, side, frame, outcome):
        _, protocol, what = kind(frame)
        self._packet = None
        if step.verb == "quote":
            self._packet = Packet("quote", protocol, what, "", "")
            return
        both = ends(frame)
        if both is None and protocol == "ICMP":
            self._packet = Packet("quote", protocol, what, "", "")
        if both is None or is_fragment(frame) and not any(outcome.out.values()):
            return
        protocol = "UDP" if protocol in ("AH", "ESP") else protocol
        if side == "in":
            self._packet = Packet("frame", protocol, what, *both)
        else:
            self._packet = Packet("answer", protocol, what, both[1], "")

    def _left(self, side, what_came, outcome):
        family, protocol, what = what_came
        for interface, frames in outcome.out.items():
            for frame in frames:
                if interface == "s0":
                    for tag in tunnel_tags(frame):
                        self._add(tag)
                _, left, code = kind(frame)
                if left == "ICMP" and protocol != "ICMP":
                    self._add(f"answered {family} {code} on {interface}")
                self._add(f"{side} {protocol} to {interface}")
                if protocol == "ICMP":
                    self._add(f"{side} ICMP{family} {what} to {interface}")
        if not any(outcome.out.values()):
            self._add(f"{side} {protocol} dropped")

    def _aside(self, interface, packet, protocol, outcome):
        """What settings make of a frame, beside connections."""
        number = packet[9 if packet and packet[0] >> 4 == 4 else 6] if len(packet) > 9 else 0
        if self._settings["ignore_tunneled"] and number in TUNNELS and outcome.out["p0"]:
            self._add("tunneled ignored")
        if self._settings["nat_icmp_send"] and interface == "s0" and protocol != "ICMP" and any(
                kind(frame)[1] == "ICMP" for frame in outcome.out["s0"]):
            self._add("stray server told")
        packet = self._packet
        service = packet and packet.is_request and self._service_of(
            packet.protocol, packet.client, packet.service)[1]
        if not service:
            return
        if self._backup and self._settings["backup_only"] and outcome.out["p0"]:
            self._add("backup only")
        if outcome.out["s0"] and service.flags & ONE_PACKET:
            self._add("one packet")

    # --- Listings ---

    def _service_of(self, protocol, client, service):
        """Name and service that a connection is of, by the last listing."""
        address, _, port = service.rpartition("|")
        family = 6 if ":" in client else 4
        mark = MARKS.get(address) if protocol != "IP" else mark_in(address)
        for name in (f"FWM {mark}/{family}", f"{protocol} {service}", f"{protocol} {address}|0"):
            if name in self._services:
                return name, self._services[name]
        if protocol == "TCP" and (port == "20" or int(port or 0) >= 1024):
            name = f"{protocol} {address}|21"
            return name, self._services.get(name)
        return None, None

    def _snap(self, outcome):
        found = listing.parse(outcome.text)
        conns = {name[:4]: (name[4], left) for name, left in found.conns}
        for name, _ in found.conns:
            self._listed(name)
        if self._rule:
            self._changed(self._rule, conns)
        for key in self._conns.keys() - conns.keys():
            self._ended(key)
        if self._packet:
            self._moved(conns, [name for name, _ in found.conns])
        self._services = {name: Service.of(listed) for name, listed in found.services.items()}
        self._thresholds()
        self._conns, self._packet, self._rule = conns, None, None

    def _listed(self, name):
        before = self._conns.get(name[:4], ("", 0))[0]
        if name[4] == "ASSURED" and before != "ASSURED":
            self._add("assured")
        if _is_template(name) and name[3].endswith("|" + INVALID_PORT) and not before:
            self._add("template invalid")

    def _ended(self, key):
        state, left = self._conns[key]
        is_template = key[1].endswith("|0") and state in TEMPLATE
        self._add(f"ended {'template' if is_template else key[0]} {state}")
        if self._settings["drop_entry"] and left > GONE_EARLY:
            self._add("entry dropped")

    def _thresholds(self):
        for name, service in self._services.items():
            for dest, listed in service.dests.items():
                if listed.is_full:
                    self._full.add((name, dest))
                elif (name, dest) in self._full:
                    self._full.discard((name, dest))
                    self._add("below upper again")

    def _moved(self, conns, names):
        packet = self._packet
        new = [name for name in names if name[:4] not in self._conns]
        for name in new:
            if _is_template(name):
                self._new_template(name)
            else:
                self._new(name)
        hit = [key for key in conns if key[0] == packet.protocol and key[1] == packet.client
               and (not packet.service or key[2] == packet.service)]
        for key in hit:
            self._hit(key, conns[key])
        if not new and not hit and packet.is_request:
            self._refused()

    def _refused(self):
        """A request without a connection before and after, to a service that has one to serve."""
        service = self._service_of(self._packet.protocol, "", self._packet.service)[1]
        is_new = self._packet.what in ("syn", "", "INIT")
        if not service or not is_new or not any(d.weight for d in service.dests.values()):
            return
        mode = self._settings["drop_packet"]
        if mode == 3 or mode and self._settings["amemthresh"] > PLENTY:
            self._add(f"packet dropped {mode} {self._settings['am_droprate']}")

    def _new_template(self, name):
        self._add(f"template {name[0]}")
        if self._packet.client and name[1].rpartition("|")[0] != (
                self._packet.client.rpartition("|")[0]):
            self._add("template masked")
        if len(name) > 5:
            self._add(f"engine {name[5]}")

    def _new(self, name):
        protocol, _, service_end, dest_end = name[:4]
        self._add(f"new {protocol}")
        if dest_end.startswith(("0.0.0.0|", "::|")):
            self._add("bypass")
        service_name, service = self._service_of(*name[:3])
        if self._packet.verb == "quote":
            self._add("scheduled by ICMP")
        elif self._packet.is_request and self._packet.what not in ("syn", "INIT", ""):
            self._add(f"sloppy {protocol}")
        if not service:
            return
        self._add(f"picked {service.sched}")
        if service_name in self._edited:
            self._add("picked after an edit")
        if service_name.startswith("FWM"):
            self._add(f"mark {service_name[-1]}")
        if service_name.endswith("|0"):
            self._add("every port")
        self._picked(service, service_end, dest_end)

    def _picked(self, service, service_end, dest_end):
        """What the scheduler had to choose from."""
        address = dest_end.rpartition("|")[0]
        chosen = service.dests.get(dest_end) or service.dests.get(f"{address}|0")
        others = [dest for name, dest in service.dests.items() if dest is not chosen]
        if dest_end not in service.dests and chosen:
            self._add("any port")
        if address in LOCAL:
            self._add("local node")
        if (":" in dest_end) != (":" in service_end):
            self._add("mixed")
        if chosen and chosen.weight and any(not dest.weight for dest in others):
            self._add("passed over weight 0")
        if chosen and any(dest.is_full for dest in others):
            self._add("passed over full")
        if service.flags & PORT:
            self._add(f"picked {service.sched} by port")
        if service.flags & FALLBACK and any(not d.weight or d.is_full for d in others):
            self._add(f"picked {service.sched} with fallback")

    @property
    def _is_secure(self):
        mode = self._settings["secure_tcp"]
        return mode == 3 or mode in (1, 2) and self._settings["amemthresh"] > PLENTY

    def _hit(self, key, after):
        """A packet of this connection's came."""
        packet = self._packet
        before = self._conns.get(key, ("NO", 0))[0]
        service = self._service_of(*key[:3])[1]
        dest = service and (service.dests.get(key[3])
                            or service.dests.get(key[3].rpartition("|")[0] + "|0"))
        method = dest.method if dest else "nat"
        if packet.is_request and packet.what in ("syn", "INIT") and before in CLOSED:
            self._add(f"reuse {self._settings['conn_reuse_mode']} {before}")
        self._by_set(after)
        if dest and (dest.tunnel_flags == 2 and method == "tunnel"):
            self._add("remcsum")
        if packet.verb == "answer":
            self._seen_out.add(key)
            direction = "output"
        else:
            direction = "input" if method == "nat" or key in self._seen_out else "input-only"
        self._add(f"{method} {packet.protocol} {direction}")
        self._cell(direction, before, after[0])

    def _by_set(self, after):
        state, left = after
        wanted = self._timeouts[BY_SET[state]] if state in BY_SET else 0
        if wanted and wanted - 2 <= left <= wanted:
            self._add("timeout as set")

    def _cell(self, direction, before, after):
        packet = self._packet
        table = "secure " if self._is_secure and packet.protocol == "TCP" else ""
        self._add(f"state {table}{packet.protocol} {direction} {packet.what}")
        self._add(f"cell {table}{packet.protocol} {direction} {packet.what} {before} {after}")


def _end(text):
    """"address:port" as listings have it."""
    address, _, port = text.rpartition(":")
    return f"{address.strip('[]')}|{port}"
