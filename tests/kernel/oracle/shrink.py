# SPDX-License-Identifier: BSD-2-Clause
"""Makes a scenario smaller while the same thing still differs.

Candidates are tried side by side in one batch: what costs is the batch, not the candidate.
"""

import dataclasses

from .scenario import Scenario, Step

WIDTH = 16
ROUNDS = 16


def _still(differences, kind):
    return any(difference.kind == kind for difference in differences)


def _singly(scenario):
    """Each rule a step of its own, so that it can go alone."""
    steps = []
    for step in scenario.steps:
        if step.verb == "rules":
            steps += [Step(step.at, "ipvsadm", rule) for rule in step.args.split(";")]
        else:
            steps.append(step)
    return dataclasses.replace(scenario, steps=steps)


def _numbered(candidates):
    return [dataclasses.replace(c, number=number) for number, c in enumerate(candidates)]


def _pieces(scenario, size):
    """Ranges of steps, later ones first: they are needed least."""
    ends = range(len(scenario.steps), 0, -size)
    return [range(max(0, end - size), end) for end in ends]


def _kept(judge, scenario, kind, pieces):
    """Which of these pieces can each be left out alone."""
    tried = _numbered([scenario.without(piece) for piece in pieces])
    return [piece for piece, found in zip(pieces, judge.differences(tried))
            if _still(found, kind)]


def _without_pieces(judge, scenario, kind, size):
    """The scenario without as many pieces of this size as can go."""
    pieces = _pieces(scenario, size)
    needless = []
    for at in range(0, len(pieces), WIDTH):
        needless += _kept(judge, scenario, kind, pieces[at:at + WIDTH])
    while needless:
        candidate = scenario.without([i for piece in needless for i in piece])
        if len(needless) == 1 or _still(judge.differences(_numbered([candidate]))[0], kind):
            return candidate
        needless = needless[:len(needless) // 2]
    return scenario


def shrink(judge, scenario, difference):
    """The smallest scenario found that shows the difference's kind; its number stays."""
    number, kind = scenario.number, difference.kind
    small = _singly(scenario.without(range(difference.step + 1, len(scenario.steps))))
    # Listings are most of the steps; the last one shows what differs, if a listing does.
    snaps = [i for i, step in enumerate(small.steps[:-1]) if step.verb in ("snap", "show")]
    bare = small.without(snaps)
    if _still(judge.differences(_numbered([bare]))[0], kind):
        small = bare
    size = max(1, len(small.steps) // 8)
    for _ in range(ROUNDS):
        smaller = _without_pieces(judge, small, kind, size)
        if size == 1 and len(smaller.steps) == len(small.steps):
            break
        small, size = smaller, max(1, size // 2)
    return Scenario(number, small.steps, small.head, small.seed)
