# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios through both sides, and what they differ in."""

import collections
import contextlib

from .compare import compare_all
from .failure import Failure


class Judge:
    """Holds both sides."""

    def __init__(self, kernel, subject, coverage=None):
        self.kernel = kernel
        self._subject = subject
        self.coverage = coverage
        self.packets = 0  # that were compared
        self.ended = collections.Counter()  # why comparisons ended before their scenarios

    @contextlib.contextmanager
    def aside(self):
        """What is played meanwhile is not counted."""
        kept = self.packets, self.ended.copy(), self.coverage
        self.coverage = None
        try:
            yield
        finally:
            self.packets, self.ended, self.coverage = kept

    def watch(self, scenarios, tell=lambda done: None):
        """What the kernel makes of them: outcomes by scenario number."""
        kernel = self.kernel.play(scenarios, tell)
        for scenario in scenarios:
            played = len(kernel.get(scenario.number, ()))
            if played != len(scenario.steps):
                raise Failure(f"the guest played {played} of {len(scenario.steps)} steps of "
                              f"scenario {scenario.number}")
        return kernel

    def differences(self, scenarios, tell=lambda done: None):
        """A list of differences for each scenario, in their order."""
        kernel = self.watch(scenarios, tell)
        liblvs = self._subject.play(scenarios, kernel)
        for scenario in scenarios if self.coverage else ():
            self.coverage.add(scenario, kernel[scenario.number])
        return [self._compare(s, kernel.get(s.number, []), liblvs.get(s.number, []))
                for s in scenarios]

    def _compare(self, scenario, kernel, liblvs):
        found, steps, why = compare_all(scenario, kernel, liblvs)
        self.packets += sum(step.is_packet for step in scenario.steps[:steps])
        if why:
            self.ended[why] += 1
        return found
