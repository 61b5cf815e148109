# SPDX-License-Identifier: BSD-2-Clause
"""What cannot be compared number by number, since time or chance decide: judged by its law.

Rates: every two seconds each average moves by a quarter of the way to what came meanwhile. When
exactly is each side's own affair. `rates()` follows every way in which the ticks may have fallen
between samples; what is shown must be on one of them.
"""

TICK_MOST, TICK_LEAST = 2.15, 1.95
SHIFTS = (9, 9, 9, 4, 4)  # connections, packets, packets, bytes, bytes
ROUND = {9: (0x1FF, 10), 4: (0xF, 5)}


def moved(average, delta, shift):
    """One tick."""
    return average + (((delta << shift) - average) >> 2)


def shown(average, shift):
    """As it is listed."""
    add, down = ROUND[shift]
    return average + add >> down


class _Way:
    """One way in which the ticks may have fallen so far."""

    __slots__ = ("averages", "base", "least", "most")

    def __init__(self, averages, base, least, most):
        self.averages, self.base = averages, base
        self.least, self.most = least, most  # when the last tick was

    def shows(self, rates):
        """Whether these are what is listed."""
        return all(shown(average, shift) == rate
                   for average, shift, rate in zip(self.averages, SHIFTS, rates))

    def later(self, begin, end, all_counts):
        """Ways on: without a tick in between, with one, before or behind what came meanwhile."""
        if self.most + TICK_MOST >= end:
            yield self
        least = max(begin, self.least + TICK_LEAST)
        most = min(end, self.most + TICK_MOST)
        for counts in all_counts if least <= most else ():
            averages = tuple(moved(average, now - before, shift) for average, now, before, shift
                             in zip(self.averages, counts, self.base, SHIFTS))
            yield _Way(averages, counts, least, most)


def _joined(ways):
    """As few ways with the same futures: those that differ in when the last tick was alone, and
    leave no gap, are one. Where nothing comes, nothing else tells them apart."""
    ways = sorted(ways, key=lambda way: (way.averages, way.base, way.least))
    joined = ways[:1]
    for way in ways[1:]:
        last = joined[-1]
        if (way.averages, way.base) == (last.averages, last.base) and way.least <= last.most:
            last.most = max(last.most, way.most)
        else:
            joined.append(way)
    return joined


def rates(samples):
    """Samples are (seconds, counters, rates), the first one before anything came. Gives the index
    of the first that no way leads to, or None."""
    begin, counts, _ = samples[0]
    ways = [_Way((0,) * 5, counts, begin - TICK_MOST, begin)]
    for number, (at, now, listed) in enumerate(samples[1:], 1):
        ways = _joined(later for way in ways for later in way.later(begin, at, {counts, now})
                       if later.shows(listed))
        if not ways:
            return number
        begin, counts = at, now
    return None


def survivors(seconds, entries, left, share):
    """How far `left` of `entries` is, in standard deviations, from what remains when each second
    takes a `share` of them."""
    stay = (1 - share) ** seconds
    deviation = max((entries * stay * (1 - stay)) ** 0.5, 0.5)
    return abs(left - entries * stay) / deviation
