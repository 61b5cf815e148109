# SPDX-License-Identifier: BSD-2-Clause
# Many connections to many servers, and whether they are spread as theory has it.
#
#   serve PORT...                            TCP, both families: tells each client the address that it was asked at
#   open SERVICE PORT NUMBER NETWORK SEED    so many connections, each from another address of NETWORK, drawn by SEED;
#                                            prints what each was told, a line each
#   weigh WEIGHT,... ADDRESS...              standard input: an address a line, the server of a connection; server n of
#                                            those named has weight n of the cycle. Each has had its exact share
#   chance ADDRESS...                        the same of a hash: by chi-square as even as chance is
#   rule SERVICE PORT SCHEDULER FLAG WEIGHT,... ADDRESS...      the service's lines of a rules file
import collections
import ipaddress
import math
import random
import selectors
import socket
import sys

AT_ONCE = 50
WAIT_S = 10
IMPROBABLE = 1e-6  # a fair hash fails so rarely; the seed is fixed, so that it does always or never


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(*ports):
    wanted = selectors.DefaultSelector()
    for port in map(int, ports):
        wanted.register(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024),
                        selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in wanted.select():
            with key.fileobj.accept()[0] as client:
                client.sendall(client.getsockname()[0].removeprefix("::ffff:").encode())


def start(service, port, source):
    s = socket.socket(family(service), socket.SOCK_STREAM)
    s.bind((source, 0))
    s.setblocking(False)
    s.connect_ex((service, port))
    return s


def told(s):
    with s:
        s.settimeout(WAIT_S)
        return b"".join(iter(lambda: s.recv(256), b"")).decode()


def sources(network, n, seed):
    """So many addresses of a network, each once."""
    network = ipaddress.ip_network(network)
    draw, drawn = random.Random(int(seed)), {}
    while len(drawn) < n:
        drawn[str(network[draw.randrange(1, network.num_addresses - 1)])] = None
    return list(drawn)


def open_many(service, port, n, network, seed):
    clients = sources(network, int(n), seed)
    for i in range(0, len(clients), AT_ONCE):
        for s in [start(service, int(port), client) for client in clients[i:i + AT_ONCE]]:
            print(told(s))


def counts(servers):
    """Connections of each server; somebody else's are a fault."""
    seen = collections.Counter(line.strip() for line in sys.stdin)
    strange = set(seen) - set(servers)
    if strange:
        sys.exit(f"not among the servers: {', '.join(sorted(strange))}")
    return [seen[server] for server in servers]


def weigh(weights, *servers):
    weights = list(map(int, weights.split(",")))
    weights = [weights[n % len(weights)] for n in range(len(servers))]
    had = counts(servers)
    cycles, rest = divmod(sum(had), sum(weights))
    wrong = [f"{s}: {n} of weight {w}" for s, n, w in zip(servers, had, weights) if n != w * cycles]
    print(f"{sum(had)} connections, {cycles} times the weights' sum of {sum(weights)}, and {rest}")
    sys.exit("\n".join(wrong) if wrong else rest or not cycles)


def upper_gamma(a, x):
    """Q(a, x), the regularised upper incomplete gamma function: the series of P below a + 1, else the continued fraction."""
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        k = a
        while term > total * 1e-15:
            k += 1
            term *= x / k
            total += term
        return 1 - scale * total
    b, c, d = x + 1 - a, 1e300, 1 / (x + 1 - a)
    fraction = d
    for i in range(1, 10000):
        b += 2
        d = 1 / (b - i * (i - a) * d)
        c = b - i * (i - a) / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return scale * fraction


def chance(*servers):
    had = counts(servers)
    mean = sum(had) / len(servers)
    square = sum((n - mean) ** 2 / mean for n in had)
    free = len(servers) - 1
    # A sum of squares of that many or more: what a fair hash has with this probability.
    probability = upper_gamma(free / 2, square / 2)
    print(f"{sum(had)} connections, {min(had)} to {max(had)} a server: "
          f"chi-square {square:.1f} of {free} degrees of freedom, probability {probability:.3g}")
    sys.exit(probability < IMPROBABLE)


def rule(service, port, scheduler, flag, weights, *servers):
    bracket = lambda address: f"[{address}]" if ":" in address else address
    weights = weights.split(",")
    print(f"-A -t {bracket(service)}:{port} -s {scheduler}")
    for n, server in enumerate(servers):
        print(f"-a -t {bracket(service)}:{port} -r {bracket(server)}:{port} {flag} -w {weights[n % len(weights)]}")


if __name__ == "__main__":
    {"serve": serve, "open": open_many, "weigh": weigh, "chance": chance, "rule": rule}[sys.argv[1]](*sys.argv[2:])
