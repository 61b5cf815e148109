# SPDX-License-Identifier: BSD-2-Clause
"""What a scenario's two outcomes differ in."""

import copy
import dataclasses
import re

from . import documented, law, listing, place, survival
from .datagram import Gathered, Gatherer, plain
from .difference import Difference
from .mask import masked
from .pieces import Pieces, is_piece
from .tags import ends
from .template import EXPIRY_SECONDS, is_template, may_have_gone, tolerance
from .tracking import Tracking
from .tunnels import Tunnels
from .unseen import Unseen
from .wire import describe, describe_packet

STATS_COLUMNS = 5
ICMP, ICMPV6 = 1, 58


def _frames_text(frames, interface):
    show = (lambda f: describe_packet(f[14:])) if interface == "p0" else describe
    return "; ".join(map(show, frames)) or "nothing"


def _compare_frames(number, kernel, liblvs):
    for interface in kernel.out:
        ours, theirs = liblvs.out[interface], kernel.out[interface]
        if any(isinstance(frame, Gathered) for frame in ours + theirs):
            ours, theirs = map(plain, ours), map(plain, theirs)
        if ([masked(frame, interface) for frame in ours]
                != [masked(frame, interface) for frame in theirs]):
            yield Difference(number, f"frames on {interface}",
                             _frames_text(kernel.out[interface], interface),
                             _frames_text(liblvs.out[interface], interface), liblvs.reason)


def _conn_text(conn):
    name, left = conn
    return " ".join(name) + f" {left} s left"


class Undecided(Exception):
    """From here on the two sides may differ, and none is wrong: the text says why."""


TIMER = "the timer of what controls others came while the last of them ended"
TEMPLATE_HIT = "a server's packet to port 0, which the kernel takes for one of a template"
APART = "a connection has moved on one side alone: a hostile packet, a refused fragment"
OPENED = "a hostile packet opened a connection in the kernel"
LAW = "drop_entry: the law goes on"
ITSELF = "what the host told an address of its own was scheduled"
COPY = "drop_packet counts the guest's own copy of what the host takes"
# There a service is found first: the copy that shows it in the guest goes through IPVS once more.
COUNTED_TWICE = ("pass ftp_port", "pass ftp_data")


def _without_apart(conns, apart):
    """Connections but those of clients that are apart, and the names of these."""
    return (sorted(conn for conn in conns if conn[0][1] not in apart),
            sorted(name for name, _ in conns if name[1] in apart))


def _are_answered_otherwise(theirs, ours):
    """Whether one side alone takes a template's connections for answered."""
    theirs, ours = ({name[:4] + name[5:]: name[4] for name, _ in conns if is_template(name)}
                    for conns in (theirs, ours))
    return any(ours.get(name, state) != state for name, state in theirs.items())


def _compare_conns(number, kernel, liblvs, apart):
    """Also gives whether a connection is about to end: then one side may be ahead."""
    theirs, their_apart = _without_apart(kernel.conns, apart)
    ours, our_apart = _without_apart(liblvs.conns, apart)
    if their_apart != our_apart or apart and _are_answered_otherwise(theirs, ours):
        raise Undecided(APART)
    differences = []
    ending = False
    while theirs or ours:
        if theirs and ours and theirs[0][0] == ours[0][0]:
            (_, left), (name, our_left) = theirs.pop(0), ours.pop(0)
            if is_template(name) and left <= EXPIRY_SECONDS:
                ending = True  # its timer is due; it may be armed anew
            elif abs(left - our_left) > tolerance(name, max(left, our_left)):
                differences.append(Difference(number, "expiry of " + " ".join(name),
                                              f"{left} s", f"{our_left} s"))
        elif not ours or theirs and theirs[0] < ours[0]:
            conn = theirs.pop(0)
            ending |= conn[1] <= EXPIRY_SECONDS
            if conn[1] > EXPIRY_SECONDS:
                if may_have_gone(conn, kernel):
                    raise Undecided(TIMER)
                differences.append(Difference(number, "connection", _conn_text(conn), "not there"))
        else:
            conn = ours.pop(0)
            ending |= conn[1] <= EXPIRY_SECONDS
            if conn[1] > EXPIRY_SECONDS:
                if may_have_gone(conn, liblvs):
                    raise Undecided(TIMER)
                differences.append(Difference(number, "connection", "not there", _conn_text(conn)))
    return differences, ending


def _without_gauges(service):
    return {"line": service["line"],
            "dests": [(dest, columns[:-4] if "conns" in columns else columns[:2])
                      for dest, columns in service["dests"]]}


LENT = "counters of services: whose a connection is that another one's template led"


def _are_lent(pairs):
    """Whether services differ in nothing but which one has had a connection.

    `pairs` are counters of both sides as numbers, connections first.
    """
    return (all(theirs[1:] == ours[1:] for theirs, ours in pairs)
            and sum(theirs[0] for theirs, _ in pairs) == sum(ours[0] for _, ours in pairs))


def _lent_lines(kernel, liblvs):
    """Whether lines of ipvsadm's --stats differ in that alone."""
    lines = [(kernel[name]["line"], liblvs[name]["line"]) for name in kernel.keys() & liblvs.keys()]
    pairs = [(theirs, ours) for theirs, ours in lines if theirs != ours]
    return bool(pairs) and all(
        word.isdigit() for pair in pairs for line in pair for word in line) and _are_lent(
            [tuple(list(map(int, line)) for line in pair) for pair in pairs])


def _compare_services(number, kernel, liblvs, counts):
    lent = _lent_lines(kernel.services, liblvs.services)
    if lent:
        yield Difference(number, LENT, "the asked service's", "its server's service's")
    for name in sorted(kernel.services.keys() | liblvs.services.keys()):
        theirs, ours = kernel.services.get(name), liblvs.services.get(name)
        if theirs is None or ours is None:
            yield Difference(number, f"service {name}", str(theirs or "not there"),
                             str(ours or "not there"))
            continue
        if not counts:
            theirs, ours = map(_without_gauges, (theirs, ours))
        if theirs["line"] != ours["line"] and not lent:
            what = "counters of" if theirs["line"] and theirs["line"][0].isdigit() else "service"
            yield Difference(number, f"{what} {name}", " ".join(theirs["line"]),
                             " ".join(ours["line"]))
        if theirs["dests"] != ours["dests"]:
            counters = theirs["dests"] and len(theirs["dests"][0][1]) == STATS_COLUMNS
            what = "counters of servers of" if counters else "servers of"
            yield Difference(number, f"{what} {name}", _dests_text(theirs), _dests_text(ours))


def _dests_text(service):
    return "; ".join(" ".join([dest, *columns]) for dest, columns in service["dests"]) or "none"


def _plain(found, verb):
    """Without what the way of listing alone makes differ: ipvsadm sorts servers."""
    if verb == "show":
        for service in found.services.values():
            service["dests"].sort()
    return found


def _compare_counts(number, theirs, ours):
    names = [name for name in theirs.counts.keys() | ours.counts.keys()
             if theirs.counts.get(name) != ours.counts.get(name)]
    services = theirs.services.keys() & ours.services.keys()
    if names and services.issuperset(names) and _are_lent(
            [(theirs.counts[name], ours.counts[name]) for name in names]):
        yield Difference(number, LENT, "the asked service's", "its server's service's")
        return
    for name in names:
        yield Difference(number, f"counters of {name}", str(theirs.counts.get(name)),
                         str(ours.counts.get(name)))


def _compare_listing(number, verb, kernel, liblvs, apart):
    theirs, ours = (_plain(listing.parse(side.text), verb) for side in (kernel, liblvs))
    differences, ending = _compare_conns(number, theirs, ours, apart)
    yield from differences
    yield from _compare_services(number, theirs, ours, not ending and verb != "count")
    yield from _compare_counts(number, theirs, ours)


def _status(step, outcome):
    return outcome.status if step.verb in ("ipvsadm", "rules") else outcome.status != 0


# What liblvs drops with a reason and the kernel handles by its ports alone.
HOSTILE = ("drop short_l4", "drop bad_l4")
PASS_MTU = 9000
ETHERNET, CLIENT_MTU = 14, 1500


def _is_of_copy(frame):
    """The guest's word about its own copy of a datagram on p0, which had come in fragments."""
    if len(frame) >= 42 and frame[14] >> 4 == 4:
        return frame[23] == ICMP and frame[34:36] == b"\3\4" and frame[40:42] == PASS_MTU.to_bytes(
            2, "big")
    return len(frame) >= 62 and frame[20] == ICMPV6 and frame[54] == 2 and frame[60:62] == (
        PASS_MTU.to_bytes(2, "big"))


def _without_copies(theirs, ours):
    """Takes them out; whether there were any: they count as packets out."""
    if any(_is_of_copy(frame) for frames in theirs.out.values() for frame in frames):
        theirs.out = {i: [f for f in frames if not _is_of_copy(f)]
                      for i, frames in theirs.out.items()}
        theirs.out["p0"] = ours.out["p0"]
        return True
    return False


def _is_from_server(step):
    return step.verb in ("frame", "answer") and step.args.startswith("s0 ")


def _tells_itself(theirs):
    """Whether the host's word about a packet that a server sent as an address of the director's
    went to that address, and by a service of it to a server."""
    return any(vip.packed + to.packed in frame for frame in theirs.out["s0"]
               for version in (4, 6) for vip in place.own(version)
               for to in (vip, *place.SERVERS[version]))


def _is_long(step):
    """Whether a packet is longer than what the clients' side takes."""
    return len(bytes.fromhex(step.args.split()[-1])) > ETHERNET + CLIENT_MTU


def _clients(step):
    """Ends of a frame: one of them is the client's."""
    return set(ends(bytes.fromhex(step.args.split()[-1])) or ())


def _compare_step(number, step, theirs, ours, apart):
    if ours.reason in HOSTILE:
        # The kernel may have moved the connection, though nothing left.
        apart |= _clients(step)
        if any(theirs.out.values()):
            yield Difference(number, "hostile packet", "looks at its ports alone", "drops it",
                             ours.reason)
        return
    if _status(step, theirs) != _status(step, ours):
        yield Difference(number, f"status of {step.verb} {step.args[:60]}",
                         f"{theirs.status} {' '.join(theirs.text)}".strip(),
                         f"{ours.status} {' '.join(ours.text)}".strip())
    if not ours.host:
        yield from _compare_frames(number, theirs, ours)
    if step.verb in ("snap", "show", "count"):
        yield from _compare_listing(number, step.verb, theirs, ours, apart)


def _has_consequences(step, difference, theirs, ours):
    """Whether what follows may differ for no other reason.

    Errors of the director's own that differ in a field, and counters, move nothing else.
    """
    known = documented.find(step, difference)
    if known:
        return known.ends
    frames = [f for side in (theirs, ours) for f in side.out["c0"] + side.out["s0"]]
    if difference.what.startswith("frames"):
        return not (frames and all(len(f) >= 34 and (f[23] == ICMP if f[14] >> 4 == 4
                                                     else f[20] == ICMPV6) for f in frames)
                    and all(len(theirs.out[i]) == len(ours.out[i]) for i in theirs.out))
    return not difference.is_counter


def _gathered(outcomes):
    """The same with datagrams instead of fragments."""
    gatherer = Gatherer()
    for outcome in outcomes:
        outcome = copy.copy(outcome)
        outcome.out = {interface: [whole for frame in frames
                                   if (whole := gatherer.take(interface, frame)) is not None]
                       for interface, frames in outcome.out.items()}
        yield outcome


def _rate_samples(outcomes, counted):
    """By object: (seconds, counters as liblvs has them, rates of this side), in order."""
    samples = {}
    for outcome, counts in zip(outcomes, counted):
        for name, listed in listing.parse(outcome.text).rates.items():
            if name in counts:
                samples.setdefault(name, []).append((outcome.at / 1e9, counts[name], listed))
    return samples


def _compare_rates(scenario, kernel, liblvs, alike):
    """Each side's rates by their law; counters of the kernel are as old as its last tick, and liblvs'
    stand for them where they are alike."""
    numbers = [n for n, step in enumerate(scenario.steps) if step.verb == "rates"]
    counted = [listing.parse(liblvs[n].text).counts for n in numbers]
    sides = [("liblvs", liblvs)] + [("kernel", kernel)] * alike
    for side, outcomes in sides:
        for name, samples in _rate_samples([outcomes[n] for n in numbers], counted).items():
            wrong = law.rates(samples)
            if wrong is not None:
                yield Difference(numbers[wrong], f"rates of {name}, {side}'s own law",
                                 str(samples[wrong - 1]), str(samples[wrong]))


def _is_counted_otherwise(theirs, ours, step, clients):
    """Whether counters may differ from here on.

    What the host's own stack says of a packet may pass IPVS and count. So does "no destination" for
    a SYN that opens a connection anew: in the kernel the old one is still there.
    """
    return (_without_copies(theirs, ours) or ours.host or ours.reason in HOSTILE
            or ours.reason == "reply reply_no_dest" and bool(_clients(step) & clients))


def _without_ack(text):
    """A segment in words, without what it acknowledges and the checksum that follows from it."""
    return re.sub(r" ack \d+ sum [0-9a-f]+ ", " ", text)


class _Comparison:
    """Goes through a scenario's steps up to one that has consequences."""

    def __init__(self, scenario, kernel, liblvs):
        self.steps = scenario.steps
        self._numbers = {id(step): number for number, step in enumerate(self.steps)}
        self.kernel, self.liblvs = list(_gathered(kernel)), list(_gathered(liblvs))
        self._found = []
        self.counted = False  # counters may differ from here on
        self._pieces = Pieces()
        self._tracking = Tracking()
        self._tunnels = Tunnels()
        self._templates = set()  # their clients, at the last look
        self._persists = False  # there may be templates
        self._senders = set()  # and receivers of the datagram in pieces
        self._apart = set()  # clients of whom the kernel took what liblvs dropped
        self._clients = set()  # those with connections, at the last look
        self._drops = False  # drop_packet may be on
        self._schedules = False  # schedule_icmp may be on
        self._unseen = Unseen()

    def _step(self, number):
        """The step's differences; Undecided ends it all."""
        step, theirs, ours = self.steps[number], self.kernel[number], self.liblvs[number]
        self._drops |= step.verb == "sysctl" and "/drop_packet " in step.args
        if self._drops and ours.reason in COUNTED_TWICE:
            raise Undecided(COPY)
        if _is_from_server(step) and _clients(step) & self._templates:
            raise Undecided(TEMPLATE_HIT)
        self._tunnels.see(step)
        self._persists |= step.verb in ("rules", "ipvsadm") and " -p " in step.args
        self._schedules |= step.verb == "sysctl" and step.args.endswith("/schedule_icmp 1")
        if self._schedules and ours.host and _is_from_server(step) and _tells_itself(theirs):
            raise Undecided(ITSELF)
        self.counted |= _is_counted_otherwise(theirs, ours, step, self._clients)
        if self._answers_hostile(step):
            return
        if is_piece(step):
            self._pieces.take(theirs, ours)
            # Of a datagram that is refused liblvs has counted the first fragment, not the whole; of
            # a reply that goes on as it is none that came before the first.
            self.counted |= ours.reason.startswith(("reply ", "drop ", "pass fragment"))
            self._senders |= _clients(step)
            # By its first fragment the connection has moved; in the kernel nothing has been here.
            # Where one is too long for the way, the kernel's host refuses a reply before that.
            too_long = ours.reason == "pass reply_seen" and _is_long(step)
            self.counted |= too_long
            if too_long or ours.reason.startswith(("reply ", "drop ")):
                self._apart |= self._senders
        elif step.verb != "rates":  # which are asked for between the pieces
            yield from self._pieces.end(number)
            self._senders = set()
        for difference in _compare_step(number, step, theirs, ours, self._apart):
            yield self._named(step, difference)
        self._tracking.see(step, theirs)
        self._unseen.see(step, theirs)
        if ours.reason in HOSTILE and any(theirs.out.values()) and not (
                _clients(step) & self._clients):
            raise Undecided(OPENED)  # its server has one connection more
        if step.verb == "snap":
            listed = listing.parse(theirs.text)
            self._clients = {name[1] for name, _ in listed.conns}
            self._templates = {name[1] for name, _ in listed.conns if is_template(name)}
            self._tracking.serve(listed.services)

    def _answers_hostile(self, step):
        """Whether it is about a packet that liblvs has dropped and the kernel sent on: for liblvs
        there is nothing to answer. Its connection is apart already."""
        if step.to is None:
            return False
        asked = self._numbers[id(step.to)]
        answers = self.liblvs[asked].reason in HOSTILE and any(self.kernel[asked].out.values())
        self.counted |= answers
        return answers

    def _is_tracked(self, step, difference):
        """Whether the host's connection tracking made it."""
        frame = bytes.fromhex(step.args.split()[-1])
        if difference.kernel != "nothing":
            return (difference.what == "frames on s0" and self._tracking.forgets(frame, step.at)
                    and _without_ack(difference.kernel) == _without_ack(difference.liblvs))
        asked = {("c0", "frames on s0"): self._tracking.refuses,
                 ("c0", "frames on p0"): self._tracking.holds,
                 ("s0", "frames on c0"): self._tracking.misses,
                 # In place of an error: there is no server now.
                 ("c0", "frames on c0"): self._tracking.refuses_anew}
        refuses = asked.get((step.args[:2], difference.what))
        return bool(refuses) and refuses(frame)

    def _is_of_shared_end(self, step, difference):
        """Whether one side alone took an error about a tunnel packet, to an end of several, for one."""
        theirs, ours = self.kernel[difference.step].out, self.liblvs[difference.step].out
        left, taken = (ours, theirs) if difference.reason == "pass icmp" else (theirs, ours)
        return bool(difference.reason in ("pass icmp", "reply reply_tunnel", "drop tunnel_error")
                    and step.is_packet and step.args.startswith("s0 ")
                    and left["p0"] and not left["c0"] and not taken["p0"]
                    and self._tunnels.is_shared(left["p0"][0]))

    def _is_of_template(self, step, difference):
        """Whether the kernel alone takes what concerns a client's port 0 for a template's, unseen."""
        what = step.to if step.verb == "quote" else step
        return (self._persists and step.is_packet and step.args.startswith("s0 ")
                and difference.what == "frames on c0" and difference.reason.startswith("pass ")
                and any(end.endswith("|0") for end in _clients(what))
                and len(self.kernel[difference.step].out["c0"]) == 1)

    def _named(self, step, difference):
        """The difference, by another name where it is known what made it."""
        if self._unseen.explains(difference):
            return dataclasses.replace(difference, what=documented.UNSEEN)
        if step.verb in ("frame", "answer") and self._is_tracked(step, difference):
            return dataclasses.replace(difference, what=documented.TRACKED)
        if self._is_of_shared_end(step, difference):
            return dataclasses.replace(difference, what=documented.SHARED_END)
        if self._is_of_template(step, difference):
            return dataclasses.replace(difference, what=documented.TEMPLATE)
        return difference

    def _take(self, number, new):
        """Whether the comparison goes on behind these."""
        # A counter that is wrong once stays so.
        self._found += [d for d in new if not (self.counted and d.is_counter)]
        self.counted |= any(d.is_counter for d in new)
        step, theirs, ours = self.steps[number], self.kernel[number], self.liblvs[number]
        # So does what differs on purpose, a packet more or less.
        self.counted |= any(documented.find(step, d) for d in new)
        return not any(_has_consequences(step, d, theirs, ours) for d in new)

    def run(self):
        """The differences, how many steps were compared, and why it ended early ("": it did not)."""
        for number, step in enumerate(self.steps):
            if survival.begins(step):
                return self._found, number, LAW
            new = []
            try:
                new.extend(self._step(number))
            except Undecided as why:
                self._found += new
                return self._found, number, str(why)
            if not self._take(number, new):
                return self._found, number + 1, f"difference: {new[-1].kind}"
        return self._found, len(self.steps), ""


def compare_all(scenario, kernel, liblvs):
    """The differences in the order of the steps, how many steps were compared, and why no more."""
    comparison = _Comparison(scenario, kernel, liblvs)
    found, steps, why = comparison.run()
    if why == LAW:
        return found + list(survival.compare(scenario, steps, kernel, liblvs)), len(kernel), ""
    if not why:
        found += _compare_rates(scenario, comparison.kernel, comparison.liblvs,
                                not comparison.counted)
    return found, steps, why


def compare(scenario, kernel, liblvs):
    """The differences of a scenario in the order of its steps, up to one that has consequences."""
    return compare_all(scenario, kernel, liblvs)[0]
