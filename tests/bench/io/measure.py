#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sends each load over each path in turns, and prints what was counted, a line of JSON each.

All processes share one processor. What others did there meanwhile is taken off the time. See docs/testing.md.
"""

import argparse
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HTTP, DATAGRAMS = 80, 9000
TICK = os.sysconf("SC_CLK_TCK")


def parse_load(text):
    """The last line that is a JSON object: what a load has measured. None: it says nothing."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    return None


def parse_packets(text):
    """/proc/net/dev: packets in and out of all interfaces but lo."""
    count = 0
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        if colon and name.strip() != "lo":
            fields = rest.split()
            count += int(fields[1]) + int(fields[9])
    return count


def parse_away(text, cpu):
    """/proc/stat: ticks that a processor was idle, and those that the machine below had taken."""
    fields = re.search(rf"^cpu{cpu} (.*)$", text, re.MULTILINE).group(1).split()
    return int(fields[3]) + int(fields[4]), int(fields[7])


def parse_soft(text, cpu):
    """/proc/stat: ticks that a processor spent in interrupts, hard and soft."""
    fields = re.search(rf"^cpu{cpu} (.*)$", text, re.MULTILINE).group(1).split()
    return int(fields[5]) + int(fields[6])


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def run_ns(directory):
    """Processor time of a process's threads; 0 when it has ended."""
    try:
        return sum(int(read(f"{directory}/task/{task}/schedstat").split()[0])
                   for task in os.listdir(f"{directory}/task"))
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0


def find_softirqd(cpu):
    """The kernel's thread that goes on with the network's work where there is much; None: it is hidden."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if read(f"/proc/{name}/comm").strip() == f"ksoftirqd/{cpu}":
                    return f"/proc/{name}"
            except (FileNotFoundError, ProcessLookupError):
                pass
    return None


def is_apart(config, exists=os.path.exists):
    """Whether the kernel keeps the time of interrupts away from that of the process which they interrupt
    (CONFIG_IRQ_TIME_ACCOUNTING). config: its configuration's text, as far as it can be had."""
    return exists("/proc/pressure/irq") or "CONFIG_IRQ_TIME_ACCOUNTING=y" in config


def kernel_config():
    """"": nobody tells."""
    for name, opener in (("/proc/config.gz", gzip.open), (f"/boot/config-{os.uname().release}", open)):
        try:
            with opener(name, "rt", encoding="ascii", errors="replace") as file:
                return file.read()
        except OSError:
            pass
    return ""


class Machine:
    """What is read before and behind a measurement. proc shows the suite's own processes only."""

    def __init__(self, work, client, cpus):
        self.proc, self.client, self.cpus = f"{work}/proc", client, cpus
        self.softirqd = [find_softirqd(cpu) for cpu in cpus]
        self.apart = is_apart(kernel_config())

    def look(self, balancer):
        me = os.readlink(f"{self.proc}/self")
        own = [name for name in os.listdir(self.proc) if name.isdigit() and name != me]
        times = {int(name): run_ns(f"{self.proc}/{name}") for name in own}
        stat = read("/proc/stat")
        return {"ns": time.monotonic_ns(), "cpu_ns": sum(times.values()), "balancer_ns": times.get(balancer, 0),
                "softirqd_ns": [run_ns(task) if task else 0 for task in self.softirqd],
                "soft_ns": [parse_soft(stat, cpu) * 1000000000 // TICK for cpu in self.cpus],
                "away_ns": [sum(parse_away(stat, cpu)) * 1000000000 // TICK for cpu in self.cpus],
                "packets": parse_packets(read(f"{self.proc}/{self.client}/net/dev"))}


def less(after, before):
    return [a - b for a, b in zip(after, before)] if isinstance(after, list) else after - before


def difference(before, after, load_ns, apart=False):
    """What was used between, with what the load's own processes used. Of two processors the balancer's is the second.
    Soft interrupts run in whichever process is interrupted, and are in its time; where they are kept apart they are added."""
    used = {key: less(after[key], before[key]) for key in before}
    apart_ns = used["soft_ns"] if apart else [0] * len(used["soft_ns"])
    cpu_ns = used["cpu_ns"] + load_ns
    own = [cpu_ns] if len(used["away_ns"]) == 1 else [cpu_ns - used["balancer_ns"], used["balancer_ns"]]
    others = [used["ns"] - away - mine - softirqd - soft
              for away, mine, softirqd, soft in zip(used["away_ns"], own, used["softirqd_ns"], apart_ns)]
    return {"wall_ns": used["ns"], "cpu_ns": cpu_ns + sum(used["softirqd_ns"]) + sum(apart_ns),
            "balancer_ns": used["balancer_ns"], "soft_ns": sum(used["soft_ns"]),
            "others_ns": max(0, *others), "packets": used["packets"]}


def command(load, address, seconds):
    base = load.removesuffix("-plain")
    port = DATAGRAMS if base.startswith("udp") else HTTP
    return ["nsenter", "--net=/run/netns/lvs-client", "--", f"{HERE}/loads/{base}.sh", address, str(port), str(seconds)]


def start(load, address, seconds, errors):
    return subprocess.Popen(command(load, address, seconds), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=errors)


def finish(process, seconds):
    """What it says, and the processor time of it and its children. It is ended when it takes too long."""
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.alarm(seconds + 5)
    text = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    signal.alarm(0)
    process.returncode = status
    return text, int((usage.ru_utime + usage.ru_stime) * 1e9)


def carries_something(address, errors):
    """A busy machine may need several tries."""
    for _ in range(20):
        text, _ = finish(start("bulk-8", address, 0.1, errors), 1)
        if (parse_load(text) or {}).get("units"):
            return True
    return False


def warm(paths, errors):
    """Each path once, so that neighbours are known."""
    for name, address, _ in paths:
        if not carries_something(address, errors):
            sys.exit(f"io: nothing comes over {name}")


def measure(machine, path, load, seconds, errors):
    name, address, balancer = path
    before = machine.look(balancer)
    text, load_ns = finish(start(load, address, seconds, errors), seconds)
    after = machine.look(balancer)
    told = parse_load(text)
    line = {"path": name, "load": load, **difference(before, after, load_ns, machine.apart)}
    return {**line, **told} if told and told["units"] > 0 else {**line, "failed": True}


def carries(name, load):
    """HAProxy knows no UDP."""
    return not (name.startswith("haproxy") and load.startswith("udp"))


def plan(paths, loads, rounds):
    """(round, path, load): in each round each load by all paths, another path first in each."""
    for turn in range(rounds):
        first = turn * len(paths) // rounds
        for load in loads:
            for path in paths[first:] + paths[:first]:
                if carries(path[0], load):
                    yield turn, path, load


class Offloads:
    """Those of all links; changed where a load wants it."""

    def __init__(self, work):
        self.links, self.state = f"{work}/links", None

    def set(self, state):
        if state != self.state:
            subprocess.run([f"{HERE}/offloads.sh", state, self.links], check=True)
            self.state = state


class Progress:
    """One line on a terminal, which it overwrites; one for each round elsewhere."""

    def __init__(self, count, rounds):
        self.count, self.rounds, self.done, self.turn = count, rounds, 0, -1
        self.begin = time.monotonic()

    def left(self, took):
        """Nobody knows before the first is through."""
        return f", {took / self.done * (self.count - self.done):.0f} s left" if self.done else f", {self.count} measurements"

    def tell(self, turn, name, load):
        line, left = f"io: round {turn + 1} of {self.rounds}", self.left(time.monotonic() - self.begin)
        if sys.stderr.isatty():
            print(f"\r\033[K{line}, {load} over {name}{left}", end="", file=sys.stderr, flush=True)
        elif turn != self.turn:
            print(f"{line}{left}", file=sys.stderr, flush=True)
        self.turn, self.done = turn, self.done + 1

    def end(self, note=""):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        if note:
            print(f"io: {note}", file=sys.stderr, flush=True)


def read_paths(work):
    """NAME ADDRESS PID a line; the pid is 0 where the kernel is the balancer, or none is there."""
    return [(name, address, int(pid)) for name, address, pid in (line.split() for line in
                                                                read(f"{work}/paths").splitlines())]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--cpu", type=int, action="append", required=True)
    for name in ("--client", "--rounds", "--seconds", "--budget"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("loads", nargs="+")
    return parser.parse_args()


def ordered(loads):
    """Those without offloads behind the others: changing them takes time."""
    return sorted(loads, key=lambda load: load.endswith("-plain"))


def main():
    args = arguments()
    paths, loads = read_paths(args.work), ordered(args.loads)
    machine, offloads = Machine(args.work, args.client, args.cpu), Offloads(args.work)
    steps = list(plan(paths, loads, args.rounds))
    progress = Progress(len(steps), args.rounds)
    end, note = time.monotonic() + args.budget, ""
    with open(f"{args.work}/loads.log", "w", encoding="ascii") as errors:
        warm(paths, errors)
        for turn, path, load in steps:
            if time.monotonic() > end:
                note = f"no time for more than {progress.done} of {progress.count} measurements"
                break
            offloads.set("off" if load.endswith("-plain") else "on")
            progress.tell(turn, path[0], load)
            print(json.dumps({"round": turn, **measure(machine, path, load, args.seconds, errors)}), flush=True)
    progress.end(note)


if __name__ == "__main__":
    main()
