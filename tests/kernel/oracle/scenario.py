# SPDX-License-Identifier: BSD-2-Clause
"""A scenario: steps at times. It is text for the guest, for the subject and in a file."""

import dataclasses

from . import place
from .failure import Failure

SECOND = 1_000_000_000


@dataclasses.dataclass
class Step:
    """One step. `args` stands behind the verb, without the number of the step that `to` is."""

    at: int
    verb: str
    args: str = ""
    to: "Step | None" = None
    note: str = ""

    def line(self, numbers):
        """The step's line; `numbers` gives the number of the step that is answered."""
        if self.to is None:
            return f"{self.verb} {self.args}".rstrip()
        interface, _, rest = self.args.partition(" ")
        return f"{self.verb} {interface} {numbers[id(self.to)]} {rest}"

    @property
    def is_packet(self):
        """Whether a frame comes in."""
        return self.verb in ("frame", "answer", "quote")


@dataclasses.dataclass
class Scenario:
    """Steps in order of time, behind a head that says where the director stands."""

    number: int
    steps: list
    head: str = dataclasses.field(default_factory=place.lines)
    seed: int | None = None

    def text(self, times=None, notes=False):
        """As both sides read it, with the times given instead of its own."""
        numbers = {id(step): number for number, step in enumerate(self.steps)}
        lines = [f"scenario {self.number}\n", self.head]
        last = None
        for number, step in enumerate(self.steps):
            at = times[number] if times else step.at
            if notes and step.note:
                lines.append(f"# {step.note}\n")
            if at != last:
                lines.append(f"at {at}\n")
            lines.append(step.line(numbers) + "\n")
            last = at
        return "".join(lines) + "end\n"

    def without(self, indexes):
        """The same but for some steps, and for the answers to them."""
        gone = {id(self.steps[index]) for index in indexes}
        steps = []
        for step in self.steps:
            if id(step) in gone or step.to is not None and id(step.to) in gone:
                gone.add(id(step))
            else:
                steps.append(step)
        return dataclasses.replace(self, steps=steps)

    @property
    def packets(self):
        """How many frames come in."""
        return sum(step.is_packet for step in self.steps)


def parse(text):
    """The scenario in a file that text(notes=True) wrote."""
    steps, head, number, at, note = [], [], None, 0, ""
    for line in text.splitlines():
        verb, _, args = line.strip().partition(" ")
        if verb == "#":
            note = args
        elif verb == "scenario":
            number = int(args)
        elif verb in ("addr", "neigh", "route", "mark"):
            head.append(line + "\n")
        elif verb == "at":
            at = int(args)
        elif verb in ("answer", "quote"):
            interface, to, rest = args.split(" ", 2)
            steps.append(Step(at, verb, f"{interface} {rest}", steps[int(to)], note))
            note = ""
        elif verb and verb != "end":
            steps.append(Step(at, verb, args, None, note))
            note = ""
    if number is None:
        raise Failure("the file has no line \"scenario <number>\"")
    return Scenario(number, steps, "".join(head))
