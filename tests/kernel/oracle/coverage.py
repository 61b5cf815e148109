# SPDX-License-Identifier: BSD-2-Clause
"""The rows of what IPVS does, and how often scenarios reached each.

Sections are those of the inventory that liblvs is written from: 1 schedulers, 2 connections, 3 states,
4 forwarding, 5 services. docs/kernel-coverage.md holds the same rows; test_oracle.py compares them.
"""

import collections
import dataclasses
import re

from .effects import Tagger


@dataclasses.dataclass(frozen=True)
class Row:
    """One. `tags` is a pattern that the tags of tags.py match wholly; where no scenario can reach
    it, `otherwise` says how it is tested."""

    name: str
    what: str
    tags: str = ""
    otherwise: str = ""


SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "dh", "sh", "mh", "lblc", "lblcr")
CLASSES = ("syn", "fin", "ack", "rst")
EVENTS = ("DATA", "INIT", "INIT-ACK", "COOKIE-ECHO", "COOKIE-ACK", "SHUTDOWN", "SHUTDOWN-ACK",
          "SHUTDOWN-COMPLETE", "ERROR", "ABORT")
DIRECTIONS = ("input", "output", "input-only")


def _state_rows():
    for table in ("", "secure "):
        for direction in DIRECTIONS:
            for packet in CLASSES:
                yield Row(f"3.1-{table.strip() or 'normal'}-{direction}-{packet}",
                          f"TCP, {table or 'normal '}table, {direction}, {packet}",
                          f"state {table}TCP {direction} {packet}")
    yield Row("3.1-none", "a TCP packet without flags closes", "state TCP .* none")
    yield Row("3.2-udp", "UDP's one state", "new UDP")
    for direction in DIRECTIONS:
        for event in EVENTS:
            yield Row(f"3.3-{direction}-{event.lower()}", f"SCTP, {direction}, {event}",
                      f"state SCTP {direction} {event}")
    yield Row("3.4-ah", "AH rides on 500/500", "in AH to s0")
    yield Row("3.4-esp", "ESP rides on 500/500", "in ESP to s0")


ROWS = (
    *(Row(f"1.2-{name}", f"scheduler {name}", f"picked {name}") for name in SCHEDULERS),
    Row("1.7-twos", "scheduler twos",
        otherwise="Debian's kernel has no such module: tests/unit/test_sched_twos.c, its law"),
    Row("1.1-edit", "another scheduler for a service under traffic", "picked after an edit"),
    Row("1.1-weight", "weight 0 takes nothing new", "passed over weight 0"),
    Row("1.1-none", "no server: port unreachable", "answered (4 3/3|6 1/4) on c0"),
    Row("1.9-port", "sh-port", "picked sh by port"),
    Row("1.9-fallback", "sh-fallback", "picked sh with fallback"),
    Row("1.10-port", "mh-port", "picked mh by port"),
    Row("1.10-fallback", "mh-fallback", "picked mh with fallback"),
    Row("1.12-expiration", "lblc and lblcr forget after a day",
        otherwise="a scenario lasts an hour at most: tests/unit/test_sched_lblc.c, test_sched_lblcr.c"),
    Row("2.1-host", "what is not balanced is the host's", "in .* to p0"),
    Row("2.1-protocol", "ICMP that is no error passes", "(in|error c0) ICMP to p0"),
    Row("2.1-short", "cut transport headers", "in (TCP|UDP|SCTP|other) dropped"),
    Row("2.1-nat-icmp", "nat_icmp_send", "stray server told"),
    Row("2.1-ignore-tunneled", "ignore_tunneled", "tunneled ignored"),
    Row("2.1-backup-only", "backup_only while the backup runs", "backup only"),

    Row("2.3-in", "requests find their connection", "in (TCP|UDP) to s0"),
    Row("2.3-out", "replies find theirs", "out (TCP|UDP) to c0"),
    Row("2.4-mark", "service by firewall mark", "mark [46]"),
    Row("2.4-port-0", "service of every port", "every port"),
    Row("2.4-sloppy-tcp", "sloppy_tcp", "sloppy TCP"),
    Row("2.4-sloppy-sctp", "sloppy_sctp", "sloppy SCTP"),
    Row("2.4-schedule-icmp", "schedule_icmp", "scheduled by ICMP"),
    Row("2.5-template", "templates", "template (TCP|UDP|SCTP|IP)"),
    Row("2.5-mask", "masks of templates", "template masked"),
    Row("2.5-assured", "ASSURED", "assured"),
    Row("2.5-expiry", "templates end", "ended template (NONE|ASSURED)"),
    Row("2.5-quiescent", "expire_quiescent_template", "template invalid"),
    Row("2.6-one-packet", "one-packet scheduling", "one packet"),
    *(Row(f"2.7-reuse-{mode}", f"conn_reuse_mode {mode}", f"reuse {mode} .*")
      for mode in range(4)),
    Row("2.8-nodest", "expire_nodest_conn", "removed connections end"),
    Row("2.8-removed", "a server with connections is removed", "removed -d with connections"),
    Row("2.8-service", "a service with connections is removed", "removed -D with connections"),
    Row("2.9-return", "a removed server returns", "returned .*"),
    Row("2.10-upper", "upper thresholds", "passed over full"),
    Row("2.10-lower", "lower thresholds", "below upper again"),
    Row("2.11-set", "timeouts by --set", "timeout as set"),
    Row("2.11-expiry", "connections end", "ended (TCP|UDP|SCTP) .*"),
    Row("2.12-drop-entry", "drop_entry", "entry dropped"),
    Row("2.12-drop-packet", "drop_packet", "packet dropped .*"),
    Row("2.12-am-droprate", "am_droprate", "packet dropped 3 [123]"),
    Row("2.12-amemthresh", "amemthresh", "packet dropped [12] .*|state secure .*"),
    Row("2.12-secure-tcp", "secure_tcp", "state secure .*"),
    Row("2.13-conn-max", "conn_max",
        otherwise="6.1 has no such setting: tests/unit/test_table_limits.c"),
    *_state_rows(),
    Row("4.1-ttl4", "TTL used up: time exceeded, IPv4", "answered 4 11/0 on .."),
    Row("4.1-ttl6", "the same, IPv6", "answered 6 3/0 on .."),
    Row("4.1-mtu4", "too long: fragmentation needed", "answered 4 3/4 on .."),
    Row("4.1-mtu6", "too long: packet too big", "answered 6 2/0 on .."),
    Row("4.1-pmtu", "pmtu_disc off", "tunnel without DF"),
    Row("4.2-nat", "NAT", "nat (TCP|UDP|SCTP) input"),
    Row("4.2-tcp", "TCP's checksum", "nat TCP output"),
    Row("4.2-udp", "UDP's checksum", "nat UDP output"),
    Row("4.2-sctp", "SCTP's checksum", "nat SCTP output"),
    Row("4.3-tun", "tunnels", "tunnel (ipip|gue|gre) . inner .*"),
    *(Row(f"4.3-{tunnel}-{outer}-{inner}", f"{tunnel} over IPv{outer}, IPv{inner} inside",
          f"tunnel {tunnel} {outer} inner ({numbers})")
      for tunnel in ("ipip", "gue", "gre") for outer in (4, 6)
      for inner, numbers in ((4, "4|0"), (6, "41|221"))),
    Row("4.3-csum", "tunnels with a checksum", "tunnel (gue|gre) summed"),
    Row("4.3-nocsum", "tunnels without", "tunnel (gue|gre) not summed"),
    Row("4.3-remcsum", "GUE's remote checksum", "remcsum"),
    Row("4.3-remcsum-partial", "the same for a partial checksum",
        otherwise="a tap gives whole checksums: tests/unit/test_tunnel.c"),
    Row("4.4-dr", "direct routing", "dr (TCP|UDP|SCTP) .*"),
    Row("4.5-local", "real servers on the director", "local node"),
    Row("4.5-bypass", "cache_bypass", "bypass"),
    Row("4.7-inside4", "errors of servers and routers, IPv4", "error s0 ICMP to c0"),
    Row("4.7-outside", "errors of clients", "error c0 ICMP to s0"),
    *(Row(f"4.7-4-{what.replace('/', '-')}", f"ICMP {what}", f"error s0 ICMP4 {what} to .*")
      for what in ("3/0", "3/1", "3/3", "3/4", "3/13", "4/0", "5/1", "11/0", "11/1", "12/0")),
    *(Row(f"4.7-6-{what.replace('/', '-')}", f"ICMPv6 {what}", f"error s0 ICMP6 {what} to .*")
      for what in ("1/0", "1/1", "1/3", "1/4", "2/0", "3/0", "3/1", "4/0", "4/1")),
    Row("4.8-no-dest4", "no destination, IPv4: 3/3", "answered 4 3/3 on c0"),
    Row("4.8-no-dest6", "no destination, IPv6: 1/4", "answered 6 1/4 on c0"),
    Row("4.9-fragments4", "fragments, IPv4", "fragment 4"),
    Row("4.9-fragments6", "fragments, IPv6", "fragment 6"),
    Row("4.9-options4", "IPv4 options", "options 4"),
    Row("4.9-headers6", "IPv6 extension headers", "options 6"),
    Row("4.9-gso", "super-packets",
        otherwise="a tap without offloads has none: tests/unit/test_super.c, tests/e2e/offload.sh"),
    Row("4.10-ftp", "the FTP helper", "ftp .*"),
    Row("5.1-tcp", "TCP services", "new TCP"),
    Row("5.1-udp", "UDP services", "new UDP"),
    Row("5.1-sctp", "SCTP services", "new SCTP"),
    Row("5.3-mark6", "mark services, IPv6", "mark 6"),
    Row("5.6-any-port", "real servers with port 0", "any port"),
    Row("5.6-mixed", "real servers of the other family", "mixed"),
    Row("5.6-refused", "what is refused", "refused .*"),
    Row("5.7-sip", "the persistence engine", "engine sip"),
    Row("5.8-counters", "counters", "listing count"),
    Row("5.8-zero", "zeroing", "zeroed"),
    Row("5.9-rates", "rates", "listing rates"),
)


class Coverage:
    """Counts over many scenarios."""

    def __init__(self):
        self._tags = collections.Counter()

    def add(self, scenario, outcomes):
        """One that was played."""
        tagger = Tagger(self._tags)
        for step, outcome in zip(scenario.steps, outcomes):
            tagger.step(step, outcome)

    def merge(self, other):
        """Another's counts beside these."""
        self._tags += other._tags  # pylint: disable=protected-access

    @property
    def reached(self):
        """How many rows of those that scenarios can reach, as a text."""
        rows = [row for row in ROWS if row.tags]
        return f"{sum(self.count(row) > 0 for row in rows)} of {len(rows)}"

    def count(self, row):
        """How often a row was reached."""
        if not row.tags:
            return 0
        pattern = re.compile(row.tags)
        return sum(n for tag, n in self._tags.items() if pattern.fullmatch(tag))

    @property
    def cells(self):
        """How many cells of the tables of states were seen, stays not counted."""
        return sum(tag.startswith("cell ") for tag in self._tags)

    def lines(self):
        """A table as the page has it."""
        yield "| row | what | times reached |"
        yield "| --- | --- | --- |"
        for row in ROWS:
            reached = f"{self.count(row):,}" if row.tags else row.otherwise
            yield f"| `{row.name}` | {row.what} | {reached} |"
