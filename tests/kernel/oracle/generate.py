# SPDX-License-Identifier: BSD-2-Clause
"""Random scenarios, the same for the same seed."""

import random

from . import place, wire
from .flow import Flow
from .pace import Pace
from .scenario import SECOND, Scenario, Step

SCHEDULERS = ("rr", "wrr", "wlc", "lc", "mh", "sh")
TICKS = SECOND // 100  # more than two of the kernel's
METHODS = {"-m": 10, "-g": 5, "-i": 5}
PORTS = (80, 443, 53, 8080)
LISTINGS = ("-Ln", "-Lnc", "-Ln --stats --exact", "-Ln --thresholds")
SYSCTLS = ("conn_reuse_mode", "expire_nodest_conn", "sloppy_tcp", "pmtu_disc")


def _end(address, port):
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


class Server:
    """A destination as it stands, or as it would stand were it there."""

    def __init__(self, rng, address, port, method):
        self.address = address
        self.port = rng.choice((port, port, 8000 + rng.randrange(4))) if method == "-m" else port
        self.method = method
        self.there = False

    def words(self):
        """How it is named."""
        return f"-r {_end(self.address, self.port)}"

    def rule(self, rng):
        """A complete description, the weight chosen anew."""
        rule = f"{self.words()} {self.method} -w {rng.choice((0, 1, 1, 1, 2, 3, 4, 10))}"
        if rng.random() < 0.1:
            upper = rng.randrange(1, 5)
            rule += f" -x {upper} -y {rng.randrange(0, upper)}"
        return rule


class Service:
    """A virtual service with its servers."""

    def __init__(self, rng, version, address, port, protocol):
        self.version, self.address, self.port, self.protocol = version, address, port, protocol
        self.there = True
        pool = rng.sample(place.SERVERS[version], rng.randrange(1, 5))
        method = rng.choices(list(METHODS), METHODS.values())[0]
        self.servers = [Server(rng, server, port, method if rng.random() < 0.85 else rng.choice(
            list(METHODS))) for server in pool]

    def words(self):
        """How it is named."""
        return f"{'-t' if self.protocol == wire.TCP else '-u'} {_end(self.address, self.port)}"

    def rule(self, rng):
        """A complete description, the scheduler chosen anew."""
        scheduler = rng.choice(SCHEDULERS)
        rule = f"{self.words()} -s {scheduler}"
        if scheduler in ("mh", "sh"):
            flags = [flag for flag in (f"{scheduler}-port", f"{scheduler}-fallback")
                     if rng.random() < 0.4]
            rule += f" -b {','.join(flags)}" if flags else ""
        return rule


def _services(rng):
    made, taken = [], set()
    for _ in range(rng.randrange(1, 4)):
        version, protocol = rng.choice((4, 4, 6)), rng.choice((wire.TCP, wire.TCP, wire.UDP))
        key = version, rng.choice(place.VIPS[version]), rng.choice(PORTS), protocol
        if key not in taken:
            taken.add(key)
            made.append(Service(rng, *key))
    return made


def _settings(rng):
    for name in SYSCTLS:
        if rng.random() < 0.15:
            value = rng.randrange(4 if name == "conn_reuse_mode" else 2)
            yield Step(0, "sysctl", f"net/ipv4/vs/{name} {value}")


def _rules(rng, services):
    rules = []
    for service in services:
        rules.append(f"-A {service.rule(rng)}")
        for server in service.servers:
            server.there = True
            rules.append(f"-a {service.words()} {server.rule(rng)}")
    return Step(0, "rules", ";".join(rules))


def _toggle(rng, service):
    """A service goes, with its servers, or comes back without."""
    service.there = not service.there
    if service.there:
        return f"-A {service.rule(rng)}"
    for server in service.servers:
        server.there = False
    return f"-D {service.words()}"


def _edit(rng, services):
    """One change of the configuration, now and then one that must fail."""
    service = rng.choice(services)
    server = rng.choice(service.servers)
    if not service.there or rng.random() < 0.04:
        return _toggle(rng, service)
    if rng.random() < 0.05:
        return f"--set {rng.choice((0, 60, 300))} {rng.choice((0, 30))} {rng.choice((0, 10, 60))}"
    if rng.random() < 0.15:
        return f"-E {service.rule(rng)}"
    if rng.random() < 0.05:
        verb = rng.choice("aed")
    elif server.there:
        verb = rng.choice("eeed")
    else:
        verb = "a"
    if verb in "ad":
        server.there = verb == "a"
    if verb == "d":
        return f"-d {service.words()} {server.words()}"
    return f"-{verb} {service.words()} {server.rule(rng)}"


def _listings(rng, at):
    """The kernel gathers its counters every two seconds: they are asked for after some rest.

    ipvsadm itself is started seldom: that takes longer than all else together."""
    steps = [Step(at, "count")]
    if rng.random() < 0.15:
        steps.append(Step(at, "show", rng.choice(LISTINGS)))
    return steps


def generate(number, seed, packets):
    """The scenario with this number of a run with this seed, of about so many packets."""
    rng = random.Random(f"{seed}/{number}")
    services = _services(rng)
    steps = [*_settings(rng), _rules(rng, services)]
    flows = []
    pace = Pace(rng, rng.choices(("short", "medium", "long"), (60, 30, 10))[0])
    while sum(step.is_packet for step in steps) < packets:
        flows = [flow for flow in flows if not flow.ended]
        if len(flows) < 2 or len(flows) < 8 and rng.random() < 0.2:
            flows.append(Flow(rng, rng.choice(services)))
        if rng.random() < 0.05:
            steps.append(Step(pace.next(False), "ipvsadm", _edit(rng, services)))
        else:
            flow = rng.choice(flows)
            step = flow.next(pace)
            if step is None:
                continue
            steps.append(step)
        steps.append(Step(pace.after(TICKS), "snap"))
        if rng.random() < 0.05:
            steps += _listings(rng, pace.after(3 * SECOND))
    steps += _listings(rng, pace.after(3 * SECOND))
    return Scenario(number, steps, seed=seed)
