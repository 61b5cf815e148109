#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The adapter "xdp": each way, by both families; several queues; what is not the services' passes;
# offloads on and off; a crash, and who comes after it.
#
#     client c0 === d0 director d1 ===+= s0 rs1..rs3        NAT: replies pass, too; two queues
#     client c0 =+= d0 director   =+=== s0 rs1..rs3         DR
#     client c0 === router === d0 director; === s0 rs1..3   TUN
#
# A veth has XDP of its own: d0 and d1 run the program natively, in copy mode.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-setup.sh"
. "$(dirname "$0")/lib-tun.sh"
begin "$@"
for need in ethtool nstat; do
	command -v $need >/dev/null || skip "$need is missing"
done
"$LVSD" --io xdp:nobody --rules /dev/null 2>&1 | grep -q 'built without' && skip "lvsd is built without liblvs-xdp"
export LVSD_IO=xdp:

lvsd() { # MODE OPTION...
	director "$RULES" "$@"
	DIRECTOR=$STARTED
}
serves() { # MODE
	spread_even "$1" && spread_even "$1" 6
}
program() { # INTERFACE: the mode in which it has an XDP program; none
	on director -o link show dev "$1" | grep -oE ' (xdp|xdpgeneric) qdisc' | cut -d ' ' -f 2 | grep . || echo none
}
programs() { # MODE...: of d0 and d1
	equal "$(program d0) $(program d1)" "$1 $1"
}
report() {
	local before
	before=$(grep -c '^XDP program at d0' "$LOG")
	kill -USR1 "$DIRECTOR" && soon more_programs "$before"
}
more_programs() {
	[ "$(grep -c '^XDP program at d0' "$LOG")" -gt "$1" ]
}
counter() { # NAME: of lvsd's last report
	report && awk -v name="$1" '$1 == name { value = $2 } END { print value + 0 }' "$LOG"
}
reason() { # NAME: packets that were forwarded, or not, for it
	counter "$1"
}
alone() {
	at director "$LVSD" --rules "$RULES" "$@" >"$HOSTS_WORK/second" 2>&1
}
refused_for() { # WORDS OPTION...
	alone "${@:2}"
	equal $? 1 && cat "$HOSTS_WORK/second" && grep -q "$1" "$HOSTS_WORK/second"
}
no_checksum_errors() {
	local name
	for name in client director rs1 rs2 rs3; do
		at "$name" nstat -asz TcpInCsumErrors IpInHdrErrors UdpInCsumErrors Udp6InCsumErrors Icmp6InCsumErrors |
			awk '!/^#/ && $2 > 0 { print; bad = 1 } END { exit bad }' || return
	done
}
pings() {
	at client ping -q -n -c 3 -i 0.2 -W 2 "$@" | grep -q ' 3 received'
}
offloads() { # on|off, where packets are made
	local name
	at client ethtool -K c0 tx "$1" tso "$1" gso "$1" gro "$1" >/dev/null 2>&1
	for name in rs1 rs2 rs3; do
		at $name ethtool -K s0 tx "$1" tso "$1" gso "$1" gro "$1" >/dev/null 2>&1
	done
}
build() { # MODE
	local name
	must mode_build "$1"
	for name in rs1 rs2 rs3; do
		must web $name
	done
	{ mode_rules "$1" && mode_rules "$1" 6; } >"$RULES"
}

# NAT needs both ends of its wires with two queues: the kernel picks one by flow.
wire() {
	local queues='numrxqueues 2 numtxqueues 2'
	# shellcheck disable=SC2086 # several words
	ip link add "$2" netns "$HOSTS_PREFIX-$1" $queues type veth peer name "$4" netns "$HOSTS_PREFIX-$3" $queues &&
		on "$1" link set "$2" up && on "$3" link set "$4" up
}

build nat
must own_service
state "$HOSTS_WORK/before"

check "--check knows it" alone --check --io xdp:d0,d1
check "--print-setup tells of the program" alone --io xdp:d0,d1 --print-setup
check "in a line" grep -q '^# XDP program lvs_steer at d0,d1' "$HOSTS_WORK/second"
check "and of no filter" not grep -q '^nft' "$HOSTS_WORK/second"
check "and changes nothing" as_before
alone --io xdp:d0,d1 --no-setup
check "--no-setup is refused" grep -q 'without --no-setup' "$HOSTS_WORK/second"
check "more workers than queues are refused" refused_for '2 receive queues, fewer than 3 workers' \
	--io xdp:d0,d1 --workers 3
check "and leave nothing" as_before
check "zero-copy is refused by a driver that has none" refused_for 'zero-copy' --io xdp:d0,d1 --xdp zero-copy
check "and leaves nothing" as_before

if ! director "$RULES" nat --workers 2 2>"$HOSTS_WORK/said"; then
	grep -qE 'needs CAP_|Operation not permitted|not supported' "$LOG" && skip "$(tail -n 1 "$LOG")"
	must false
fi
DIRECTOR=$STARTED
check "NAT: native, at both interfaces" programs xdp
check "NAT: no filter table" equal "$(at director nft list tables | grep -c lvs_0)" 0
check "NAT: by both families each server a third" serves nat
check "NAT: 20 MB down and 10 MB up" large nat
check "NAT: the same by IPv6" large nat 6
check "NAT: no checksum was wrong" no_checksum_errors
shares() { # each worker had packets
	report && grep -A 2 '^Worker ' "$LOG" | tail -n 2 | awk '{ print } $2 < 100 { bad = 1 } END { exit bad }'
}
check "NAT: each of two queues had a share" shares
check "NAT: nothing was lost for want of a socket" equal "$(counter no_socket)" 0

# What is nobody's passes, and never reaches a socket.
before=$(counter steered)
check "the director's own address answers pings" pings 192.0.2.1
check "so does the service's" pings 192.0.2.80
check "and by IPv6" pings 2001:db8:1::80
check "a connection to the director itself" own 192.0.2.1
check "to the service's address, another port" own 192.0.2.80
check "by IPv6" own 2001:db8:1::80
check "a server is asked by the director" at director curl -sS --max-time 5 -o /dev/null http://198.51.100.11/
arp_anew() {
	at client ip neigh flush dev c0 && on director neigh flush dev d0 && pings 192.0.2.1 && pings 2001:db8:1::1
}
check "ARP and neighbour discovery" arp_anew
check "none of it was steered" equal "$(counter steered)" "$before"
check "it was counted" more "$(counter left)" 20
# Steered as a server's, and given back: who asks the director's server itself, and from the director.
check "a server's own port is asked by the director" at director curl -sS --max-time 5 -o /dev/null http://198.51.100.11:8080/
check "that was given back" more "$(counter passed)" 3

frames() { # ten of the service's, tagged for a VLAN; ten to another's address
	at client python3 -c 'if True:
		import socket, sys
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("c0", 0))
		mac = bytes.fromhex(sys.argv[1].replace(":", ""))
		ip = bytes.fromhex("450000280001000040060000c0000209c0000250"
			"9c40005000000001000000005002ffff00000000")
		for i in range(10):
			s.send(mac + mac + bytes.fromhex("810000640800") + ip)
			s.send(mac[:5] + b"\xfe" + mac + bytes.fromhex("0800") + ip)' "$(mac director d0)"
}
tagged=$(counter tagged) other=$(counter other) steered=$(counter steered)
check "frames with a tag, and to others" frames
check "are left, the tagged" equal "$(counter tagged)" $((tagged + 10))
check "and those to others" more "$(counter other)" $((other + 9))
check "none was steered" equal "$(counter steered)" "$steered"
check "a fragmented ping" pings 192.0.2.80 -s 4000

# Datagrams in fragments, both ways; and many more at once than the rings hold.
datagram() { # ADDRESS: 4,000 bytes there and back
	at client python3 -c 'if True:
		import socket, sys
		s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(5)
		data = bytes(range(250)) * 16
		s.connect((sys.argv[1], 7))
		s.send(data)
		sys.exit(s.recv(65536) != data)' "$1"
}
start rs1 "$HOSTS_WORK/echo.log" python3 -u -c 'if True:
	import socket
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.bind(("::", 7007))
	print("ready")
	while True:
		s.sendto(*s.recvfrom(65536))'
must says "$HOSTS_WORK/echo.log" ready
printf -- '-A -u %s:7\n-a -u %s:7 -r %s:7007 -m\n' 192.0.2.80 192.0.2.80 198.51.100.11 \
	'[2001:db8:1::80]' '[2001:db8:1::80]' '[2001:db8:2::11]' >>"$RULES"
must reload
check "datagrams in fragments" datagram 192.0.2.80
check "by IPv6" datagram 2001:db8:1::80
burst() { # ADDRESS: 40,000 datagrams, as fast as they can be sent
	at client python3 -c 'if True:
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(40000):
			s.sendto(b"x" * 64, (sys.argv[1], 7))' "$1"
}
all_told() { # what was steered was received, or lost and counted; what came leaves or is counted
	report || return
	awk '{ v[$1] = $2 } END {
		print "steered", v["steered"], "rx", v["rx"], "rx_lost", v["rx_lost"], "tx", v["tx"], "tx_full", v["tx_full"]
		exit v["steered"] != v["rx"] + v["rx_lost"] || v["rx"] < 20000 }' "$LOG"
}
check "a burst" burst 192.0.2.80
check "after it the service goes on" serves nat
check "by many packets" large nat
check "each packet of the burst was received, or counted as lost" soon all_told

offloads off
check "offloads off: 20 MB down and 10 MB up" large nat
check "offloads off: the same by IPv6" large nat 6
check "offloads off: no checksum was wrong" no_checksum_errors
check "SIGTERM ends it well" stop "$DIRECTOR"
check "and leaves nothing" as_before
check "no program either" programs none

# Checksums made anew, and believed.
must lvsd nat --workers 2 --xdp trust
check "offloads off, trusted: 20 MB down and 10 MB up" large nat
check "trusted: no checksum was wrong" no_checksum_errors
must stop "$DIRECTOR"
offloads on
must lvsd nat --xdp recompute,copy,busy-poll=20
check "made anew, by one worker that polls: 20 MB down and 10 MB up" large nat
check "the same by IPv6" large nat 6
check "made anew: no checksum was wrong" no_checksum_errors
must stop "$DIRECTOR"

# By the stack. Super-packets would not be steered: offloads off.
offloads off
must at lan ethtool -K director tso off gso off gro off >/dev/null
must lvsd nat --workers 2 --xdp generic
check "generic: at both interfaces" programs xdpgeneric
check "generic: the log warns of super-packets" grep -q 'super-packets of its peer' "$LOG"
check "generic: by both families" serves nat
check "generic: 20 MB down and 10 MB up" large nat
check "generic: none was too long" equal "$(counter too_long)" 0
check "generic: the rest passes" own 192.0.2.80
must stop "$DIRECTOR"
check "generic: gone" programs none
offloads on

# A crash.
must lvsd nat
check "a second is refused while the first lives" refused_for 'another director has it' --io xdp:d0,d1 --name b
check "the first goes on" serves nat
must not stop "$DIRECTOR" KILL
check "after a crash the program is there" programs xdp
times_out() { # neither answered nor refused by the host
	at client curl -sS --max-time 2 "$(mode_url nat)/"
	equal $? 28
}
check "it keeps the host from answering for the service" times_out
check "all else passes" own 192.0.2.1
check "pings, too" pings 192.0.2.80
must lvsd nat --workers 2
check "the next one replaces it" equal "$(grep -c 'that crashed is replaced' "$LOG")" 2
check "and serves" serves nat
must not stop "$DIRECTOR" KILL
must lvsd nat --xdp generic
check "in another mode, too" programs xdpgeneric
check "SIGTERM ends it well" stop "$DIRECTOR"
check "and leaves nothing" as_before

# Another's program stays.
if command -v clang >/dev/null; then
	printf '__attribute__((section("xdp"), used)) int other(void *c) { return 2; }\n' >"$HOSTS_WORK/other.c"
	must clang -O2 -g -target bpf -c "$HOSTS_WORK/other.c" -o "$HOSTS_WORK/other.o"
	must on director link set dev d1 xdp obj "$HOSTS_WORK/other.o" sec xdp
	check "another's program is in the way" refused_for "another's XDP program, \"other\"" --io xdp:d0,d1
	check "and stays" equal "$(program d0) $(program d1)" "none xdp"
	must on director link set dev d1 xdp off
fi

# A client that asks a server itself, past the service: steered, given back, and routed on by the host.
must lvsd nat --forwarding
straight() {
	at client curl -sS --max-time 5 -o /dev/null "http://$1:8080/"
}
check "a client asks a server itself" straight 198.51.100.11
check "by IPv6" straight '[2001:db8:2::11]'
check "both were given back" more "$(counter passed)" 8
check "the service beside it" serves nat
must stop "$DIRECTOR"

# Rules come and go while connections last.
must lvsd nat
at client curl -sS --max-time 30 --limit-rate 4M -o "$HOSTS_WORK/slow" "$(mode_url nat)/files/large" &
slow=$!
HOSTS_PIDS+=("$slow")
for i in 1 2 3 4 5; do
	printf -- '-A -u 192.0.2.80:%s\n-a -u 192.0.2.80:%s -r 198.51.100.11:7 -m\n' "$i" "$i" >>"$RULES"
	reload
done
check "reloads while a download runs" wait "$slow"
check "it came whole" cmp "$HOSTS_WORK/slow" "$HOSTS_WORK/large"
mode_rules nat >"$RULES" && must reload
check "a service that is gone is the host's again" not at client curl -sS --max-time 2 "$(mode_url nat 6)/"

# Marks, by the interface where packets come in.
marked() { # INTERFACE
	echo "mark 1 dst 192.0.2.80 proto tcp port 80 in $1"
	echo "mark 2 dst 2001:db8:1::80 proto tcp port 80 in $1"
	echo "-A -f 1 -s rr" && mode_rules nat | sed -n 's/^-a -t [^ ]* /-a -f 1 /p'
	echo "-A -f 2 -6 -s rr" && mode_rules nat 6 | sed -n 's/^-a -t [^ ]* /-a -f 2 -6 /p'
}
marked d0 >"$RULES" && must reload
check "services of marks, by both families" serves nat
report && check "by their marks" grep -q '^FWM  2 IPv6 rr' "$LOG"
marked d1 >"$RULES" && must reload
check "of another interface's marks, none" not at client curl -sS --max-time 2 "$(mode_url nat)/"
mode_rules nat >"$RULES" && must reload

address_changes() {
	on director link set dev d0 address 02:00:00:00:00:77 && sleep 1.2 && at client ip neigh flush dev c0 &&
		spread_even nat
}
check "an interface with another address is followed" address_changes
check "an interface that is down and up again" sh -c "ip -n $HOSTS_PREFIX-director link set d0 down && sleep 0.3 &&
	ip -n $HOSTS_PREFIX-director link set d0 up && sleep 0.5"
check "goes on" spread_even nat
must stop "$DIRECTOR"

# The other ways: one queue.
unset -f wire
. "$E2E/../../examples/demo.d/hosts.sh"
for mode in dr tun; do
	hosts_clear
	rm -f "$HOSTS_WORK"/*/files/* "$HOSTS_WORK/large" "$HOSTS_WORK/up"
	rm -rf "$HOSTS_WORK"/rs?
	build $mode
	must lvsd $mode
	check "${mode^^}: native" equal "$(program d0)" xdp
	check "${mode^^}: by both families each server a third" serves $mode
	check "${mode^^}: 20 MB down and 10 MB up" large $mode
	check "${mode^^}: the same by IPv6" large $mode 6
	check "${mode^^}: no reply passes" equal "$(counter reply)" 0
	check "${mode^^}: no checksum was wrong" no_checksum_errors
	check "${mode^^}: lvsd ends well" stop "$DIRECTOR"
	check "${mode^^}: the program is gone" equal "$(program d0)" none
done
finish
