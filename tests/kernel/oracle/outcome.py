# SPDX-License-Identifier: BSD-2-Clause
"""What came of a step, on either side, as its lines say."""

import dataclasses

from .failure import Failure


@dataclasses.dataclass
class Outcome:
    """Of one step."""

    at: int
    out: dict = dataclasses.field(default_factory=lambda: {"c0": [], "s0": [], "p0": []})
    text: list = dataclasses.field(default_factory=list)
    reason: str = ""
    status: int = 0
    host: bool = False  # liblvs left it to the host, whose stack has its own word


def read(lines):
    """Outcomes by scenario number, each a list by step."""
    found = {}
    outcome = None
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "step":
            scenario, step, at = map(int, rest.split())
            outcome = Outcome(at)
            outcomes = found.setdefault(scenario, [])
            if step != len(outcomes):
                raise Failure(f"step {step} of scenario {scenario} came out of turn")
            outcomes.append(outcome)
        elif word == "note":
            pass
        elif word == "error" or outcome is None:
            raise Failure(line)
        elif word == "out":
            interface, data = rest.split(" ")
            outcome.out[interface].append(bytes.fromhex(data))
        elif word == "text":
            outcome.text.append(rest)
        elif word == "reason":
            outcome.reason = rest
        elif word == "host":
            outcome.host = True
        elif word == "status":
            outcome.status = int(rest)
        else:
            raise Failure(f"not understood: {line}")
    return found
