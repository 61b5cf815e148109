# SPDX-License-Identifier: BSD-2-Clause
"""What two outcomes of one step differ in."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Difference:
    """One, with where it shows."""

    step: int
    what: str
    kernel: str
    liblvs: str
    reason: str = ""

    @property
    def is_counter(self):
        """Whether it is about packets and bytes."""
        return self.what.startswith("counters")

    @property
    def kind(self):
        """What sort it is: the same for the same fault, mostly."""
        what = self.what.split(" of ")[0].split(" TCP")[0].split(" UDP")[0]
        return f"{what} {self.reason}".strip()

    def __str__(self):
        why = f" ({self.reason})" if self.reason else ""
        return (f"step {self.step}: {self.what}\n    kernel: {self.kernel}\n"
                f"    liblvs: {self.liblvs}{why}")
