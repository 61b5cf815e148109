# SPDX-License-Identifier: BSD-2-Clause
"""The emulator: started, stopped while it has nothing to do, and ended by its own process number.

Its clock counts instructions (-icount) and leaps over idleness (sleep=off): fifteen minutes of
waiting take a fraction of a second, and a step is done within microseconds of its time, however
busy the machine around it is. An idle guest would leap from timer to timer for ever, so it is
stopped between two batches.
"""

import collections
import ctypes
import json
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from .failure import Failure, Unavailable

EMULATOR = "qemu-system-x86_64"
BOOT_SECONDS = 300
QUIET_SECONDS, LOOK_SECONDS = 300, 5
# Of a device that somebody in the kernel still holds: whoever removes it waits for ever.
STUCK, CONSOLE_END = "unregister_netdevice", 1000
# The last lines leave out what guards a kernel against programs: there is one program here.
APPEND = ("console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable "
          "random.trust_cpu=on init_on_alloc=0 hardened_usercopy=off apparmor=0 audit=0 "
          "randomize_kstack_offset=off norandmaps nosmap nosmep")


PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """In the emulator's process: however this one ends, that one does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def clean_on_signals():
    """A signal that ends the program lets it remove first what it made."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: sys.exit(128 + got))


def _listen(path):
    line = socket.socket(socket.AF_UNIX)
    line.bind(str(path))
    line.listen(1)
    return line


class _Monitor:
    """Stops and continues the guest."""

    def __init__(self, connection):
        self._file = connection.makefile("rwb")
        self._file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command):
        """One command; events that come between are skipped."""
        self._file.write(json.dumps({"execute": command}).encode() + b"\n")
        self._file.flush()
        while line := self._file.readline():
            answer = json.loads(line)
            if "return" in answer:
                return
            if "error" in answer:
                raise Failure(f"the emulator refuses {command}: {answer['error']['desc']}")
        raise Failure(f"the emulator ended at {command}")


class Machine:
    """A guest that plays scenarios. Use it in a `with`: then nothing of it is left."""

    def __init__(self, kernel, initrd, memory_mib=768, leaps=True):
        emulator = shutil.which(EMULATOR)
        if not emulator:
            raise Unavailable(f"there is no {EMULATOR} here (Debian: qemu-system-x86)")
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="lvs-kernel-"))
        self._process = None
        self._lines, self._rest = collections.deque(), b""
        # A clock that leaps suits a guest that is alone; hosts that wait for others need a true one.
        self._clock = ["-icount", "shift=0,sleep=off,align=off"] if leaps else []
        self._begun = time.monotonic()
        try:
            self._boot(emulator, kernel, initrd, memory_mib)
        except BaseException:
            self.close()
            raise
        self.boot_seconds = time.monotonic() - self._begun

    def _boot(self, emulator, kernel, initrd, memory_mib):
        with _listen(self._folder / "line") as line, _listen(self._folder / "monitor") as monitor:
            self._process = subprocess.Popen(
                [emulator, "-machine", "pc", "-cpu", "max", "-m", str(memory_mib),
                 "-accel", "tcg,thread=single", *self._clock,
                 "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
                 "-kernel", str(kernel), "-initrd", str(initrd), "-append", APPEND,
                 "-serial", f"file:{self._folder}/console",
                 "-chardev", f"socket,id=monitor,path={self._folder}/monitor,server=off",
                 "-mon", "chardev=monitor,mode=control",
                 "-device", "virtio-serial-pci",
                 "-chardev", f"socket,id=line,path={self._folder}/line,server=off",
                 "-device", "virtserialport,chardev=line,name=liblvs"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=(self._folder / "emulator").open("wb"), preexec_fn=_die_with_parent)
            self._monitor = _Monitor(self._accept(monitor))
            self._line = self._accept(line)
        self._line.settimeout(QUIET_SECONDS)
        if self._read() != "ready":
            raise Failure(f"the guest does not come up: {self._last_words()}")
        self._monitor.ask("stop")

    def _accept(self, listener):
        listener.settimeout(1)
        while True:
            try:
                connection = listener.accept()[0]
                connection.settimeout(BOOT_SECONDS)
                return connection
            except TimeoutError:
                if self._process.poll() is not None:
                    raise Failure(f"the emulator ended: {self._last_words()}") from None

    def _last_words(self):
        text = ""
        for name in ("console", "emulator"):
            path = self._folder / name
            if path.exists():
                text += path.read_text(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        own = [line for line in lines if line.startswith("agent: ")]
        return " / ".join(own or lines[-12:]) or "no word from it"

    def _more(self):
        """Lines that have come. A guest may be lost without an end: then its kernel says so."""
        for _ in range(0, QUIET_SECONDS, LOOK_SECONDS):
            if select.select([self._line], [], [], LOOK_SECONDS)[0]:
                data = self._line.recv(1 << 16)
                if not data:
                    raise Failure(f"the guest ended: {self._last_words()}")
                *lines, self._rest = (self._rest + data).split(b"\n")
                self._lines.extend(lines)
                return
            if STUCK in (self._folder / "console").read_text(errors="replace")[-CONSOLE_END:]:
                break
        raise Failure(f"no word from the guest: {self._last_words()}")

    def _read(self):
        while not self._lines:
            self._more()
        return self._lines.popleft().decode(errors="backslashreplace")

    def play(self, text):
        """Gives a batch of scenarios; yields the lines that come of it."""
        try:
            yield from self._play(text)
        except OSError as error:
            raise Failure(f"the guest was lost ({error}): {self._last_words()}") from None

    def _play(self, text):
        self._line.setblocking(True)
        self._line.settimeout(QUIET_SECONDS)
        self._monitor.ask("cont")
        self._line.sendall(text.encode() + b"run\n")
        before = ""
        while (line := self._read()) != "done":
            if line.startswith("error "):
                raise Failure(f"the guest: {line[6:]} ({before})")
            before = line
            yield line
        self._monitor.ask("stop")

    def say(self, text):
        """Lines to the guest, which goes on from now on."""
        self._monitor.ask("cont")
        self._line.sendall(text.encode() + b"\n")

    def hear(self):
        """The guest's next line."""
        return self._read()

    def close(self):
        """Ends the emulator and removes what it made."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
