# SPDX-License-Identifier: BSD-2-Clause
"""Which addresses are the ends of several tunnels.

Of an error about a tunnel packet the kernel asks what the newest destination of the address is,
whichever service has it; liblvs asks the connection's: see docs/kernel-differences.md.
"""

import ipaddress

TUNNEL_TYPE = "--tun-type"


def _kind(words):
    """How its packets reach a server: by the kind of tunnel, or the method."""
    if "-i" not in words:
        return next((word for word in ("-m", "-g") if word in words), "-g")
    return words[words.index(TUNNEL_TYPE) + 1] if TUNNEL_TYPE in words else "ipip"


def _address(end):
    return ipaddress.ip_address(end.rpartition(":")[0].strip("[]"))


class Tunnels:
    """What a scenario's rules have said so far."""

    def __init__(self):
        self._seen = {}  # by address: (service, kind) of each destination that was ever there

    def see(self, step):
        """Takes a step's rules."""
        for rule in step.args.split(";") if step.verb in ("rules", "ipvsadm") else ():
            words = rule.split()
            if words[:1] in (["-a"], ["-e"]) and "-r" in words:
                address = _address(words[words.index("-r") + 1])
                self._seen.setdefault(address, set()).add((words[2], _kind(words)))

    def is_shared(self, error):
        """Whether a frame is an IPv4 error about a packet to such an address."""
        packet = error[14:]
        if len(packet) < 48 or packet[0] != 0x45 or packet[28] != 0x45:
            return False
        seen = self._seen.get(ipaddress.ip_address(packet[44:48]), ())
        return len(seen) > 1 and any(kind in ("ipip", "gre") for _, kind in seen)
