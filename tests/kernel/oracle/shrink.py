# SPDX-License-Identifier: BSD-2-Clause
"""Makes a scenario smaller while the same thing still differs.

Candidates are tried side by side in one batch: what costs is the batch, not the candidate.
"""

from .scenario import Scenario

ROUNDS = 12


def _kind(difference):
    """What must stay: the sort of difference, not its place."""
    return difference.what.split(" of ")[0]


def _still(differences, kind):
    return any(_kind(difference) == kind for difference in differences)


def _truncated(scenario, step):
    return scenario.without(range(step + 1, len(scenario.steps)))


def _numbered(candidates):
    return [Scenario(number, c.steps, c.head, c.seed) for number, c in enumerate(candidates)]


def _pieces(scenario, count):
    size = max(1, -(-len(scenario.steps) // count))
    return [range(at, min(at + size, len(scenario.steps)))
            for at in range(0, len(scenario.steps), size)]


def _smaller(judge, scenario, kind, pieces):
    """Leaves out each piece alone, then as many of those that were not needed as can go together."""
    tried = _numbered([scenario.without(piece) for piece in pieces])
    needless = [piece for piece, found in zip(pieces, judge.differences(tried))
                if _still(found, kind)]
    if not needless:
        return None
    together = _numbered([scenario.without([i for piece in needless[:n] for i in piece])
                          for n in range(len(needless), 0, -1)][:16])
    for candidate, found in zip(together, judge.differences(together)):
        if _still(found, kind):
            return candidate
    return scenario.without(needless[0])


def shrink(judge, scenario, difference):
    """The smallest scenario found that shows the difference's kind."""
    kind = _kind(difference)
    number = scenario.number
    scenario = _truncated(scenario, difference.step)
    count = 8
    for _ in range(ROUNDS):
        smaller = _smaller(judge, scenario, kind, _pieces(scenario, count))
        if smaller is not None:
            scenario = smaller
        elif count >= len(scenario.steps):
            break
        else:
            count = min(count * 3, len(scenario.steps), 48)
            if count == 48 and len(scenario.steps) > 48 and smaller is None:
                count = len(scenario.steps)
    return Scenario(number, scenario.steps, scenario.head, scenario.seed)
