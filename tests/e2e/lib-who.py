# SPDX-License-Identifier: BSD-2-Clause
# Which server a client gets.
#
#   serve NAME PORT...                            TCP and UDP, both families: each message is answered by NAME
#   ask tcp|udp SERVICE PORT [OPTION=VALUE...]    prints who answers, a line a connection, a word a message
#   hold SERVICE PORT NUMBER [from=ADDRESS]       so many connections: a line of who has them, another at each
#                                                 SIGUSR1; until it is terminated
#
# Options: from=ADDRESS, port=PORT (the client's end), n=CONNECTIONS, each=MESSAGES, wait=SECONDS.
# In place of a name: none (no answer), refused, reset.
import selectors
import signal
import socket
import sys
import threading

WAIT_S = 4.0


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def talk(connection, name):
    with connection:
        try:
            while connection.recv(4096):
                connection.sendall(name)
        except OSError:
            pass


def serve(name, *ports):
    wanted = selectors.DefaultSelector()
    for port in map(int, ports):
        for fam, anywhere in ((socket.AF_INET, ""), (socket.AF_INET6, "::")):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                s = socket.socket(fam, kind)
                if fam == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                # That the answer leaves from the address that was asked.
                if kind == socket.SOCK_DGRAM:
                    level, option = (0, 8) if fam == socket.AF_INET else (41, 49)  # PKTINFO
                    s.setsockopt(level, option, 1)
                s.bind((anywhere, port))
                if kind == socket.SOCK_STREAM:
                    s.listen(128)
                wanted.register(s, selectors.EVENT_READ, kind)
    print("ready", flush=True)
    while True:
        for key, _ in wanted.select():
            if key.data == socket.SOCK_STREAM:
                connection, _ = key.fileobj.accept()
                threading.Thread(target=talk, args=(connection, name.encode()), daemon=True).start()
            else:
                answer(key.fileobj, name.encode())


def answer(s, name):
    _, ancillary, _, client = s.recvmsg(4096, 256)
    level, kind, data = ancillary[0]
    if level == 0:  # struct in_pktinfo: the answer's source is the local address
        data = bytes(4) + data[8:12] + bytes(4)
    else:
        data = data[:16] + bytes(4)
    s.sendmsg([name], [(level, (8 if level == 0 else 50), data)], 0, client)


def options(words):
    given = {"from": "", "port": "0", "n": "1", "each": "1", "wait": str(WAIT_S)}
    given.update(word.split("=", 1) for word in words)
    return given


def outcome(error):
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return "reset"
    return "none"


def connect(kind, service, port, given):
    s = socket.socket(family(service), kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.settimeout(float(given["wait"]))
    s.bind((given["from"], int(given["port"])))
    s.connect((service, int(port)))
    return s


def question(s):
    try:
        s.send(b"who?")
        return s.recv(4096).decode() or "reset"
    except OSError as error:
        return outcome(error)


def ask_one(kind, service, port, given):
    try:
        with connect(kind, service, port, given) as s:
            return " ".join(question(s) for _ in range(int(given["each"])))
    except OSError as error:
        return outcome(error)


def ask(protocol, service, port, *words):
    given = options(words)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    for _ in range(int(given["n"])):
        print(ask_one(kind, service, port, given), flush=True)


def hold(service, port, n, *words):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    given = options(words)
    held = [connect(socket.SOCK_STREAM, service, port, given) for _ in range(int(n))]
    while True:
        print(" ".join(question(s) for s in held), flush=True)
        signal.sigwait({signal.SIGUSR1})


globals()[sys.argv[1]](*sys.argv[2:])
