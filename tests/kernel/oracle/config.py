# SPDX-License-Identifier: BSD-2-Clause
"""Services and real servers: how they are described, and how they change."""

from . import place, wire

SCHEDULERS = ("rr", "wrr", "wlc", "lc", "mh", "sh")
MORE_SCHEDULERS = ("dh", "sed", "nq", "fo", "ovf", "lblc", "lblcr")
METHODS = {"-m": 10, "-g": 5, "-i": 5}
PORTS = (80, 443, 53, 8080)
ISAKMP, FTP = 500, 21
SERVICE_WORD = {wire.TCP: "-t", wire.UDP: "-u", wire.SCTP: "--sctp-service"}
MASKS4 = ("255.255.255.255", "255.255.255.0", "255.255.0.0", "255.255.255.254")
MASKS6 = (128, 64, 127, 96)
PERSISTENT_S = (5, 13, 40, 100, 300)


def end(address, port):
    """An address with its port, as ipvsadm writes it."""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


class Server:
    """A destination as it stands, or as it would stand were it there."""

    def __init__(self, rng, features, service, address):
        self.address = address
        self.features = features
        self.method = service.method
        if rng.random() < 0.15:
            self.method = rng.choice(list(METHODS))
        if address.version != service.version:
            self.method = "-i"
        self.port = self._port(rng, service)
        self.there = False

    def _port(self, rng, service):
        if self.method == "-m" and rng.random() < 0.35:
            return 8000 + rng.randrange(4)
        if "any-port" in self.features and rng.random() < 0.05:
            return 0
        return service.port

    def words(self):
        """How it is named."""
        return f"-r {end(self.address, self.port)}"

    def _tunnel(self, rng):
        kinds = [kind for kind in ("gue", "gre") if kind in self.features]
        if self.method != "-i" or not kinds or rng.random() < 0.4:
            return ""
        kind = rng.choice(kinds)
        flags = ["--tun-nocsum", "--tun-csum"] + (["--tun-remcsum"] if kind == "gue" else [])
        port = f" --tun-port {rng.choice((5555, 6080))}" if kind == "gue" else ""
        return f" --tun-type {kind}{port} {rng.choice(flags)}"

    def rule(self, rng):
        """A complete description, the weight chosen anew."""
        rule = f"{self.words()} {self.method} -w {rng.choice((0, 1, 1, 1, 2, 3, 4, 10))}"
        if "thresholds" in self.features and rng.random() < 0.12:
            upper = rng.randrange(1, 6)
            rule += f" -x {upper} -y {rng.randrange(0, upper)}"
        return rule + self._tunnel(rng)


class Service:
    """A virtual service with its servers."""

    def __init__(self, rng, features, version, protocol):
        self.features, self.version, self.protocol = features, version, protocol
        self.mark = 0
        self.persistent = False
        self.port = rng.choice(PORTS)
        if "marks" in features and rng.random() < 0.2:
            self.mark, self.port = rng.choice((1, 1, 2, 3)), 0
        elif "port-0" in features and rng.random() < 0.12:
            self.port = 0
        if "ah-esp" in features and protocol == wire.UDP and self.port and rng.random() < 0.2:
            self.port = ISAKMP
        self.sip = "sip" in features and protocol == wire.UDP and rng.random() < 0.3
        if self.sip and self.port in PORTS:
            self.port = 5060
        self.ftp = "ftp" in features and protocol == wire.TCP and rng.random() < 0.2
        if self.ftp:
            self.mark, self.port = 0, FTP
        elif "ftp" in features and protocol == wire.TCP and rng.random() < 0.05:
            self.port = FTP
        self.address = rng.choice(self._addresses())
        self.method = "-m" if self.ftp else rng.choices(list(METHODS), METHODS.values())[0]
        self.there = True
        # Nobody serves, at first at least: what comes goes on to its own address.
        self.bare = bool(self.mark) and "bypass" in features and rng.random() < 0.4
        self.timeouts = set()
        self.servers = [Server(rng, features, self, server) for server in self._pool(rng)]
        if self.ftp:
            # What it says of itself in its texts must be known.
            del self.servers[1:]
            self.servers[0].method = "-m"

    def _addresses(self):
        if self.mark:
            return place.MARKED[self.version][self.mark]
        return place.VIPS[self.version]

    def _pool(self, rng):
        pool = rng.sample(place.SERVERS[self.version], rng.randrange(1, 5))
        if "mixed" in self.features and not self.ftp and rng.random() < 0.25:
            pool += rng.sample(place.SERVERS[10 - self.version], rng.randrange(1, 3))
        if "local" in self.features and not self.ftp and rng.random() < 0.15:
            pool.append(rng.choice(place.LOCAL[self.version]))
        rng.shuffle(pool)
        return pool

    @property
    def key(self):
        """What it is known by."""
        return (self.version, self.mark) if self.mark else (self.version, self.address, self.port,
                                                            self.protocol)

    def target(self, rng):
        """Protocol, address and port that one of its clients asks for."""
        protocol, address, port = self.protocol, self.address, self.port
        if self.mark:
            protocol = rng.choice((self.protocol, wire.TCP, wire.UDP))
            address = rng.choice(self._addresses())
        if port == FTP and not self.mark:
            port = rng.choice((FTP, FTP, FTP, 20, 3000, 80))
        if not port and "ah-esp" in self.features and protocol == wire.UDP and rng.random() < 0.2:
            port = ISAKMP
        return protocol, address, port or rng.choice((80, 443, 5060, 2000, 21, 1))

    def words(self):
        """How it is named."""
        if self.mark:
            return f"-f {self.mark}{' -6' if self.version == 6 else ''}"
        return f"{SERVICE_WORD[self.protocol]} {end(self.address, self.port)}"

    def _scheduler(self, rng):
        names = SCHEDULERS + (MORE_SCHEDULERS if "schedulers" in self.features else ())
        name = rng.choice(names)
        flags = [flag for flag in (f"{name}-port", f"{name}-fallback")
                 if name in ("mh", "sh") and rng.random() < 0.5]
        return f" -s {name}" + (f" -b {','.join(flags)}" if flags else "")

    def _persistence(self, rng):
        wanted = 0.95 if self.port == 0 and not self.mark or self.sip else 0.25
        self.persistent = "persistent" in self.features and rng.random() < wanted
        if not self.persistent:
            return ""
        timeout = rng.choice(PERSISTENT_S)
        self.timeouts.add(timeout)
        masks = MASKS4 if self.version == 4 else MASKS6
        rule = f" -p {timeout}"
        if rng.random() < 0.6:
            rule += f" -M {rng.choice(masks)}"
        return rule + (" --pe sip" if self.sip and rng.random() < 0.9 else "")

    def rule(self, rng):
        """A complete description, the scheduler chosen anew."""
        rule = self.words() + self._scheduler(rng) + self._persistence(rng)
        # A reply to a single packet would begin a dialogue.
        may_be_once = self.protocol == wire.UDP and not self.sip
        if "one-packet" in self.features and may_be_once and rng.random() < 0.2:
            rule += " -o"
        return rule


def services(rng, features):
    """Some services that can stand side by side."""
    made = {}
    protocols = [wire.TCP, wire.TCP, wire.UDP] + ([wire.SCTP] if "sctp" in features else [])
    for _ in range(rng.randrange(1, 4)):
        service = Service(rng, features, rng.choice((4, 4, 6)), rng.choice(protocols))
        made.setdefault(service.key, service)
    return list(made.values())


def rules(rng, made):
    """All of them as one step's arguments."""
    lines = []
    for service in made:
        lines.append(f"-A {service.rule(rng)}")
        for server in () if service.bare else service.servers:
            server.there = True
            lines.append(f"-a {service.words()} {server.rule(rng)}")
    return ";".join(lines)


# --- Changes ---

def _toggle(rng, service):
    """A service goes, with its servers, or comes back without."""
    service.there = not service.there
    if service.there:
        return f"-A {service.rule(rng)}"
    for server in service.servers:
        server.there = False
    return f"-D {service.words()}"


def _refused(rng, service, server):
    """What the kernel says no to, mostly."""
    words = service.words()
    bad = "255.255.255.255" if service.version == 4 else "fe80::1"
    return rng.choice((
        f"-A {words} -s nosuch", f"-E {words} -s nosuch", f"-A {service.rule(rng)}",
        f"-a {words} {server.words()} -m -w -1", f"-a {words} {server.words()} -m -x 2 -y 3",
        f"-e {words} {server.words()} -m -x 2147483648 -y 0",
        f"-a {words} {server.words()} -i --tun-type gue",
        f"-a {words} -r {end(place.address(bad), 80)} -m",
        f"-d {words} {server.words()}0", "-D -t 203.0.113.99:1", "-D -f 99",
        f"-a -t 203.0.113.99:1 {server.words()}", "--set -1 0 0"))


def edit(rng, features, made):
    """One change of the configuration, now and then one that must fail."""
    service = rng.choice(made)
    server = rng.choice(service.servers)
    if rng.random() < 0.06:
        return _refused(rng, service, server)
    if not service.there or rng.random() < 0.04:
        return _toggle(rng, service)
    if "timeouts" in features and rng.random() < 0.05:
        return f"--set {rng.choice((0, 60, 300))} {rng.choice((0, 30))} {rng.choice((0, 10, 60))}"
    if rng.random() < 0.15:
        return f"-E {service.rule(rng)}"
    return _edit_server(rng, service, server)


def _edit_server(rng, service, server):
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
