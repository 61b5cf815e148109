# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios through both sides, and what they differ in."""

from .compare import compare
from .failure import Failure


class Judge:
    """Holds both sides."""

    def __init__(self, kernel, subject, coverage=None):
        self._kernel = kernel
        self._subject = subject
        self._coverage = coverage

    def watch(self, scenarios, tell=lambda done: None):
        """What the kernel makes of them: outcomes by scenario number."""
        kernel = self._kernel.play(scenarios, tell)
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
        for scenario in scenarios if self._coverage else ():
            self._coverage.add(scenario, kernel[scenario.number])
        return [compare(s, kernel.get(s.number, []), liblvs.get(s.number, [])) for s in scenarios]
