# SPDX-License-Identifier: BSD-2-Clause
"""Listings as values: what ipvsadm prints, the connections below /proc/net, and the lines of
steps/entry.h."""

import dataclasses
import ipaddress
import re


@dataclasses.dataclass
class Listing:
    """Services by name, each {"line": what follows the name, "dests": [(name, columns)]}, and
    connections as pairs of a name and the seconds they have left. Counters and rates stand by the
    name of what they are about."""

    services: dict = dataclasses.field(default_factory=dict)
    conns: list = dataclasses.field(default_factory=list)
    counts: dict = dataclasses.field(default_factory=dict)
    rates: dict = dataclasses.field(default_factory=dict)


# As the files below /proc/net write an address with its port.
_PROC = re.compile(r"([0-9A-F]{8}|\[[0-9a-f:]{39}\]):([0-9A-F]{4})")


def _proc_end(address, port):
    value = int(address, 16) if len(address) == 8 else address.strip("[]")
    return f"{ipaddress.ip_address(value)}|{int(port, 16)}"


def _end(text):
    """An address with its port, of any notation, as one."""
    proc = _PROC.fullmatch(text)
    if proc:
        return _proc_end(*proc.groups())
    address, _, port = text.rpartition(":")
    return f"{ipaddress.ip_address(address.strip('[]'))}|{port}"


def _proc_conn(words):
    name = (words[0], _proc_end(words[1], words[2]), _proc_end(words[3], words[4]),
            _proc_end(words[5], words[6]), words[7], *words[9:])
    return name, int(words[8])


def _tool_conn(words):
    minutes, seconds = words[1].split(":")
    name = (words[0], _end(words[3]), _end(words[4]), _end(words[5]), words[2], *words[6:])
    return name, int(minutes) * 60 + int(seconds)


def _is_title(words):
    # Templates of services by mark begin with "IP" too.
    return (words[0] in ("IPVS", "Prot", "Pro", "pro") or words[:2] == ["IP", "Virtual"]
            or words[1:2] == ["RemoteAddress:Port"])


class _Entries:
    """Lines of steps/entry.h."""

    def __init__(self, listing):
        self._listing = listing
        self._service = self._about = None

    def take(self, words):
        """Whether this is such a line."""
        if words[0] == "svc":
            self._about = " ".join(words[1:3])
            self._service = {"line": words[3:], "dests": []}
            self._listing.services[self._about] = self._service
        elif words[0] == "dst":
            name = next(iter(reversed(self._listing.services)))
            self._about = f"{name} server {words[1]}"
            self._service["dests"].append((words[1], words[2:]))
        elif words[0] == "cnt":
            self._listing.counts[self._about] = tuple(map(int, words[1:]))
        elif words[0] == "rate":
            self._listing.rates[self._about] = tuple(map(int, words[1:]))
        else:
            return False
        return True


def parse(lines):
    """A listing of any kind; connections and services may stand in one."""
    listing = Listing()
    entries = _Entries(listing)
    service = None
    for line in lines:
        words = line.split()
        if not words or _is_title(words) or entries.take(words):
            continue
        if words[0] == "->":
            service["dests"].append((_end(words[1]), words[2:]))
        elif re.fullmatch(r"\d+:\d\d", words[1]):
            listing.conns.append(_tool_conn(words))
        elif len(words) >= 9 and re.fullmatch(r"[0-9A-F]{4}", words[2]):
            listing.conns.append(_proc_conn(words))
        else:
            name = words[1] if words[0] == "FWM" else _end(words[1])
            if words[2:3] == ["IPv6"]:
                name += words.pop(2)
            service = {"line": words[2:], "dests": []}
            listing.services[f"{words[0]} {name}"] = service
    return listing
