# SPDX-License-Identifier: BSD-2-Clause
"""Counters of servers that come back under a new service.

They begin at zero: the kernel takes for that what its estimator had gathered when the server was
removed. What came in the two seconds before shows when it is back.
"""

import re

from . import listing
from .scenario import SECOND

GATHERED = 22 * SECOND // 10  # the estimator is a little late


class Unseen:
    """Follows the listings of one scenario."""

    def __init__(self):
        self._servers = {}
        self._packet_at = -GATHERED
        self._removed = set()  # with packets that were not gathered
        self._carried = set()  # of these, those whose service has gone too

    def see(self, step, outcome):
        """A step with what the kernel made of it."""
        if step.is_packet:
            self._packet_at = outcome.at
        if step.verb != "snap":
            return
        now = {name: {dest for dest, _ in service["dests"]}
               for name, service in listing.parse(outcome.text).services.items()}
        late = outcome.at - self._packet_at < GATHERED
        for service, servers in self._servers.items():
            for server in servers - now.get(service, set()):
                (self._removed.add if late else self._removed.discard)((service, server))
            if service not in now:
                self._carried |= {pair for pair in self._removed if pair[0] == service}
        self._servers = now

    def explains(self, difference):
        """Whether these are counters of such a server, and the kernel's are ahead."""
        whose = re.fullmatch(r"counters of (?:servers of )?(.*?)(?: server (\S+))?",
                             difference.what)
        if not whose or not any(service == whose[1] and whose[2] in (None, server)
                                for service, server in self._carried):
            return False
        theirs, ours = ([int(number) for number in re.findall(r"(?<=[ (])\d+(?=[ ,;)]|$)", text)]
                        for text in (difference.kernel, difference.liblvs))
        return len(theirs) == len(ours) and all(a >= b for a, b in zip(theirs, ours))
