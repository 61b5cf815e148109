# SPDX-License-Identifier: BSD-2-Clause
# Load on a service, and the two ends of a UDP echo.
#
#   load ADDRESS LOG NEW LONG   threads with new connections, and connections that stay
#   echo NAME PORT              a UDP server that answers "NAME what it got"
#   ask ADDRESS PORT COUNT      COUNT sockets, three questions each; prints the names
#
# A line of LOG: seconds new|long server|- ok|error local-port
import http.client
import itertools
import socket
import sys
import threading
import time

TIMEOUT_S = 2
# Each port once: one that was used with a server that is gone by now would be that connection still.
PORTS = itertools.count(10000)


class Log:
    def __init__(self, name):
        self.file = open(name, "w", buffering=1)
        self.lock = threading.Lock()

    def line(self, kind, server, outcome, port):
        with self.lock:
            self.file.write(f"{time.time():.3f} {kind} {server} {outcome} {port}\n")


def connect(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    connection.sock = socket.socket(family, socket.SOCK_STREAM)
    connection.sock.settimeout(TIMEOUT_S)
    port = next(PORTS)
    connection.sock.bind(("", port))
    return connection, port


def get(connection):
    connection.request("GET", "/")
    return connection.getresponse().read().split()[0].decode()


def word(error):
    return type(error).__name__


def new(address, log):
    while True:
        connection, port = connect(address)
        try:
            connection.sock.connect((address, 80))
            log.line("new", get(connection), "ok", port)
        except (OSError, http.client.HTTPException, IndexError) as error:
            log.line("new", "-", word(error), port)
        connection.close()
        time.sleep(0.01)


def long(address, log):
    while True:
        connection, port = connect(address)
        server = "-"
        try:
            connection.sock.connect((address, 80))
            while True:
                server = get(connection)
                log.line("long", server, "ok", port)
                time.sleep(0.1)
        except (OSError, http.client.HTTPException, IndexError) as error:
            log.line("long", server, word(error), port)
        connection.close()
        time.sleep(0.05)


def load(address, name, new_n, long_n):
    log = Log(name)
    jobs = [new] * int(new_n) + [long] * int(long_n)
    for job in jobs:
        threading.Thread(target=job, args=(address, log), daemon=True).start()
    threading.Event().wait()


def echo(name, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("", int(port)))
    print("ready", flush=True)
    while True:
        data, peer = listener.recvfrom(65536)
        listener.sendto(name.encode() + b" " + data, peer)


def ask(address, port, count):
    for number in range(int(count)):
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.settimeout(TIMEOUT_S)
        asker.connect((address, int(port)))  # so that only the service's address may answer
        names = set()
        for length in (0, 1, 1400):
            question = f"{number} {length} ".encode() + b"x" * length
            asker.send(question)
            name, answer = asker.recv(65536).split(b" ", 1)
            assert answer == question, "the echo differs"
            names.add(name.decode())
        assert len(names) == 1, f"one socket, several servers: {names}"
        print(names.pop())


globals()[sys.argv[1]](*sys.argv[2:])
