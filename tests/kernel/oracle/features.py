# SPDX-License-Identifier: BSD-2-Clause
"""What scenarios may contain. Each name can be asked for alone; what is on is what liblvs has."""

from .failure import Failure

# Name, whether it is on, what it brings.
FEATURES = (
    ("schedulers", True, "all that the kernel has: Debian builds no twos"),
    ("thresholds", True, "upper and lower limits"),
    ("timeouts", True, "--set"),
    ("edits", True, "changes on the way, and commands that must fail"),
    ("icmp", True, "errors about what either side saw"),
    ("odd", True, "wrong sums, cut headers"),
    ("stray", True, "other protocols, other hosts' frames, groups"),
    ("options", True, "IPv4 options, IPv6 extension headers"),
    ("fragments", True, "datagrams in pieces, in any order"),
    ("source-port-0", True, "clients of port 0"),
    ("one-packet", True, "one-packet scheduling"),
    ("any-port", True, "real servers with port 0"),
    ("sctp", True, "SCTP services"),
    ("ah-esp", True, "AH and ESP beside ISAKMP"),
    ("persistent", True, "persistent services, with masks and timeouts"),
    ("port-0", True, "services of all ports"),
    ("marks", True, "services by firewall mark"),
    ("sip", True, "the persistence engine"),
    ("ftp", True, "FTP's control dialogues and data connections"),
    ("mixed", True, "real servers of the other family"),
    ("gue", True, "tunnels by GUE"),
    ("gre", True, "tunnels by GRE"),
    ("local", True, "real servers on the director"),
    ("bypass", True, "cache_bypass"),
    ("sloppy", True, "sloppy_tcp, sloppy_sctp"),
    ("reuse", True, "conn_reuse_mode, expire_nodest_conn"),
    ("pmtu", True, "pmtu_disc"),
    ("quiescent", True, "expire_quiescent_template"),
    ("nat-icmp", True, "nat_icmp_send"),
    ("schedule-icmp", True, "schedule_icmp"),
    ("ignore-tunneled", True, "ignore_tunneled"),
    ("secure", True, "secure_tcp"),
    ("drop-packet", True, "drop_packet, am_droprate"),
    ("drop-entry", True, "drop_entry: judged by its law"),
    ("live", True, "settings changed on the way"),
    ("backup", True, "connection sync's backup runs, backup_only"),
    ("zero", True, "zeroing of counters"),
    ("rates", True, "rates, judged by the formula"),
)
NAMES = tuple(name for name, _, _ in FEATURES)
# In these nothing is known to differ; tests/run holds them so.
SETTLED = frozenset((
    "schedulers", "thresholds", "timeouts", "odd", "options", "one-packet", "any-port", "sctp",
    "ah-esp", "gue", "gre", "persistent", "port-0", "marks", "sloppy", "pmtu", "quiescent", "rates",
    "stray", "local", "bypass", "secure", "drop-packet", "drop-entry", "backup", "sip", "live",
    "nat-icmp", "schedule-icmp", "ignore-tunneled", "mixed"))
DEFAULT = frozenset(name for name, on, _ in FEATURES if on)


SEVERAL = {"all": NAMES, "default": DEFAULT, "settled": SETTLED}


def parse(text):
    """Features by their names with commas; "all", "default" and "settled" are several, "+x" and
    "-x" change the default."""
    chosen = set()
    for word in filter(None, text.split(",")):
        name = word.lstrip("+-")
        if name in SEVERAL:
            names = set(SEVERAL[name])
        elif name in NAMES:
            names = {name}
        else:
            raise Failure(f"no feature \"{name}\"; there are {', '.join(NAMES)}")
        if word.startswith("+") and not chosen:
            chosen = set(DEFAULT)
        if word.startswith("-"):
            chosen = (chosen or set(DEFAULT)) - names
        else:
            chosen |= names
    return frozenset(chosen)
