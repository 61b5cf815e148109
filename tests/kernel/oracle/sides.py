# SPDX-License-Identifier: BSD-2-Clause
"""The two that play scenarios: the kernel in its guest, and liblvs in the subject."""

import subprocess

from . import image, outcome
from .failure import Failure
from .machine import Machine


class Kernel:
    """Starts the guest when it is first needed, and starts it anew when it failed."""

    def __init__(self, cache, agent):
        self._kernel, self._initrd = image.make(cache, agent)
        self._machine = None
        self.renewed = 0  # how often a guest was lost

    def play(self, scenarios, tell=lambda done: None):
        """Outcomes by scenario number; `tell` hears how many steps are done.

        A guest that has played before may be spoilt by that: a fresh one has another try."""
        if self._machine:
            try:
                return self._play(scenarios, tell)
            except Failure:
                self.renewed += 1
        return self._play(scenarios, tell)

    def _play(self, scenarios, tell):
        if self._machine is None:
            self._machine = Machine(self._kernel, self._initrd)
        try:
            return outcome.read(self._told(scenarios, tell))
        except BaseException:
            self.close()
            raise

    def _told(self, scenarios, tell):
        done, total = 0, sum(len(scenario.steps) for scenario in scenarios)
        try:
            for line in self._machine.play("".join(s.text() for s in scenarios)):
                if line.startswith("status "):
                    done += 1
                    tell(done)
                yield line
        except Failure:
            # All was told, and the guest lost while it took a namespace down.
            if done < total:
                raise
            self.renewed += 1
            self.close()

    def close(self):
        """Ends the guest."""
        if self._machine:
            self._machine.close()
            self._machine = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Subject:
    """liblvs, at the times that the guest's clock showed."""

    def __init__(self, program):
        self._program = program

    def play(self, scenarios, kernel):
        """Outcomes by scenario number."""
        text = "".join(s.text([step.at for step in kernel[s.number]]) for s in scenarios)
        done = subprocess.run([self._program], input=text.encode(), capture_output=True,
                              timeout=300, check=False)
        if done.returncode != 0:
            raise Failure(f"{self._program} ended with {done.returncode}: "
                          f"{done.stderr.decode(errors='replace').strip()}")
        return outcome.read(done.stdout.decode(errors="backslashreplace").splitlines())
