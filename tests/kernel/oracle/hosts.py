# SPDX-License-Identifier: BSD-2-Clause
"""A client and a real server in the guest, and liblvs on the wire between them.

    client c0 --- frames --- liblvs --- frames --- s0 server (tunnel ends, VIP on a dummy)
              \\______________ straight back ______ p0
"""

import subprocess

from . import place
from .failure import Failure
from .wire import mac

CLIENT_MAC, SERVER_MAC, BACK_MAC = (mac(f"02:04:00:00:00:{n:02x}") for n in (1, 2, 3))
CLIENT = {4: "192.0.2.101", 6: "2001:db8:2::101"}
SERVER = {4: "10.1.0.11", 6: "2001:db8:1::11"}
VIP = {4: "203.0.113.10", 6: "2001:db8:f::10"}
SET_UP = (
    "ip client link set lo up", "ip client link set c0 address {client_mac} up",
    "ip client addr add 192.0.2.101/24 dev c0",
    "ip client addr add 2001:db8:2::101/64 dev c0 nodad",
    "ip client neigh add 192.0.2.1 lladdr {director_mac} dev c0 nud permanent",
    "ip client neigh add 2001:db8:2::1 lladdr {director_mac} dev c0 nud permanent",
    "ip client route add default via 192.0.2.1",
    "ip client -6 route add default via 2001:db8:2::1",
    "sysctl server net/ipv4/conf/all/rp_filter 0",
    "sysctl server net/ipv4/conf/default/rp_filter 0",
    "ip server link set lo up", "ip server link set s0 address {server_mac} up",
    "ip server link set p0 address {back_mac} up",
    "ip server addr add 10.1.0.11/16 dev s0", "ip server addr add 2001:db8:1::11/64 dev s0 nodad",
    "ip server route add 192.0.2.0/24 dev p0", "ip server -6 route add 2001:db8:2::/64 dev p0",
    "ip server neigh add 192.0.2.101 lladdr {client_mac} dev p0 nud permanent",
    "ip server neigh add 2001:db8:2::101 lladdr {client_mac} dev p0 nud permanent",
    # What the server must say of a packet of the director's goes to the director.
    "ip server neigh add 10.1.0.1 lladdr {director_mac} dev s0 nud permanent",
    "ip server neigh add 2001:db8:1::1 lladdr {director_mac} dev s0 nud permanent",
    # The VIP, where nobody is asked for it.
    "ip server link add dummy0 type dummy", "ip server link set dummy0 up",
    "ip server addr add 203.0.113.10/32 dev dummy0",
    "ip server addr add 2001:db8:f::10/128 dev dummy0 nodad",
    "serve 80",
)


class _Director:
    """liblvs, a frame at a time."""

    def __init__(self, program):
        self._process = subprocess.Popen([program, "live"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._say("scenario 0\n" + place.lines() + "end")

    def _say(self, text):
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def step(self, line):
        """The lines that came of it, without the status."""
        self._say(line)
        lines = []
        while not (got := self._process.stdout.readline()).startswith("status "):
            if not got:
                raise Failure("the subject ended")
            lines.append(got.rstrip("\n"))
        return lines, int(got.split()[1])

    def close(self):
        """Ends it."""
        self._process.stdin.close()
        self._process.wait()


class Hosts:
    """Use it in a `with`, on a machine that has begun to bridge."""

    def __init__(self, machine, program):
        self._machine = machine
        self._director = _Director(program)
        self._answers = []
        self.carried = 0

    def __enter__(self):
        self._machine.say("bridge\nrun")
        self._until("bridging")
        names = {"client_mac": CLIENT_MAC.hex(":"), "server_mac": SERVER_MAC.hex(":"),
                 "back_mac": BACK_MAC.hex(":"), "director_mac": place.CLIENT_SIDE.hex(":")}
        for line in SET_UP:
            self.tell(line.format(**names))
        return self

    def __exit__(self, *_):
        self._machine.say("end")
        self._director.close()

    def rules(self, *rules):
        """Changes of the director's configuration."""
        for rule in rules:
            lines, status = self._director.step(f"ipvsadm {rule}")
            if status:
                raise Failure(f"{rule}: {status} {' '.join(lines)}")

    def tell(self, line):
        """A command to the guest that must work."""
        self._machine.say(line)
        answer = self._until("status ")
        if answer != "status 0":
            raise Failure(f"{line}: {answer} {' / '.join(self._answers[-3:])}")

    def talk(self, address, up, down):
        """Whether a client's conversation with this address came to its end, every byte right."""
        self._machine.say(f"talk {address} 80 {up} {down}")
        return self._until("talked ") == "talked 0"

    def _until(self, wanted):
        while not (line := self._machine.hear()).startswith(wanted):
            word, _, rest = line.partition(" ")
            if word == "out":
                self._carry(*rest.split())
            else:
                self._answers.append(line)
        return line

    def _carry(self, interface, data):
        """A frame to where the wire ends: through liblvs, or straight back."""
        if interface == "p0":
            return self._machine.say(f"in c0 {CLIENT_MAC.hex()}{data[12:]}")
        side = place.CLIENT_SIDE if interface == "c0" else place.SERVER_SIDE
        lines, _ = self._director.step(f"frame {interface} {side.hex()}{data[12:]}")
        for line in lines:
            word, _, rest = line.partition(" ")
            if word != "out":
                continue
            self.carried += 1
            left, frame = rest.split()
            if left in ("c0", "s0"):
                station = CLIENT_MAC if left == "c0" else SERVER_MAC
                self._machine.say(f"in {left} {station.hex()}{frame[12:]}")
        return None
