# SPDX-License-Identifier: BSD-2-Clause
# Bytes and datagrams, counted and compared.
#
# serve ADDRESS PORT: answers each connection with the number and the hash of the bytes that came.
# send ADDRESS PORT FILE: sends a file and compares the answer.
# count ADDRESS PORT: prints how many datagrams of 1200 bytes came, when none has come for a second.
# blast ADDRESS PORT TIMES: sends super-packets of 40 such datagrams.
import hashlib, socket, sys, threading, time

def digest(connection):
    total, sha = 0, hashlib.sha256()
    while block := connection.recv(1 << 20):
        total, _ = total + len(block), sha.update(block)
    return f"{total} {sha.hexdigest()}\n".encode()

def answer(connection):
    with connection:
        connection.settimeout(30)
        connection.sendall(digest(connection))

def udp(address, call):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    getattr(s, call)((address, int(sys.argv[3])))
    return s

if sys.argv[1] == "count":
    s, n = udp(sys.argv[2], "bind"), 0
    s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    print("ready", flush=True)
    try:
        while True:
            n += len(s.recv(65536)) == 1200
            s.settimeout(1)
    except TimeoutError:
        print("count", n, flush=True)
elif sys.argv[1] == "blast":
    s = udp(sys.argv[2], "connect")
    s.setsockopt(17, 103, 1200)  # SOL_UDP, UDP_SEGMENT
    for i in range(int(sys.argv[4])):
        s.send(bytes([i % 256]) * 48000)
        time.sleep(0.002)
elif sys.argv[1] == "serve":
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    listener = socket.create_server((sys.argv[2], int(sys.argv[3])), family=family)
    print("ready", flush=True)
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
else:
    with socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=30) as connection:
        data = open(sys.argv[4], "rb").read()
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
    sys.exit(answer != f"{len(data)} {hashlib.sha256(data).hexdigest()}\n".encode())
