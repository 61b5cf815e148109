# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios through both sides, and what they differ in."""

from .compare import compare
from .failure import Failure


class Judge:
    """Holds both sides."""

    def __init__(self, kernel, subject):
        self._kernel = kernel
        self._subject = subject

    def differences(self, scenarios, tell=lambda done: None):
        """A list of differences for each scenario, in their order."""
        kernel = self._kernel.play(scenarios, tell)
        for scenario in scenarios:
            played = len(kernel.get(scenario.number, ()))
            if played != len(scenario.steps):
                raise Failure(f"the guest played {played} of {len(scenario.steps)} steps of "
                              f"scenario {scenario.number}")
        liblvs = self._subject.play(scenarios, kernel)
        return [compare(s, kernel[s.number], liblvs[s.number]) for s in scenarios]
