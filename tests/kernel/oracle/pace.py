# SPDX-License-Identifier: BSD-2-Clause
"""When things happen: mostly soon, at times after a timeout, never while one is just ending.

The kernel's timer wheel lets a connection end up to an eighth of its timeout late, liblvs' a tick
late. While one side may have ended a connection and the other not, nothing is asked of either.
"""

from .scenario import SECOND

# Every timeout there is, in seconds: TCP's and UDP's states.
TIMEOUTS = (2, 3, 10, 30, 60, 120, 300, 900)
EARLY, LATE = 0.3, 1.14


class Pace:
    """The clock of one scenario.

    Which packet last set a connection's timer is the two sides' own affair (some are dropped):
    each may have been it.
    """

    def __init__(self, rng):
        self._rng = rng
        self._now = SECOND // 10
        self._packets = []

    def _gap(self):
        # Never within two of the kernel's ticks: what it ends "now" ends with the next one.
        kind = self._rng.random()
        if kind < 0.7:
            return self._rng.uniform(0.012, 0.05)
        if kind < 0.9:
            return self._rng.uniform(0.05, 5)
        if kind < 0.985:
            return self._rng.uniform(5, 140)
        return self._rng.uniform(140, 1100)

    def _ending(self, at):
        """When the last connection that may just be ending at this time has surely ended."""
        ends = [last + int((timeout * LATE + 0.6) * SECOND)
                for last in self._packets for timeout in TIMEOUTS
                if timeout - EARLY < (at - last) / SECOND < timeout * LATE + 0.5]
        return max(ends, default=None)

    def after(self, nanoseconds):
        """A time so long after the last one, or somewhat later."""
        self._now += nanoseconds
        while (end := self._ending(self._now)) is not None:
            self._now = end
        return self._now

    def next(self, is_packet):
        """The time of the next event."""
        self.after(int(self._gap() * SECOND))
        if is_packet:
            self._packets.append(self._now)
        return self._now
