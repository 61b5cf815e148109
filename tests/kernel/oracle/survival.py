# SPDX-License-Identifier: BSD-2-Clause
"""drop_entry by its law: each second a random 32nd of the table is looked at.

Half-open connections that are met go; those that had no packet for a minute, and few in all, too.
Who has been established lately stays. Each side is judged by itself.
"""

from . import law, listing
from .difference import Difference

HALF_OPEN, IDLE = ("SYN_RECV", "SYNACK", "INIT"), ("UDP",)
STAY = ("ESTABLISHED", "FIN_WAIT")
SHARE = 1 / 32
SIGMAS = 6  # entries that lie together go together: more than a binomial law spreads
HALF_OPEN_FOR, SAFE_FOR, SAFE_SURELY = 50, 60, 64  # seconds


def begins(step):
    """Whether entries are dropped from here on."""
    name, _, value = step.args.partition(" ") if step.verb == "sysctl" else ("", "", "")
    return name.endswith("/drop_entry") and value != "0"


def _count(outcome, states):
    return sum(name[4] in states for name, _ in listing.parse(outcome.text).conns)


def _wrong(looks, states):
    """The first look that breaks the law, with what is told, or None. A look is (seconds, outcome);
    the first one gives how many there were."""
    begun, entries = looks[0][0], _count(looks[0][1], states)
    for at, outcome in looks[1:]:
        left = _count(outcome, states)
        if law.survivors(at - begun, entries, left, SHARE) > SIGMAS:
            return outcome, f"{left} of {entries} left after {at - begun:.0f} s"
    return None


def _names(outcome, states):
    return {name for name, _ in listing.parse(outcome.text).conns if name[4] in states}


def _stays_wrong(looks, states):
    """The first look from which on one is missing, or None. One that is seen again was hidden: the
    kernel lists a page at a time and goes on by number, so that an entry that ends in between has
    the one behind it left out. That was one look of 3,600; of the same entry in two looks, never."""
    sets = [_names(outcome, states) for _, outcome in looks]
    for number in range(1, len(looks) - 1):
        gone = sets[0] - set().union(*sets[number:])
        if gone:
            return looks[number][1], f"{len(sets[0]) - len(gone)} of {len(sets[0])} left"
    return None


def compare(scenario, begun, kernel, liblvs):
    """The differences from each side to the law."""
    numbers = [n for n, step in enumerate(scenario.steps) if n > begun and step.verb == "snap"]
    for side, outcomes in (("kernel", kernel), ("liblvs", liblvs)):
        start = outcomes[begun].at
        looks = [((outcomes[n].at - start) / 1e9, outcomes[n]) for n in numbers]
        soon = [look for look in looks if look[0] < HALF_OPEN_FOR]
        late = [look for look in looks if look[0] > SAFE_SURELY]
        for what, wrong in (("half-open", soon and _wrong(soon, HALF_OPEN)),
                            ("idle", late and _wrong(late, IDLE)),
                            ("established", soon and _stays_wrong(soon, STAY + IDLE))):
            if wrong:
                number = next(n for n in numbers if outcomes[n] is wrong[0])
                yield Difference(number, f"entries dropped: {what}, {side}'s own law", wrong[1], "")
