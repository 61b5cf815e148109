# SPDX-License-Identifier: BSD-2-Clause
"""Where liblvs does otherwise on purpose: each with the page that says so. No other may be here."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Documented:
    """One way of differing. `applies` gets the step and the difference."""

    name: str
    page: str
    applies: Callable


def _is_tunnel_error6(step, difference):
    """An ICMPv6 error about an IPv6 tunnel packet, which the kernel leaves to the host."""
    return (step.verb == "quote" and step.args.startswith("s0 ") and "86dd6" in step.args[:60]
            and difference.reason in ("reply reply_tunnel", "drop tunnel_error"))


DOCUMENTED = (
    Documented("errors about IPv6 tunnel packets reach the client", "docs/adr/0011-icmp.md",
               _is_tunnel_error6),
)


def find(step, difference):
    """The entry that a difference falls under, or None."""
    return next((entry for entry in DOCUMENTED if entry.applies(step, difference)), None)
