# SPDX-License-Identifier: BSD-2-Clause
"""When things happen: mostly soon, at times after a timeout, never while one is just ending.

The kernel's timer wheel ends a connection late by up to its level's step, liblvs a tick late. While
one side may have ended a connection and the other not, nothing is asked of either.
"""

from .scenario import SECOND

# Every timeout there is without configuration, in seconds.
TIMEOUTS = (2, 3, 10, 30, 60, 120, 300, 900)
HZ = 250
# The wheel's levels: up to so many ticks ahead, in steps of so many.
LEVELS = ((63, 1), (504, 8), (4032, 64), (32256, 512), (258048, 4096), (2064384, 32768))
EARLY, LATE = 0.3, 0.5
MINUTE, REARMED = 60, 16
# How patient a scenario is: probabilities of gaps up to 50 ms, 5 s, 140 s, 1100 s.
KINDS = {"steady": (1, 0, 0, 0), "short": (0.9, 0.1, 0, 0), "medium": (0.75, 0.2, 0.05, 0),
         "long": (0.7, 0.19, 0.08, 0.03)}
# Never within two of the kernel's ticks: what it ends "now" ends with the next one.
GAPS = ((0.012, 0.05), (0.05, 5), (5, 140), (140, 1100))


def lateness(timeout):
    """By how many seconds the kernel's timer may be late."""
    ticks = timeout * HZ
    step = next((step for most, step in LEVELS if ticks < most), LEVELS[-1][1])
    return step / HZ


class Pace:
    """The clock of one scenario.

    Which packet last set a connection's timer is the two sides' own affair (some are dropped):
    each may have been it.
    """

    def __init__(self, rng, kind="long", timeouts=TIMEOUTS):
        self._rng = rng
        self._chances = KINDS[kind]
        self._now = SECOND // 10
        self._packets = []
        self._windows = [self._window(timeout) for timeout in timeouts]

    @staticmethod
    def _window(timeout):
        end = timeout + lateness(timeout) + LATE
        return int((timeout - EARLY) * SECOND), int(end * SECOND)

    def add_template(self, timeout):
        """Templates that live for so long, and by a minute each while they have connections; each
        time the kernel may be later."""
        for times in range(REARMED + 1):
            end = timeout + lateness(timeout) + times * (MINUTE + lateness(MINUTE)) + LATE
            self._windows.append((int((timeout + times * MINUTE - EARLY) * SECOND),
                                  int(end * SECOND)))

    def _ending(self, at):
        """When the last connection that may just be ending at this time has surely ended."""
        ends = [last + late for last in self._packets for early, late in self._windows
                if early < at - last < late]
        return max(ends, default=None)

    def after(self, nanoseconds):
        """A time so long after the last one, or somewhat later."""
        self._now += nanoseconds
        while (end := self._ending(self._now)) is not None:
            self._now = end
        return self._now

    def next(self, is_packet):
        """The time of the next event."""
        least, most = self._rng.choices(GAPS, self._chances)[0]
        self.after(int(self._rng.uniform(least, most) * SECOND))
        if is_packet:
            self._packets.append(self._now)
        return self._now
