#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Gives command lines to lvsadm and to ipvsadm and compares what they say: message and status.

    lib-lvsadm.py LVSADM SHIM [--random N] [--pairs] [--some N] [--seed N]

The shim is preloaded into ipvsadm, so that it finds an IPVS that takes everything. What comes that far
counts as accepted; before it, both must say the same.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys

V, R = "-t 192.0.2.1:80", "-r 10.0.0.1"
ADDRESSES = """192.0.2.1 192.0.2.1: 192.0.2.1:0 192.0.2.1:http 192.0.2.1:nosuch 192.0.2.1:65535 192.0.2.1:65536
192.0.2.1:-1 192.0.2.1:+80 192.0.2.1:0x50 192.0.2.1:080 192.0.2.1:80x 80 80:80 123456 1.2.3 localhost localhost:80
[2001:db8::1]:80 [2001:db8::1] 2001:db8::1 [2001:db8::1]:http [192.0.2.1]:80 [192.0.2.1]: [2001:db8::1]80
[2001:db8::1]: [2001:db8::1 2001:db8::1]:80 :80 : []:80 0.0.0.0:80 192.0.2.1:80:90 192.0.2.1.5:80 256.1.1.1:80
010.1.1.1:80 [::ffff:192.0.2.1]:80 [2001:db8::1]:65536""".split()
NUMBERS = ("0 1 -1 +5 5x x 0x10 010 255 256 65507 65508 65535 65536 2147483647 2147483648 4294967295 4294967296 "
           "2678400 2678401 99999999999999999999999").split() + ["", " 5", "5 "]
COMMANDS = (["-A"], ["-E"], ["-D"], ["-C"], ["-a"], ["-e"], ["-d"], ["-L"], ["-Z"], ["--set", "1", "2", "3"], ["-S"],
            ["--start-daemon", "master"], ["--stop-daemon", "backup"])
OPTIONS = """-t 192.0.2.1:80|-u 192.0.2.1:53|--sctp-service 192.0.2.1:9|-f 7|-6|-s rr|-s sh|-p|-p 5|-M 255.255.0.0
-M 64|--pe sip|-o|-b sh-port|-b flag-1,flag-2|-b nosuch|-r 10.0.0.1|-r 10.0.0.1:81|-r 2001:db8::1|-g|-i|-m|-w 3|-x 9
-y 8|--tun-type gue|--tun-type gre|--tun-type ipip|--tun-port 5|--tun-nocsum|--tun-csum|--tun-remcsum|-n|-c|--timeout
--daemon|--stats|--rate|--thresholds|--persistent-conn|--tun-info|--nosort|--sort|--exact|-X|--syncid 1
--sync-maxlen 100|--mcast-interface lo|--mcast-group 224.0.0.9|--mcast-port 9|--mcast-ttl 9|-q|--nosuch|word|-s
--list|--scheduler=wrr|--numeric=1|-n=1|--|-w x""".replace("\n", "|").split("|")
ODD = """;-h;foo;-x;--;-;--nope;-A;-A foo;-A -t;-A -s;-A --;-A -- foo;-A -q;-Aq;-AA;-A -A;-Ax;-A --nope=5;--list=5;--list=x
-L --list=x;-L -n=5;-A --add-service=x;foo -A -t 192.0.2.1:80;-- -A -t 192.0.2.1:80;-A -h;-A -v;-A --help;-A --set 1 2 3
--set;--set 1 2;--set 1 2 3 4;--set 1 x 3 -n;--set 1 2 3 4 -n;--set 1 -- -2 3;--set -1 0 0;--set=1 2 3;--set 1 -q
--start-daemon;--start-daemon foo;--start-daemon=master;--start-daemon master --start-daemon backup
--start-daemon=x;--stop-daemon x;--stop-daemon;--start-daemon masterx foo;-A -t 192.0.2.1:80 -t 192.0.2.1:80
-D -6 -f 1;-D -f 1 -6 -6;-L -6;-A -b foo -q;-A -b foo bar;-A -t 192.0.2.1 -b foo;-A -t 192.0.2.1 -o;-A -w 1 -x x
-A -t 192.0.2.1:80 -s rr -s rr;-A -u 192.0.2.1:53 -o -o;-L -c -c;-L --exact -X;-A -w 1;-A -n;-S foo;-R foo;-R -n
-L -t 192.0.2.1:80 -c --timeout;-L --stats --daemon --timeout;-lcn foo;-Ln foo;-L -l;-at 192.0.2.1:80 -mr 10.0.0.1 -w5
-a -t 192.0.2.1:80 -r 10.0.0.1 -g -m;-a -t 192.0.2.1:80 -r ::1;-a -t 192.0.2.1:80 -r ::1 --tun-type gre
-d -t 192.0.2.1:80 -r ::1;-a -f 1 -6 -r 10.0.0.1;-a -f 1 -6 -r 10.0.0.1 -i;-a -r 10.0.0.1:http -t 192.0.2.1:80
-A -t [2001:db8::1]:80 -M 0;-A -t [2001:db8::1]:80 -M 64x;-A -t [2001:db8::1]:80 -M 129;-A -M 64x -t 192.0.2.1:80
-A -t 192.0.2.1:80 -M localhost;-A -t 192.0.2.1:80 --pe=;-A -t 192.0.2.1:80 -p=5;-A -t 192.0.2.1:80 -pn
-A -t 192.0.2.1:80 -b flag-1,,foo;-A -t 192.0.2.1:80 -s= -b sh-port
--start-daemon master --mcast-group 1.2.3.4;--start-daemon master --mcast-group fe80::1
--start-daemon master --mcast-group [ff02::1];--start-daemon master --mcast-group=;--start-daemon master --mcast-group x
-a -t 192.0.2.1:80 -r 10.0.0.1 --tun-type GRE;-D -u 192.0.2.1:http;-D --sctp-service 192.0.2.1:http""".replace(
    "\n", ";").split(";")


def fixed():
    """The command lines that are always tried."""
    for line in ODD:
        yield line.split()
    for address in ADDRESSES:
        yield ["-D", "-t", address]
        yield ["-a", *V.split(), "-r", address, "-m"]
    for number in NUMBERS:
        for option in ("-w", "-x", "-y", "--tun-port"):
            yield ["-a", *V.split(), *R.split(), option, number]
        for option in ("-p", "-M"):
            yield ["-A", *V.split(), option, number]
        for option in ("--syncid", "--sync-maxlen", "--mcast-port", "--mcast-ttl"):
            yield ["--start-daemon", "master", option, number]
        yield ["-D", "-f", number]
        yield ["--set", number, "1", "1"]


def pairs():
    """Each command with each option."""
    for command, option in itertools.product(COMMANDS, OPTIONS):
        yield [*command, *option.split()]


def at_random(source):
    """One more: mostly sound, so that it comes far."""
    command = source.choice(COMMANDS)
    options = [source.choice(OPTIONS).split() for _ in range(source.randint(0, 4))]
    if command[0] in ("-A", "-E", "-D", "-a", "-e", "-d") and source.random() < .8:
        options.append(source.choice(OPTIONS[:4]).split())
    if command[0] in ("-a", "-e", "-d") and source.random() < .8:
        options.append(source.choice(OPTIONS[16:19]).split())
    source.shuffle(options)
    return [*command, *itertools.chain(*options)]


def result(program, line, shim=None):
    """What it says and its status, or "accepted"."""
    environment = dict(os.environ, LC_ALL="C")
    if shim:
        environment["LD_PRELOAD"] = shim
    ended = subprocess.run([program, *line], env=environment, stdin=subprocess.DEVNULL, text=True, timeout=20,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    said = ended.stderr.replace("lvsadm", "ipvsadm")
    if "asked" in said or said.startswith("ipvsadm: /nonexistent") or "cannot open file /proc" in said:
        return "accepted"
    if said.startswith("Operation not supported with specified address family"):
        return "accepted"  # the old interface, which the shim has, knows no IPv6
    return f"{ended.returncode} {said}"


def main():
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lvsadm")
    parser.add_argument("shim")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--some", type=int, help="only so many of all")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    source = random.Random(asked.seed)
    shim = os.path.abspath(asked.shim)
    lines = list(fixed()) + (list(pairs()) if asked.pairs else [])
    lines += [at_random(source) for _ in range(asked.random)]
    if asked.some and asked.some < len(lines):
        lines = source.sample(lines, asked.some)
    differ = 0
    accepted = 0
    for line in lines:
        own = result(asked.lvsadm, ["--socket", "/nonexistent", *line])
        theirs = result("ipvsadm", line, shim)
        accepted += own == "accepted"
        if line[:1] == ["-h"] or own == theirs:
            continue
        differ += 1
        print(f"{line}\n  ipvsadm: {theirs!r}\n  lvsadm:  {own!r}")
    print(f"{len(lines)} command lines, {accepted} accepted, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
