# SPDX-License-Identifier: BSD-2-Clause
"""What scenarios may contain. Each name can be asked for alone."""

from .failure import Failure

# Name, what it brings.
FEATURES = (
    ("schedulers", "all that the kernel has: Debian builds no twos"),
    ("thresholds", "upper and lower limits"),
    ("timeouts", "--set"),
    ("edits", "changes on the way, and commands that must fail"),
    ("icmp", "errors about what either side saw"),
    ("odd", "wrong sums, cut headers"),
    ("stray", "other protocols, other hosts' frames, groups"),
    ("options", "IPv4 options, IPv6 extension headers"),
    ("fragments", "datagrams in pieces, in any order"),
    ("source-port-0", "clients of port 0"),
    ("one-packet", "one-packet scheduling"),
    ("any-port", "real servers with port 0"),
    ("sctp", "SCTP services"),
    ("ah-esp", "AH and ESP beside ISAKMP"),
    ("persistent", "persistent services, with masks and timeouts"),
    ("port-0", "services of all ports"),
    ("marks", "services by firewall mark"),
    ("sip", "the persistence engine"),
    ("ftp", "FTP's control dialogues and data connections"),
    ("mixed", "real servers of the other family"),
    ("gue", "tunnels by GUE"),
    ("gre", "tunnels by GRE"),
    ("local", "real servers on the director"),
    ("bypass", "cache_bypass"),
    ("sloppy", "sloppy_tcp, sloppy_sctp"),
    ("reuse", "conn_reuse_mode, expire_nodest_conn"),
    ("pmtu", "pmtu_disc"),
    ("quiescent", "expire_quiescent_template"),
    ("nat-icmp", "nat_icmp_send"),
    ("schedule-icmp", "schedule_icmp"),
    ("ignore-tunneled", "ignore_tunneled"),
    ("secure", "secure_tcp"),
    ("drop-packet", "drop_packet, am_droprate"),
    ("drop-entry", "drop_entry: judged by its law"),
    ("live", "settings changed on the way"),
    ("backup", "connection sync's backup runs, backup_only"),
    ("zero", "zeroing of counters"),
    ("rates", "rates, judged by the formula"),
)
NAMES = tuple(name for name, _ in FEATURES)
ALL = frozenset(NAMES)


def parse(text):
    """Features by their names with commas; "all" are all, "-x" takes one away, from all where none
    was named before."""
    chosen = set()
    for word in filter(None, text.split(",")):
        name = word.lstrip("-")
        if name == "all":
            names = ALL
        elif name in NAMES:
            names = {name}
        else:
            raise Failure(f"no feature \"{name}\"; there are {', '.join(NAMES)}")
        if word.startswith("-"):
            chosen = (chosen or set(ALL)) - names
        else:
            chosen |= names
    return frozenset(chosen)
