# SPDX-License-Identifier: BSD-2-Clause
"""The service manager's side: lib-service.py LVSD WORK, in a namespace with an interface d0.

Starts lvsd as a unit does (a user without rights but two capabilities, $NOTIFY_SOCKET, a watchdog), and
says of each case "ok - name" or "not ok - name"."""
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time

lvsd, work = sys.argv[1:]
config = work + "/lvsd.yaml"
proc = work + "/proc"  # of the process namespace
failed = False
YAML = """interfaces: [d0]
workers: %d
log-level: %s
services:
- tcp: 192.0.2.80:80
  servers:
  - {address: 198.51.100.11:8080, method: nat, weight: %s}
"""


def check(name, good, *what):
    global failed
    if not good:
        print(*what)
        failed = True
    print(("ok - " if good else "not ok - ") + name, flush=True)


def write(workers=2, level="notice", weight=1):
    with open(config, "w", encoding="ascii") as file:
        file.write(YAML % (workers, level, weight))
    os.chmod(config, 0o644)


class Manager:
    """$NOTIFY_SOCKET, and what comes there."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name if name[0] == "/" else "\0" + name[1:])
        if name[0] == "/":
            os.chmod(name, 0o777)
        self.name = name

    def hear(self, seconds):
        """A datagram, or None when none comes in that time."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def hear_about(self, word, seconds=5):
        """The next that has the word; None when there is none in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.hear(end - time.monotonic())
            if said and word in said:
                return said
        return None

    def forget(self):
        while self.hear(0.01):
            pass


def start(manager, log, *more, watchdog_us=0):
    env = dict(os.environ, NOTIFY_SOCKET=manager.name)
    if watchdog_us:
        env["WATCHDOG_USEC"] = str(watchdog_us)
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps",
            "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw"]
    file = open(log, "w", encoding="utf-8")
    status = os.fstat(file.fileno())
    env["JOURNAL_STREAM"] = "%d:%d" % (status.st_dev, status.st_ino)
    return subprocess.Popen([*user, lvsd, "--config", config, *more], env=env, stderr=file)


def text(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def capabilities(pid):
    """Of each thread: its sets, as they stand there."""
    sets = set()
    for task in os.listdir("%s/%d/task" % (proc, pid)):
        status = text("%s/%d/task/%s/status" % (proc, pid, task))
        sets.add(tuple(re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)", status, re.M)))
    return sets


def worker_of(pid):
    """The thread that was started last."""
    return max(int(task) for task in os.listdir("%s/%d/task" % (proc, pid)))


def held(pid, manager):
    """Whether the watchdog hears nothing while one worker stands still, and something later."""
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17
    task = worker_of(pid)
    if libc.ptrace(seize, task, 0, 0) < 0 or libc.ptrace(interrupt, task, 0, 0) < 0:
        return "ptrace: " + os.strerror(ctypes.get_errno())
    os.waitpid(task, 0x40000000)  # __WALL
    time.sleep(2.3)
    manager.forget()
    silent = manager.hear_about("WATCHDOG", 0.7) is None
    libc.ptrace(detach, task, 0, 0)
    heard = manager.hear_about("WATCHDOG", 2.5) is not None
    return "" if silent and heard else "silent %s, then heard %s" % (silent, heard)


def as_unit():
    write()
    manager = Manager(work + "/notify")
    log = work + "/unit.log"
    process = start(manager, log, watchdog_us=1000000)
    try:
        said = manager.hear_about("READY=1")
        check("READY when addresses are there", said and "STATUS=1 service, 1 server on packet:d0" in said, said,
              text(log))
        check("lines for the journal have their level", re.search(r"^<5>ready: ", text(log), re.M), text(log))
        check("two capabilities are left, none is inherited",
              capabilities(process.pid) == {("0" * 16, "0" * 12 + "3000", "0" * 12 + "3000", "0" * 16)},
              capabilities(process.pid))
        first, second = manager.hear_about("WATCHDOG=1", 1), manager.hear_about("WATCHDOG=1", 1)
        check("the watchdog is fed, in time", first and second, first, second)
        write(workers=3, weight=2)
        os.kill(process.pid, signal.SIGHUP)
        said = manager.hear_about("RELOADING=1")
        check("RELOADING with its time", said and re.search(r"^MONOTONIC_USEC=\d+$", said, re.M), said)
        said = manager.hear_about("READY=1")
        check("READY again", said and "refused" not in said, said)
        check("the difference alone is changed", "(0 added, 1 changed, 0 removed)" in text(log), text(log))
        check("what takes a restart is told, with its line",
              "<4>%s:2: workers is another than at start: a restart takes it up" % config in text(log), text(log))
        write(weight=70000)
        os.kill(process.pid, signal.SIGHUP)
        manager.hear_about("RELOADING=1")
        said = manager.hear_about("READY=1")
        check("a file with a mistake changes nothing", said and "the last reload was refused" in said
              and "<3>%s:7: expected a weight from 0 to 65535" % config in text(log), said, text(log))
        why = held(process.pid, manager)
        check("a worker that stands still starves the watchdog", not why, why)
        check("and the log names it", "<3>worker 1 does not look for packets" in text(log), text(log))
        process.terminate()
        check("STOPPING", manager.hear_about("STOPPING=1"), text(log))
        check("it ends well", process.wait(5) == 0, process.returncode)
        check("nothing is left on the host",
              "192.0.2.80" not in subprocess.run(["ip", "addr"], capture_output=True, text=True, check=True).stdout)
    finally:
        process.kill()
        process.wait()


def by_name():
    """An abstract socket; no watchdog."""
    write(level="error")
    manager = Manager("@lvsd-test")
    process = start(manager, work + "/name.log", "--name", "two")
    try:
        check("an abstract socket", manager.hear_about("READY=1"))
        check("no watchdog that was not asked for", manager.hear_about("WATCHDOG", 0.6) is None)
        check("quiet, by the file's level", text(work + "/name.log") == "", text(work + "/name.log"))
    finally:
        process.terminate()
        process.wait(5)


as_unit()
by_name()
sys.exit(failed)
