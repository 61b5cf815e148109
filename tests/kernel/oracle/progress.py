# SPDX-License-Identifier: BSD-2-Clause
"""A bar that says how far it is: on a terminal moving, else a line for each tenth."""

import sys
import time

WIDTH = 40


class Progress:
    """Of `total` things."""

    def __init__(self, total, what, quiet=False):
        self._total, self._what, self._quiet = max(total, 1), what, quiet
        self._moving = sys.stderr.isatty()
        self._shown = -1
        self._begun = time.monotonic()

    def at(self, done):
        """So many are done."""
        part = done * (100 if self._moving else 10) // self._total
        if self._quiet or part == self._shown:
            return
        self._shown = part
        bar = "#" * (done * WIDTH // self._total)
        seconds = time.monotonic() - self._begun
        text = f"[{bar:<{WIDTH}}] {done} of {self._total} {self._what}, {seconds:.0f} s"
        print(f"\r{text}" if self._moving else text, end="" if self._moving else "\n",
              file=sys.stderr, flush=True)

    def end(self):
        """All are."""
        if self._moving and not self._quiet:
            print(file=sys.stderr)
