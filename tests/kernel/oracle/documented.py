# SPDX-License-Identifier: BSD-2-Clause
"""Where liblvs does otherwise on purpose: each with the page that says so. No other may be here."""

import dataclasses
import re
from collections.abc import Callable

from .pieces import ERRORS


@dataclasses.dataclass(frozen=True)
class Documented:
    """One way of differing. `applies` gets the step and the difference; `ends` says whether what
    follows may differ for no other reason."""

    name: str
    page: str
    applies: Callable
    ends: bool = False


def _is_tunnel_error6(step, difference):
    """An ICMPv6 error about an IPv6 tunnel packet, which the kernel leaves to the host."""
    return (step.verb == "quote" and step.args.startswith("s0 ") and "86dd6" in step.args[:60]
            and difference.reason in ("reply reply_tunnel", "drop tunnel_error",
                                      "drop icmp_checksum"))


def _without_mtu(text):
    """A single "fragmentation needed" in words, without its MTU and what follows from it."""
    error, _, quoted = text.partition(" about ")
    if ";" in quoted or " ICMP 3/4 " not in error:
        return None
    return re.sub(r"\b(id|sum|word) [0-9a-f]+", "", error), quoted


def _is_learned_mtu(step, difference):
    """The MTU that a client is told when its tunnel packet was too long for a router."""
    return (step.verb == "quote" and step.args.startswith("s0 ")
            and difference.reason == "reply reply_tunnel"
            and _without_mtu(difference.kernel) is not None
            and _without_mtu(difference.kernel) == _without_mtu(difference.liblvs))


def _is_hostile(_, difference):
    """Transport headers that are cut short or lie about their length."""
    return difference.what == "hostile packet"


def _is_lent(_, difference):
    """A connection that a template of another service of the address has led."""
    return "whose a connection is" in difference.what


# How a difference is called that tracking.py explains.
TRACKED = "frames, which the host's connection tracking refuses"


def _is_tracked_by_host(_, difference):
    """On FTP's connections: what the host's connection tracking does not take for a packet of them, a
    SYN that opens one anew which it still has, and replies to be rewritten when it has gone with the
    last FTP service; the kernel drops them. What it has forgotten goes on as it is."""
    return difference.what == TRACKED and difference.reason in (
        "forward established", "forward scheduled", "forward reply", "pass ftp_port",
        "pass not_new", "reply reply_no_dest")


# Of counters that unseen.py explains.
UNSEEN = "counters that the kernel had not gathered when it took them for zero"


def _is_unseen(_, difference):
    """What a server had in the two seconds before it was removed, when it is back in a new service."""
    return difference.what == UNSEEN


_MARKED = re.compile(r"ICMP \S+ .* about \[\S+ > (203\.0\.113\.(3[2-9]|4[0-7])|2001:db8:f:[12]:\S+) ")


def _is_from_no_address(_, difference):
    """An error to a client who asked for an address that is only marked, not the host's own: the
    kernel's stack refuses to send from there (IPv4) or takes another address (IPv6)."""
    return (difference.reason in ("reply reply_no_dest", "reply reply_ttl", "reply reply_mtu",
                                  "reply reply_tunnel")
            and difference.what == "frames on c0" and bool(_MARKED.search(difference.liblvs))
            and (difference.kernel == "nothing" or bool(_MARKED.search(difference.kernel))))


_ASKED_MARKED = re.compile(r"about (203\.0\.113\.(3[2-9]|4[0-7])|2001:db8:f:[12]:\S+)(; |$)")


def _is_in_pieces_from_no_address(_, difference):
    """The same of a datagram in pieces."""
    return (difference.what == ERRORS and difference.kernel == "nothing"
            and len(_ASKED_MARKED.findall(difference.liblvs)) == difference.liblvs.count(" about "))


_OWN_MARKED = re.compile(r"(ICMP 1/4 .* about \[\S+ > |is told 1/4 about )2001:db8:f::12\b")


def _is_own_bypassed(_, difference):
    """"No destination" for an IPv6 address of the director's own that is marked, with cache_bypass."""
    return (difference.what in ("frames on c0", ERRORS) and difference.kernel == "nothing"
            and bool(_OWN_MARKED.search(difference.liblvs)))


# How a difference is called that tunnels.py explains.
SHARED_END = "frames, about a tunnel to the end of several"


def _is_shared_end(_, difference):
    """Whether an error is about a tunnel packet: the newest destination of the address says, or the
    connection's."""
    return difference.what == SHARED_END


# How a difference is called that a template makes which no listing has shown.
TEMPLATE = "frames, by a template"


def _is_of_template(_, difference):
    """What concerns a client's port 0, which the kernel takes for a template's."""
    return difference.what == TEMPLATE


DOCUMENTED = (
    Documented("what the host's connection tracking thinks of FTP's control connections",
               "docs/kernel-differences.md", _is_tracked_by_host, ends=True),
    Documented("errors come from the address that was asked, the host's own or not",
               "docs/kernel-differences.md", _is_from_no_address),
    Documented("errors about fragments come from the address that was asked",
               "docs/kernel-differences.md", _is_in_pieces_from_no_address),
    Documented("a marked IPv6 address of the director's own has no destination",
               "docs/kernel-differences.md", _is_own_bypassed, ends=True),
    Documented("a template is no connection", "docs/kernel-differences.md", _is_of_template, ends=True),
    Documented("a tunnel packet is the connection's", "docs/kernel-differences.md", _is_shared_end,
               ends=True),
    Documented("zeroing takes all that has come", "docs/kernel-differences.md", _is_unseen),
    Documented("a service's connections are those of its servers", "docs/kernel-differences.md",
               _is_lent),
    Documented("cut or lying transport headers are dropped", "docs/kernel-differences.md",
               _is_hostile),
    Documented("errors about IPv6 tunnel packets reach the client", "docs/adr/0011-icmp.md",
               _is_tunnel_error6, ends=True),
    Documented("a client is told the MTU just learned", "docs/kernel-differences.md",
               _is_learned_mtu),
)


def find(step, difference):
    """The entry that a difference falls under, or None."""
    return next((entry for entry in DOCUMENTED if entry.applies(step, difference)), None)
