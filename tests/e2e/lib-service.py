# SPDX-License-Identifier: BSD-2-Clause
"""The service manager's side: lib-service.py LVSD WORK, in a namespace with an interface d0.

Starts lvsd as a unit does (a user without rights but two capabilities, $NOTIFY_SOCKET, a watchdog), and
says of each case "ok - name" or "not ok - name"."""
import ctypes
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

lvsd, work = sys.argv[1:]
dashboard = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/lvsd/lvsd-dashboard.json")
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
    process = start(manager, work + "/name.log", "--name", "two", "--no-address")
    try:
        check("an abstract socket", manager.hear_about("READY=1"))
        check("no watchdog that was not asked for", manager.hear_about("WATCHDOG", 0.3) is None)
        check("quiet, by the file's level", text(work + "/name.log") == "", text(work + "/name.log"))
    finally:
        process.terminate()
        process.wait(5)


def request(method, path):
    connection = http.client.HTTPConnection("127.0.0.1", 9102, timeout=5)
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def parse(body):
    """Samples by name. What the text format asks for is asserted."""
    families, samples, family = {}, {}, None
    for line in body.splitlines():
        word = line.split(" ", 3)
        if word[:2] == ["#", "HELP"]:
            assert word[2] not in families and word[3], line
            family = word[2]
        elif word[:2] == ["#", "TYPE"]:
            assert word[2] == family and word[3] in ("counter", "gauge"), line
            assert (word[3] == "counter") == family.endswith("_total"), line
            families[family] = word[3]
        else:
            match = re.fullmatch(r'(lvs_[a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (\d+)', line)
            assert match and match[1] == family, line
            assert match[2] not in samples.setdefault(family, {}), line
            samples[family][match[2]] = int(match[3])
    return families, samples


def served():
    """Prometheus' side."""
    write()
    manager = Manager(work + "/notify-metrics")
    process = start(manager, work + "/metrics.log", "--metrics", "9102", "--no-address")
    idle = []
    try:
        manager.hear_about("READY=1")
        status, body = request("GET", "/metrics")
        families, samples = parse(body)
        check("metrics, each with HELP and TYPE", status == 200 and len(families) > 30, status, body)
        server = samples["lvs_backend_weight"]
        check("a server with all that names it", server == {
            '{family="ipv4",local_address="192.0.2.80",local_mark="",local_port="80",proto="TCP",'
            'remote_address="198.51.100.11",remote_port="8080"}': 1}, server)
        check("the files are in force", samples["lvs_config_last_reload_successful"][None] == 1)
        write(weight=70000)
        os.kill(process.pid, signal.SIGHUP)
        manager.hear_about("READY=1")
        samples = parse(request("GET", "/metrics")[1])[1]
        check("a reload that was refused shows", samples["lvs_config_last_reload_successful"][None] == 0, samples)
        check("other paths and methods", [request("GET", "/x")[0], request("POST", "/metrics")[0],
                                          request("HEAD", "/metrics")] == [404, 405, (200, "")])
        known = set(families)
        used = set(re.findall(r"lvs_[a-z_]+", " ".join(
            target["expr"] for panel in json.loads(text(dashboard))["panels"] for target in panel["targets"])))
        check("the dashboard is JSON, and asks for what there is", used and used <= known, used - known)
        listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
        check("at loopback alone", re.findall(r"\S+:9102", listening) == ["127.0.0.1:9102"], listening)
        idle = [socket.create_connection(("127.0.0.1", 9102)) for _ in range(40)]
        idle[0].send(b"GET /metrics HTTP/1.1\r\n")
        os.kill(process.pid, signal.SIGHUP)
        check("who says nothing holds up nobody", manager.hear_about("READY=1", 2))
        promtool(body)
    finally:
        for one in idle:
            one.close()
        process.terminate()
        process.wait(5)


def promtool(body):
    try:
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        print("skip - promtool: it is missing")
        return
    check("promtool", done.returncode == 0 and not done.stderr, done.stderr)


as_unit()
by_name()
served()
sys.exit(failed)
