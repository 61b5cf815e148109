# SPDX-License-Identifier: BSD-2-Clause
"""Random scenarios, the same for the same seed."""

import random

from . import config, features as features_module
from .dropping import dropping
from .flow import Flow
from .ftp import FtpFlow
from .pace import TIMEOUTS, Pace
from .scenario import SECOND, Scenario, Step
from .stray import Stray

TICKS = SECOND // 100  # more than two of the kernel's
LISTINGS = ("-Ln", "-Lnc", "-Ln --stats --exact", "-Ln --thresholds",
            "-Ln --persistent-conn")
SCTP_TIMEOUTS = (4, 61)
# Sysctls by the feature that brings them, with values.
SYSCTLS = (
    ("reuse", "conn_reuse_mode", (0, 1, 2, 3, 3)),
    ("reuse", "expire_nodest_conn", (0, 1, 1)),
    ("sloppy", "sloppy_tcp", (0, 1)),
    ("sctp", "sloppy_sctp", (0, 1)),
    ("pmtu", "pmtu_disc", (0, 1)),
    ("quiescent", "expire_quiescent_template", (0, 1)),
    ("nat-icmp", "nat_icmp_send", (0, 1)),
    ("schedule-icmp", "schedule_icmp", (0, 1)),
    ("ignore-tunneled", "ignore_tunneled", (0, 1)),
    ("bypass", "cache_bypass", (0, 1, 1)),
    ("secure", "secure_tcp", (0, 1, 2, 3, 3)),
    ("drop-packet", "drop_packet", (0, 1, 3, 3)),
    ("drop-packet", "am_droprate", (1, 2, 3, 10)),
    ("secure", "amemthresh", (1024, 1 << 30)),
    ("backup", "backup_only", (0, 1, 1)),
)
# The kernel looks at these once a second.
DEFENCES = ("secure_tcp", "drop_packet", "am_droprate", "amemthresh")
SETTLING = 3 * SECOND
# What needs a coincidence to show is set in more scenarios than the others.
OFTEN = {"reuse": 0.35, "backup": 0.9, "schedule-icmp": 0.3, "secure": 0.25}
BACKUP = ("--start-daemon backup", "--stop-daemon backup")


def _sysctl(at, name, value):
    return Step(at, "sysctl", f"net/ipv4/vs/{name} {value}")


def _settings(rng, features):
    for feature, name, values in SYSCTLS:
        if feature in features and rng.random() < OFTEN.get(feature, 0.15):
            yield _sysctl(0, name, rng.choice(values))


def _change_setting(rng, features, pace):
    feature, name, values = rng.choice(SYSCTLS)
    if feature not in features:
        return []
    step = _sysctl(pace.next(False), name, rng.choice(values))
    if name in DEFENCES:
        pace.after(SETTLING)
    return [step]


def _listings(rng, at):
    """The kernel gathers its counters every two seconds: they are asked for after some rest.

    ipvsadm itself is started seldom: that takes longer than all else together."""
    steps = [Step(at, "count")]
    if rng.random() < 0.15:
        steps.append(Step(at, "show", rng.choice(LISTINGS)))
    return steps


class _Story:
    """One scenario while it is made."""

    def __init__(self, rng, features, patience=None):
        # A director with connection sync takes no servers of the other family.
        self.has_backup = "backup" in features and rng.random() < 0.12
        features = features - ({"mixed"} if self.has_backup else {"backup"})
        self.rng, self.features = rng, features
        self.services = config.services(rng, features)
        if any(service.port == config.FTP for service in self.services):
            # The guest's copy of what the host takes would count for drop_packet.
            self.features = features = features - {"drop-packet"}
        timeouts = TIMEOUTS + (SCTP_TIMEOUTS if "sctp" in features else ())
        patience = patience or rng.choices(("short", "medium", "long"), (60, 30, 10))[0]
        self.pace = Pace(rng, patience, timeouts)
        self.flows = []
        self.backup_runs = self.has_backup and rng.random() < 0.5
        self.steps = [*_settings(rng, features), *self._begin(),
                      Step(0, "rules", config.rules(rng, self.services)), Step(0, "snap")]
        self._learn_timeouts()
        if any(step.verb == "sysctl" and step.args.split()[0].endswith(DEFENCES)
               for step in self.steps):
            self.pace.after(SETTLING)

    def _begin(self):
        return [Step(0, "ipvsadm", BACKUP[0])] if self.backup_runs else []

    def _learn_timeouts(self):
        for service in self.services:
            for timeout in service.timeouts:
                self.pace.add_template(timeout)
            service.timeouts.clear()

    def _change(self):
        if "live" in self.features and self.rng.random() < 0.2:
            return _change_setting(self.rng, self.features, self.pace)
        if self.has_backup and self.rng.random() < 0.4:
            self.backup_runs = not self.backup_runs
            return [Step(self.pace.next(False), "ipvsadm", BACKUP[not self.backup_runs])]
        if "zero" in self.features and self.rng.random() < 0.06:
            service = self.rng.choice(self.services)
            rule = self.rng.choice(("-Z", f"-Z {service.words()}"))
            # The kernel takes what its estimator has seen: all, after some rest.
            return [Step(self.pace.after(3 * SECOND), "ipvsadm", rule)]
        edit = config.edit(self.rng, self.features, self.services)
        self._learn_timeouts()
        return [Step(self.pace.next(False), "ipvsadm", edit)]

    def _kind(self, service):
        if service.ftp and self.rng.random() < 0.8:
            return FtpFlow
        return Stray if "stray" in self.features and self.rng.random() < 0.04 else Flow

    def _packet(self):
        self.flows = [flow for flow in self.flows if not flow.ended]
        if len(self.flows) < 2 or len(self.flows) < 8 and self.rng.random() < 0.2:
            service = self.rng.choice(self.services)
            self.flows.append(self._kind(service)(self.rng, service))
        return self.rng.choice(self.flows).next(self.pace)

    def go_on(self):
        """One event with what is asked after it."""
        is_change = "edits" in self.features and self.rng.random() < 0.05
        made = self._change() if is_change else self._packet()
        if made:
            self.steps += [*made, Step(self.pace.after(TICKS), "snap")]
            if self.rng.random() < 0.05:
                self.rest()

    def rest(self):
        """Until counters can be asked for."""
        self.steps += _listings(self.rng, self.pace.after(3 * SECOND))


RATES_EVERY, DROPPING_EVERY = 16, 24  # scenarios


class _Rates(_Story):
    """Packets to few services, with a look at the rates after each and each second."""

    def _add(self, step):
        while step.at - self.steps[-1].at > SECOND:
            self.steps.append(Step(self.steps[-1].at + SECOND, "rates"))
        self.steps.append(step)

    def go_on(self):
        for step in self._packet():
            self._add(step)
            self._add(Step(self.pace.after(TICKS), "rates"))
        self._add(Step(self.pace.after(SECOND // 2), "rates"))


def _story(number, rng, features):
    if "rates" in features and number % RATES_EVERY == 7:
        story = _Rates(rng, features - {"fragments", "ftp"}, "steady")
        story.steps.append(Step(story.pace.after(SECOND // 10), "rates"))
        return story
    return _Story(rng, features)


def generate(number, seed, packets, features=features_module.ALL):
    """The scenario with this number of a run with this seed, of about so many packets."""
    if "drop-entry" in features and number % DROPPING_EVERY == 3:
        return Scenario(number, dropping(random.Random(f"{seed}/{number}")), seed=seed)
    story = _story(number, random.Random(f"{seed}/{number}"), features)
    while sum(step.is_packet for step in story.steps) < packets:
        story.go_on()
    story.rest()
    return Scenario(number, story.steps, seed=seed)
