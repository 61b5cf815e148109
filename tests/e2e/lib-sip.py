# SPDX-License-Identifier: BSD-2-Clause
# As much of SIP as a director sees.
#
#   serve NAME                       requests to UDP port 5060, both families, are answered, their Call-ID in the
#                                    answer; "heard NAME" is printed for each answer to a call of its own
#   tell SERVER ADDRESS PORT CALL    has the server at its own address call somebody
#   ask SERVICE PORT CALL...         prints who answers, a word a call ("-": a request without one), all from PORT
#                                    (0: any)
#   wait PORT                        prints who calls, "ADDRESS CALL", and answers; ends then
import select
import socket
import sys

SIP, WAIT_S = 5060, 1.5


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(address, port):
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if s.family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, int(port)))
    return s


def message(first, call, name=""):
    header = "" if call == "-" else f"i: {call}\r\n"
    return f"{first}\r\nVia: SIP/2.0/UDP x\r\n{header}Subject: {name}\r\n\r\n".encode()


def header(data, name):
    for line in data.decode().split("\r\n"):
        if line.startswith(name + ": "):
            return line[len(name) + 2:]
    return "-"


def hear(s, name):
    data, sender = s.recvfrom(4096)
    if data.startswith(b"TELL "):
        _, address, port, call = data.decode().split()
        s.sendto(message("OPTIONS sip:c SIP/2.0", call, name), (address, int(port)))
    elif data.startswith(b"SIP/2.0"):
        print("heard", name, header(data, "i"), flush=True)
    else:
        s.sendto(message("SIP/2.0 200 OK", header(data, "i"), name), sender)


def serve(name):
    sockets = [bound("0.0.0.0", SIP), bound("::", SIP)]
    print("ready", flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            hear(s, name)


def tell(server, *words):
    with socket.socket(family(server), socket.SOCK_DGRAM) as s:
        s.sendto(("TELL " + " ".join(words)).encode(), (server, SIP))


def question(s, call):
    s.send(message("OPTIONS sip:a SIP/2.0", call))
    try:
        return header(s.recv(4096), "Subject")
    except OSError:
        return "none"


def ask(service, port, *calls):
    said = []
    for call in calls:
        with bound("::" if ":" in service else "0.0.0.0", port) as s:
            s.connect((service, SIP))  # an answer from another address is none
            s.settimeout(WAIT_S if call != "-" else 0.3)
            said.append(question(s, call))
    print(*said)


def wait(port):
    with bound("0.0.0.0", port) as s:
        print("ready", flush=True)
        s.settimeout(10)
        data, sender = s.recvfrom(4096)
        print(f"{sender[0]}:{sender[1]}", header(data, "i"), flush=True)
        s.sendto(message("SIP/2.0 200 OK", header(data, "i")), sender)


globals()[sys.argv[1]](*sys.argv[2:])
